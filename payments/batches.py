"""Batches of payments: made by one, approved by two others, written to files, taken once an approval."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from payments import bank_files
from payments.models import (
    BatchDownload,
    BatchFile,
    BatchRelease,
    OfficeAccount,
    PaymentOrder,
    PayoutBatch,
)
from portal import outbox
from portal.models import OutboxMessage, User
from portal.roles import DECIDERS
from portal.sealed_storage import Unreadable
from procedures import workflow
from procedures.models import Office
from procedures.offices import of_office
from procedures.workflow import MoveRefused

State, Order = PayoutBatch.State, PaymentOrder.State
MOST = 1000  # payments in one batch


def visible_to(user: User) -> QuerySet[PayoutBatch]:
    """The batches ``user`` may see."""
    people = ("made_by", "first_by", "second_by")
    return of_office(PayoutBatch.objects.select_related("office", "account__bank", *people), user)


def may_decide(user: User, office_id: int) -> bool:
    """Whether ``user`` approves payments of this office."""
    return workflow.role_of(user) in DECIDERS and user.staff.office_id == office_id


def may_approve(user: User, batch: PayoutBatch) -> bool:
    """Whether the next approval of ``batch`` may be that of ``user``."""
    waits = batch.state in {State.MADE, State.CHECKED}
    return (
        waits and may_decide(user, batch.office_id) and user.pk not in {batch.made_by_id, batch.first_by_id}
    )


# --- Making --------------------------------------------------------------------------------------


def accounts(office: Office, today: date) -> list[OfficeAccount]:
    """The accounts that payments of ``office`` may leave from today."""
    out = (OfficeAccount.Purpose.OUT, OfficeAccount.Purpose.BOTH)
    found = OfficeAccount.objects.filter(office=office, purpose__in=out).select_related("bank")
    return [
        a
        for a in found
        if (a.valid_from is None or a.valid_from <= today) and (a.valid_to is None or today <= a.valid_to)
    ]


def ready(office: Office, source: str = "") -> QuerySet[PaymentOrder]:
    """The payments of ``office`` that wait for a batch, of one ``source`` or of all, the oldest first."""
    waiting = PaymentOrder.objects.filter(office=office, state=Order.READY)
    waiting = waiting.filter(source=source) if source else waiting
    return waiting.select_related("bank", "dossier").order_by("pk")


@dataclass(frozen=True)
class Totals:
    """What a batch is checked by; see ``PayoutBatch``."""

    count: int
    total: Decimal
    hash_total: Decimal


def totals_of(orders: Collection[PaymentOrder]) -> Totals:
    amount = sum((order.amount for order in orders), Decimal(0))
    digits = sum(_digits(order.account_number) for order in orders)
    return Totals(len(orders), amount, Decimal(digits))


def _digits(number: str) -> int:
    return int("".join(c for c in number if c.isdigit()) or "0")


def make(
    account: OfficeAccount, chosen: Collection[int], *, pay_on: date, actor: User, key: str, now: datetime
) -> PayoutBatch:
    """A numbered batch of the payments ``chosen``; the same ``key`` of the same person gives it again.

    All or none: raises ``MoveRefused`` where one of them no longer waits.
    """
    own_key = f"{actor.pk}:{key}"[:120]
    if not 0 < len(chosen) <= MOST:
        raise MoveRefused(_("Choose at least one payment and at most %(count)d.") % {"count": MOST})
    if pay_on < timezone.localdate(now):
        raise MoveRefused(_("The day of payment has passed."), field="ngay")
    with transaction.atomic():
        waiting = PaymentOrder.objects.filter(pk__in=chosen, office=account.office_id)
        rows = list(waiting.order_by("pk").select_for_update(no_key=True))
        office = Office.objects.select_for_update(no_key=True).get(pk=account.office_id)
        if made := PayoutBatch.objects.filter(key=own_key).first():
            return made
        if len(rows) != len(set(chosen)) or any(row.state != Order.READY for row in rows):
            raise MoveRefused(_("Somebody has just taken one of these payments. Please look again."))
        return _made(office, account, rows, pay_on=pay_on, actor=actor, key=own_key, now=now)


def _made(
    office: Office,
    account: OfficeAccount,
    rows: list[PaymentOrder],
    *,
    pay_on: date,
    actor: User,
    key: str,
    now: datetime,
) -> PayoutBatch:
    year, totals = timezone.localdate(now).year, totals_of(rows)
    last = PayoutBatch.objects.filter(office=office, year=year).order_by("-number").first()
    batch = PayoutBatch.objects.create(
        office=office,
        account=account,
        year=year,
        number=last.number + 1 if last else 1,
        pay_on=pay_on,
        count=totals.count,
        total=totals.total,
        hash_total=totals.hash_total,  # type: ignore[misc]
        made_by=actor,
        made_at=now,
        key=key,
    )
    for position, row in enumerate(rows, start=1):
        row.state, row.batch, row.position = Order.BATCHED, batch, position
    PaymentOrder.objects.bulk_update(rows, ["state", "batch", "position"], batch_size=500)
    return batch


def rows_of(batch: PayoutBatch) -> list[PaymentOrder]:
    """The payments of ``batch`` in their order."""
    return list(batch.orders.select_related("bank", "dossier").order_by("position"))


# --- Approving -----------------------------------------------------------------------------------


def approve(batch: PayoutBatch, *, actor: User, now: datetime) -> PayoutBatch:
    """The first approval, or the second, after which files are made. Raises ``MoveRefused``."""
    with transaction.atomic():
        locked = _locked(batch)
        if locked.state not in {State.MADE, State.CHECKED}:
            raise MoveRefused(_("This batch waits for no approval any more."))
        if not may_approve(actor, locked):
            raise MoveRefused(_("Three different persons make and approve a batch: another must approve."))
        _check_totals(locked)
        if locked.state == State.MADE:
            locked.state, locked.first_by, locked.first_at = State.CHECKED, actor, now
        else:
            locked.state, locked.second_by, locked.second_at = State.APPROVED, actor, now
            BatchRelease.objects.create(batch=locked, number=1, released_by=actor, released_at=now)
            outbox.enqueue("payments.batch_files", key=str(locked.pk), about=str(locked), batch=locked.pk)
        locked.save()
    return locked


def _locked(batch: PayoutBatch) -> PayoutBatch:
    """``batch`` for a change, its payments locked before it: that is the order everywhere."""
    list(batch.orders.order_by("pk").select_for_update(no_key=True).values("pk"))
    return PayoutBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)


def _check_totals(batch: PayoutBatch) -> None:
    found = totals_of(rows_of(batch))
    if found != Totals(batch.count, batch.total, batch.hash_total):
        raise MoveRefused(_("The payments of this batch do not add up to its control totals."))


def take_apart(batch: PayoutBatch, *, actor: User, reason: str, now: datetime) -> PayoutBatch:
    """Let the payments of a batch that is not approved twice wait again. Raises ``MoveRefused``."""
    with transaction.atomic():
        locked = _locked(batch)
        if locked.state not in {State.MADE, State.CHECKED}:
            raise MoveRefused(_("A batch that was approved twice is not taken apart."))
        if not reason.strip():
            raise MoveRefused(_("Please write the reason."), field="note")
        locked.state, locked.reason = State.CANCELLED, f"{actor.full_name}: {reason.strip()}"[:300]
        locked.save()
        locked.orders.update(state=Order.READY, batch=None, position=None)
    return locked


# --- Files ---------------------------------------------------------------------------------------


@outbox.handler("payments.batch_files")
def make_files(message: OutboxMessage) -> None:
    """Write the files of an approved batch and keep them; what is kept already stays."""
    batch = PayoutBatch.objects.select_related("office", "account__bank").get(pk=message.payload["batch"])
    _check_totals(batch)
    have = set(batch.files.values_list("kind", flat=True))
    for kind in BatchFile.Kind.values:
        if kind not in have:
            _keep(batch, kind, written(batch, kind))


def written(batch: PayoutBatch, kind: str) -> bytes:
    """A file of ``batch``: the same bytes whenever it is written."""
    if kind != BatchFile.Kind.PAIN:
        return bank_files.workbook(batch, rows_of(batch))
    from payments.pain import pain_001

    return pain_001(batch, rows_of(batch))


def _keep(batch: PayoutBatch, kind: str, data: bytes) -> None:
    path = default_storage.save(f"payouts/{get_random_string(32)}.{kind}", ContentFile(data))
    BatchFile.objects.create(
        batch=batch,
        kind=kind,
        name=f"{bank_files.message_id(batch)}.{kind}",
        file=path,
        size=len(data),
        sha256=bank_files.digest(data),
        made_at=batch.second_at or batch.made_at,
    )


def open_release(batch: PayoutBatch) -> BatchRelease | None:
    """The leave to take a file that nobody has used yet."""
    return batch.releases.filter(download=None).select_related("released_by").first()


def release_again(batch: PayoutBatch, *, actor: User, reason: str, now: datetime) -> BatchRelease:
    """Give leave to take a file once more. Raises ``MoveRefused``."""
    with transaction.atomic():
        locked = _locked(batch)
        if workflow.role_of(actor) != "supervisor" or actor.staff.office_id != locked.office_id:
            raise MoveRefused(_("A supervisor gives leave to take the file again."))
        if locked.state != State.SENT or open_release(locked):
            raise MoveRefused(_("The file can be taken already."))
        if not reason.strip():
            raise MoveRefused(_("Please write the reason."), field="note")
        return BatchRelease.objects.create(
            batch=locked,
            number=locked.releases.count() + 1,
            released_by=actor,
            released_at=now,
            reason=reason.strip()[:300],
        )


def take(batch: PayoutBatch, kind: str, *, actor: User, now: datetime) -> tuple[BatchFile, bytes]:
    """The file of ``kind``, once for each approval; its payments are with the bank then.

    Raises ``MoveRefused`` where nobody has approved that, or the kept file is not what was made.
    """
    with transaction.atomic():
        locked = _locked(batch)
        release, file = open_release(locked), locked.files.filter(kind=kind).first()
        if file is None or locked.state not in {State.APPROVED, State.SENT}:
            raise MoveRefused(_("There is no file to take."))
        if release is None:
            raise MoveRefused(_("The file was taken; a supervisor may give leave to take it again."))
        if release.number > 1 and release.released_by_id == actor.pk:
            raise MoveRefused(_("Another person than the one who gave leave takes the file."))
        data = _sound(file)
        BatchDownload.objects.create(release=release, file=file, taken_by=actor, taken_at=now)
        if locked.state == State.APPROVED:
            locked.state = State.SENT
            locked.save(update_fields=["state"])
            locked.orders.filter(state=Order.BATCHED).update(state=Order.SENT)
    return file, data


def _sound(file: BatchFile) -> bytes:
    changed = _("The kept file is not the one that was made. Please tell the administrator.")
    try:
        with file.file.open("rb") as kept:
            data: bytes = kept.read()
    except Unreadable:
        raise MoveRefused(changed) from None
    if bank_files.digest(data) != file.sha256:
        raise MoveRefused(changed)
    return data


def close_answered(batches: Iterable[int]) -> None:
    """Close those of ``batches`` whose payments are all answered, inside the open transaction."""
    for batch in PayoutBatch.objects.filter(pk__in=batches, state=State.SENT).order_by("pk"):
        if not batch.orders.filter(state=Order.SENT).exists():
            PayoutBatch.objects.filter(pk=batch.pk, state=State.SENT).update(state=State.CLOSED)
