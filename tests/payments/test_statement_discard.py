"""A wrong statement that was only checked is discarded, kept, and may come anew."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from payments.models import CsvMapping, StatementFile, StatementLine
from payments.statements import taking
from portal.models import User
from procedures.workflow import MoveRefused
from tests.payments import statements

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/statementfile/"

pytestmark = pytest.mark.django_db


def checked(actor: User, amount: int = 1000) -> StatementFile:
    """A file that is read and not taken in."""
    if not CsvMapping.objects.exists():
        statements.mapping()
    data = statements.csv([statements.Paid("FT1", amount)])
    file, _new = taking.check("sai.csv", data, statements.account(), actor=actor, now=timezone.now())
    return file


def test_a_checked_file_is_discarded_with_a_reason_and_stays_in_the_list(
    clerk: User, sign_in: SignIn
) -> None:
    file, client = checked(clerk), sign_in(clerk)
    assert client.post(f"{DESK}{file.pk}/loai-bo/", {"ly-do": " "}).status_code == 422
    assert client.post(f"{DESK}{file.pk}/loai-bo/", {"ly-do": "Nhầm tài khoản"}).status_code == 303
    file.refresh_from_db()
    assert (file.state, file.discarded_by, file.discard_reason) == ("dropped", clerk, "Nhầm tài khoản")
    page = client.get(f"{DESK}{file.pk}/change/").content.decode()
    assert "Nhầm tài khoản" in page
    assert "/nhap/" not in page
    assert "sai.csv" in client.get(DESK).content.decode()
    client.post(f"{DESK}{file.pk}/loai-bo/", {"ly-do": "Lần hai"})
    file.refresh_from_db()
    assert file.discard_reason == "Nhầm tài khoản"


def test_a_discarded_file_is_not_taken_in_and_the_same_bytes_come_anew(clerk: User) -> None:
    file = taking.discard(checked(clerk), "Nhầm ngày", actor=clerk, now=timezone.now())
    assert taking.take(file, now=timezone.now()).state == "dropped"
    assert taking.order(file, now=timezone.now()).state == "dropped"
    assert not StatementLine.objects.exists()
    again = checked(clerk)
    assert again.pk != file.pk
    assert taking.take(again, now=timezone.now()).state == "taken"
    assert checked(clerk).pk == again.pk
    assert StatementFile.objects.count() == 2


def test_a_file_that_was_refused_may_be_discarded_too(clerk: User) -> None:
    file = checked(clerk)
    StatementFile.objects.filter(pk=file.pk).update(state="refused")
    assert taking.discard(file, "Sai", actor=clerk, now=timezone.now()).state == "dropped"


@pytest.mark.parametrize("state", ["taken", "queued"])
def test_what_is_taken_in_or_about_to_be_is_not_discarded(state: str, clerk: User) -> None:
    file = checked(clerk)
    StatementFile.objects.filter(pk=file.pk).update(state=state, taken_at=timezone.now())
    with pytest.raises(MoveRefused, match="không thể loại bỏ"):
        taking.discard(file, "Sai", actor=clerk, now=timezone.now())


def test_who_only_looks_on_discards_nothing(clerk: User, director: User, sign_in: SignIn) -> None:
    file = checked(clerk)
    assert sign_in(director).post(f"{DESK}{file.pk}/loai-bo/", {"ly-do": "x"}).status_code in {403, 404}
    file.refresh_from_db()
    assert file.state == "checked"


def test_the_database_keeps_who_and_why(clerk: User) -> None:
    checked(clerk)
    with pytest.raises(IntegrityError, match="statement_discarded_whole"), transaction.atomic():
        StatementFile.objects.update(state="dropped")
