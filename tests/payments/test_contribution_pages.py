"""Ordering a contribution on the pages, as somebody without JavaScript does."""

import io
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
import zxingcpp
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils.timezone import make_aware
from PIL import Image

from payments import contributions, vietqr
from payments.models import ContributionDraft, ContributionOrder
from portal import outbox
from portal.models import User
from procedures.models import LegalFigure
from tests.html_forms import untouched
from tests.payments import ordering

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _summer_of_2021() -> Any:
    with time_machine.travel(make_aware(datetime(2021, 7, 15, 9)), tick=True):
        yield


@pytest.fixture
def browser(citizen: User, sign_in: SignIn) -> Client:
    ordering.account()
    return sign_in(citizen)


def begin(browser: Client, kind: str) -> str:
    """The address of the first page."""
    return browser.post("/dong-tien/moi/", {"loai": kind}).headers["Location"]


def go_on(browser: Client, url: str, **answers: Any) -> str:
    response = browser.post(url, answers)
    assert response.status_code == 303, response.content.decode()
    return str(response.headers["Location"])


def check_of(browser: Client, kind: str, *pages: dict[str, Any]) -> str:
    """The address of the quote after ``pages`` were answered."""
    url = begin(browser, kind)
    for answers in pages:
        url = go_on(browser, url, **answers)
    assert url.endswith("/kiem-tra/")
    return url


WHO = {
    "full_name": "Nguyễn Văn An", "insurance_number": "5612345678", "date_of_birth_day": "1",
    "date_of_birth_month": "2", "date_of_birth_year": "1970",
}  # fmt: skip
MONEY = {"income": "1.500.000", "group": "near_poor", "supported": ""}
HALF_YEAR = {"method": "6", "first_month_month": "7", "first_month_year": "2021"}
FIVE = {
    "people": "5",
    **{
        f"people-{i}-full_name": f"Trần Thị {name}"
        for i, name in enumerate(["Ba", "Bốn", "Năm", "Sáu", "Bảy"])
    },
    **{f"people-{i}-date_of_birth_year": str(1960 + i) for i in range(5)},
}


def text(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_vc1_from_the_first_question_to_the_code(browser: Client, citizen: User) -> None:
    check = check_of(browser, "bhxh-dang-ky", WHO, MONEY, HALF_YEAR)
    quote = text(browser.get(check))
    assert "1.749.000 đ" in quote and "-231.000 đ" in quote and "31/10/2021" in quote
    page = go_on(browser, check, **untouched(browser.get(check)))
    order = ContributionOrder.objects.get()
    assert page == f"/dong-tien/{order.reference}/"
    assert (order.amount, order.kind, order.product) == (1_749_000, "register", "voluntary")
    assert (order.payer, order.office.slug, order.account) == (citizen, "cam-ranh", ordering.account())
    person = order.people.get()
    assert (person.full_name, person.insurance_number) == ("NGUYỄN VĂN AN", "5612345678")
    assert (person.income, person.method, person.support) == (1_500_000, "6", 231_000)
    assert (f"{person.first_month}", f"{person.last_month}") == ("2021-07-01", "2021-12-01")


def test_hh1_a_year_for_five_people_of_a_household(browser: Client) -> None:
    check = check_of(browser, "bhyt-tham-gia", {**FIVE, "already": ""}, {"months": "12"})
    assert "2.574.720 đ" in text(browser.get(check))
    go_on(browser, check, **untouched(browser.get(check)))
    order = ContributionOrder.objects.get()
    assert [p.amount for p in order.people.all()] == [804_600, 563_220, 482_760, 402_300, 321_840]
    assert f"{order.people.all()[0].card_from}" == "2021-08-14"


def test_a_card_that_is_renewed_goes_on_where_the_last_one_ends(browser: Client) -> None:
    ends = {
        "people-0-card_ends_day": "31",
        "people-0-card_ends_month": "8",
        "people-0-card_ends_year": "2021",
    }
    one = {name: value for name, value in FIVE.items() if name.startswith("people-0-")} | {"people": "1"}
    url = begin(browser, "bhyt-gia-han")
    refused = browser.post(url, one)
    assert refused.status_code == 422 and "TRẦN THỊ BA" in text(refused).upper()
    url = go_on(browser, url, **one, **ends)
    check = go_on(browser, url, months="3")
    go_on(browser, check, **untouched(browser.get(check)))
    person = ContributionOrder.objects.get().people.get()
    assert (f"{person.card_from}", f"{person.card_to}") == ("2021-09-01", "2021-11-30")


def test_the_page_of_the_order_says_all_that_is_typed_and_its_code_says_the_same(browser: Client) -> None:
    order = ordered(browser)
    page = text(browser.get(f"/dong-tien/{order.reference}/"))
    for words in ("Agribank", order.account.number, order.account.holder, "1.749.000 đ", order.reference):
        assert words in page, words
    assert "style=" not in page
    png = browser.get(f"/dong-tien/{order.reference}/ma-qr.png")
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png.content)))
    assert read.text == vietqr.payload(
        "970405", order.account.number, amount=Decimal(1_749_000), purpose=order.reference
    )
    svg = browser.get(f"/dong-tien/{order.reference}/ma-qr.svg")
    assert svg.headers["Content-Type"] == "image/svg+xml" and b"style" not in svg.content
    assert browser.get(f"/dong-tien/{order.reference}/ma-qr.gif").status_code == 404


