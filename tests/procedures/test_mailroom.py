"""The mailroom: every parcel has a row and a path, whatever was scanned."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import AccessLog, User
from procedures import parcels, workflow
from procedures.models import Dossier, Parcel, ParcelPaper, PostalItem
from tests.threads import at_once

SignIn = Callable[[User], Client]
SCAN = "/quan-tri/procedures/dossier/quet/"
PARCEL = "/quan-tri/procedures/parcel/"

pytestmark = pytest.mark.django_db


def scan(client: Client, code: str | None, key: str = "k", **more: str) -> tuple[Parcel, str]:
    """What Enter does after a code was scanned: the parcel, and the page that follows."""
    data = {"key": key, **more} if code is None else {"ma": code, "key": key, **more}
    response = client.post(SCAN, data)
    assert response.status_code == 303, response.content.decode()
    place = response["Location"]
    return Parcel.objects.get(pk=place.rpartition("=")[2]), client.get(place).content.decode()


def do(client: Client, parcel: Parcel, doing: str, status: int = 303, **data: Any) -> str:
    response = client.post(f"{PARCEL}{parcel.pk}/viec/{doing}/", data)
    assert response.status_code == status, response.content.decode()
    parcel.refresh_from_db()
    return response.content.decode()


def states(parcel: Parcel) -> list[str]:
    return list(parcel.steps.values_list("state", flat=True))


def withdraw(dossier: Dossier) -> None:
    workflow.move(dossier, "withdraw", actor=dossier.owner, key="w")


# --- A parcel of the own office ------------------------------------------------------------------


def test_scanning_the_label_and_pressing_enter_twice_records_the_originals(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    parcel, page = scan(client, f" {str(filed.code).lower()} ")
    assert filed.applicant in page
    assert page.count('name="arrived"') == 2
    assert (parcel.state, parcel.dossier, parcel.received_by) == ("open", filed, clerk)
    do(client, parcel, "dem", arrived=["form", "insurance_book"])
    filed.refresh_from_db()
    assert filed.state == "originals_received"
    assert filed.due_at is not None
    assert states(parcel) == ["open", "counted"]
    assert str(filed.code) in client.get(SCAN).content.decode()
    assert AccessLog.objects.filter(user=clerk, about=filed.code, what="scan").exists()
    assert not workflow.verify_history(filed)


def test_pages_and_condition_are_kept_and_a_copy_does_not_stand_in_for_the_original(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    parcel, _page = scan(client, filed.code)
    answers = {"form-to": "4", "insurance_book-to": "12", "insurance_book-la": "copy", "form-tt": "damaged"}
    do(client, parcel, "dem", arrived=["form", "insurance_book"], **answers)
    assert list(ParcelPaper.objects.values_list("original__document", "pages", "copy", "condition")) == [
        ("form", 4, False, "damaged"),
        ("insurance_book", 12, True, "good"),
    ]
    filed.refresh_from_db()
    assert filed.state == "waiting_originals"
    assert filed.originals.get(received_at=None).document == "insurance_book"
    told = sign_in(filed.owner).get(f"/ho-so/{filed.code}/").content.decode()
    assert "chỉ là bản sao: xin gửi bản chính" in told


def test_a_wrong_number_of_pages_or_an_empty_count_is_refused_and_the_parcel_stays(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    parcel, _page = scan(client, filed.code)
    for wrong in ("0", "1000", "BHXH056", "²"):
        do(client, parcel, "dem", 422, arrived=["form"], **{"form-to": wrong})
    do(client, parcel, "dem", 422)
    assert states(parcel) == ["open"]
    assert not ParcelPaper.objects.exists()


def test_a_parcel_is_found_by_its_tracking_number_too(filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    sign_in(filed.owner).post(f"/ho-so/{filed.code}/van-don/", {"tracking": "ra 00000001 4vn"})
    parcel, page = scan(sign_in(clerk), "RA000000014VN")
    assert (parcel.dossier, parcel.tracking) == (filed, "RA000000014VN")
    assert str(filed.code) in page


def test_a_tracking_number_that_stands_on_two_dossiers_points_at_neither(
    filed: Dossier, stranger: User, clerk: User, sign_in: SignIn, chance: Any
) -> None:
    from tests.conftest import file_draft, make_draft

    User.objects.filter(pk=stranger.pk).update(ward="22429")
    stranger.refresh_from_db()
    other = file_draft(make_draft(stranger, chance))
    for dossier in (filed, other):
        PostalItem.objects.create(
            dossier=dossier, direction="in", tracking="RA000000014VN", recorded_by=dossier.owner
        )
    parcel, _page = scan(sign_in(clerk), "RA000000014VN")
    assert (parcel.state, parcel.dossier) == ("unknown", None)


def test_scanning_again_finds_the_same_parcel_and_one_more_has_to_be_said(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    first, _page = scan(client, filed.code, "1")
    again, page = scan(client, filed.code, "2")
    assert again == first
    assert "đã được nhận trước đó" in page
    more, _page = scan(client, filed.code, "3", nua="1")
    assert more != first
    assert scan(client, filed.code, "3", nua="1")[0] == more  # the button pressed twice


def test_a_second_parcel_after_the_papers_are_complete_is_kept_with_what_it_holds(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    first, _page = scan(client, filed.code, "1")
    do(client, first, "dem", arrived=["form", "insurance_book"])
    second, _page = scan(client, filed.code, "2")
    assert (second.state, second == first) == ("open", False)
    do(client, second, "dem", note="Bản sao giấy khai sinh")
    filed.refresh_from_db()
    assert (second.state, filed.state) == ("counted", "originals_received")
    assert second.steps.last().note == "Bản sao giấy khai sinh"  # type: ignore[union-attr]


def test_a_parcel_of_a_withdrawn_dossier_goes_back_to_its_sender(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    withdraw(filed)
    client = sign_in(clerk)
    parcel, page = scan(client, filed.code)
    assert parcel.state == "return"
    assert "gửi trả" in page
    do(client, parcel, "dem", 422, arrived=["form"])
    do(client, parcel, "tra-lai", 422)
    do(client, parcel, "tra-lai", note="RA000000028VN")
    assert states(parcel) == ["return", "returned"]
    told = sign_in(filed.owner).get(f"/ho-so/{filed.code}/").content.decode()
    assert "Bưu phẩm đã được gửi trả" in told
    assert "RA000000028VN" in told


# --- A parcel that nobody can place --------------------------------------------------------------


def test_an_unknown_code_keeps_the_parcel_until_somebody_says_whose_it_is(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    parcel, page = scan(client, "BHXH056.02-210101-9999", "1")
    assert (parcel.state, parcel.dossier) == ("unknown", None)
    assert "chưa rõ của ai" in page
    assert scan(client, "BHXH056.02-210101-9999", "2")[0] == parcel
    do(client, parcel, "ghi-chu", note="Dấu bưu điện Cam Ranh")
    do(client, parcel, "la-cua", 422, ma="BHXH056.02-210101-8888")
    do(client, parcel, "la-cua", ma=filed.code)
    assert (parcel.state, parcel.dossier) == ("open", filed)


@pytest.mark.parametrize("by", ["applicant", "phone"])
def test_an_envelope_without_a_code_is_placed_by_name_or_phone(
    by: str, filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    parcel, _page = scan(client, None, **{"khong-ma": "1"})
    assert (parcel.state, parcel.scanned) == ("unknown", "")
    assert scan(client, None, "other", **{"khong-ma": "1"})[0] != parcel
    found = client.get(SCAN, {"buu": parcel.pk, "tim": getattr(filed, by)}).content.decode()
    assert f'value="{filed.code}"' in found


def test_a_scan_by_mistake_is_struck_out_with_a_reason_and_its_row_stays(
    clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    parcel, _page = scan(client, "123", "1")
    do(client, parcel, "gach", 422)
    do(client, parcel, "gach", note="Gõ nhầm")
    assert states(parcel) == ["unknown", "struck"]
    assert scan(client, "123", "2")[0] != parcel


# --- A parcel of another office ------------------------------------------------------------------


def test_a_parcel_of_another_office_shows_no_more_than_the_mailroom_needs(
    filed: Dossier, other_clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(other_clerk)
    parcel, page = scan(client, filed.code)
    assert parcel.state == "forward"
    assert "BHXH thành phố Cam Ranh" in page or str(filed.office) in page
    assert all(original.label_vi in page for original in filed.originals.all())
    for hidden in (filed.applicant, filed.insurance_number, filed.phone, f"dossier/{filed.pk}/"):
        assert hidden not in page
    do(client, parcel, "dem", 422, arrived=["form"])
    assert AccessLog.objects.filter(user=other_clerk, about=filed.code, what="scan").exists()
    assert not filed.originals.exclude(received_at=None).exists()


def test_a_name_is_searched_in_the_own_office_alone_and_a_hit_elsewhere_shows_the_code_alone(
    filed: Dossier, other_clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(other_clerk)
    parcel, _page = scan(client, None, **{"khong-ma": "1"})
    assert (
        str(filed.code) not in client.get(SCAN, {"buu": parcel.pk, "tim": filed.applicant}).content.decode()
    )
    found = client.get(SCAN, {"buu": parcel.pk, "tim": filed.phone}).content.decode()
    assert str(filed.code) in found
    assert filed.applicant not in found
    assert AccessLog.objects.filter(user=other_clerk, what="parcel search", about=filed.code).exists()


def test_the_office_it_belongs_to_scans_it_in_as_the_same_parcel(
    filed: Dossier, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    away, home = sign_in(other_clerk), sign_in(clerk)
    parcel, _page = scan(away, filed.code)
    assert str(filed.code) in home.get(PARCEL).content.decode()
    arrived, _page = scan(home, filed.code)
    assert arrived == parcel
    assert (arrived.state, arrived.office) == ("open", filed.office)
    assert list(parcel.steps.values_list("office__slug", "state")) == [
        ("ninh-hoa", "forward"),
        ("cam-ranh", "open"),
    ]
    do(home, arrived, "dem", arrived=["form", "insurance_book"])
    assert away.get(SCAN, {"buu": parcel.pk}).status_code == 404


def test_a_dossier_withdrawn_while_its_parcel_is_passed_on_sends_it_back(
    filed: Dossier, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    parcel, _page = scan(sign_in(other_clerk), filed.code)
    withdraw(filed)
    assert scan(sign_in(clerk), filed.code)[0] == parcel
    parcel.refresh_from_db()
    assert parcel.state == "return"


# --- Who may -------------------------------------------------------------------------------------


def test_who_does_not_work_in_a_mailroom_receives_nothing(
    filed: Dossier, director: User, administrator: User, sign_in: SignIn
) -> None:
    for user in (director, administrator):
        assert sign_in(user).post(SCAN, {"ma": filed.code, "key": "k"}).status_code == 403
        assert sign_in(user).get(SCAN).status_code == 200
    assert not Parcel.objects.exists()


def test_another_office_does_nothing_with_a_parcel_that_comes_to_it_before_it_has_arrived(
    filed: Dossier, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    parcel, _page = scan(sign_in(other_clerk), filed.code)
    client = sign_in(clerk)
    assert client.get(SCAN, {"buu": parcel.pk}).status_code == 200
    do(client, parcel, "gach", 422, note="x")
    assert states(parcel) == ["forward"]


def test_an_empty_scan_and_a_parcel_that_is_not_there(clerk: User, sign_in: SignIn) -> None:
    client = sign_in(clerk)
    assert client.post(SCAN, {"ma": " "}).status_code == 422
    for number in ("1", "x", "²", "9" * 30):
        assert client.get(SCAN, {"buu": number}).status_code in {200, 404}
    assert not Parcel.objects.exists()


# --- At once, and how many queries ---------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", ["dossier", "RA000000014VN", "KHONG-CO"])
def test_one_parcel_scanned_twice_at_once_is_one_row(code: str, filed: Dossier, clerk: User) -> None:
    PostalItem.objects.create(
        dossier=filed, direction="in", tracking="RA000000014VN", recorded_by=filed.owner
    )
    scanned = str(filed.code) if code == "dossier" else code
    results = at_once(
        *[
            lambda k=k: parcels.receive(
                scanned, actor=User.objects.get(pk=clerk.pk), key=k, now=timezone.now()
            )
            for k in ("1", "2", "3", "4")
        ]
    )
    assert sorted(fresh for _parcel, fresh in results) == [False, False, False, True]
    assert Parcel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_parcel_counted_twice_at_once_is_counted_once(filed: Dossier, clerk: User) -> None:
    parcel, _fresh = parcels.receive(str(filed.code), actor=clerk, key="k", now=timezone.now())
    papers = [parcels.Paper("form"), parcels.Paper("insurance_book")]
    results = at_once(
        *[
            lambda: parcels.count(
                Parcel.objects.get(pk=parcel.pk),
                papers,
                actor=User.objects.get(pk=clerk.pk),
                now=timezone.now(),
            )
        ]
        * 2
    )
    assert {type(result) for result in results} == {bool, workflow.MoveRefused}
    assert ParcelPaper.objects.count() == 2


def test_the_page_takes_as_many_queries_for_ten_scans_as_for_one(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    scan(client, filed.code, "0")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(SCAN).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(9):
        scan(client, filed.code, f"n{number}", nua="1")
    assert queries() == few
    assert few <= 8
