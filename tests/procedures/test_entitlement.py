"""Books and cards: one person reissues, two change what somebody is entitled to."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import User
from procedures import workflow
from procedures.models import Dossier
from tests import answers, reference
from tests.conftest import file_draft

SignIn = Callable[[User], Client]
BOOKS = next(d for d in reference.shipped() if d.slug == "book-and-card")


def _accepted(case: str, citizen: User, clerk: User) -> Dossier:
    dossier = file_draft(answers.make_draft(BOOKS, case, citizen, timezone.localdate()))
    Dossier.objects.filter(pk=dossier.pk).update(office=clerk.staff.office)
    dossier.refresh_from_db()
    if dossier.originals.exists():
        workflow.move(dossier, "record_originals", actor=_arrived(dossier, clerk), key="o")
    workflow.move(dossier, "accept", actor=clerk, key="a")
    return dossier


def _arrived(dossier: Dossier, clerk: User) -> User:
    dossier.originals.update(received_at=timezone.now(), received_by=clerk)
    return clerk


def _approve(client: Client, dossier: Dossier) -> int:
    address = f"/quan-tri/procedures/dossier/{dossier.pk}/hanh-dong/approve/"
    status = client.post(address, {"key": f"k{id(client)}"}).status_code
    dossier.refresh_from_db()
    return status


@pytest.mark.parametrize("case", ["card_change_benefit", "book_merge", "book_correct_history"])
def test_who_accepted_a_change_of_entitlement_does_not_decide_it(
    case: str, citizen: User, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    dossier = _accepted(case, citizen, clerk)
    assert _approve(sign_in(clerk), dossier) == 422
    assert dossier.state == "processing"
    assert _approve(sign_in(supervisor), dossier) == 303
    assert dossier.state == "approved"


def test_a_lost_card_is_reissued_by_one_person(citizen: User, clerk: User, sign_in: SignIn) -> None:
    dossier = _accepted("card_lost", citizen, clerk)
    assert _approve(sign_in(clerk), dossier) == 303


def test_the_citizen_is_not_told_to_sign_what_nobody_signs(
    citizen: User, clerk: User, sign_in: SignIn
) -> None:
    dossier = _accepted("card_lost", citizen, clerk)
    page = sign_in(citizen).get(f"/ho-so/{dossier.code}/").content.decode()
    assert "Tờ khai đã điền sẵn" in page
    assert "In ra, ký tên" not in page


def test_the_desk_speaks_the_language_of_the_clerk(citizen: User, clerk: User, sign_in: SignIn) -> None:
    dossier = _accepted("card_lost", citizen, clerk)
    page = sign_in(clerk).get(f"/quan-tri/procedures/dossier/{dossier.pk}/change/").content.decode()
    assert ">dự kiến</span>" in page
    assert ">likely</span>" not in page
    assert "(người dân)" in page
