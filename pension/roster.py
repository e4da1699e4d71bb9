"""Rosters taken in: a dry run that says what differs from the month before, then all of it or nothing.

Rows go into the database with COPY and are compared and taken over by a few statements, however many
there are. A roster may come again until a payment list of its month is closed.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from pension import roster_files, roster_sql
from pension.models import PaymentLine, PaymentList, RosterImport
from portal import outbox
from portal.dated import valid
from portal.models import OutboxMessage, User, Ward
from portal.text import clean, without_marks
from procedures import workflow
from procedures.models import Bank, Office, OfficeArea, StaffMember
from procedures.workflow import MoveRefused

State = RosterImport.State
ROLES = frozenset({"clerk", "supervisor"})
MOST_ERRORS = 200  # told one by one
EXAMPLES = 20  # of each difference


def visible_to(user: User) -> QuerySet[RosterImport]:
    """The imports of the office of ``user``; all of them for the province office."""
    found = RosterImport.objects.select_related("office", "uploaded_by", "taken_by")
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return found.none()
    return found if staff.office.level == Office.Level.PROVINCE else found.filter(office=staff.office_id)


def get_for(user: User, pk: int) -> RosterImport:
    """The import if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), pk=pk)


def may_work(user: User, made: RosterImport | None = None) -> bool:
    """Clerks and supervisors bring rosters: of their own office, of the province at its office."""
    if workflow.role_of(user) not in ROLES:
        return False
    return made is None or made.office_id in (None, user.staff.office_id)


# --- Bringing a file -----------------------------------------------------------------------------


def begin(
    month: date,
    upload: "UploadedFile[bytes] | None",
    *,
    whole: bool,
    actor: User,
    key: str,
    now: datetime,
) -> RosterImport:
    """Keep the file for a worker to read; the same ``key`` gives the same import.

    ``whole``: the roster of the whole province, which only its office brings.
    """
    if whole and actor.staff.office.level != Office.Level.PROVINCE:
        raise MoveRefused(_("Only the province office brings the roster of the province."), field="whole")
    if upload is None or not upload.size:
        raise MoveRefused(_("Choose the file of the roster."), field="file")
    if upload.size > settings.MAX_UPLOAD_MB * 1024 * 1024:
        words = _("This file is too large: at most %(n)d MB. Bring each office's roster by itself.")
        raise MoveRefused(words % {"n": settings.MAX_UPLOAD_MB}, field="file")
    _refuse_closed(month, None if whole else actor.staff.office_id)
    return keep(
        month,
        upload,
        clean(upload.name or "")[:150],
        office=None if whole else actor.staff.office,
        actor=actor,
        key=key,
        now=now,
    )


