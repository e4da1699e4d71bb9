"""Parcels for another office: gathered, listed, handed over, ticked off, missed."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pypdfium2
import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from procedures import demo, handovers, parcels
from procedures.models import Dossier, HandoverList, HandoverRow, Office, Parcel
from procedures.workflow import MoveRefused
from tests.conftest import file_draft, make_draft
from tests.threads import at_once

SignIn = Callable[[User], Client]
SCAN = "/quan-tri/procedures/dossier/quet/"
LISTS = "/quan-tri/procedures/handoverlist/"
MONDAY = datetime.fromisoformat("2021-07-12T09:00:00+07:00")

pytestmark = pytest.mark.django_db


def receive(dossier: Dossier, actor: User, key: str, **more: Any) -> Parcel:
    now = more.pop("now", timezone.now())
    return parcels.receive(str(dossier.code), actor=actor, key=key, now=now, another=True, **more)[0]


@pytest.fixture
def parcel(filed: Dossier, other_clerk: User) -> Parcel:
    """A parcel for Cam Ranh that came to Ninh Hòa."""
    return receive(filed, other_clerk, "k")


@pytest.fixture
def cam_ranh(filed: Dossier) -> Office:
    assert filed.office is not None
    return filed.office


@pytest.fixture
def closed(parcel: Parcel, cam_ranh: Office, other_clerk: User) -> HandoverList:
    return handovers.close(cam_ranh, actor=other_clerk, now=timezone.now())


def do(client: Client, handover: HandoverList, doing: str, status: int = 303, **data: Any) -> str:
    response = client.post(f"{LISTS}{handover.pk}/viec/{doing}/", data)
    assert response.status_code == status, response.content.decode()
    handover.refresh_from_db()
    return response.content.decode()


# --- Closing -------------------------------------------------------------------------------------


def test_what_waits_for_an_office_goes_on_one_numbered_list(
    filed: Dossier, parcel: Parcel, other_clerk: User, sign_in: SignIn
) -> None:
    more = receive(filed, other_clerk, "k2")
    client = sign_in(other_clerk)
    assert "BHXH thành phố Cam Ranh" in client.get(LISTS).content.decode()
    for _twice in range(2):
        answer = client.post(f"{LISTS}chot/", {"to": "cam-ranh"})
        made = HandoverList.objects.get()
        assert answer["Location"] == f"{LISTS}{made.pk}/change/"
    year = timezone.localdate().year
    assert made.code == f"BG056.{made.office.number}-{year % 100}-0001"
    assert list(made.rows.values_list("position", "parcel")) == [(1, parcel.pk), (2, more.pk)]
    assert not handovers.gathered(made.office)


def test_numbers_run_by_office_and_year_without_gaps(
    filed: Dossier, cam_ranh: Office, other_clerk: User
) -> None:
    numbers = []
    for key, day in (("a", "2021-12-30"), ("b", "2021-12-31"), ("c", "2022-01-04")):
        now = datetime.fromisoformat(f"{day}T09:00:00+07:00")
        receive(filed, other_clerk, key, now=now)
        made = handovers.close(cam_ranh, actor=other_clerk, now=now)
        handovers.leave(made, actor=other_clerk, now=now)
        numbers.append((made.year, made.number))
    assert numbers == [(2021, 1), (2021, 2), (2022, 1)]


def test_nothing_to_hand_over_gives_no_list(other_clerk: User, sign_in: SignIn) -> None:
    client = sign_in(other_clerk)
    assert client.post(f"{LISTS}chot/", {"to": "cam-ranh"})["Location"] == LISTS
    assert client.post(f"{LISTS}chot/", {"to": "khong-co"}).status_code == 404
    assert client.get(f"{LISTS}chot/").status_code == 303
    assert not HandoverList.objects.exists()


def test_a_parcel_stands_on_one_open_list_alone(closed: HandoverList, parcel: Parcel) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        HandoverRow.objects.create(list=closed, position=2, parcel=parcel)


def test_a_closed_list_keeps_its_number_and_is_not_deleted(closed: HandoverList) -> None:
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        HandoverList.objects.update(number=9)
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        closed.rows.all().delete()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_close_at_once_get_one_list(filed: Dossier, other_clerk: User) -> None:
    for key in ("a", "b", "c"):
        receive(filed, other_clerk, key)
    to = filed.office_id

    def close() -> HandoverList:
        clerk = User.objects.get(pk=other_clerk.pk)
        return handovers.close(Office.objects.get(pk=to), actor=clerk, now=timezone.now())

    results = at_once(*[close] * 3)
    assert {type(result) for result in results} == {HandoverList}, results
    assert len({result.pk for result in results}) == 1
    assert HandoverRow.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_of_the_office_closing_at_once_goes_wrong(
    filed: Dossier, other_clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.models import QuerySet

    from tests.threads import Meeting

    receive(filed, other_clerk, "a")
    meeting, real = Meeting(), handovers._closed

    def slow(*args: Any) -> HandoverList:
        meeting.wait()
        return real(*args)

    monkeypatch.setattr(handovers, "_closed", slow)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())
    office = filed.office_id

    def close() -> HandoverList:
        clerk = User.objects.get(pk=other_clerk.pk)
        return handovers.close(Office.objects.get(pk=office), actor=clerk, now=timezone.now())

    results = at_once(close, close)
    assert any(isinstance(result, IntegrityError) for result in results), results


# --- Before it leaves ----------------------------------------------------------------------------


def test_a_parcel_is_taken_off_with_a_reason_until_the_list_has_left(
    closed: HandoverList, parcel: Parcel, other_clerk: User, sign_in: SignIn
) -> None:
    client, row = sign_in(other_clerk), closed.rows.get()
    page = do(client, closed, "bo-ra", 422, row=row.pk, reason=" ")
    assert 'aria-invalid="true"' in page
    do(client, closed, "bo-ra", row=row.pk, reason="Bưu phẩm rách, gửi sau")
    row.refresh_from_db()
    assert (row.taken_off_by, row.reason) == (other_clerk, "Bưu phẩm rách, gửi sau")
    assert [one.count for one in handovers.gathered(closed.office)] == [1]
    do(client, closed, "roi-di", 422)
    again = handovers.close(closed.to, actor=other_clerk, now=timezone.now())
    assert again != closed or again.rows.filter(parcel=parcel, taken_off_at=None).exists()


def test_what_has_left_stays_on_the_list(closed: HandoverList, other_clerk: User, sign_in: SignIn) -> None:
    client, row = sign_in(other_clerk), closed.rows.get()
    do(client, closed, "roi-di")
    left = closed.left_at
    do(client, closed, "roi-di")
    assert closed.left_at == left
    for wrong in (row.pk, "x", "", "9" * 30):
        do(client, closed, "bo-ra", 422, row=wrong, reason="Quên")
    assert client.post(f"{LISTS}{closed.pk}/viec/khac/").status_code == 404


def test_a_listed_parcel_is_not_struck_out(closed: HandoverList, parcel: Parcel, other_clerk: User) -> None:
    with pytest.raises(MoveRefused):
        parcels.strike(parcel, actor=other_clerk, now=timezone.now(), words="Nhầm")


def test_the_print_holds_codes_bars_and_two_signatures_and_no_name(
    filed: Dossier, closed: HandoverList, other_clerk: User, sign_in: SignIn
) -> None:
    answer = sign_in(other_clerk).get(f"{LISTS}{closed.pk}/in/")
    assert answer["Content-Type"] == "application/pdf"
    pages = pypdfium2.PdfDocument(io.BytesIO(answer.content))
    text = pages[0].get_textpage().get_text_bounded()
    for said in (closed.code, str(filed.code), "BÊN GIAO", "BÊN NHẬN", other_clerk.full_name):
        assert said in text
    assert filed.applicant not in text
    assert filed.insurance_number not in text


# --- It arrives, or does not ---------------------------------------------------------------------


def test_the_receiving_office_scans_the_bars_of_the_list_and_then_every_parcel(
    filed: Dossier, closed: HandoverList, parcel: Parcel, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    answer = client.post(SCAN, {"ma": closed.code.lower(), "key": "s"})
    assert answer["Location"] == f"{LISTS}{closed.pk}/change/"
    assert str(filed.code) in client.get(answer["Location"]).content.decode()
    assert not Parcel.objects.filter(scanned=closed.code).exists()
    answer = client.post(SCAN, {"ma": filed.code, "key": "p", "ds": str(closed.pk)})
    assert answer["Location"] == f"{LISTS}{closed.pk}/change/"
    row = closed.rows.get()
    assert (row.arrived_by, row.arrived_office) == (clerk, clerk.staff.office)
    parcel.refresh_from_db()
    assert (parcel.state, parcel.office) == ("open", clerk.staff.office)


def test_a_parcel_that_is_not_on_the_list_opens_on_its_own_page(
    filed: Dossier, closed: HandoverList, clerk: User, sign_in: SignIn
) -> None:
    for number in (str(closed.pk), "x", "9" * 30):
        answer = sign_in(clerk).post(SCAN, {"ma": "KHONG-CO", "key": f"p{number[0]}", "ds": number})
        assert answer["Location"].startswith(f"{SCAN}?buu=")


def test_a_third_office_that_gets_the_parcel_ticks_it_off_too(
    filed: Dossier, closed: HandoverList, parcel: Parcel, sign_in: SignIn
) -> None:
    third = demo.staff(
        "clerk.dk", "Ngô Văn Tư", Office.objects.get(slug="dien-khanh"), "clerk", password="x" * 12
    )
    parcels.receive(str(filed.code), actor=third, key="k", now=timezone.now())
    parcel.refresh_from_db()
    if parcel.office_id == third.staff.office_id:  # the same parcel went astray
        assert closed.rows.get().arrived_office == third.staff.office
        assert [one.to for one in handovers.gathered(third.staff.office)] == [filed.office]
    else:
        assert closed.rows.get().arrived_at is None


@pytest.mark.parametrize(("days", "missing"), [(2, False), (3, True)])
def test_what_does_not_arrive_in_time_shows_on_the_desks_of_both_offices(
    days: int, missing: bool, filed: Dossier, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    receive(filed, other_clerk, "m", now=MONDAY)
    assert filed.office is not None
    made = handovers.close(filed.office, actor=other_clerk, now=MONDAY)
    handovers.leave(made, actor=other_clerk, now=MONDAY)
    with time_machine.travel(MONDAY + timedelta(days=days)):
        for user in (clerk, other_clerk):
            client = sign_in(user)
            assert ("chưa đến nơi" in client.get(SCAN).content.decode()) is missing
            assert ("Có trong danh sách nhưng chưa đến" in client.get(LISTS).content.decode()) is missing


def test_a_weekend_does_not_make_a_parcel_late(filed: Dossier, clerk: User, other_clerk: User) -> None:
    friday = MONDAY - timedelta(days=3)
    receive(filed, other_clerk, "m", now=friday)
    assert filed.office is not None
    handovers.close(filed.office, actor=other_clerk, now=friday)
    assert not handovers.missing(clerk, MONDAY + timedelta(days=1)).exists()
    assert handovers.missing(clerk, MONDAY + timedelta(days=2)).exists()


@pytest.mark.django_db(transaction=True)
def test_a_parcel_scanned_at_two_desks_at_once_arrives_once(
    filed: Dossier, clerk: User, supervisor: User, other_clerk: User
) -> None:
    parcel = receive(filed, other_clerk, "k")
    assert filed.office is not None
    made = handovers.close(filed.office, actor=other_clerk, now=timezone.now())
    results = at_once(
        *[
            lambda u=user: parcels.receive(
                str(filed.code), actor=User.objects.get(pk=u.pk), key="k", now=timezone.now()
            )
            for user in (clerk, supervisor, clerk)
        ]
    )
    assert sorted(fresh for _parcel, fresh in results) == [False, False, True], results
    assert {found.pk for found, _fresh in results} == {parcel.pk}
    assert made.rows.get().arrived_at is not None
    assert parcel.steps.count() == 2


# --- Who may -------------------------------------------------------------------------------------


def test_who_has_nothing_to_do_with_a_list_does_not_find_it(
    filed: Dossier, closed: HandoverList, director: User, clerk: User, sign_in: SignIn
) -> None:
    third = demo.staff(
        "clerk.dk", "Ngô Văn Tư", Office.objects.get(slug="dien-khanh"), "clerk", password="x" * 12
    )
    client, row = sign_in(third), closed.rows.get()
    for path in (f"{LISTS}{closed.pk}/change/", f"{LISTS}{closed.pk}/in/"):
        assert client.get(path).status_code == 404
        assert sign_in(filed.owner).get(path).status_code == 302
        assert Client().get(path).status_code == 302
        assert sign_in(director).get(path).status_code == 200
    assert client.post(SCAN, {"ma": closed.code, "key": "x"}).status_code == 422
    assert sign_in(director).post(f"{LISTS}{closed.pk}/viec/roi-di/").status_code == 403
    do(sign_in(clerk), closed, "roi-di", 422)
    do(sign_in(clerk), closed, "bo-ra", 422, row=row.pk, reason="x")
    assert closed.left_at is None


def test_the_lists_take_as_many_queries_for_many_parcels_as_for_one(
    filed: Dossier, closed: HandoverList, other_clerk: User, sign_in: SignIn, chance: Any
) -> None:
    client = sign_in(other_clerk)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    here = f"{LISTS}{closed.pk}/change/"
    queries(LISTS)
    few = queries(LISTS), queries(here)
    other = file_draft(make_draft(demo.citizen(demo.person(chance, "22429")), chance))
    for number, dossier in enumerate((filed, other, filed, other), start=2):
        row = receive(dossier, other_clerk, f"n{number}")
        HandoverRow.objects.create(list=closed, position=number, parcel=row)
        receive(dossier, other_clerk, f"w{number}")
    assert (queries(LISTS), queries(here)) == (few[0], few[1])
