"""Take a statement in: one transaction, all of its lines or none, whatever is read at the same moment.

Everything about an account goes one after the other: its row is locked first, then orders by their
number. A line is told by the bank's reference, so it counts once in however many files it stands.
Sets of lines are moved by SQL, a hundred thousand as readily as one; ``tests/payments/
test_statement_taking.py`` holds that this says what ``contributions.settle`` says.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from payments.models import OfficeAccount, StatementFile, WebhookCall
from payments.statements import bulk, reading
from payments.statements.lines import BankLine, FileRefused, Problem, Reading
from payments.statements.matching import Shapes, candidates, shapes_of
from portal import outbox
from portal.models import User
from portal.text import clean
from procedures.workflow import MoveRefused

State = StatementFile.State
ENDED = frozenset({State.TAKEN, State.DISCARDED})
TOPIC = "payments.statement"
# More lines than this are taken in by a worker: a page does not wait for them.
AT_ONCE = 2000


def check(
    name: str, data: bytes, account: OfficeAccount, *, actor: User, now: datetime
) -> tuple[StatementFile, bool]:
    """Read a file through and keep it, nothing of it taken in; whether it is new to ``account``.

    Raises ``FileRefused`` with every row that is wrong; nothing is kept then.
    """
    digest = hashlib.sha256(data).hexdigest()
    if known := _standing().filter(account=account, sha256=digest).first():
        return known, False
    about = reading.begin(account)
    for _line in reading.lines(_stream(data), account, about):
        pass
    stored = default_storage.save(f"statements/{digest}", ContentFile(data))
    file, new = _standing().get_or_create(
        account=account,
        sha256=digest,
        defaults={
            "office": account.office,
            "name": name[-150:],
            "file": stored,
            "read_at": now,
            "read_by": actor,
            **_facts(about),
        },
    )
    return file, new


def _standing() -> QuerySet[StatementFile]:
    """The files that were not discarded: the bytes of those may come anew."""
    return StatementFile.objects.exclude(state=State.DISCARDED)


def _stream(data: bytes) -> BinaryIO:
    return ContentFile(data)  # type: ignore[return-value]


def _facts(about: Reading) -> dict[str, Any]:
    return {
        "kind": about.kind,
        "opening": about.opening,
        "closing": about.closing,
        "credit": about.credit,
        "debit": about.debit,
        "line_count": about.count,
    }


def order(file: StatementFile, *, now: datetime) -> StatementFile:
    """Take ``file`` in: now where it is short, else by a worker. Once, however often it is asked."""
    if file.line_count <= AT_ONCE:
        return take(file, now=now)
    with transaction.atomic():
        waiting = StatementFile.objects.filter(pk=file.pk, state__in=[State.CHECKED, State.REFUSED])
        if waiting.update(state=State.QUEUED):
            outbox.enqueue(TOPIC, key=f"{file.pk}:{now.timestamp()}", statement=file.pk)
    file.refresh_from_db()
    return file


def take(file: StatementFile, *, now: datetime) -> StatementFile:
    """Take ``file`` in now. What speaks against it is kept with it, and nothing else is."""
    try:
        with transaction.atomic():
            return _take(file.pk, now)
    except FileRefused as refused:
        return _refuse(file.pk, refused.problems)


def rehearse(file: StatementFile, *, now: datetime) -> dict[str, Any]:
    """What would come of ``file`` if it were taken in now."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                outcome: dict[str, Any] = _take(file.pk, now).outcome
        except FileRefused as refused:
            outcome = _told(refused.problems)
        transaction.set_rollback(True)
    return outcome


def take_call(call: WebhookCall, account: OfficeAccount, *, now: datetime) -> StatementFile:
    """What a bank called in, as a file of its own; the same call is taken in once."""
    body = bytes(call.body)
    file, _new = _standing().get_or_create(
        account=account,
        sha256=hashlib.sha256(body).hexdigest(),
        defaults={
            "office": account.office,
            "kind": StatementFile.Kind.CALL,
            "name": str(call)[:150],
            "call": call,
            "read_at": now,
        },
    )
    return take(file, now=now)


