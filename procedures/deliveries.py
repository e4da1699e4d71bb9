"""What the post says of the parcels it took: read from its file, row by row, all of it or nothing.

The file and the parcels change in one transaction; histories and notices follow through the outbox.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import delivery_files, undelivered, workflow
from procedures.catalogue import definition_for
from procedures.delivery_files import Line, Outcome
from procedures.dispatches import State
from procedures.models import DeliveryFile, DeliveryRow, Dossier, Office, Shipment, ShipmentStep
from procedures.offices import of_office
from procedures.workflow import MoveRefused

DELIVERED = "delivered"
TAKEN = (Outcome.DELIVERED, Outcome.FAILED)
_CHUNK = 100  # rows whose dossiers one run of the worker writes into


def files(user: User) -> QuerySet[DeliveryFile]:
    """The delivery files ``user`` may see."""
    return of_office(DeliveryFile.objects.select_related("office", "read_by"), user)


def read_in(name: str, data: bytes, *, actor: User, now: datetime) -> tuple[DeliveryFile, bool]:
    """Take in a file of the post; whether it is new. The same bytes are read once an office.

    Raises ``MoveRefused`` where the file as a whole cannot be read; nothing is kept then.
    """
    digest = hashlib.sha256(data).hexdigest()
    if known := DeliveryFile.objects.filter(office=actor.staff.office_id, sha256=digest).first():
        return known, False
    lines = delivery_files.read(data, today=timezone.localdate(now))
    with transaction.atomic():
        office = Office.objects.select_for_update(no_key=True).get(pk=actor.staff.office_id)
        if known := DeliveryFile.objects.filter(office=office, sha256=digest).first():
            return known, False
        parcels = _parcels(office, lines)
        _judge(lines, parcels)
        file = DeliveryFile.objects.create(
            office=office, name=name[-150:], sha256=digest, read_at=now, read_by=actor, row_count=len(lines)
        )
        _keep(file, lines, parcels)
        _change(file, lines, parcels)
        _queue(file, [line.number for line in lines if line.outcome in TAKEN])
    return file, True


def _parcels(office: Office, lines: Iterable[Line]) -> dict[str, Shipment]:
    """The parcels of ``office`` that the file speaks of, locked."""
    numbers = {line.tracking for line in lines if not line.why}
    mine = Shipment.objects.filter(office=office, tracking__in=numbers)
    return {row.tracking: row for row in mine.order_by("pk").select_for_update(no_key=True)}


# --- What each row is worth ----------------------------------------------------------------------


def _judge(lines: list[Line], parcels: Mapping[str, Shipment]) -> None:
    """Set the outcome of every row; those that are taken are in the order of their days a parcel."""
    known = {
        (row.tracking, row.outcome, row.on)
        for row in DeliveryRow.objects.filter(shipment__in=parcels.values(), outcome__in=TAKEN)
    }
    news: dict[str, list[Line]] = {}
    for line in lines:
        if line.why:
            continue
        if line.tracking not in parcels:
            line.outcome = Outcome.UNKNOWN
        elif line.outcome in TAKEN and (line.tracking, line.outcome, line.on) in known:
            line.outcome = Outcome.DOUBLE
        elif line.outcome in TAKEN:
            known.add((line.tracking, line.outcome, line.on))
            news.setdefault(line.tracking, []).append(line)
    for tracking, said in news.items():
        _weigh(said, parcels[tracking])


def _weigh(said: list[Line], parcel: Shipment) -> None:
    """Whether what is ``said`` of one parcel agrees with itself and with what is known of it."""
    days = [line.on for line in said]
    for line in sorted(said, key=lambda line: line.on or date.min):
        if days.count(line.on) > 1:
            why = _("The file says delivered and not delivered for the same day.")
        else:
            why = _against(line, parcel)
        if why:
            line.outcome, line.why = Outcome.CONTRADICTORY, why
            continue
        parcel.state = State.DELIVERED if line.outcome == Outcome.DELIVERED else State.FAILED
        parcel.reported_on = line.on
        if line.outcome == Outcome.DELIVERED:
            parcel.signed_by, parcel.reason = line.person, ""
        else:
            parcel.reason = delivery_files.reason_of(line.reason)


def _against(line: Line, parcel: Shipment) -> str:
    """What speaks against a row, in words; nothing where it fits what is known."""
    assert line.on is not None
    if parcel.state not in {State.SENT, State.FAILED}:
        return _("The parcel is in the state “%(state)s”.") % {"state": parcel.get_state_display()}
    earlier = parcel.reported_on or parcel.sent_on
    if earlier and line.on < earlier:
        return _("The parcel was seen on %(day)s, later than this row.") % {"day": f"{earlier:%d/%m/%Y}"}
    return ""


# --- It is kept ----------------------------------------------------------------------------------


def _keep(file: DeliveryFile, lines: Iterable[Line], parcels: Mapping[str, Shipment]) -> None:
    DeliveryRow.objects.bulk_create(
        (
            DeliveryRow(
                file=file,
                line=line.number,
                shipment=parcels.get(line.tracking),
                tracking=line.tracking,
                status=line.status,
                on=line.on,
                person=line.person,
                reason=line.reason,
                outcome=line.outcome,
                why=line.why[:200],
            )
            for line in lines
        ),
        batch_size=2000,
    )


def _change(file: DeliveryFile, lines: Iterable[Line], parcels: Mapping[str, Shipment]) -> None:
    taken = [line for line in lines if line.outcome in TAKEN]
    changed = list({line.tracking: parcels[line.tracking] for line in taken}.values())
    columns = ["state", "reported_on", "reason", "signed_by"]
    Shipment.objects.bulk_update(changed, columns, batch_size=1000)
    ShipmentStep.objects.bulk_create(
        (
            ShipmentStep(
                shipment=parcels[line.tracking],
                at=file.read_at,
                actor=file.read_by,
                state=line.outcome,
                note=line.person if line.outcome == Outcome.DELIVERED else line.reason,
            )
            for line in taken
        ),
        batch_size=2000,
    )


def _queue(file: DeliveryFile, numbers: list[int]) -> None:
    for at in range(0, len(numbers), _CHUNK):
        part = numbers[at : at + _CHUNK]
        outbox.enqueue(
            "dispatches.reported",
            key=f"{file.pk}:{part[0]}",
            about=file.name[:40],
            file=file.pk,
            first=part[0],
            last=part[-1],
        )


# --- The dossiers are told -----------------------------------------------------------------------


@outbox.handler("dispatches.reported")
def write_histories(message: OutboxMessage) -> None:
    """Note in the history of each dossier what the post said, in the order in which dossiers are locked."""
    said = message.payload
    rows = (
        DeliveryRow.objects.filter(
            file=said["file"], line__gte=said["first"], line__lte=said["last"], outcome__in=TAKEN
        )
        .select_related("file__read_by__staff__office", "shipment__dossier")
        .order_by("shipment__dossier_id", "on", "line")
    )
    for row in rows:
        _write_history(row)


def _write_history(row: DeliveryRow) -> None:
    assert row.shipment is not None and row.on is not None
    delivered = row.outcome == Outcome.DELIVERED
    facts: dict[str, Any] = {"tracking": row.tracking, "on": row.on.isoformat()}
    if not delivered:
        facts["reason"] = delivery_files.reason_of(row.reason)
    elif row.person:
        facts["signed_by"] = row.person
    workflow.record(
        row.shipment.dossier,
        DELIVERED if delivered else undelivered.UNDELIVERED,
        actor=row.file.read_by,
        key=f"delivery:{row.pk}",
        facts=facts,
        now=row.file.read_at,
        topics=("notices.event",),
    )
    if delivered:
        _close(row.shipment.dossier, row)


def _close(dossier: Dossier, row: DeliveryRow) -> None:
    """Close a delivered dossier where its procedure lets the portal do that; else a clerk does."""
    transition = definition_for(dossier).transition("close")
    if transition is None or "system" not in transition.roles:
        return
    try:
        workflow.move(dossier, "close", actor=None, key=f"delivered:{row.pk}", now=row.file.read_at)
    except MoveRefused:
        return  # it stands in the list of delivered results until somebody looks
