"""Following a dossier from outside: /tra-cuu/, the QR code's page, and parcels."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import User
from portal.sealing import opened
from procedures import workflow
from procedures.models import Dossier, PostalItem
from tests.conftest import file_draft, make_draft

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"


def _ask(code: str, digits: str, client: Client | None = None, **headers: str) -> HttpResponse:
    return (client or Client()).post("/tra-cuu/", {"code": code, "phone": digits}, headers=headers)


def _post(client: Client, dossier: Dossier, tracking: str, **data: str) -> HttpResponse:
    return client.post(f"/ho-so/{dossier.code}/van-don/", {"tracking": tracking, **data})


def _personal(dossier: Dossier) -> list[str]:
    """Whatever of a dossier is about a person."""
    answers = dossier.answers
    return [
        dossier.applicant,
        dossier.insurance_number,
        dossier.phone,
        dossier.owner.username,
        answers["id_number"],
        answers["street"],
        opened(answers["account_number"]),
        answers["date_of_birth"],
    ]


# --- Looking up without signing in ---------------------------------------------------------------


@pytest.mark.parametrize("written", ["{}", " {} ", "{} ", "\t{}"])
def test_code_and_four_digits_show_where_a_dossier_stands_and_nothing_personal(
    written: str, filed: Dossier
) -> None:
    answer = _ask(written.format(str(filed.code).lower()), filed.phone[-4:])
    page = answer.content.decode()
    assert answer.status_code == 200
    assert str(filed.code) in page
    assert "Chờ hồ sơ giấy" in page
    assert not [words for words in _personal(filed) if words in page]


@pytest.mark.parametrize("digits", ["0000", "", "000", "٠٠٠٠", "%%%%", "____", "\x00\x00\x00\x00", "00000"])
def test_a_wrong_number_shows_nothing(digits: str, filed: Dossier) -> None:
    Dossier.objects.filter(pk=filed.pk).update(phone="0905123456")
    answer = _ask(str(filed.code), digits)
    assert answer.status_code == 422
    assert "Chờ hồ sơ giấy" not in answer.content.decode()


def test_more_or_fewer_than_four_digits_of_the_right_number_are_not_enough(filed: Dossier) -> None:
    for digits in (filed.phone, filed.phone[-5:], filed.phone[-3:], filed.phone[-1:]):
        assert _ask(str(filed.code), digits).status_code == 422


def _told(response: HttpResponse, *typed: str) -> str:
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    for words in typed:
        page = page.replace(words, "…")
    return page


def test_a_wrong_number_and_an_unknown_code_look_alike(filed: Dossier) -> None:
    wrong = next(d for d in ("0000", "1111") if not filed.phone.endswith(d))
    there, not_there = _ask(str(filed.code), wrong), _ask("BHXH056.02-210101-9999", wrong)
    assert there.status_code == not_there.status_code == 422
    assert _told(there, str(filed.code)) == _told(not_there, "BHXH056.02-210101-9999")


def test_a_draft_cannot_be_looked_up(draft: Dossier) -> None:
    Dossier.objects.filter(pk=draft.pk).update(phone="0905123456")
    assert _ask(draft.draft_code, "3456").status_code == 422


def test_a_dossier_without_a_phone_is_shown_to_nobody(filed: Dossier) -> None:
    Dossier.objects.filter(pk=filed.pk).update(phone="")
    for digits in ("", "0000", "    "):
        assert _ask(str(filed.code), digits).status_code == 422


def test_the_digits_of_one_code_are_not_guessed(filed: Dossier) -> None:
    right = filed.phone[-4:]
    wrong = [f"{n:04}" for n in range(6) if f"{n:04}" != right][:5]
    for digits in wrong:
        assert _ask(str(filed.code), digits).status_code == 422
    answer = _ask(f" {str(filed.code).lower()} ", right)
    assert answer.status_code == 429
    assert "Chờ hồ sơ giấy" not in answer.content.decode()


def test_codes_are_not_tried_one_after_the_other(filed: Dossier) -> None:
    answers = [
        _ask(f"BHXH056.02-210101-{n:04}", "0000", x_forwarded_for=f"203.0.113.{n}").status_code
        for n in range(11)
    ]
    assert answers == [422] * 10 + [429]
    assert _ask(str(filed.code), filed.phone[-4:]).status_code == 429


def test_an_hour_allows_thirty_questions(filed: Dossier, time_machine: Any) -> None:
    time_machine.move_to(timezone.now())
    for n in range(30):
        time_machine.shift(61 if n % 10 == 0 else 0)
        assert _ask(f"BHXH056.02-210101-{n:04}", "0000").status_code == 422
    time_machine.shift(61)
    assert _ask(str(filed.code), filed.phone[-4:]).status_code == 429
    time_machine.shift(timedelta(hours=1))
    assert _ask(str(filed.code), filed.phone[-4:]).status_code == 200


def test_looking_at_the_form_is_not_counted(filed: Dossier) -> None:
    for _ in range(15):
        assert Client().get("/tra-cuu/", {"ma": filed.code}).status_code == 200
    assert _ask(str(filed.code), filed.phone[-4:]).status_code == 200


# --- What the QR code opens ----------------------------------------------------------------------


def test_the_page_of_a_receipt_proves_it_without_naming_anybody(filed: Dossier, client: Client) -> None:
    outbox.drain()
    for issued in filed.documents.all():
        page = client.get(f"/xac-thuc/{issued.token}/").content.decode()
        assert str(filed.code) in page
        assert not [words for words in _personal(filed) if words in page]


def test_a_token_is_long_and_cannot_be_guessed_or_shortened(filed: Dossier, client: Client) -> None:
    outbox.drain()
    tokens = set(filed.documents.values_list("token", flat=True))
    assert len(tokens) == 3
    for token in tokens:
        assert len(token) >= 24
        for other in (token[:-1], token.swapcase(), token + "x", token[::-1], f"{token[:5]}%"):
            assert client.get(f"/xac-thuc/{other}/").status_code == 404
    assert client.get(f"/xac-thuc/{filed.code}/").status_code == 404


def test_a_replaced_receipt_still_proves_itself(filed: Dossier, clerk: User, client: Client) -> None:
    outbox.drain()
    first = filed.documents.get(kind="receipt")
    from procedures import mailroom

    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    outbox.drain()
    second = filed.documents.get(kind="receipt", replaced_at=None)
    assert first.token != second.token
    for issued in (first, second):
        assert client.get(f"/xac-thuc/{issued.token}/").status_code == 200


# --- Parcels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept", "checked"),
    [
        ("RA000000014VN", "RA000000014VN", True),
        (" ra 00 000 0014 vn ", "RA000000014VN", True),
        ("RA-000-000-014-VN", "RA000000014VN", True),
        ("EMS12345678", "EMS12345678", False),
    ],
)
def test_a_tracking_number_is_kept_as_it_stands_on_the_parcel(
    typed: str, kept: str, checked: bool, filed: Dossier, sign_in: SignIn
) -> None:
    assert _post(sign_in(filed.owner), filed, typed).status_code == 303
    parcel = filed.postal_items.get()
    assert (parcel.tracking, parcel.checked, parcel.direction) == (kept, checked, "in")
    assert parcel.recorded_by == filed.owner


@pytest.mark.parametrize(
    "typed",
    [
        "RA000000015VN",
        "",
        "ĐƠN HÀNG SỐ 1",
        "<script>",
        "1234567",
        "x" * 300,
        "RA000000014VN' OR 1",
    ],
)
def test_what_is_no_tracking_number_is_not_kept(typed: str, filed: Dossier, sign_in: SignIn) -> None:
    answer = _post(sign_in(filed.owner), filed, typed)
    assert answer.status_code == 422
    assert 'href="#tracking"' in answer.content.decode()
    assert not filed.postal_items.exists()


@pytest.mark.parametrize(
    ("day", "month", "year"), [("32", "1", "2021"), ("1", "1", "2999"), ("x", "1", "2021"), ("1", "", "2021")]
)
def test_a_day_of_posting_that_cannot_be_is_pointed_out(
    day: str, month: str, year: str, filed: Dossier, sign_in: SignIn
) -> None:
    data = {"posted_on_day": day, "posted_on_month": month, "posted_on_year": year}
    assert _post(sign_in(filed.owner), filed, "RA000000014VN", **data).status_code == 422
    assert not filed.postal_items.exists()


def test_the_same_number_twice_is_one_parcel(filed: Dossier, sign_in: SignIn) -> None:
    client = sign_in(filed.owner)
    _post(client, filed, "RA000000014VN")
    _post(client, filed, "RA 0000 0001 4 VN", posted_on_day="1", posted_on_month="7", posted_on_year="2021")
    assert str(filed.postal_items.get().posted_on) == "2021-07-01"


def test_only_the_owner_notes_a_parcel(filed: Dossier, stranger: User, clerk: User, sign_in: SignIn) -> None:
    assert _post(sign_in(stranger), filed, "RA000000014VN").status_code == 404
    assert _post(sign_in(clerk), filed, "RA000000014VN").status_code == 403
    assert _post(Client(), filed, "RA000000014VN").status_code == 302
    assert not PostalItem.objects.exists()


def test_a_closed_dossier_takes_no_parcel(filed: Dossier, sign_in: SignIn) -> None:
    client = sign_in(filed.owner)
    workflow.move(filed, "withdraw", actor=filed.owner, key="w")
    _post(client, filed, "RA000000014VN")
    assert not filed.postal_items.exists()


def _scan(desk: Client, code: str) -> str:
    received = desk.post(f"{QUEUE}quet/", {"ma": code, "key": "k"})
    return desk.get(received["Location"]).content.decode()


def test_a_number_that_two_citizens_typed_leads_the_mailroom_to_neither(
    filed: Dossier, stranger: User, clerk: User, sign_in: SignIn, chance: Any
) -> None:
    """Numbers from one post office follow each other: a neighbour's is easily typed, or guessed."""
    User.objects.filter(pk=stranger.pk).update(ward="22429")
    stranger.refresh_from_db()
    other = file_draft(make_draft(stranger, chance))
    assert other.office == filed.office
    _post(sign_in(filed.owner), filed, "RA000000014VN")
    desk = sign_in(clerk)
    _post(sign_in(stranger), other, "RA000000014VN")
    answer = _scan(desk, "RA000000014VN")
    assert "chưa rõ của ai" in answer
    assert filed.applicant not in answer
    assert other.applicant not in answer
    assert filed.applicant in _scan(desk, str(filed.code))


def test_a_number_typed_in_another_office_does_not_disturb(
    filed: Dossier, stranger: User, clerk: User, sign_in: SignIn, chance: Any
) -> None:
    other = file_draft(make_draft(stranger, chance))
    assert other.office != filed.office
    for dossier in (filed, other):
        _post(sign_in(dossier.owner), dossier, "RA000000014VN")
    assert filed.applicant in _scan(sign_in(clerk), "RA000000014VN")