def ordered(browser: Client) -> ContributionOrder:
    check = check_of(browser, "bhxh-dang-ky", WHO, MONEY, HALF_YEAR)
    go_on(browser, check, **untouched(browser.get(check)))
    return ContributionOrder.objects.get()


def test_pressing_twice_orders_once(browser: Client) -> None:
    check = check_of(browser, "bhxh-dang-ky", WHO, MONEY, HALF_YEAR)
    form = untouched(browser.get(check))
    assert go_on(browser, check, **form) == go_on(browser, check, **form)
    assert ContributionOrder.objects.count() == 1


def test_an_amount_that_changed_is_shown_anew_before_it_is_ordered(browser: Client) -> None:
    check = check_of(browser, "bhyt-tham-gia", FIVE, {"months": "12"})
    form = untouched(browser.get(check))
    LegalFigure.objects.filter(name="base_salary", valid_from="2019-07-01").update(value=1_600_000)
    changed = browser.post(check, form)
    assert changed.status_code == 422 and "2.764.800 đ" in text(changed)
    assert not ContributionOrder.objects.exists()
    go_on(browser, check, **untouched(changed))
    assert ContributionOrder.objects.get().amount == 2_764_800


@pytest.mark.parametrize(
    ("pages", "said", "kept"),
    [
        ([{**WHO, "full_name": "A1"}], "full_name", 'value="A1"'),
        ([WHO, {**MONEY, "income": "725.000"}], "income", 'value="725.000"'),
        ([WHO, {**MONEY, "income": "rất nhiều"}], "income", 'value="rất nhiều"'),
        ([WHO, MONEY, {**HALF_YEAR, "first_month_month": "13"}], "first_month", 'value="13"'),
        ([WHO, MONEY, {**HALF_YEAR, "first_month_month": "5"}], "first_month", 'value="5"'),
    ],
)
def test_a_wrong_answer_is_refused_at_its_question_and_nothing_typed_is_lost(
    browser: Client, pages: list[dict[str, str]], said: str, kept: str
) -> None:
    url = begin(browser, "bhxh-dang-ky")
    for answers in pages[:-1]:
        url = go_on(browser, url, **answers)
    refused = browser.post(url, pages[-1])
    assert refused.status_code == 422
    assert f'id="{said}-error"' in text(refused) and kept in text(refused)
    assert kept in text(browser.get(url))  # also on another day and device


def test_years_ahead_are_refused_by_name_while_the_return_of_the_fund_is_not_loaded(browser: Client) -> None:
    url = begin(browser, "bhxh-dang-ky")
    for answers in (WHO, MONEY):
        url = go_on(browser, url, **answers)
    refused = browser.post(url, {**HALF_YEAR, "method": "NN2"})
    assert refused.status_code == 422
    assert "voluntary.r" in text(refused) and "15/07/2021" in text(refused)
    LegalFigure.objects.create(
        name="voluntary.r", valid_from="2021-01-01", valid_to="2021-12-31", value="0.005", source="x",
        confidence="unsure",
    )  # fmt: skip
    check = go_on(browser, url, **{**HALF_YEAR, "method": "NN2"})
    quote = text(browser.get(check))
    assert "7.482.975 đ" in quote and 'class="caution"' in quote


