"""Account numbers in the answers of a dossier: sealed at rest, masked on the desk, their keys changed."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test import Client

from portal import outbox, sealing
from portal.models import AccessLog, User
from portal.sealing import opened
from portal.text import masked, masked_digits
from procedures import catalogue, sealed_answers, workflow
from procedures.models import Dossier, IssuedDocument
from tests import sealing as kept
from tests.conftest import file_draft
from tests.procedures.test_filing import PAGES, start, upload

SignIn = Callable[[User], Client]
NUMBER = "0071001234567"  # what ``PAGES`` types as 0071 0012 34567
DESK = "/quan-tri/procedures/dossier/{}/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(citizen: User, sign_in: SignIn) -> Client:
    return sign_in(citizen)


@pytest.fixture
def typed(client: Client) -> Dossier:
    """A draft filled in through its pages."""
    dossier = start(client)
    for slug, data in PAGES.items():
        assert client.post(f"/ho-so/{dossier.draft_code}/buoc/{slug}/", data).status_code == 303
    return dossier


def _number(dossier: Dossier) -> str:
    return str(opened(dossier.answers["account_number"]))


def _begins_as_pdf(document: IssuedDocument) -> bool:
    with document.file.open("rb") as opened_file:
        return bool(opened_file.read(4) == b"%PDF")


# --- At rest -------------------------------------------------------------------------------------


def test_the_database_holds_no_account_number_of_a_draft_or_a_filed_dossier(
    client: Client, typed: Dossier
) -> None:
    assert kept.tables_with("0071 0012 34567") == []
    assert kept.tables_with(NUMBER) == []
    upload(client, typed)
    key = {"declaration": "on", "key": "k"}
    assert client.post(f"/ho-so/{typed.draft_code}/kiem-tra/", key).status_code == 303
    outbox.drain()
    filed = Dossier.objects.get(pk=typed.pk)
    assert filed.code
    assert _number(filed) == NUMBER
    assert kept.tables_with(NUMBER) == []
    assert kept.tables_with("0071 0012 34567") == []
    assert "970436" in kept.row_of(filed)  # the bank is no secret


def test_no_kept_file_of_a_filing_can_be_read_from_the_disk(filed: Dossier) -> None:
    outbox.drain()
    there = kept.files()
    assert {p.suffix for p in there} >= {".pdf", ".jpg"}
    for path in there:
        data = path.read_bytes()
        assert b"%PDF" not in data
        assert b"JFIF" not in data
        assert _number(filed).encode() not in data
    form = filed.documents.get(kind="form")
    assert _begins_as_pdf(form)
    assert default_storage.size(str(form.file)) == form.size


def test_what_the_citizen_types_comes_back_whole_on_every_page(client: Client, typed: Dossier) -> None:
    for page in ("buoc/noi-nhan/", "kiem-tra/"):
        said = client.get(f"/ho-so/{typed.draft_code}/{page}").content.decode()
        assert "0071 0012 34567" in said or NUMBER in said
    client.post(f"/ho-so/{typed.draft_code}/buoc/noi-nhan/", {**PAGES["noi-nhan"], "account_number": "12"})
    wrong = client.get(f"/ho-so/{typed.draft_code}/buoc/noi-nhan/").content.decode()
    assert 'value="12"' in wrong  # kept as typed, though it is not valid


def test_every_question_for_an_account_is_sealed_by_its_kind() -> None:
    found = {
        (slug, field.name)
        for slug in ("lump-sum", "change-payment-method", "health-insurance-only")
        for field in catalogue.definition_of(catalogue.published(slug)).fields  # type: ignore[arg-type]
        if sealed_answers.is_sealed(field)
    }
    assert found >= {
        ("lump-sum", "account_number"),
        ("change-payment-method", "account_number"),
        ("change-payment-method", "account_again"),
        ("change-payment-method", "current_account"),
        ("health-insurance-only", "account_number"),
    }


def test_only_what_asks_for_the_number_opens_it(
    filed: Dossier, clerk: User, client: Client, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening: list[str] = []
    unseal = sealing.unseal
    monkeypatch.setattr(sealing, "unseal", lambda token: opening.append(token) or unseal(token))
    dossier = Dossier.objects.get(pk=filed.pk)
    workflow.record(dossier, "urgent", actor=clerk, key="u")
    assert sign_in(clerk).get("/quan-tri/procedures/dossier/").status_code == 200
    assert client.get("/ho-so/").status_code == 200
    assert opening == []
    assert client.get(f"/ho-so/{filed.code}/").status_code == 200
    assert len(opening) == 1


def test_a_sealed_number_is_neither_printed_nor_written_elsewhere(filed: Dossier) -> None:
    number = Dossier.objects.get(pk=filed.pk).answers["account_number"]
    assert repr(number) == "<sealed>"
    with pytest.raises(TypeError, match="on purpose"):
        str(number)
    with pytest.raises(TypeError):
        workflow.record(filed, "urgent", actor=None, key="u", facts={"number": number})
    with pytest.raises(TypeError):
        hash(number)
    assert number == _number(filed)


# --- Masked --------------------------------------------------------------------------------------


def test_a_clerk_sees_the_last_digits_and_who_decides_the_whole_number(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    number, here = _number(filed), DESK.format(filed.pk)
    page = sign_in(clerk).get(f"{here}change/").content.decode()
    assert number not in page
    assert masked(number) in page
    assert not AccessLog.objects.filter(what="account number").exists()
    assert number in sign_in(supervisor).get(f"{here}change/").content.decode()
    entry = AccessLog.objects.get(what="account number")
    assert (entry.user, entry.about) == (supervisor, filed.code)


def test_the_province_looks_on_masked_and_another_office_finds_nothing(
    filed: Dossier, director: User, administrator: User, other_clerk: User, sign_in: SignIn
) -> None:
    here, number = f"{DESK.format(filed.pk)}change/", _number(filed)
    for user in (director, administrator):
        page = sign_in(user).get(here)
        assert page.status_code == 200
        assert number not in page.content.decode()
    assert sign_in(other_clerk).get(here).status_code == 404
    assert not AccessLog.objects.filter(what="account number").exists()


def test_the_citizen_sees_the_own_number_and_a_stranger_nothing(
    filed: Dossier, client: Client, stranger: User, sign_in: SignIn
) -> None:
    assert _number(filed) in client.get(f"/ho-so/{filed.code}/").content.decode()
    assert sign_in(stranger).get(f"/ho-so/{filed.code}/").status_code == 404


def test_no_list_that_leaves_the_desk_holds_the_number(
    filed: Dossier, supervisor: User, sign_in: SignIn
) -> None:
    day = f"{filed.filed_at:%Y-%m-%d}"
    client, number = sign_in(supervisor), _number(filed)
    for kind in ("csv", "xlsx"):
        url = f"/quan-tri/procedures/intakelist/xuat/?co-quan=cam-ranh&tu={day}&den={day}&loai={kind}"
        answer = client.get(url)
        data = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        assert number.encode() not in data


def test_of_an_account_in_words_the_words_stay_and_the_digits_go() -> None:
    assert masked_digits("4700 2010-01234 Agribank CN 5") == f"{masked('4700 2010-01234')} Agribank CN 5"
    assert "4700" not in masked_digits("4700 2010-01234 Agribank")
    assert masked_digits("chưa có") == "chưa có"


# --- Keys ----------------------------------------------------------------------------------------


@pytest.fixture
def old_key(settings: Any) -> Any:
    settings.DATA_KEYS = ["cũ"]
    return settings


def test_after_resealing_the_old_key_may_go(old_key: Any, draft: Dossier, capsys: Any) -> None:
    filed = file_draft(draft)
    outbox.drain()
    number, before = _number(filed), kept.row_of(filed)
    history = [event.hash for event in filed.events.all()]
    old_key.DATA_KEYS = ["mới", "cũ"]
    call_command("reseal")
    said = capsys.readouterr().out
    assert "procedures.Dossier.typed: 1" in said
    assert "procedures.Dossier.answers: 1" in said
    assert f"files: {len(kept.files())}" in said
    assert kept.row_of(filed) != before
    old_key.DATA_KEYS = ["mới"]
    again = Dossier.objects.get(pk=filed.pk)
    assert (_number(again), opened(again.typed["account_number"])) == (number, number)
    assert all(_begins_as_pdf(document) for document in again.documents.all())
    assert again.updated_at == filed.updated_at
    assert [event.hash for event in again.events.all()] == history
    assert workflow.verify_history(again) == []


def test_resealing_again_writes_nothing(old_key: Any, draft: Dossier) -> None:
    old_key.DATA_KEYS = ["mới", "cũ"]
    filed = file_draft(draft)
    kept.reseal()
    row, files = kept.row_of(filed), [(p, p.stat().st_ino) for p in kept.files()]
    kept.reseal()
    assert (kept.row_of(filed), [(p, p.stat().st_ino) for p in kept.files()]) == (row, files)


def test_a_number_no_key_opens_stops_it_and_nothing_is_lost(old_key: Any, draft: Dossier) -> None:
    filed = file_draft(draft)
    before, bytes_before = kept.row_of(filed), {p: p.read_bytes() for p in kept.files()}
    old_key.DATA_KEYS = ["khác"]
    with pytest.raises(InvalidToken):
        kept.reseal()
    again = Dossier.objects.get(pk=filed.pk)
    again.save()  # what nothing opens is written back as it is
    assert before.count(sealing.MARK) == kept.row_of(filed).count(sealing.MARK) == 2
    assert {p: p.read_bytes() for p in kept.files()} == bytes_before
    old_key.DATA_KEYS = ["cũ"]
    assert _number(Dossier.objects.get(pk=filed.pk)).startswith("4700")


def test_whoever_read_a_row_before_the_keys_changed_writes_no_old_key_back(
    old_key: Any, draft: Dossier
) -> None:
    filed = file_draft(draft)
    read_before = Dossier.objects.get(pk=filed.pk)
    old_key.DATA_KEYS = ["mới", "cũ"]
    kept.reseal()
    read_before.save()
    old_key.DATA_KEYS = ["mới"]
    assert _number(Dossier.objects.get(pk=filed.pk)).startswith("4700")


# --- What lay in the clear -----------------------------------------------------------------------


def _migrate() -> None:
    module = import_module("procedures.migrations.0029_sealed_answers")
    module.seal_answers(apps, None)


def test_the_migration_seals_what_lay_in_the_clear_and_may_be_repeated(
    filed: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.in_clear(filed, account_number="4700999988887", bank_branch="4700999988887 Cam Ranh")
    assert "4700999988887" in kept.row_of(filed)
    still = Dossier.objects.get(pk=filed.pk)
    assert _number(still) == "4700999988887"  # read as it is until then
    _migrate()
    again = Dossier.objects.get(pk=filed.pk)
    assert (_number(again), opened(again.typed["account_number"])) == ("4700999988887",) * 2
    assert again.answers["bank_branch"] == "4700999988887 Cam Ranh"  # no account is asked for there
    row = kept.row_of(filed)
    _migrate()
    assert kept.row_of(filed) == row
    assert workflow.verify_history(again) == []


def test_a_number_in_the_clear_is_masked_all_the_same(filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    kept.in_clear(filed, account_number="4700999988887")
    page = sign_in(clerk).get(f"{DESK.format(filed.pk)}change/").content.decode()
    assert "4700999988887" not in page
    assert masked("4700999988887") in page


def test_saving_any_page_of_a_draft_seals_what_lay_in_the_clear(client: Client, typed: Dossier) -> None:
    kept.in_clear(typed, account_number="4700999988887")
    client.post(f"/ho-so/{typed.draft_code}/buoc/ly-do/", PAGES["ly-do"])
    client.post(f"/ho-so/{typed.draft_code}/buoc/ly-do/", {"case": "retirement_age"})
    assert opened(Dossier.objects.get(pk=typed.pk).typed["account_number"]) == "4700999988887"
    with connection.cursor() as cursor:
        cursor.execute("SELECT typed::text FROM procedures_dossier WHERE id = %s", [typed.pk])
        assert "4700999988887" not in cursor.fetchone()[0]
