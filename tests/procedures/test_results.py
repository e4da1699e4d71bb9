"""The result on the portal: attached when a dossier is closed, downloaded by the citizen alone."""

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import AccessLog, User
from procedures import mailroom, validator, workflow
from procedures.models import Attachment, Dossier
from tests import reference
from tests.answers import PHOTO
from tests.conftest import file_draft, make_draft

SignIn = Callable[[User], Client]
PDF = b"%PDF-1.7\nresult\n%%EOF\n"


@pytest.fixture
def approved(citizen: User, chance: random.Random, clerk: User, supervisor: User) -> Dossier:
    """A lump sum, approved, wanted electronically."""
    draft = make_draft(citizen, chance)
    draft.typed["result_delivery"] = "electronic"
    draft.save()
    dossier = file_draft(draft)
    assert dossier.answers["result_delivery"] == "electronic"
    every = list(dossier.originals.values_list("document", flat=True))
    mailroom.receive(dossier, every, actor=clerk, key="o", now=timezone.now())
    workflow.move(dossier, "accept", actor=clerk, key="a")
    workflow.move(dossier, "propose", actor=clerk, key="p")
    workflow.move(dossier, "approve", actor=supervisor, key="d")
    return dossier


def _close(client: Client, dossier: Dossier, data: bytes | None, key: str = "c") -> Any:
    files = {} if data is None else {"result": SimpleUploadedFile("QD-123.pdf", data)}
    address = f"/quan-tri/procedures/dossier/{dossier.pk}/hanh-dong/close/"
    return client.post(address, {"key": key, **files})


def test_the_office_attaches_the_result_and_the_citizen_downloads_it(
    approved: Dossier, clerk: User, sign_in: SignIn
) -> None:
    desk = sign_in(clerk)
    page = desk.get(f"/quan-tri/procedures/dossier/{approved.pk}/change/").content.decode()
    assert 'type="file"' in page
    assert _close(desk, approved, PDF).status_code == 303
    approved.refresh_from_db()
    kept = Attachment.objects.get(dossier=approved, document="result")
    event = approved.events.get(action="close")
    assert approved.state == "returned"
    assert event.facts == {"result_file": "QD-123.pdf", "result_sha256": kept.sha256}
    outbox.drain()
    assert approved.owner.notices.filter(kind="result_here").exists()
    citizen = sign_in(approved.owner)
    address = f"/ho-so/{approved.code}/tep/{kept.pk}/?goc=1"
    assert address in citizen.get(f"/ho-so/{approved.code}/").content.decode()
    answer = citizen.get(address)
    assert b"".join(answer) == PDF  # type: ignore[arg-type]
    assert answer["Content-Disposition"] == 'attachment; filename="QD-123.pdf"'
    assert AccessLog.objects.filter(user=approved.owner, about=approved.code, what="result").exists()


def test_without_the_file_an_electronic_result_is_not_closed(
    approved: Dossier, clerk: User, sign_in: SignIn
) -> None:
    answer = _close(sign_in(clerk), approved, None)
    assert answer.status_code == 422
    assert "hãy đính kèm tệp PDF" in answer.content.decode()
    approved.refresh_from_db()
    assert approved.state == "approved"


@pytest.mark.parametrize("data", [PHOTO, b"", b"MZ\x90\x00"])
def test_only_a_pdf_is_a_result_and_nothing_else_is_kept(
    data: bytes, approved: Dossier, clerk: User, sign_in: SignIn
) -> None:
    assert _close(sign_in(clerk), approved, data).status_code == 422
    assert not Attachment.objects.filter(document="result").exists()


def test_pressing_twice_keeps_one_result(approved: Dossier, clerk: User, sign_in: SignIn) -> None:
    desk = sign_in(clerk)
    assert [_close(desk, approved, PDF).status_code, _close(desk, approved, PDF + b" ").status_code] == [
        303,
        303,
    ]
    assert _close(desk, approved, PDF + b"  ", key="other").status_code == 422
    assert Attachment.objects.filter(document="result").count() == 1


@pytest.mark.parametrize("who", ["stranger", "other_clerk"])
def test_nobody_else_attaches_or_reads_a_result(
    who: str, approved: Dossier, clerk: User, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    other = sign_in(request.getfixturevalue(who))
    assert _close(other, approved, PDF).status_code in {302, 403, 404}
    assert not Attachment.objects.filter(document="result").exists()
    _close(sign_in(clerk), approved, PDF)
    number = Attachment.objects.get(document="result").pk
    for client, refusals in ((other, {403, 404}), (Client(), {302, 303})):
        assert client.get(f"/ho-so/{approved.code}/tep/{number}/?goc=1").status_code in refusals


def test_a_result_handed_over_at_the_counter_needs_no_file(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    workflow.move(filed, "accept", actor=clerk, key="a")
    workflow.move(filed, "propose", actor=clerk, key="p")
    workflow.move(filed, "approve", actor=supervisor, key="d")
    assert _close(sign_in(clerk), filed, None).status_code == 303
    outbox.drain()
    assert filed.owner.notices.filter(kind="returned").exists()


def test_no_procedure_calls_a_paper_of_the_citizen_a_result() -> None:
    definition = next(d for d in reference.shipped() if d.slug == "lump-sum")
    wrong = msgspec.structs.replace(definition.documents[0], slug="result")
    named = msgspec.structs.replace(definition, documents=(wrong, *definition.documents[1:]))
    assert "slug" in {problem.aspect for problem in validator.problems_of(named)}


def test_a_wrong_result_is_replaced_and_opens_no_more(
    approved: Dossier, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    _close(sign_in(clerk), approved, PDF)
    wrong = Attachment.objects.get(document="result")
    address = f"/quan-tri/procedures/dossier/{approved.pk}/thay-ket-qua/"

    def put(who: User, note: str = "Nhầm hồ sơ.") -> int:
        right = SimpleUploadedFile("QD-124.pdf", PDF + b"right")
        return sign_in(who).post(address, {"key": "r", "note": note, "result": right}).status_code

    assert put(other_clerk) in {302, 404}
    assert put(clerk, note=" ") == 422
    assert put(clerk) == put(clerk) == 303
    right = Attachment.objects.get(document="result", removed_at=None)
    citizen = sign_in(approved.owner)
    assert citizen.get(f"/ho-so/{approved.code}/tep/{wrong.pk}/").status_code == 404
    shown = citizen.get(f"/ho-so/{approved.code}/tep/{right.pk}/")
    assert b"".join(shown) == PDF + b"right"  # type: ignore[arg-type]
    assert approved.events.get(action="result_replaced").facts["result_sha256"] == right.sha256
    assert "Nhầm hồ sơ" not in citizen.get(f"/ho-so/{approved.code}/").content.decode()