# --- Not taken in --------------------------------------------------------------------------------


def may_discard(file: StatementFile) -> bool:
    """Whether nothing of ``file`` was taken in, nor will be by a worker. Calls of a bank stay."""
    return file.call_id is None and file.state in {State.CHECKED, State.REFUSED}


def discard(file: StatementFile, reason: str, *, actor: User, now: datetime) -> StatementFile:
    """Discard a wrong file of which nothing was taken in: it stays to be read, and may come anew.

    Discarding twice keeps the first reason. Raises ``MoveRefused``.
    """
    why = clean(reason)[:300]
    if not why:
        raise MoveRefused(_("Please write the reason."), field="ly-do")
    with transaction.atomic():
        locked = StatementFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
        if locked.state == State.DISCARDED:
            return locked
        if not may_discard(locked):
            raise MoveRefused(_("This file is taken in, or being taken in: it cannot be discarded."))
        locked.state, locked.discard_reason = State.DISCARDED, why
        locked.discarded_at, locked.discarded_by = now, actor
        locked.save(update_fields=["state", "discard_reason", "discarded_at", "discarded_by"])
    return locked


# --- In one transaction --------------------------------------------------------------------------


def _take(pk: int, now: datetime) -> StatementFile:
    number = StatementFile.objects.values_list("account", flat=True).get(pk=pk)
    account = OfficeAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=number)
    file = StatementFile.objects.select_for_update(of=("self",)).select_related("call").get(pk=pk)
    if file.state in ENDED:
        return file
    about = reading.begin(account)
    with connection.cursor() as cursor:
        _copy_in(cursor, file, account, about)
        if problems := bulk.contradictions(cursor, account.pk):
            raise FileRefused(*(Problem(row, _other_amount()) for row in problems))
        counts = bulk.take(cursor, file, account, now)
    counts["known"] = about.count - counts["new"]
    counts["left_out"] = about.left_out
    for what, value in _facts(about).items():
        setattr(file, what, value)
    if file.call_id:
        file.kind = StatementFile.Kind.CALL
    file.state, file.taken_at, file.outcome = State.TAKEN, now, counts
    file.save()
    return file


def _other_amount() -> str:
    return _("A booking with this reference is known, with another amount.")


def _copy_in(cursor: Any, file: StatementFile, account: OfficeAccount, about: Reading) -> None:
    """The lines of the file into a table of this transaction, as they are read."""
    shapes = shapes_of(account)
    cursor.execute(bulk.INCOMING)
    with _opened(file) as stream:
        # Whatever is asked of the database for reading is asked before: the connection is busy then.
        found = reading.lines(stream, account, about, call=file.call_id is not None)
        _copy(cursor, found, shapes)


def _copy(cursor: Any, lines: Iterable[BankLine], shapes: Shapes) -> None:
    with cursor.copy(bulk.COPY) as copy:
        for line in lines:
            named = list(candidates(line.text, shapes)) if line.credit and not line.returned else []
            copy.write_row(
                (
                    line.row,
                    line.reference,
                    line.booked_on,
                    line.credit,
                    line.returned,
                    line.amount,
                    line.payer,
                    line.payer_account,
                    line.text,
                    named,
                )
            )


def _opened(file: StatementFile) -> Any:
    return ContentFile(bytes(file.call.body)) if file.call else default_storage.open(str(file.file.name))


def _refuse(pk: int, problems: Iterable[Problem]) -> StatementFile:
    with transaction.atomic():
        file = StatementFile.objects.select_for_update(of=("self",)).get(pk=pk)
        if file.state not in ENDED:
            file.state, file.outcome = State.REFUSED, _told(problems)
            file.save(update_fields=["state", "outcome"])
    return file


def _told(problems: Iterable[Problem]) -> dict[str, Any]:
    return {"problems": [[problem.row, problem.words] for problem in problems]}
