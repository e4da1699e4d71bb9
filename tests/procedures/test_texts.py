"""Texts used again: who keeps them, where they are offered, and that the citizen reads just these lines."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal.models import User
from procedures import mailroom
from procedures.models import Dossier, Office, Procedure, SupplementText

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"
TEXTS = "/quan-tri/procedures/supplementtext/"


@pytest.fixture
def ready(filed: Dossier, clerk: User) -> Dossier:
    """An accepted dossier."""
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    from procedures import workflow

    workflow.move(filed, "accept", actor=clerk, key="a")
    return filed


def _text(author: User, words: str, office: str = "", **columns: Any) -> SupplementText:
    where = Office.objects.get(slug=office) if office else None
    return SupplementText.objects.create(text=words, office=where, entered_by=author, **columns)


def _ask(client: Client, dossier: Dossier, **data: Any) -> Any:
    return client.post(f"{QUEUE}{dossier.pk}/hanh-dong/ask_supplement/", {"key": "k", **data})


def test_the_citizen_reads_what_was_typed_and_picked(ready: Dossier, clerk: User, sign_in: SignIn) -> None:
    book, card = _text(clerk, "Bản chụp đủ các trang sổ BHXH"), _text(clerk, "Căn cước hai mặt", "cam-ranh")
    sent = {"missing": "Giấy khai sinh\nCăn cước hai mặt", "pick": [book.pk, card.pk]}
    for _ in range(2):
        assert _ask(sign_in(clerk), ready, **sent).status_code == 303
    event = ready.events.get(action="ask_supplement")
    assert event.facts["missing"] == ["Giấy khai sinh", "Căn cước hai mặt", "Bản chụp đủ các trang sổ BHXH"]
    page = sign_in(ready.owner).get(f"/ho-so/{ready.code}/").content.decode()
    assert all(line in page for line in event.facts["missing"])
    book.refresh_from_db()
    assert book.used == 1
    assert book.last_used_at is not None


def test_a_picked_text_that_was_changed_in_the_field_goes_as_changed(
    ready: Dossier, clerk: User, sign_in: SignIn
) -> None:
    book = _text(clerk, "Bản chụp sổ BHXH")
    _ask(sign_in(clerk), ready, missing="Bản chụp sổ BHXH thứ hai", pick=[book.pk], whole="1")
    assert ready.events.get(action="ask_supplement").facts["missing"] == ["Bản chụp sổ BHXH thứ hai"]


def test_what_was_picked_stays_picked_when_it_is_refused(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    from procedures import takeover

    book = _text(clerk, "Bản chụp sổ BHXH")
    takeover.take_over(ready, clerk.pk, actor=supervisor, reason="Ốm.", key="t", now=timezone.now())
    response = _ask(sign_in(clerk), ready, missing="Khác", pick=[book.pk])
    assert response.status_code == 422
    assert f'value="{book.pk}" data-text="Bản chụp sổ BHXH" checked' in response.content.decode()
    book.refresh_from_db()
    assert book.used == 0


def test_a_text_is_offered_where_it_belongs_and_the_most_used_first(
    ready: Dossier, clerk: User, sign_in: SignIn
) -> None:
    mine, other = Procedure.objects.get(slug="lump-sum"), Procedure.objects.get(slug="maternity")
    _text(clerk, "Chung cả tỉnh", used=2)
    _text(clerk, "Riêng Cam Ranh", "cam-ranh", used=9)
    _text(clerk, "Cho BHXH một lần", procedure=mine, document="id_photo")
    _text(clerk, "Riêng Ninh Hòa", "ninh-hoa")
    _text(clerk, "Cho thai sản", procedure=other)
    _text(clerk, "Không dùng nữa", active=False)
    _text(clerk, "Lý do từ chối", purpose="reason")
    page = sign_in(clerk).get(f"{QUEUE}{ready.pk}/change/").content.decode()
    places = [page.find(f'data-text="{w}"') for w in ("Riêng Cam Ranh", "Chung cả tỉnh", "Cho BHXH một lần")]
    assert -1 not in places
    assert places == sorted(places)
    for words in ("Riêng Ninh Hòa", "Cho thai sản", "Không dùng nữa"):
        assert words not in page


def test_a_text_of_another_office_is_not_sent_by_guessing_its_number(
    ready: Dossier, clerk: User, sign_in: SignIn
) -> None:
    foreign = _text(clerk, "Riêng Ninh Hòa", "ninh-hoa")
    _ask(sign_in(clerk), ready, missing="Sổ", pick=[foreign.pk, "x", "9" * 30])
    assert ready.events.get(action="ask_supplement").facts["missing"] == ["Sổ"]
    foreign.refresh_from_db()
    assert foreign.used == 0


def test_who_leads_an_office_keeps_its_texts(supervisor: User, clerk: User, sign_in: SignIn) -> None:
    office = Office.objects.get(slug="cam-ranh")
    data = {
        "text": "Bản chụp\nsổ",
        "purpose": "missing",
        "about": "lump-sum:id_photo",
        "office": office.pk,
        "active": "on",
    }
    assert sign_in(clerk).post(f"{TEXTS}add/", data).status_code == 403
    client = sign_in(supervisor)
    assert client.post(f"{TEXTS}add/", data).status_code == 302
    kept = SupplementText.objects.get()
    assert (kept.text, kept.document, kept.procedure.slug) == ("Bản chụp sổ", "id_photo", "lump-sum")  # type: ignore[union-attr]
    assert kept.entered_by == supervisor
    again = client.post(f"{TEXTS}add/", data)
    assert again.status_code == 200
    assert "đã có" in again.content.decode()
    assert client.post(f"{TEXTS}add/", {**data, "text": " "}).status_code == 200
    del data["active"]
    assert client.post(f"{TEXTS}{kept.pk}/change/", data).status_code == 302
    kept.refresh_from_db()
    assert not kept.active
    assert client.post(f"{TEXTS}{kept.pk}/delete/", {"post": "yes"}).status_code == 403


def test_texts_of_the_province_and_of_other_offices_are_not_a_supervisors(
    supervisor: User, administrator: User, sign_in: SignIn
) -> None:
    province, other = _text(supervisor, "Cả tỉnh"), _text(supervisor, "Ninh Hòa", "ninh-hoa")
    client = sign_in(supervisor)
    data = {"text": "Đổi", "purpose": "missing", "about": "", "office": "", "active": "on"}
    assert client.post(f"{TEXTS}{province.pk}/change/", data).status_code == 403
    assert client.get(f"{TEXTS}{other.pk}/change/").status_code == 302
    for office in ("", str(other.office_id)):
        assert client.post(f"{TEXTS}add/", {**data, "office": office}).status_code == 200
    assert not SupplementText.objects.filter(text="Đổi").exists()
    assert sign_in(administrator).post(f"{TEXTS}{province.pk}/change/", data).status_code == 302
    province.refresh_from_db()
    assert province.text == "Đổi"


def test_the_database_takes_no_text_twice_and_none_of_two_lines(clerk: User) -> None:
    _text(clerk, "Sổ")
    for wrong in ({"words": "Sổ"}, {"words": "a\nb"}, {"words": ""}, {"words": "x", "document": "id_photo"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            _text(clerk, **wrong)
