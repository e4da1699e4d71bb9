"""Results that leave by post: what waits, who sees it, and the batches that are made of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import outbox
from portal.models import District, User
from procedures import routes
from procedures.models import (
    DispatchBatch,
    Dossier,
    Office,
    Shipment,
    ShipmentStep,
)
from procedures.offices import of_office
from procedures.papers.words import return_address
from procedures.workflow import MoveRefused

State = Shipment.State
OPEN = (State.LISTED, State.PACKED)
MOST = 200  # results in one batch


def batches(user: User) -> QuerySet[DispatchBatch]:
    """The batches ``user`` may see."""
    return of_office(DispatchBatch.objects.select_related("office", "made_by"), user)


def shipments(user: User) -> QuerySet[Shipment]:
    """The parcels to citizens that ``user`` may see."""
    found = Shipment.objects.select_related("dossier", "office", "batch", "route", "manifest")
    return of_office(found, user)


# --- What waits ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """A result that waits for a batch; ``before`` is the parcel that stayed behind or came back."""

    dossier: Dossier
    recipient: str
    address: str
    route: District | None
    guessed: bool
    before: Shipment | None


def waiting(user: User) -> tuple[list[Waiting], int]:
    """The oldest results that ``user`` sees waiting, at most as many as a batch holds; and their number."""
    found = of_office(_results().order_by("decided_at", "pk"), user)
    return [_waiting(dossier) for dossier in found[:MOST]], found.count()


def _results() -> QuerySet[Dossier]:
    """Dossiers whose result is to be posted and lies in no open batch."""
    new = Dossier.objects.filter(final=False, state="approved", answers__result_delivery="post")
    again = Shipment.objects.filter(state=State.AGAIN, dossier__final=False).values("dossier")
    found = new | Dossier.objects.filter(pk__in=again)
    packing = Shipment.objects.filter(state__in=OPEN).values("dossier")
    return (
        found.exclude(pk__in=packing)
        .select_related("office", "owner__ward__district")
        .prefetch_related("shipments__batch")
    )


def _waiting(dossier: Dossier) -> Waiting:
    before = max(dossier.shipments.all(), key=lambda shipment: shipment.pk, default=None)
    corrected = before.new_address or before.address if before and before.state == State.AGAIN else ""
    if before and corrected:
        route, guessed = routes.named_in(corrected) or before.route, True
    else:
        route, guessed = routes.route_of(dossier)
    return Waiting(
        dossier=dossier,
        recipient=dossier.organisation_name or dossier.applicant,
        address=corrected or return_address(dossier),
        route=route,
        guessed=guessed,
        before=before,
    )


# --- A batch is made -----------------------------------------------------------------------------


def make_batch(
    chosen: Collection[int], *, actor: User, key: str, now: datetime
) -> tuple[DispatchBatch, list[str]]:
    """A numbered batch of the dossiers ``chosen``, and the codes of those that somebody else has taken.

    The same ``key`` of the same person gives the same batch. Raises ``MoveRefused`` where none is left.
    """
    if len(chosen) > MOST:
        raise MoveRefused(_("A batch holds at most %(count)d results.") % {"count": MOST})
    own_key = f"{actor.pk}:{key}"
    with transaction.atomic():
        asked = in_order(Dossier.objects.filter(pk__in=chosen, office=actor.staff.office_id))
        office = Office.objects.select_for_update(no_key=True).get(pk=actor.staff.office_id)
        if made := DispatchBatch.objects.filter(key=own_key).first():
            return made, []
        free = [_waiting(dossier) for dossier in _results().filter(pk__in=[d.pk for d in asked])]
        if not free:
            raise MoveRefused(_("Choose at least one result that nobody else has taken."))
        batch = _made(office, free, actor=actor, key=own_key, now=now)
        taken = {row.dossier.pk for row in free}
        return batch, [str(d.code) for d in asked if d.pk not in taken]


def in_order(dossiers: QuerySet[Dossier]) -> list[Dossier]:
    return list(dossiers.order_by("pk").select_for_update(no_key=True))


def _made(office: Office, rows: Iterable[Waiting], *, actor: User, key: str, now: datetime) -> DispatchBatch:
    year = timezone.localdate(now).year
    last = DispatchBatch.objects.filter(office=office, year=year).order_by("-number").first()
    batch = DispatchBatch.objects.create(
        office=office, year=year, number=last.number + 1 if last else 1, made_at=now, made_by=actor, key=key
    )
    by_route = sorted(rows, key=lambda row: (row.route.pk if row.route else "999", row.dossier.pk))
    _resend([row.before for row in by_route if row.before and row.before.state == State.AGAIN], actor, now)
    made = Shipment.objects.bulk_create(
        _shipment(batch, position, row) for position, row in enumerate(by_route, start=1)
    )
    note_steps(made, actor=actor, now=now)
    queue_labels(batch)
    return batch


def _shipment(batch: DispatchBatch, position: int, row: Waiting) -> Shipment:
    return Shipment(
        dossier=row.dossier,
        office=batch.office,
        batch=batch,
        position=position,
        route=row.route,
        guessed=row.guessed,
        recipient=row.recipient,
        address=row.address[:500],
    )


def _resend(before: list[Shipment], actor: User, now: datetime) -> None:
    for shipment in before:
        shipment.state = State.RESENT
    Shipment.objects.bulk_update(before, ["state"])
    note_steps(before, actor=actor, now=now)


def note_steps(rows: Collection[Shipment], *, actor: User, now: datetime, note: str = "") -> None:
    """Write down who brought each of ``rows`` into the state it has."""
    ShipmentStep.objects.bulk_create(
        ShipmentStep(shipment=row, at=now, actor=actor, state=row.state, note=note) for row in rows
    )


def queue_labels(batch: DispatchBatch) -> None:
    outbox.enqueue("dispatches.labels", key=f"{batch.pk}:{batch.revision}", about=str(batch), batch=batch.pk)
