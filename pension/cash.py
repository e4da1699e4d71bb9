"""Settling cash lists: what a paying point returns, recorded by one person and checked by another.

A return says of every line of its point whether it was paid, on which day, or why not; so its sums are those
of the list to the đồng. What nobody collected rides on the office's next list, except where somebody is said
to have died: what then becomes of the money no source at hand says, so it waits for the office.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from pension import cash_files, pay_lists, pay_sql
from pension.cash_files import Said
from pension.models import CashOutcome, CashReturn, PaymentLine, PaymentList
from pension.roster_files import UnreadableFile
from portal import outbox
from portal.models import User
from portal.text import clean
from procedures import paying, workflow
from procedures.models import StaffMember
from procedures.workflow import MoveRefused

State, Reason = CashReturn.State, CashOutcome.Reason
OWE, SETTLE = "payments.owe_pension_cash", "payments.settle_pension_cash"
RECORDERS = frozenset({"clerk", "supervisor"})
MOST_TYPED = 200  # rows on a page to be filled in; a larger point brings a file
MOST_BYTES = 5 * 1024 * 1024
MOST_ERRORS = 200


class NotRecorded(MoveRefused):
    """A return that does not fit its list; ``errors``: place on the list, or row of the file, and words."""

    def __init__(self, errors: list[tuple[int, str]]) -> None:
        super().__init__(_("Nothing was recorded: correct these rows first."))
        self.errors = errors


# --- Who -----------------------------------------------------------------------------------------


def visible_to(user: User) -> QuerySet[CashReturn]:
    """The returns of the lists of the office of ``user``; all for who oversees the province."""
    found = CashReturn.objects.select_related("list__office", "recorded_by", "checked_by")
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return found.none()
    return found if staff.oversees_province else found.filter(list__office=staff.office_id)


def get_for(user: User, pk: int) -> CashReturn:
    """The return if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), pk=pk)


def may_record(user: User, made: PaymentList) -> bool:
    """Clerks and supervisors of the office, once the list is released."""
    works = workflow.role_of(user) in RECORDERS and user.staff.office_id == made.office_id
    return works and made.released_at is not None


def may_check(user: User, found: CashReturn) -> bool:
    """Another person than who recorded it, of the same office."""
    works = workflow.role_of(user) in RECORDERS and user.staff.office_id == found.list.office_id
    return works and found.state == State.RECORDED and found.recorded_by_id != user.pk


def lines_of(made: PaymentList, point: str) -> QuerySet[PaymentLine]:
    """The cash lines of a paying point, in the order of the list."""
    lines = made.lines.filter(method="cash", pay_point=point).select_related("beneficiary", "ward")
    return lines.order_by("position")


def rows_to_fill(made: PaymentList, point: str) -> Iterator[list[str | int]]:
    """The rows of the file that a paying point fills in (``cash_files.COLUMNS``)."""
    for line in lines_of(made, point).select_related("entry").iterator(chunk_size=2000):
        who = line.beneficiary
        yield [line.position, who.insurance_number, who.full_name, line.payee,
               pay_lists.benefit_of(line, made.month), int(line.amount), "", "", ""]  # fmt: skip


# --- Recording -----------------------------------------------------------------------------------


def try_file(
    made: PaymentList,
    point: str,
    upload: "UploadedFile[bytes] | None",
    *,
    actor: User,
    key: str,
    now: datetime,
) -> CashReturn:
    """Read the file of a point: a return to be looked at, or ``NotRecorded`` with what is wrong."""
    if upload is None or not upload.size:
        raise MoveRefused(_("Choose the file of the paying point."), field="file")
    if upload.size > MOST_BYTES:
        raise MoveRefused(_("This file is too large: at most %(n)d MB.") % {"n": 5}, field="file")
    data = upload.read()
    errors: list[tuple[int, str]] = []
    try:
        rows = list(cash_files.read(io.BytesIO(data), lambda line, words: errors.append((line, words))))
    except UnreadableFile as error:
        raise MoveRefused(str(error), field="file") from None
    said = {place.position: (line, place) for line, place in rows}
    errors += [(line, _("this row stands there twice")) for line, p in rows if said[p.position][0] != line]
    name = clean((upload.name or "").replace("\\", "/").rpartition("/")[2])[:150]
    file = (name, hashlib.sha256(data).hexdigest())
    return record(made, point, {p: row for p, (_l, row) in said.items()}, actor=actor, key=key, now=now,
                  file=file, errors=errors)  # fmt: skip