def test_missing_years_wait_for_the_return_of_the_fund_and_for_retirement_age(browser: Client) -> None:
    url = begin(browser, "bhxh-con-thieu")
    for answers in (WHO, {"income": "1500000"}):
        url = go_on(browser, url, **answers)
    refused = text(browser.post(url, {"months": "121"}))
    assert "months-error" in refused and "reached-error" in refused
    assert "voluntary.r" in text(browser.post(url, {"months": "24", "reached": "on"}))


def test_a_period_that_has_begun_can_be_paid_while_its_time_lasts(browser: Client) -> None:
    url = begin(browser, "bhxh-dong-tiep")
    for answers in (WHO, MONEY):
        url = go_on(browser, url, **answers)
    late = browser.post(url, {**HALF_YEAR, "method": "3", "first_month_month": "4"})
    assert late.status_code == 422 and "30/06/2021" in text(late)
    assert go_on(browser, url, **{**HALF_YEAR, "first_month_month": "4"}).endswith("/kiem-tra/")


def test_rows_are_added_and_taken_away_without_losing_what_stands_in_the_others(browser: Client) -> None:
    url = begin(browser, "bhyt-tham-gia")
    more = text(browser.post(url, {**FIVE, "them": "people"}))
    assert 'name="people" value="6"' in more and 'value="Trần Thị Bảy"' in more
    fewer = text(browser.post(url, {**FIVE, "bo": "people-1"}))
    assert 'name="people" value="4"' in fewer and "Trần Thị Bốn" not in fewer and "Trần Thị Sáu" in fewer


def test_two_people_of_a_household_have_two_numbers(browser: Client) -> None:
    numbers = {f"people-{i}-insurance_number": "5612345678" for i in (0, 1)}
    url = begin(browser, "bhyt-tham-gia")
    refused = browser.post(url, FIVE | numbers)
    assert refused.status_code == 422 and "5612345678" in text(refused)


def test_without_an_account_or_a_ward_the_page_says_what_is_missing(citizen: User, sign_in: SignIn) -> None:
    browser = sign_in(citizen)
    check = check_of(browser, "bhyt-tham-gia", FIVE, {"months": "12"})
    refused = browser.post(check, untouched(browser.get(check)))
    assert refused.status_code == 422 and "Cam Ranh" in text(refused)
    ordering.account()
    User.objects.filter(pk=citizen.pk).update(ward=None)
    refused = browser.post(check, untouched(browser.get(check)))
    assert refused.status_code == 422 and 'class="error-summary"' in text(refused)
    assert not ContributionOrder.objects.exists()


def test_a_page_that_was_left_out_comes_before_the_quote(browser: Client) -> None:
    first = begin(browser, "bhyt-tham-gia")  # which the portal fills in as far as it can
    check, second = (re.sub("/buoc/.*", page, first) for page in ("/kiem-tra/", "/buoc/thoi-han/"))
    assert browser.get(check).headers["Location"] == second
    assert browser.post(check, {"seen": "1"}).headers["Location"] == second


def test_an_open_order_of_the_same_kind_is_pointed_at_before_another(browser: Client) -> None:
    order = ordered(browser)
    check = check_of(browser, "bhxh-dang-ky", WHO, MONEY, HALF_YEAR)
    assert f"/dong-tien/{order.reference}/" in text(browser.get(check))


# --- Afterwards ----------------------------------------------------------------------------------


