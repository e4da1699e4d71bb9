"""Hours, counters and neighbours of an office are rows: staff keep them, citizens read them."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from portal.models import User
from procedures import offices, visits
from procedures.models import AdjoiningOffice, Closure, Counter, Dossier, Office, OfficeHours
from tests.html_forms import untouched

SignIn = Callable[[User], Client]
ADMIN = "/quan-tri/procedures/office/{}/change/"

pytestmark = pytest.mark.django_db


def opens(slug: str = "cam-ranh", **more: Any) -> OfficeHours:
    span = {"weekday": 1, "opens": time(7, 30), "closes": time(11, 30), "confidence": "sure", **more}
    made = OfficeHours.objects.create(office=Office.objects.get(slug=slug), **span)
    visits.forget()
    return made


def change(client: Client, slug: str, prefix: str, *rows: dict[str, str]) -> Any:
    """Add ``rows`` to the inline ``prefix`` on the page of an office, the rest untouched."""
    address = ADMIN.format(Office.objects.get(slug=slug).pk)
    form = {
        k: v[-1] for k, v in untouched(client.get(address), having="slug").items() if "__prefix__" not in k
    }
    have = int(form[f"{prefix}-TOTAL_FORMS"])
    office = form[f"{prefix}-INITIAL_FORMS"] and str(Office.objects.get(slug=slug).pk)
    for number, row in enumerate(rows, start=have):
        form |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
        form |= {f"{prefix}-{number}-office": office, f"{prefix}-{number}-id": ""}
    form[f"{prefix}-TOTAL_FORMS"] = str(have + len(rows))
    return client.post(address, form)


def span(weekday: str = "1", opens: str = "07:30", closes: str = "11:30", **more: str) -> dict[str, str]:
    blank = {"valid_from": "", "valid_to": "", "source": "", "confidence": "sure"}
    return {"weekday": weekday, "opens": opens, "closes": closes, **blank, **more}


def errors(response: Any, model: type) -> list[dict[str, list[str]]]:
    assert response.status_code == 200, response.status_code
    sets = [s for s in response.context["inline_admin_formsets"] if s.opts.model is model]
    return [dict(found) for found in sets[0].formset.errors if found]


# --- What citizens read --------------------------------------------------------------------------


def test_an_office_whose_hours_nobody_knows_says_call_first(client: Client) -> None:
    page = client.get("/co-quan/cam-ranh/").content.decode()
    assert "vui lòng gọi 02583.827.443 trước khi đến" in page
    assert "07:30" not in page


def test_the_page_of_an_office_tells_hours_and_counters(client: Client) -> None:
    opens()
    opens(opens=time(13, 30), closes=time(17))
    opens(weekday=2, valid_to=timezone.localdate() - timedelta(days=1))
    Counter.objects.create(office=Office.objects.get(slug="cam-ranh"), name="Quầy 3", purpose="Hưu trí")
    page = client.get("/co-quan/cam-ranh/").content.decode()
    assert "Thứ Hai: 07:30–11:30, 13:30–17:00" in page
    assert "Quầy 3: Hưu trí" in page
    assert "Thứ Ba" not in page
    assert "chưa được xác nhận: vui lòng gọi 02583.827.443 trước khi đến" not in page


def test_hours_that_are_not_confirmed_are_marked(client: Client) -> None:
    opens(confidence="likely")
    page = client.get("/co-quan/cam-ranh/").content.decode()
    assert "Giờ này chưa được xác nhận" in page


def test_while_the_office_is_closed_no_counter_is_offered(client: Client) -> None:
    opens()
    Counter.objects.create(office=Office.objects.get(slug="cam-ranh"), name="Quầy 3", purpose="Hưu trí")
    Closure.objects.create(
        office=Office.objects.get(slug="cam-ranh"), scope="counter", reason="x", document="y"
    )
    offices.forget_closures()
    page = client.get("/co-quan/cam-ranh/").content.decode()
    assert "07:30" not in page and "Quầy 3" not in page
    assert "không quầy nào mở" in page


def test_where_the_counter_is_an_answer_its_hours_stand_beside_it(draft: Dossier, sign_in: SignIn) -> None:
    client, address = sign_in(draft.owner), f"/ho-so/{draft.draft_code}/buoc/nhan-tien/"
    assert "Chúng tôi chưa có giờ tiếp khách" in client.get(address).content.decode()
    opens()
    assert "BHXH thành phố Cam Ranh: Thứ Hai 07:30–11:30" in client.get(address).content.decode()


def test_the_pages_of_offices_cost_the_same_whatever_they_tell(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/co-quan/"), client.get("/co-quan/cam-ranh/")
    with django_assert_num_queries(1):
        client.get("/co-quan/")
    with django_assert_num_queries(3):
        client.get("/co-quan/cam-ranh/")
    for weekday in range(1, 7):
        opens(weekday=weekday)
    client.get("/co-quan/cam-ranh/")
    with django_assert_num_queries(3):
        client.get("/co-quan/cam-ranh/")


# --- What staff keep -----------------------------------------------------------------------------


def test_an_administrator_adds_hours_and_counters(administrator: User, sign_in: SignIn) -> None:
    client = sign_in(administrator)
    assert change(client, "cam-ranh", "hours", span(), span(opens="13:30", closes="17:00")).status_code == 302
    assert OfficeHours.objects.count() == 2
    row = {"name": "Quầy 1", "purpose": "Thu", "confidence": "sure"}
    assert change(client, "cam-ranh", "counters", row).status_code == 302
    assert Counter.objects.get().office.slug == "cam-ranh"
    assert errors(change(client, "cam-ranh", "counters", row), Counter)


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([span(opens="11:30", closes="07:30")], "closes"),
        ([span(valid_from="02/01/2026", valid_to="01/01/2026")], "valid_to"),
        ([span(), span(opens="11:00", closes="12:00")], "opens"),
    ],
)
def test_hours_that_cannot_be_are_refused_at_their_row(
    rows: list[dict[str, str]], field: str, administrator: User, sign_in: SignIn
) -> None:
    (found,) = errors(change(sign_in(administrator), "cam-ranh", "hours", *rows), OfficeHours)
    assert field in found
    assert not OfficeHours.objects.exists()


def test_the_database_refuses_spans_that_overlap() -> None:
    opens()
    opens(weekday=2)
    with pytest.raises(IntegrityError, match="hours_do_not_overlap"), transaction.atomic():
        opens(opens=time(11), closes=time(12))


def test_a_clerk_reads_the_rows_and_changes_none(clerk: User, sign_in: SignIn) -> None:
    client = sign_in(clerk)
    address = ADMIN.format(Office.objects.get(slug="cam-ranh").pk)
    assert client.get(address).status_code == 200
    assert client.post(address, {}).status_code == 403


def test_a_neighbour_is_a_neighbour_from_both_sides(administrator: User, sign_in: SignIn) -> None:
    there = str(Office.objects.get(slug="van-ninh").pk)
    saved = change(sign_in(administrator), "cam-ranh", "adjoining", {"other": there, "km": "90"})
    assert saved.status_code == 302
    back = AdjoiningOffice.objects.get(office__slug="van-ninh", other__slug="cam-ranh")
    assert back.km == 90


def test_an_office_that_adjoins_itself_is_refused_next_to_the_row(
    administrator: User, sign_in: SignIn
) -> None:
    own = str(Office.objects.get(slug="cam-ranh").pk)
    refused = change(sign_in(administrator), "cam-ranh", "adjoining", {"other": own, "km": "1"})
    (found,) = errors(refused, AdjoiningOffice)
    assert "chính nó" in found["other"][0]
    zero = {"other": str(Office.objects.get(slug="van-ninh").pk), "km": "0"}
    assert "km" in errors(change(sign_in(administrator), "cam-ranh", "adjoining", zero), AdjoiningOffice)[0]
