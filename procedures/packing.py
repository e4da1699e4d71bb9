"""A batch under the scanner: parcels get their sticker, and routes are handed over to the post.

One lock order: the dossiers of a batch by their number, then the batch. The list of a batch is fixed
when it is made, so whoever hands it over knows all of its dossiers before it takes a lock.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.identifiers import compact, sticker
from portal.models import District, User
from procedures import mailroom, workflow
from procedures.dispatches import OPEN, State, in_order, note_steps, queue_labels, shipments
from procedures.models import DispatchBatch, DispatchManifest, Dossier, Shipment, ShipmentStep
from procedures.workflow import MoveRefused

AGAIN = "dispatched_again"


def find(batch: DispatchBatch, scanned: str) -> Shipment:
    """The parcel of ``batch`` whose label was ``scanned``; ``MoveRefused`` says what it was instead."""
    code = scanned.strip().upper().replace(" ", "")
    shipment = batch.shipments.filter(dossier__code=code).select_related("dossier").first()
    if shipment is None:
        raise MoveRefused(_not_here(batch, code))
    if shipment.state == State.PACKED:
        words = _("%(code)s is packed already, under %(tracking)s.")
        raise MoveRefused(words % {"code": code, "tracking": shipment.tracking})
    if shipment.state != State.LISTED:
        words = _("%(code)s is not to be packed in this batch any more: %(state)s.")
        raise MoveRefused(words % {"code": code, "state": shipment.get_state_display()})
    return shipment


def _not_here(batch: DispatchBatch, code: str) -> str:
    if not code:
        return _("Scan or type a code first.")
    if carrying := batch.shipments.filter(tracking=compact(code)).select_related("dossier").first():
        return _("This sticker is on the parcel of %(code)s already.") % {"code": carrying.dossier}
    dossier = Dossier.objects.filter(code=code, office=batch.office_id).first()
    if dossier is None:
        if Dossier.objects.filter(code=code).exists():
            return _("%(code)s is a dossier of another office. Put it aside.") % {"code": code}
        if not code.startswith("BHXH"):
            return _("Scan the dossier code on the label first, then the post’s sticker.")
        return _("No dossier has the code “%(code)s”.") % {"code": code[:40]}
    other = dossier.shipments.filter(state__in=OPEN).select_related("batch").first()
    if other is None:
        return _("%(code)s is in no batch. Put it aside.") % {"code": code}
    return _("%(code)s belongs to batch %(number)s. Put it aside.") % {"code": code, "number": other.batch}


def pack(shipment: Shipment, scanned: str, *, actor: User, now: datetime) -> Shipment:
    """The parcel carries the sticker that was ``scanned``. Raises ``MoveRefused``; nothing is kept then."""
    code = scanned.strip().upper().replace(" ", "")
    if Dossier.objects.filter(code=code).exists():
        words = _("That is a label; scan the post’s sticker of %(code)s now.")
        raise MoveRefused(words % {"code": shipment.dossier})
    try:
        number, checked = sticker(code)
    except ValidationError as error:
        raise MoveRefused(error.messages[0]) from error
    with transaction.atomic():
        locked = _row(shipment, State.LISTED)
        _refuse_taken(number, locked)
        locked.tracking, locked.checked, locked.state = number, checked, State.PACKED
        locked.save(update_fields=["tracking", "checked", "state"])
        note_steps([locked], actor=actor, now=now, note=number)
    return locked


def _refuse_taken(number: str, shipment: Shipment) -> None:
    other = Shipment.objects.filter(tracking=number).select_related("dossier").first()
    if other is None:
        return
    if other.office_id == shipment.office_id:
        words = _("The sticker %(number)s is on the parcel of %(code)s already. Take another one.")
        raise MoveRefused(words % {"number": number, "code": other.dossier})
    raise MoveRefused(
        _("The sticker %(number)s has been used already. Take another one.") % {"number": number}
    )


def _row(shipment: Shipment, *states: str) -> Shipment:
    """``shipment`` with its batch locked; raises ``MoveRefused`` where it is in none of ``states``."""
    DispatchBatch.objects.select_for_update(no_key=True).get(shipments=shipment)
    locked = Shipment.objects.select_related("dossier", "batch__office").get(pk=shipment.pk)
    if locked.state not in states:
        words = _("%(code)s was changed meanwhile: %(state)s.")
        raise MoveRefused(words % {"code": locked.dossier, "state": locked.get_state_display()})
    return locked


def unpack(shipment: Shipment, *, actor: User, now: datetime) -> None:
    """The wrong sticker: the parcel is to be packed again, and the number is free."""
    with transaction.atomic():
        locked = _row(shipment, State.PACKED)
        was, locked.tracking, locked.checked, locked.state = locked.tracking, "", False, State.LISTED
        locked.save(update_fields=["tracking", "checked", "state"])
        note_steps([locked], actor=actor, now=now, note=was)


def amend(
    shipment: Shipment, *, route: District | None, originals: int, copies: int, actor: User, now: datetime
) -> None:
    """Another route, or another number of papers; the labels of the batch are made again."""
    with transaction.atomic():
        locked = _row(shipment, *OPEN)
        batch = locked.batch
        assert batch is not None
        if batch.manifests.filter(route=route).exists():
            raise MoveRefused(
                _("This route has been handed over already; leave the parcel for another batch.")
            )
        locked.route, locked.guessed = route, False
        locked.originals, locked.copies = originals, copies
        locked.save(update_fields=["route", "guessed", "originals", "copies"])
        note_steps([locked], actor=actor, now=now)
        batch.revision += 1
        batch.save(update_fields=["revision"])
        queue_labels(batch)


# --- It leaves -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class HandOver:
    """What came of handing over a route: the manifest, and what stayed behind with the reason."""

    manifest: DispatchManifest
    left: Mapping[str, str]


def hand_over(
    batch: DispatchBatch, route: District | None, *, actor: User, now: datetime, taken_by: str = ""
) -> HandOver:
    """Everything packed for ``route`` is with the post now; what was not scanned waits for another batch.

    A route that was handed over before gives its manifest again. Raises ``MoveRefused`` for an empty one.
    """
    with transaction.atomic():
        known = _lock(batch)
        if done := batch.manifests.filter(route=route).first():
            return HandOver(done, {})
        rows = list(_of_route(batch, route))
        if not any(row.state == State.PACKED for row in rows):
            raise MoveRefused(_("Nothing is packed for this route yet: scan the parcels first."))
        left: dict[str, str] = {}
        for row in rows:
            row.dossier = known[row.dossier_id]
            if why := _sent(row, actor, now) if row.state == State.PACKED else _("not scanned"):
                left[str(row.dossier)] = why
        return HandOver(_closed(batch, route, rows, left, actor=actor, now=now, taken_by=taken_by), left)


def _lock(batch: DispatchBatch) -> dict[int, Dossier]:
    """All dossiers of ``batch`` by number, then the batch itself, locked until the transaction ends."""
    mine = batch.shipments.values("dossier")
    known = {dossier.pk: dossier for dossier in in_order(Dossier.objects.filter(pk__in=mine))}
    DispatchBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    return known


def _of_route(batch: DispatchBatch, route: District | None) -> QuerySet[Shipment]:
    return batch.shipments.filter(route=route, state__in=OPEN).order_by("position")


def _sent(shipment: Shipment, actor: User, now: datetime) -> str:
    """Send one parcel; what forbids it, in words, or nothing."""
    dossier, key = shipment.dossier, f"shipment:{shipment.pk}"
    try:
        with transaction.atomic():
            if dossier.state == "dispatched":
                _send_again(shipment, actor, key, now)
            else:
                mailroom.send(
                    dossier, shipment.tracking, checked=shipment.checked, actor=actor, key=key, now=now
                )
    except MoveRefused as refused:
        return str(refused)
    return ""


def _send_again(shipment: Shipment, actor: User, key: str, now: datetime) -> None:
    number = shipment.tracking
    mailroom.note_parcel(shipment.dossier, number, checked=shipment.checked, actor=actor, now=now)
    topics = ("documents.return_label", "notices.event")
    facts = {"tracking": number}
    workflow.record(shipment.dossier, AGAIN, actor=actor, key=key, facts=facts, now=now, topics=topics)


def _closed(
    batch: DispatchBatch,
    route: District | None,
    rows: Collection[Shipment],
    left: Mapping[str, str],
    *,
    actor: User,
    now: datetime,
    taken_by: str,
) -> DispatchManifest:
    sent = [row for row in rows if str(row.dossier) not in left]
    if not sent:
        raise MoveRefused(_("None of these parcels may leave: %(why)s") % {"why": "; ".join(left.values())})
    manifest = DispatchManifest.objects.create(
        batch=batch,
        route=route,
        handed_at=now,
        handed_by=actor,
        taken_by=taken_by.strip()[:100],
        digest=digest(manifest_number(batch, route), sent),
    )
    for row in sent:
        row.state, row.manifest, row.sent_on = State.SENT, manifest, timezone.localdate(now)
    Shipment.objects.bulk_update(sent, ["state", "manifest", "sent_on"])
    note_steps(sent, actor=actor, now=now)
    leave_behind([row for row in rows if str(row.dossier) in left], left, actor=actor, now=now)
    return manifest


def leave_behind(rows: Collection[Shipment], why: Mapping[str, str], *, actor: User, now: datetime) -> None:
    """Put parcels that did not leave back among those that wait; their stickers are free again."""
    for row in rows:
        row.state = State.AGAIN if row.dossier.state == "dispatched" else State.LEFT
        row.tracking, row.checked = "", False
        ShipmentStep.objects.create(
            shipment=row, at=now, actor=actor, state=row.state, note=why.get(str(row.dossier), "")
        )
    Shipment.objects.bulk_update(rows, ["state", "tracking", "checked"])


def give_back(batch: DispatchBatch, route: District | None, *, actor: User, now: datetime) -> int:
    """Nothing of ``route`` leaves with this batch: all of it waits for another one. How many."""
    with transaction.atomic():
        known = _lock(batch)
        rows = list(_of_route(batch, route))
        for row in rows:
            row.dossier = known[row.dossier_id]
        leave_behind(rows, {}, actor=actor, now=now)
    return len(rows)


# --- The manifest --------------------------------------------------------------------------------


def manifest_number(batch: DispatchBatch, route: District | None) -> str:
    """``3/2026-569``: batch, year and the district of the route; 000 where none is known."""
    return f"{batch.number}/{batch.year}-{route.pk if route else '000'}"


def lines(rows: Iterable[Shipment]) -> list[tuple[Any, ...]]:
    """What a manifest says of each parcel: number, code, recipient, address, originals, copies, tracking."""
    return [
        (
            n,
            str(row.dossier.code),
            row.recipient,
            row.address,
            row.originals,
            row.copies,
            row.tracking,
        )
        for n, row in enumerate(rows, start=1)
    ]


def digest(number: str, rows: Iterable[Shipment]) -> str:
    return hashlib.sha256(msgspec.json.encode([number, lines(rows)])).hexdigest()


def verify(manifest: DispatchManifest) -> bool:
    """Whether the parcels of ``manifest`` are still those its digest was taken over."""
    rows = manifest.shipments.select_related("dossier").order_by("position")
    return manifest.digest == digest(manifest_number(manifest.batch, manifest.route), rows)


def by_number(user: User, scanned: str) -> Shipment:
    """The parcel with the post that ``scanned`` means: a tracking number, or the code of its dossier.

    Raises ``MoveRefused`` where the office of ``user`` has none such.
    """
    code = scanned.strip().upper().replace(" ", "")
    with_post = shipments(user).filter(state=State.SENT, office=user.staff.office_id)
    found = (
        with_post.filter(tracking=compact(code) or "-").first() or with_post.filter(dossier__code=code).last()
    )
    if found is None:
        raise MoveRefused(_("No parcel of this office that is with the post has this number."))
    return found
