"""What the bank says of payments: read row by row, all of it taken or nothing.

Payments and ledger change in one transaction; dossiers, refunds and lists hear of it through the outbox.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from payments import bank_files, batches, ledger, payouts, result_files
from payments.models import Account, PaymentOrder, PayoutBatch, ResultFile, ResultRow
from payments.result_files import Line
from portal.models import User
from procedures.models import Office
from procedures.offices import of_office
from procedures.workflow import MoveRefused

State, Outcome = PaymentOrder.State, ResultRow.Outcome
_REFERENCE = re.compile(r"KHC(\d{9})", re.ASCII)


class NotTaken(MoveRefused):
    """A file of which rows are wrong: nothing was taken; ``lines`` say of every row why."""

    def __init__(self, lines: list[Line]) -> None:
        wrong = sum(bool(line.why) for line in lines)
        super().__init__(
            _("Nothing was taken: %(wrong)d of %(count)d rows cannot be.")
            % {"wrong": wrong, "count": len(lines)}
        )
        self.lines = lines


def files(user: User) -> QuerySet[ResultFile]:
    """The files of results ``user`` may see."""
    return of_office(ResultFile.objects.select_related("office", "read_by"), user)


def take_in(name: str, data: bytes, *, actor: User, now: datetime) -> tuple[ResultFile, bool]:
    """Take in a file of the bank; whether it is new. The same bytes are read once an office.

    Raises ``NotTaken`` where a row is wrong and ``MoveRefused`` where the whole file is.
    """
    office_id, sha256 = actor.staff.office_id, hashlib.sha256(data).hexdigest()
    if known := ResultFile.objects.filter(office=office_id, sha256=sha256).first():
        return known, False
    kind, lines = result_files.read(data)
    lines = list(result_files.spread(lines, _batches_named(office_id, lines)))
    with transaction.atomic():
        orders = _orders(office_id, lines)
        office = Office.objects.select_for_update(no_key=True).get(pk=office_id)
        if known := ResultFile.objects.filter(office=office, sha256=sha256).first():
            return known, False
        outcomes = _judged(lines, orders)
        file = ResultFile.objects.create(
            office=office,
            name=name[-150:],
            kind=kind,
            sha256=sha256,
            read_at=now,
            read_by=actor,
            row_count=len(lines),
        )
        _keep(file, lines, orders, outcomes)
        _change(lines, orders, outcomes, actor=actor, now=now)
    return file, True


def _batches_named(office_id: int, lines: Iterable[Line]) -> dict[str, list[str]]:
    """The references of the payments of the batches that whole messages of ``lines`` speak of."""
    wanted = {line.message for line in lines if line.message}
    if not wanted:
        return {}
    sent = PayoutBatch.objects.filter(office=office_id, state__in=["sent", "closed"]).select_related("office")
    named = [batch for batch in sent if bank_files.message_id(batch) in wanted]
    return {bank_files.message_id(b): [row.reference for row in batches.rows_of(b)] for b in named}


def _orders(office_id: int, lines: Iterable[Line]) -> dict[str, PaymentOrder]:
    """The payments of the office that the lines speak of, locked, by reference."""
    found = {int(m[1]) for line in lines if (m := _REFERENCE.fullmatch(line.reference))}
    mine = PaymentOrder.objects.filter(office=office_id, pk__in=found).order_by("pk")
    whole = mine.select_related("office", "dossier", "batch__account")
    return {row.reference: row for row in whole.select_for_update(no_key=True, of=("self",))}


def came_back(order_id: int, *, bank_reference: str, reason: str, now: datetime) -> None:
    """Take note that the money of a payment stands on the account again, as a statement tells.

    A file of results may have told the same before: then nothing is posted a second time.
    """
    orders = PaymentOrder.objects.select_related("office", "dossier", "batch__account")
    order = orders.select_for_update(no_key=True, of=("self",)).get(pk=order_id)
    if order.state not in {State.SENT, State.PAID}:
        return
    line = Line(0, order.reference, "", Outcome.RETURNED, reason=reason, bank_reference=bank_reference)
    _answer(order, Outcome.RETURNED, line, actor=None, now=now)
    batches.close_answered([order.batch_id] if order.batch_id else [])


# --- What each row is worth ----------------------------------------------------------------------

# What a payment in a state becomes by what is said of it; where nothing stands the row contradicts.
_NEXT: Mapping[tuple[str, str], str] = {
    (State.SENT, Outcome.PAID): Outcome.PAID,
    (State.SENT, Outcome.REJECTED): Outcome.REJECTED,
    (State.SENT, Outcome.RETURNED): Outcome.RETURNED,
    (State.SENT, Outcome.WAITING): Outcome.WAITING,
    (State.PAID, Outcome.RETURNED): Outcome.RETURNED,
    **{(s, Outcome.WAITING): Outcome.KNOWN for s in (State.PAID, State.REJECTED, State.RETURNED)},
    (State.PAID, Outcome.PAID): Outcome.KNOWN,
    (State.REJECTED, Outcome.REJECTED): Outcome.KNOWN,
    (State.RETURNED, Outcome.RETURNED): Outcome.KNOWN,
    (State.RETURNED, Outcome.PAID): Outcome.KNOWN,
}


def _judged(lines: list[Line], orders: Mapping[str, PaymentOrder]) -> list[str]:
    """The outcome of every row, in their order; raises ``NotTaken`` where one cannot be taken."""
    states = {reference: str(order.state) for reference, order in orders.items()}
    outcomes = [_judge(line, orders, states) for line in lines]
    if any(line.why for line in lines):
        raise NotTaken(lines)
    return outcomes


def _judge(line: Line, orders: Mapping[str, PaymentOrder], states: dict[str, str]) -> str:
    order = orders.get(line.reference)
    line.why = line.why or _fault(line, order)
    if line.why or order is None:
        return ""
    outcome = _NEXT.get((states[line.reference], line.outcome))
    if outcome is None:
        words = _("The payment is in the state “%(state)s”.")
        line.why = words % {"state": State(states[line.reference]).label}
        return ""
    if outcome in {Outcome.PAID, Outcome.REJECTED, Outcome.RETURNED}:
        states[line.reference] = str(outcome)
    return str(outcome)


def _fault(line: Line, order: PaymentOrder | None) -> str:
    if not line.outcome:
        return _("This status is not known.")
    if order is None:
        return _("No payment of this office has this reference.")
    if line.amount is not None and line.amount != order.amount:
        return _("The amount is not that of the payment.")
    return ""


# --- It is kept ----------------------------------------------------------------------------------


def _keep(
    file: ResultFile, lines: list[Line], orders: Mapping[str, PaymentOrder], outcomes: list[str]
) -> None:
    ResultRow.objects.bulk_create(
        (
            ResultRow(
                file=file,
                line=line.number,
                order=orders[line.reference],
                status=line.status,
                amount=line.amount,
                reason=line.reason,
                bank_reference=line.bank_reference,
                outcome=outcome,
            )
            for line, outcome in zip(lines, outcomes, strict=True)
        ),
        batch_size=1000,
    )


def _change(lines: list[Line], orders: Mapping[str, PaymentOrder], outcomes: list[str], **who: Any) -> None:
    touched = set()
    for line, outcome in zip(lines, outcomes, strict=True):
        order = orders[line.reference]
        if outcome in {Outcome.PAID, Outcome.REJECTED, Outcome.RETURNED}:
            _answer(order, outcome, line, **who)
            touched.add(order.batch_id)
    batches.close_answered(pk for pk in touched if pk)


def _answer(order: PaymentOrder, outcome: str, line: Line, *, actor: User | None, now: datetime) -> None:
    """Bring ``order`` into the state ``outcome``, post it and let whoever ordered it know."""
    assert order.batch is not None
    before = order.state
    order.state, order.closed_at = outcome, now
    order.reason = line.reason if outcome != Outcome.PAID else ""
    order.save(update_fields=["state", "closed_at", "reason"])
    bank = order.batch.account
    moved: list[tuple[str, Account, Account]] = []
    if before == State.SENT and outcome != Outcome.REJECTED:
        moved.append(("paid_out", payouts.owed_on(order), Account.BANK))
    if outcome == Outcome.RETURNED:
        moved.append(("returned", Account.BANK, Account.RETURNED))
    for kind, debit, credit in moved:
        ledger.post(
            kind,
            ledger.transfer(order.amount, debit=debit, credit=credit, bank_account=bank),
            office=order.office,
            document=order,
            key=f"payout:{order.pk}:{kind}",
            now=now,
            actor=actor,
            note=line.bank_reference,
        )
    payouts.report(order)