def record(
    made: PaymentList,
    point: str,
    said: Mapping[int, Said],
    *,
    actor: User,
    key: str,
    now: datetime,
    file: tuple[str, str] = ("", ""),
    errors: "list[tuple[int, str]] | None" = None,
) -> CashReturn:
    """Keep what ``point`` returned, a row for each of its lines; with a ``file`` first to be looked at.

    The same ``key`` gives the same return. Raises ``NotRecorded`` where a row is missing, foreign or wrong.
    """
    with transaction.atomic():
        locked = PaymentList.objects.select_for_update(no_key=True, of=("self",)).get(pk=made.pk)
        whole = f"{actor.pk}:{key}"[:100]
        if known := CashReturn.objects.filter(key=whole).first():
            return known
        _refuse(locked, point, actor)
        lines = list(lines_of(locked, point))
        wrong = errors or list(_compared(lines, said, locked, timezone.localdate(now)))
        if wrong:
            raise NotRecorded(sorted(wrong)[:MOST_ERRORS])
        return _kept(locked, point, lines, said, actor=actor, key=whole, now=now, file=file)


def _refuse(made: PaymentList, point: str, actor: User) -> None:
    if not may_record(actor, made):
        raise MoveRefused(_("Staff of the office record returns once the list is released."))
    if made.cash_returns.filter(pay_point=point).exclude(state=State.DISCARDED).exists():
        raise MoveRefused(_("There is a return of this paying point already; set it aside first."))


def _compared(
    lines: list[PaymentLine], said: Mapping[int, Said], made: PaymentList, today: date
) -> Iterator[tuple[int, str]]:
    """What does not fit, by the place on the list."""
    there = {line.position for line in lines}
    for place in said:
        if place not in there:
            yield place, _("no. %(n)d is not on the cash list of this point") % {"n": place}
    for line in lines:
        row = said.get(line.position)
        words = _wrong(line, row, timezone.localdate(made.closed_at), today) if row else _("is missing")
        if words:
            yield line.position, f"{line.position}. {line.beneficiary.full_name}: {words}"


def _wrong(line: PaymentLine, row: Said, closed: date, today: date) -> str:
    if row.number != line.beneficiary.insurance_number:
        return _("another social insurance number")
    if row.amount != line.amount:
        return _("another amount than on the list")
    if row.on is None:
        return _("the day is missing")
    if not closed <= row.on <= today:
        return _("the day must lie between the closing of the list and today")
    if not row.paid and not row.reason:
        return _("why it was not collected is missing")
    return ""


def _kept(
    made: PaymentList,
    point: str,
    lines: list[PaymentLine],
    said: Mapping[int, Said],
    *,
    actor: User,
    key: str,
    now: datetime,
    file: tuple[str, str],
) -> CashReturn:
    if not lines:
        raise MoveRefused(_("This list pays nothing in cash there."))
    paid = [line for line in lines if said[line.position].paid]
    total, paid_total = _sum(lines), _sum(paid)
    found = CashReturn.objects.create(
        list=made,
        pay_point=point,
        state=State.TRIED if file[0] else State.RECORDED,
        rows=len(lines),
        total=total,
        paid_rows=len(paid),
        paid_total=paid_total,
        left_rows=len(lines) - len(paid),
        left_total=total - paid_total,
        file_name=file[0],
        sha256=file[1],
        recorded_by=actor,
        recorded_at=now,
        key=key,
    )
    CashOutcome.objects.bulk_create(_outcome(found, line, said[line.position]) for line in lines)
    return found


def _outcome(found: CashReturn, line: PaymentLine, row: Said) -> CashOutcome:
    assert row.on is not None
    return CashOutcome(
        cash_return=found, line=line, paid=row.paid, on=row.on, reason=row.reason, note=row.note
    )


