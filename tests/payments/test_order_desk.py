"""The desk of contribution orders: found by reference or payer, read with all that explains the amount."""

import csv
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from payments.models import ContributionOrder, CoveredPerson
from portal.models import AccessLog, User
from tests.payments import money

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ORDERS = "/quan-tri/payments/contributionorder/"
QUOTE = {
    "inputs": {"people": 2},
    "steps": [{"words": "Người thứ nhất: 4,5% × 1.490.000 đ × 12 tháng", "amount": "804600"}],
    "figures": [
        {
            "name": "base_salary",
            "value": "1490000",
            "source": "NĐ 38/2019/NĐ-CP",
            "confidence": "likely",
        }
    ],
}


@pytest.fixture
def order(citizen: User) -> ContributionOrder:
    order = money.order(citizen, 804_600, quote=QUOTE)
    today = timezone.localdate().replace(day=1)
    CoveredPerson.objects.create(
        order=order,
        position=1,
        full_name="LÊ THỊ NGUYỆT",
        insurance_number="5612340001",
        first_month=today,
        last_month=today,
        amount=804_600,
    )
    money.pay(order, 300_000)
    return order


def _list(client: Client, **asked: str) -> str:
    response = client.get(ORDERS, asked)
    assert response.status_code == 200
    return response.content.decode()


def test_an_order_is_found_by_reference_payer_or_the_person_it_covers(
    order: ContributionOrder, stranger: User, clerk: User, sign_in: SignIn
) -> None:
    other, client = money.order(stranger, 10_000), sign_in(clerk)
    for words in (order.reference, order.payer_name, order.payer.username, "5612340001"):
        page = _list(client, q=words)
        assert order.reference in page, words
        assert other.reference not in page, words


def test_the_queue_is_narrowed_by_what_came_in(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    unpaid, full = money.order(order.payer, 10_000), money.order(order.payer, 20_000)
    money.pay(full, 20_000)
    client, orders = sign_in(clerk), {"mot-phan": order, "chua": unpaid, "du": full}
    for asked in orders:
        page = _list(client, tra=asked)
        shown = [name for name, other in orders.items() if other.reference in page]
        assert shown == [asked]
    assert order.reference not in _list(client, state__exact="expired")


def test_the_page_says_how_the_amount_came_about_for_whom_and_what_was_posted(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    page = sign_in(clerk).get(f"{ORDERS}{order.pk}/change/").content.decode()
    for words in (
        "Người thứ nhất: 4,5% × 1.490.000 đ × 12 tháng",
        "804.600 đ",
        "NĐ 38/2019/NĐ-CP",
        "desk-mark--likely",
        "LÊ THỊ NGUYỆT",
        "5612340001",
        "504.600 đ",
    ):
        assert words in page, words
    for posting in ("ordered", "received", "settled"):
        pk = money.Posting.objects.get(kind=posting).pk
        assert f'href="/quan-tri/payments/posting/{pk}/change/"' in page
    read = AccessLog.objects.get(user=clerk)
    assert (read.about, read.what) == (order.reference, "contribution order")


def test_another_office_finds_no_order_and_no_trace_of_it(
    order: ContributionOrder, other_clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(other_clerk)
    assert order.reference not in _list(client)
    assert order.payer_name not in _list(client, q=order.reference)
    assert client.get(f"{ORDERS}{order.pk}/change/").status_code == 404
    assert not AccessLog.objects.filter(user=other_clerk).exists()


def test_nobody_changes_an_order_at_the_desk(
    order: ContributionOrder, administrator: User, sign_in: SignIn
) -> None:
    client = sign_in(administrator)
    before = ContributionOrder.objects.values().get()
    client.post(f"{ORDERS}{order.pk}/change/", {"amount": "1", "state": "paid"})
    assert client.post(f"{ORDERS}{order.pk}/delete/").status_code == 403
    assert client.get(f"{ORDERS}add/").status_code == 403
    assert ContributionOrder.objects.values().get() == before


def test_the_queue_takes_as_many_queries_for_twenty_orders_as_for_one(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)

    def queries() -> int:
        client.get(ORDERS)
        with CaptureQueriesContext(connection) as captured:
            client.get(ORDERS)
        return len(captured)

    few = queries()
    for _ in range(20):
        money.order(order.payer, 10_000)
    assert queries() == few


def _file(client: Client, kind: str, **asked: str) -> bytes:
    response = client.get(f"{ORDERS}tai-ve/{kind}/", asked)
    assert response.status_code == 200
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_the_queue_is_taken_away_as_it_is_filtered_and_that_is_recorded(
    order: ContributionOrder, stranger: User, clerk: User, sign_in: SignIn
) -> None:
    money.order(stranger, 10_000, payer_name="=HYPERLINK(1)")
    client = sign_in(clerk)
    assert f"{ORDERS}tai-ve/csv/?tra=chua" in _list(client, tra="chua")
    _head, *lines = csv.reader(io.StringIO(_file(client, "csv", tra="chua").decode("utf-8-sig")))
    assert [line[3:6] for line in lines] == [["'=HYPERLINK(1)", "10000", "0"]]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(_file(client, "xlsx"))).get_sheet_by_index(0)
    assert [row[4] for row in sheet.to_python()[3:]] == [10_000, 804_600]
    assert AccessLog.objects.filter(user=clerk, what="contribution orders csv").count() == 1


def test_another_offices_orders_are_in_no_file(
    order: ContributionOrder, other_clerk: User, sign_in: SignIn
) -> None:
    assert order.reference not in _file(sign_in(other_clerk), "csv").decode()


@pytest.mark.parametrize("asked", ["state__exact=x", "made_at__year=99999", "payer__password=x", "p=x"])
def test_an_address_that_makes_no_sense_gives_no_file_and_no_error(
    asked: str, order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    response = sign_in(clerk).get(f"{ORDERS}tai-ve/csv/?{asked}")
    response.close()
    assert response.status_code in {200, 303}


@pytest.mark.parametrize(
    "quote", [{}, {"steps": "x", "figures": {"rate": "0.22"}}, {"steps": [["Một tháng", 5], "Hai tháng"]}]
)
def test_a_quote_of_another_shape_still_opens(
    quote: dict[str, object], citizen: User, clerk: User, sign_in: SignIn
) -> None:
    order = money.order(citizen, 5_000, quote=quote)
    assert sign_in(clerk).get(f"{ORDERS}{order.pk}/change/").status_code == 200
