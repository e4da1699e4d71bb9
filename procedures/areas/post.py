"""Parcels of an office that ends, come or about to go: from that day they lie at its successor.

Nothing that is done with changes. Locks: parcels, then their dossier, then the batch its result is in.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from portal.models import User
from procedures import dispatches, handovers, packing, parcels
from procedures.models import DispatchBatch, Dossier, Office, Parcel, Shipment

State = Parcel.State
_OUT = Shipment.State
# What has left or come back: whoever looks after the dossier hears of it from now on.
_HEARD_OF = (_OUT.SENT, _OUT.FAILED, _OUT.ASKED, _OUT.KEPT, _OUT.AGAIN)


@dataclass(frozen=True)
class Removal:
    """From which office to which, by whose order, by which document of the authority, and when."""

    old: Office
    to: Office
    by: User
    document: str
    now: datetime

    @property
    def words(self) -> str:
        return f"{self.old.name} → {self.to.name} ({self.document})"


# --- How much there is ---------------------------------------------------------------------------


def lying_at(slugs: Collection[str]) -> QuerySet[Parcel]:
    """Parcels not done with that lie at these offices, or lay there last and are under way."""
    return Parcel.objects.filter(office__slug__in=slugs, state__in=parcels.WAITING)


def coming_to(slugs: Collection[str]) -> QuerySet[Parcel]:
    """Parcels that lie elsewhere and are to be handed over to these offices."""
    away = Parcel.objects.filter(state=State.FORWARD, dossier__office__slug__in=slugs)
    return away.exclude(office__slug__in=slugs)


def results_of(slugs: Collection[str]) -> QuerySet[Shipment]:
    """Results of open dossiers that these offices have listed, packed or sent, or that came back."""
    states = (*dispatches.OPEN, *_HEARD_OF)
    return Shipment.objects.filter(office__slug__in=slugs, dossier__final=False, state__in=states)


# --- With the dossier ----------------------------------------------------------------------------


def hold(dossier: int) -> list[Parcel]:
    """The parcels of a dossier that are not done with, locked; to be called before the dossier is."""
    waiting = Parcel.objects.filter(dossier=dossier, state__in=parcels.WAITING).order_by("pk")
    return list(waiting.select_for_update(of=("self",), no_key=True).select_related("office"))


def go_along(dossier: Dossier, held: Iterable[Parcel], removal: Removal) -> None:
    """What belongs to the locked open ``dossier`` goes where it goes."""
    for parcel in held:
        if parcel.office_id == removal.old.pk:
            move(parcel, State.OPEN, removal)
        elif parcel.state == State.FORWARD:
            _turn(parcel, removal)
    _unpack(dossier, removal)
    _hear_of(dossier, removal)


def move(parcel: Parcel, state: str, removal: Removal) -> None:
    """The locked ``parcel`` lies at another office; one that has left with a carrier is still under way."""
    parcel.office = removal.to
    parcel.state = State.FORWARD if _under_way(parcel, removal) else state
    _keep(parcel, removal)


def _turn(parcel: Parcel, removal: Removal) -> None:
    """A parcel that was to be handed to the office that ended waits for a list to the successor."""
    if not _under_way(parcel, removal) and parcel.office_id == removal.to.pk:
        parcel.state = State.OPEN
        _keep(parcel, removal)


def _keep(parcel: Parcel, removal: Removal) -> None:
    parcel.save(update_fields=["office", "state"])
    parcels.note_step(parcel, actor=removal.by, now=removal.now, note=removal.words)


def _under_way(parcel: Parcel, removal: Removal) -> bool:
    """Whether ``parcel`` has left on a handover list; it is taken off one that has not left."""
    listed = parcel.handover_rows.filter(handovers.UNDER_WAY).select_related("list").first()
    if listed is None or listed.list.left_at is not None:
        return listed is not None
    listed.taken_off_at, listed.taken_off_by = removal.now, removal.by
    listed.reason = removal.words[:300]
    listed.save(update_fields=["taken_off_at", "taken_off_by", "reason"])
    return False


def _unpack(dossier: Dossier, removal: Removal) -> None:
    """A result that is not with the post waits for a batch of the successor; its sticker is free."""
    open_ones = Shipment.objects.filter(dossier=dossier, office=removal.old, state__in=dispatches.OPEN)
    batches = DispatchBatch.objects.filter(pk__in=open_ones.values("batch")).order_by("pk")
    list(batches.select_for_update(no_key=True))
    rows = list(open_ones)
    for row in rows:
        row.dossier = dossier
    why = {str(dossier): removal.words}
    packing.leave_behind(rows, why, actor=removal.by, now=removal.now)


def _hear_of(dossier: Dossier, removal: Removal) -> None:
    known = Shipment.objects.filter(dossier=dossier, office=removal.old, state__in=_HEARD_OF)
    rows = list(known.order_by("pk").select_for_update(no_key=True))
    for row in rows:
        row.office = removal.to
    Shipment.objects.bulk_update(rows, ["office"])
    dispatches.note_steps(rows, actor=removal.by, now=removal.now, note=removal.words)