def _sum(lines: list[PaymentLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


# --- Deciding ------------------------------------------------------------------------------------


def _locked(found: CashReturn) -> CashReturn:
    rows = CashReturn.objects.select_for_update(of=("self",))
    return rows.select_related("list__office", "recorded_by").get(pk=found.pk)


def confirm(found: CashReturn, *, actor: User) -> CashReturn:
    """Who brought the file has looked at it: now it waits for the second person."""
    with transaction.atomic():
        locked = _locked(found)
        if locked.recorded_by_id != actor.pk:
            raise MoveRefused(_("Who brought the file records it."))
        if locked.state == State.TRIED:
            locked.state = State.RECORDED
            locked.save(update_fields=["state"])
    return locked


def check(found: CashReturn, *, actor: User, now: datetime) -> CashReturn:
    """The second person agrees: the return is fixed and goes to the ledger. Pressed twice it counts once."""
    with transaction.atomic():
        locked = _locked(found)
        if locked.state == State.CHECKED and locked.checked_by_id == actor.pk:
            return locked
        if not may_check(actor, locked):
            raise MoveRefused(_("Another person than who recorded the return checks it, once."))
        if not adds_up(locked):
            raise MoveRefused(_("The return does not add up to the list any more: set it aside."))
        locked.state, locked.checked_by, locked.checked_at = State.CHECKED, actor, now
        locked.save(update_fields=["state", "checked_by", "checked_at"])
        outbox.enqueue(SETTLE, key=f"cash-return:{locked.pk}", cash_return=locked.pk)
    return locked


def adds_up(found: CashReturn) -> bool:
    """Whether outcomes, return and list are the same to the đồng."""
    with connection.cursor() as cursor:
        cursor.execute(pay_sql.RETURNED, {"found": found.pk})
        row = cursor.fetchone()
    if row is None:
        return False
    paid_rows, paid, left_rows, left, rows, total = row
    return (paid_rows, paid, left_rows, left) == (
        found.paid_rows,
        found.paid_total,
        found.left_rows,
        found.left_total,
    ) and (rows, total) == (found.rows, found.total)


def discard(found: CashReturn, *, actor: User, reason: str) -> CashReturn:
    """Set a return aside that nobody has checked; another can be recorded then."""
    with transaction.atomic():
        locked = _locked(found)
        if not may_record(actor, locked.list):
            raise MoveRefused(_("Only staff of the office set its returns aside."))
        if locked.state == State.CHECKED:
            raise MoveRefused(_("This return is settled and does not change any more."))
        if not reason.strip() and locked.state == State.RECORDED:
            raise MoveRefused(_("Write why the return is set aside."), field="reason")
        locked.state, locked.reason = State.DISCARDED, clean(reason)[:300]
        locked.save(update_fields=["state", "reason"])
    return locked


# --- What payments read --------------------------------------------------------------------------


def cash_points(pk: int) -> Iterator[paying.CashPoint]:
    """What the released list ``pk`` pays in cash, a paying point at a time."""
    made = PaymentList.objects.select_related("office").get(pk=pk, released_at__isnull=False)
    name = f"{made.month:%m/%Y}-{made.number} {made.office.name}"
    for row in pay_lists.points(made):
        yield paying.CashPoint(made.office, name, row["point"], row["rows"], row["total"])


def settled(pk: int) -> paying.CashSettled:
    found = CashReturn.objects.select_related("checked_by").get(pk=pk, state=State.CHECKED)
    assert found.checked_by is not None and found.checked_at is not None
    return paying.CashSettled(
        list_id=found.list_id,
        pay_point=found.pay_point,
        paid=found.paid_total,
        left=found.left_total,
        checked_by=found.checked_by,
        checked_at=found.checked_at,
    )


def outcomes(lines: Iterable[int]) -> dict[int, CashOutcome]:
    """What two persons have found of each of ``lines``."""
    found = CashOutcome.objects.filter(line__in=lines, cash_return__state=State.CHECKED)
    return {outcome.line_id: outcome for outcome in found}