def test_the_state_on_the_page_follows_the_bank(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outbox.handlers, "payments.receipt", lambda _message: None)
    order = ordered(browser)
    place = f"/dong-tien/{order.reference}/tinh-trang/"
    waiting = browser.get(place, headers={"HX-Request": "true"})
    assert "every 15s" in text(waiting) and "HX-Refresh" not in waiting.headers
    assert browser.get(f"{place}?co=0", headers={"HX-Request": "true"}).status_code == 204
    with transaction.atomic():
        contributions.settle(order.pk, order.amount, line=None, key="x", now=order.made_at)
    paid = browser.get(place, headers={"HX-Request": "true"})
    assert paid.headers["HX-Refresh"] == "true" and "every 15s" not in text(paid)
    page = text(browser.get(f"/dong-tien/{order.reference}/"))
    assert "ma-qr" not in page and "tag--green" in page
    assert browser.get(f"/dong-tien/{order.reference}/ma-qr.svg").status_code == 404


def test_what_is_partly_paid_asks_for_the_rest(browser: Client) -> None:
    order = ordered(browser)
    contributions.settle(order.pk, Decimal(1_000_000), line=None, key="x", now=order.made_at)
    page = text(browser.get(f"/dong-tien/{order.reference}/"))
    assert "749.000 đ" in page and "/huy/" not in page
    png = browser.get(f"/dong-tien/{order.reference}/ma-qr.png")
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png.content)))
    assert "5406749000" in read.text
    assert browser.post(f"/dong-tien/{order.reference}/huy/").status_code == 422


def test_an_order_is_cancelled_on_its_page(browser: Client) -> None:
    order = ordered(browser)
    assert browser.post(f"/dong-tien/{order.reference}/huy/").status_code == 303
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert "ma-qr" not in text(browser.get(f"/dong-tien/{order.reference}/"))


def test_the_list_shows_orders_and_what_is_begun_in_few_queries(
    browser: Client, citizen: User, django_assert_max_num_queries: Any
) -> None:
    for _i in range(3):
        ordering.ordered(citizen)
    begin(browser, "bhyt-gia-han")
    with django_assert_max_num_queries(9):
        page = text(browser.get("/dong-tien/"))
    assert page.count("1.367.820 đ") == 3 and "/dong-tien/nhap/" in page


def test_a_draft_is_thrown_away_but_not_what_was_ordered(browser: Client) -> None:
    order = ordered(browser)
    url = begin(browser, "bhyt-gia-han")
    code = url.split("/")[3]
    assert browser.post(f"/dong-tien/nhap/{code}/xoa-nhap/").status_code == 303
    browser.post(f"/dong-tien/nhap/{order.draft.code}/xoa-nhap/")
    assert list(ContributionDraft.objects.all()) == [order.draft]


def test_pages_of_a_draft_that_was_ordered_lead_to_the_order(browser: Client) -> None:
    order = ordered(browser)
    for page in ("buoc/muc-dong", "kiem-tra"):
        found = browser.get(f"/dong-tien/nhap/{order.draft.code}/{page}/")
        assert found.headers["Location"] == f"/dong-tien/{order.reference}/"


@pytest.mark.parametrize("page", ["", "tinh-trang/", "ma-qr.svg", "huy/"])
def test_the_order_of_somebody_else_looks_like_none(
    browser: Client, stranger: User, sign_in: SignIn, page: str
) -> None:
    order, other = ordered(browser), sign_in(stranger)
    there = other.get(f"/dong-tien/{order.reference}/{page}")
    absent = other.get(f"/dong-tien/KH00000000001/{page}")
    assert (there.status_code, absent.status_code) == (404, 404)
    assert other.post(f"/dong-tien/{order.reference}/{page}").status_code in {404, 405}
    assert other.get(f"/dong-tien/nhap/{order.draft.code}/kiem-tra/").status_code == 404
    assert order.reference not in text(other.get("/dong-tien/"))


def test_the_procedure_leads_to_the_contributions(client: Client) -> None:
    assert "/dong-tien/thu-tuc/voluntary-insurance/" in text(client.get("/thu-tuc/voluntary-insurance/"))
    assert "loai=bhxh-dang-ky" in text(client.get("/dong-tien/thu-tuc/voluntary-insurance/"))
    assert "loai=bhyt-gia-han" in text(client.get("/dong-tien/thu-tuc/health-insurance-only/"))
    assert client.get("/dong-tien/thu-tuc/lump-sum/").status_code == 404