def keep(
    month: date,
    file: "IO[bytes] | File[bytes]",
    name: str,
    *,
    office: Office | None,
    actor: User,
    key: str,
    now: datetime,
) -> RosterImport:
    """An import of ``file`` that a worker will read."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    with transaction.atomic():
        made, new = RosterImport.objects.get_or_create(
            key=f"{actor.pk}:{key}"[:100],
            defaults={
                "month": month.replace(day=1),
                "office": office,
                "file_name": name,
                "sha256": digest,
                "uploaded_by": actor,
                "uploaded_at": now,
            },
        )
        if new:
            made.file.name = default_storage.save(f"rosters/{get_random_string(32)}", File(file))
            made.save(update_fields=["file"])
            outbox.enqueue("pension.check_roster", key=str(made.pk), roster=made.pk)
    return made


def _refuse_closed(month: date, office: int | None) -> None:
    month = month.replace(day=1)
    lists = PaymentList.objects.filter(month=month)
    if office is not None:
        lists = lists.filter(office=office)
    # Another office may have listed a benefit that was handed over to it.
    lines = PaymentLine.objects.filter(entry__month=month, entry__office=office)
    if lists.exists() or (office is not None and lines.exists()):
        raise MoveRefused(
            _("A payment list of this month is closed: its roster does not change any more."), field="month"
        )


# --- The dry run ---------------------------------------------------------------------------------


@outbox.handler("pension.check_roster")
def check(message: OutboxMessage) -> None:
    """Read the file of an import, and say what is wrong and what differs."""
    made = RosterImport.objects.select_for_update().get(pk=message.payload["roster"])
    if made.state != State.WAITING:
        return
    try:
        with transaction.atomic(), default_storage.open(str(made.file)) as file:
            errors = stage(made, file)
    except roster_files.UnreadableFile as error:
        made.state, made.reason = State.FAILED, str(error)[:300]
    else:
        look(made, errors)
    made.save()


class Errors(list[list[Any]]):
    """The first of what is wrong, a line and words each, and how many there are."""

    many = 0

    def add(self, line: int, words: str) -> None:
        self.many += 1
        if len(self) < MOST_ERRORS:
            self.append([line, words])


def stage(made: RosterImport, file: Any) -> Errors:
    """Put the rows of the binary ``file`` beside the roster of the month. Raises ``UnreadableFile``."""
    errors, places = Errors(), places_of(made.month, made.office)
    connection.ensure_connection()
    with connection.connection.cursor() as cursor, cursor.copy(roster_sql.COPY) as copy:
        for line, row in roster_files.read(getattr(file, "file", file), places, errors.add):
            copy.write_row((made.pk, line, *row))
    return errors


def look(made: RosterImport, errors: Errors) -> None:
    """Set on ``made`` what its rows add up to, what is wrong, and what differs."""
    given: dict[str, Any] = {"roster": made.pk, "month": made.month, "office": made.office_id}
    given["some"] = EXAMPLES
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pension_rosterrow")
        for sql, words in (
            (roster_sql.TWICE, _("the person stands twice with this benefit")),
            (roster_sql.ELSEWHERE, _("another office has taken this benefit over for this month")),
        ):
            cursor.execute(sql, given)
            for (line,) in cursor.fetchall():
                errors.add(line, words)
        cursor.execute(roster_sql.TOTALS, given)
        made.rows, made.account_rows, made.total = cursor.fetchone()
        given["before"] = _before(made)
        made.told = _told(cursor, made, given)
    made.errors, made.wrong, made.state = list(errors), errors.many, State.CHECKED


def _before(made: RosterImport) -> date | None:
    """The newest month before with a roster."""
    found = RosterImport.objects.filter(month__lt=made.month, state=State.TAKEN)
    before: date | None = found.aggregate(last=Max("month"))["last"]
    return before


def _told(cursor: Any, made: RosterImport, given: Mapping[str, Any]) -> dict[str, Any]:
    """Differences by name: how many, some examples [number, name, before, now]; and the month compared."""
    told: dict[str, Any] = {"before": f"{given['before']:%m/%Y}" if given["before"] else ""}
    if not given["before"]:
        return told
    cursor.execute(roster_sql.TOTAL_BEFORE, given)
    told["rows_before"], told["total_before"] = (int(value) for value in cursor.fetchone())
    cursor.execute(roster_sql.COMPARED, given)
    for kind, count, examples in cursor.fetchall():
        told[kind] = {"count": count, "examples": examples}
    return told


def places_of(month: date, office: Office | None) -> roster_files.Places:
    """Which wards and banks there are in ``month``."""
    served = dict(OfficeArea.objects.filter(valid(month)).values_list("district", "office"))
    wards = Ward.objects.filter(valid(month)).values_list("code", "district")
    banks = {without_marks(bank.short_name): bank.bin for bank in Bank.objects.all()}
    return roster_files.Places(
        {code: served[district] for code, district in wards if district in served},
        banks | {bin_: bin_ for bin_ in banks.values()},
        office.pk if office else None,
    )


# --- Taking over ---------------------------------------------------------------------------------


def accept(made: RosterImport, *, actor: User, now: datetime) -> RosterImport:
    """Let a worker take the rows over; pressing twice takes them once. Raises ``MoveRefused``."""
    with transaction.atomic():
        locked = _locked(made, actor)
        if locked.state in (State.TAKING, State.TAKEN):
            return locked
        if locked.state != State.CHECKED:
            raise MoveRefused(_("This file is not ready to be taken over."))
        if locked.wrong:
            raise MoveRefused(
                _("Rows are wrong: correct the file and bring it again. Nothing was taken over.")
            )
        if not locked.rows:
            raise MoveRefused(_("There is no row in this file."))
        _refuse_closed(locked.month, locked.office_id)
        locked.state, locked.taken_by = State.TAKING, actor
        locked.save(update_fields=["state", "taken_by"])
        outbox.enqueue("pension.take_roster", key=str(locked.pk), roster=locked.pk)
    return locked


def discard(made: RosterImport, *, actor: User) -> RosterImport:
    """Set a file aside: its rows and the file itself are deleted."""
    with transaction.atomic():
        locked = _locked(made, actor)
        if locked.state in (State.TAKING, State.TAKEN):
            raise MoveRefused(_("This roster has been taken over; bring a better one instead."))
        _forget(locked)
        locked.state = State.DISCARDED
        locked.save()
    return locked


def _locked(made: RosterImport, actor: User) -> RosterImport:
    if not may_work(actor, made):
        raise MoveRefused(_("Only staff of the office bring its rosters."))
    return RosterImport.objects.select_for_update(of=("self",)).select_related("office").get(pk=made.pk)


@outbox.handler("pension.take_roster")
def take(message: OutboxMessage) -> None:
    """Take the rows over; those of an earlier import of the month make place."""
    made = RosterImport.objects.select_for_update().get(pk=message.payload["roster"])
    if made.state != State.TAKING:
        return
    offices = Office.objects.select_for_update(no_key=True).order_by("pk")
    list(offices if made.office_id is None else offices.filter(pk=made.office_id))
    try:
        _refuse_closed(made.month, made.office_id)
    except MoveRefused as refused:
        made.state, made.reason = State.FAILED, str(refused)
    else:
        take_rows(made)
        made.state, made.taken_at = State.TAKEN, message.created_at
    _forget(made)
    made.save()


def take_rows(made: RosterImport) -> None:
    """Beneficiaries, benefits and sums of the month as the staged rows of ``made`` have them."""
    given: dict[str, Any] = {"roster": made.pk, "month": made.month, "office": made.office_id}
    with connection.cursor() as cursor:
        for sql in roster_sql.TAKE:
            cursor.execute(sql, given)


def _forget(made: RosterImport) -> None:
    """The staged rows and the file have no further use."""
    made.staged.all().delete()
    if made.file:
        path = str(made.file)
        transaction.on_commit(lambda: default_storage.delete(path), robust=True)
        made.file.name = ""


def newest_month(up_to: date) -> date | None:
    """The newest month with a roster that is not after ``up_to``; None where there is none."""
    taken = RosterImport.objects.filter(state=State.TAKEN, month__lte=up_to)
    month: date | None = taken.aggregate(last=Max("month"))["last"]
    return month


def change_of(told: Mapping[str, Any], total: Decimal) -> Decimal | None:
    """By how much the roster pays more than the one before; None where there was none."""
    return total - Decimal(told["total_before"]) if "total_before" in told else None
