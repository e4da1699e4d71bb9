"""Results that the post brought back: what is done with them, and what the citizen is told.

The history of the dossier takes every step; its lock comes first, then the row of the parcel.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import text
from portal.models import User
from procedures import workflow
from procedures.dispatches import State, note_steps, shipments
from procedures.models import Dossier, DossierEvent, Shipment
from procedures.workflow import MoveRefused

UNDELIVERED, ADDRESS_ASKED, KEPT = "undelivered", "address_asked", "kept_here"
ADDRESS_GIVEN, TO_SEND = "address_given", "to_send_again"
ON_DESK = (State.FAILED, State.ASKED, State.KEPT)


def on_desk(user: User) -> QuerySet[Shipment]:
    """What came back and somebody still has to deal with, the oldest first."""
    rows = shipments(user).filter(state__in=ON_DESK, dossier__final=False)
    return rows.prefetch_related("steps__actor").order_by("reported_on", "pk")


def of_dossier(dossier: Dossier) -> Shipment | None:
    """The parcel of ``dossier`` that came back, if its citizen is to do something."""
    if dossier.final or dossier.decided_at is None:  # nothing was posted yet
        return None
    return dossier.shipments.filter(state__in=ON_DESK).last()


def came_back(shipment: Shipment, reason: str, *, actor: User, key: str, now: datetime) -> DossierEvent:
    """The parcel lies on the desk again, for the ``reason`` that stands on it; the citizen is told."""
    if reason not in Shipment.Reason.values:
        raise MoveRefused(_("Choose why it came back."), field="reason")
    today = timezone.localdate(now)
    return _act(
        shipment,
        UNDELIVERED,
        (State.SENT,),
        {"state": State.FAILED, "reason": reason, "reported_on": today},
        facts={"tracking": shipment.tracking, "reason": reason, "on": today.isoformat()},
        told=True,
        actor=actor,
        key=key,
        now=now,
    )


def send_again(
    shipment: Shipment, address: str, *, actor: User, key: str, now: datetime, note: str
) -> DossierEvent:
    """The result waits for another batch, to the same address or a corrected one; a note says whence."""
    wanted = _address(address)
    if wanted and not note.strip():
        raise MoveRefused(_("Write where the corrected address comes from."), field="note")
    return _act(
        shipment,
        TO_SEND,
        ON_DESK,
        {"state": State.AGAIN, "new_address": wanted},
        facts={"address": wanted} if wanted else {},
        actor=actor,
        key=key,
        now=now,
        note=note,
    )


def ask_address(shipment: Shipment, *, actor: User, key: str, now: datetime) -> DossierEvent:
    """The citizen is asked on the portal where the result shall go."""
    return _act(
        shipment,
        ADDRESS_ASKED,
        (State.FAILED,),
        {"state": State.ASKED},
        told=True,
        actor=actor,
        key=key,
        now=now,
    )


def give_address(shipment: Shipment, address: str, *, actor: User, key: str, now: datetime) -> DossierEvent:
    """The citizen's answer: the result waits for another batch, to this address."""
    wanted = _address(address)
    if len(wanted) < 10:
        raise MoveRefused(
            _("Write the whole address: house number, street or hamlet, ward, district, province."),
            field="address",
        )
    change = {"state": State.AGAIN, "new_address": wanted}
    facts = {"address": wanted}
    return _act(shipment, ADDRESS_GIVEN, ON_DESK, change, facts=facts, actor=actor, key=key, now=now)


def keep(shipment: Shipment, *, actor: User, key: str, now: datetime, note: str) -> DossierEvent:
    """The result stays at the office until the citizen collects it; the citizen is told."""
    return _act(
        shipment,
        KEPT,
        (State.FAILED, State.ASKED),
        {"state": State.KEPT},
        facts={"office": shipment.office.name},
        told=True,
        actor=actor,
        key=key,
        now=now,
        note=note,
    )


def note(shipment: Shipment, words: str, *, actor: User, now: datetime) -> None:
    """Write something down inside the office."""
    if not words.strip():
        raise MoveRefused(_("Write the note first."), field="note")
    with transaction.atomic():
        locked = Shipment.objects.select_for_update(no_key=True).get(pk=shipment.pk)
        note_steps([locked], actor=actor, now=now, note=words.strip())


def _address(typed: str) -> str:
    return ", ".join(text.clean(typed).splitlines())[:500]


def _act(
    shipment: Shipment,
    action: str,
    states: Collection[str],
    change: Mapping[str, Any],
    *,
    actor: User,
    key: str,
    now: datetime,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    told: bool = False,
) -> DossierEvent:
    """Bring ``shipment`` into another state together with a line in its dossier's history."""

    def prepare(dossier: Dossier) -> None:
        locked = Shipment.objects.select_for_update(no_key=True).get(pk=shipment.pk)
        if locked.state not in states or dossier.final:
            words = _("%(code)s was changed meanwhile: %(state)s.")
            raise MoveRefused(words % {"code": dossier, "state": locked.get_state_display()})
        for name, value in change.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(change))
        note_steps([locked], actor=actor, now=now, note=note.strip())

    topics: Sequence[str] = ("notices.event",) if told else ()
    return workflow.record(
        shipment.dossier,
        action,
        actor=actor,
        key=key,
        note=note,
        facts=facts,
        now=now,
        prepare=prepare,
        topics=topics,
    )
