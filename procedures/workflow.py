"""The only place a dossier changes state.

``move`` locks the dossier, checks the transition of the dossier's own version, writes the history
row, sets state and clock and queues the side effects, all in one transaction and without I/O.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import outbox
from portal.models import User
from procedures import agents, deadlines, hooks
from procedures.catalogue import definition_for
from procedures.definition import Definition, Transition
from procedures.models import Dossier, DossierEvent, StaffMember


class MoveRefused(Exception):
    """An action that may not happen; ``str()`` is fit for the person who tried it."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def role_of(user: User | None) -> str:
    """The role of ``user``: system for nobody, else the role of the member of staff, else citizen.

    Definitions call whoever filed the dossier ``citizen``; history says where it was an organisation.
    """
    if user is None:
        return "system"
    if not user.is_staff:
        return "citizen"
    try:
        return user.staff.role
    except StaffMember.DoesNotExist:
        return ""


def role_in(dossier: Dossier, user: User | None) -> str:
    """The role of ``user`` towards ``dossier``: ``agent`` for the organisation it was handed to."""
    role = role_of(user)
    others = role == "citizen" and user is not None and dossier.owner_id != user.pk
    return "agent" if others and user and agents.looks_after(dossier, user) else role


def move(
    dossier: Dossier,
    action: str,
    *,
    actor: User | None,
    key: str,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    prepare: Callable[[Dossier], None] | None = None,
) -> DossierEvent:
    """Take ``dossier`` through ``action`` and return the event; the same ``key`` gives it again.

    ``facts`` are what the event records besides the note (a tracking number, a list of papers);
    ``due`` among them, an aware moment in ISO form, is promised in place of the day before it.
    ``prepare`` may set more on the locked dossier before the action is checked; it is saved with it.
    Raises ``MoveRefused``. ``dossier`` is brought up to date in place.
    """
    at = now or timezone.now()

    def write(locked: Dossier, history: Sequence[DossierEvent]) -> DossierEvent:
        if prepare:
            prepare(locked)
        attempt = _Attempt(locked, actor, note, facts or {}, at, history)
        transition = _checked(attempt, action)
        event = _record(attempt, transition.action, transition.leads_to(locked.state), key)
        _enter(locked, definition_for(locked), event.to_state, at)
        if "due" in event.facts:
            locked.due_at = datetime.fromisoformat(event.facts["due"])
        locked.save(update_fields=None if prepare else _MOVED)
        _enqueue(locked, transition.topics, event)
        return event

    return _once(dossier, key, write)


# What a move changes by itself.
_MOVED = ("state", "final", "clock_started_on", "days_left", "due_at", "decided_at", "updated_at")


def record(
    dossier: Dossier,
    action: str,
    *,
    actor: User | None,
    key: str,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    prepare: Callable[[Dossier], None] | None = None,
    topics: Sequence[str] = (),
) -> DossierEvent:
    """Note in the history of ``dossier`` what is no action of its procedure: the state stays.

    ``prepare`` may change the locked dossier before; ``topics`` are queued. Same ``key``, same event.
    """
    at = now or timezone.now()

    def write(locked: Dossier, history: Sequence[DossierEvent]) -> DossierEvent:
        if prepare:
            prepare(locked)
        attempt = _Attempt(locked, actor, note, facts or {}, at, history)
        event = _record(attempt, action, locked.state, key)
        locked.save()
        _enqueue(locked, topics, event)
        return event

    return _once(dossier, key, write)


def _once(
    dossier: Dossier, key: str, write: Callable[[Dossier, Sequence[DossierEvent]], DossierEvent]
) -> DossierEvent:
    """What ``write`` makes of the locked dossier and its history, or what ``key`` has made before."""
    with transaction.atomic():
        locked = Dossier.objects.select_for_update(no_key=True).get(pk=dossier.pk)
        history = list(locked.events.all())
        event = next((e for e in history if e.key == key), None) or write(locked, history)
    _refresh(dossier, locked)
    return event


@dataclass(frozen=True)
class _Attempt:
    """Somebody's try to move a locked dossier, and what has happened to it so far."""

    dossier: Dossier
    actor: User | None
    note: str
    facts: Mapping[str, Any]
    now: datetime
    history: Sequence[DossierEvent]


def _enqueue(dossier: Dossier, topics: Sequence[str], event: DossierEvent) -> None:
    if topics:
        outbox.enqueue(
            *topics,
            key=f"{dossier.pk}:{event.sequence}",
            about=dossier.code or dossier.draft_code,
            dossier=dossier.pk,
            event=event.pk,
        )


def available_actions(dossier: Dossier, actor: User) -> list[Transition]:
    """What ``actor`` may try now; rules are asked only when it is tried."""
    role = role_in(dossier, actor)
    if not _in_scope(dossier, actor, role):
        return []
    open_to = [t for t in definition_for(dossier).transitions if dossier.state in t.sources and _may(role, t)]
    if not any(t.four_eyes for t in open_to):
        return open_to
    history = list(dossier.events.all())
    return [t for t in open_to if not _same_eyes(history, t, actor)]


def verify_history(dossier: Dossier) -> list[str]:
    """What is wrong with the chain of ``dossier``'s events, a line each; empty when all holds."""
    problems, previous, state = [], "", "draft"
    for number, event in enumerate(dossier.events.order_by("sequence"), start=1):
        if event.sequence != number:
            problems.append(f"event {number} is missing")
        if event.previous_hash != previous or event.hash != _hash(event):
            problems.append(f"event {event.sequence} was changed")
        previous, state = event.hash, event.to_state
    if dossier.state != state:
        problems.append(f"the state {dossier.state} does not follow from the last event")
    return problems


def _refresh(dossier: Dossier, locked: Dossier) -> None:
    for field in Dossier._meta.concrete_fields:
        setattr(dossier, field.attname, getattr(locked, field.attname))
    if locked.office_id and Dossier.office.is_cached(locked):
        dossier.office = locked.office


# --- Checks --------------------------------------------------------------------------------------


def _checked(attempt: _Attempt, action: str) -> Transition:
    dossier, actor = attempt.dossier, attempt.actor
    role = role_in(dossier, actor)
    definition = definition_for(dossier)
    transition = definition.transition(action)
    if transition is None or not _may(role, transition) or not _in_scope(dossier, actor, role):
        raise MoveRefused(_("You may not do this with this dossier."))
    if dossier.state not in transition.sources:
        raise MoveRefused(_overtaken(attempt, definition))
    if actor and _same_eyes(attempt.history, transition, actor):
        raise MoveRefused(_("Another person than the one who proposed must decide."))
    if transition.note == "required" and not attempt.note.strip():
        raise MoveRefused(_("Please write the reason."), field="note")
    for refusal in hooks.refusals(transition.rules, _facts(attempt, definition)):
        raise MoveRefused(refusal.message, field=refusal.field)
    return transition


def _overtaken(attempt: _Attempt, definition: Definition) -> str:
    """That the dossier has gone on; staff read who of them was faster."""
    actor, state = attempt.actor, definition.state(attempt.dossier.state).label
    faster = next((e.actor for e in reversed(attempt.history) if e.from_state != e.to_state), None)
    if actor and actor.is_staff and faster and faster.is_staff and faster != actor:
        return _("The dossier is in the state “%(state)s” now: %(name)s was faster. Please look again.") % {
            "state": state,
            "name": faster.full_name,
        }
    return _("The dossier is in the state “%(state)s” now: somebody was faster. Please look again.") % {
        "state": state
    }


def _facts(attempt: _Attempt, definition: Definition) -> hooks.Facts:
    dossier = attempt.dossier
    return hooks.Facts(
        definition=definition,
        answers={**dossier.answers, **attempt.facts, "case": dossier.case},
        today=timezone.localdate(attempt.now),
        dossier=dossier,
        actor=attempt.actor,
    )


def _may(role: str, transition: Transition) -> bool:
    """Whether the role stands in the transition: administrators run the system, not dossiers."""
    return role in transition.roles


def _in_scope(dossier: Dossier, actor: User | None, role: str) -> bool:
    if actor is None or role == "agent":
        return True
    if role == "citizen":
        return dossier.owner_id == actor.pk
    return bool(role) and (dossier.office_id == actor.staff.office_id)


def _same_eyes(history: Sequence[DossierEvent], transition: Transition, actor: User) -> bool:
    earlier = [event for event in history if event.action in transition.four_eyes]
    return bool(earlier) and earlier[-1].actor_id == actor.pk


# --- History and clock ---------------------------------------------------------------------------


def _record(attempt: _Attempt, action: str, target: str, key: str) -> DossierEvent:
    dossier, actor = attempt.dossier, attempt.actor
    last = attempt.history[-1] if attempt.history else None
    event = DossierEvent(
        dossier=dossier,
        sequence=last.sequence + 1 if last else 1,
        action=action,
        from_state=dossier.state,
        to_state=target,
        actor=actor,
        role=_recorded_role(dossier, actor),
        note=attempt.note.strip(),
        facts=dict(attempt.facts),
        key=key,
        at=attempt.now,
        previous_hash=last.hash if last else "",
    )
    event.hash = _hash(event)
    event.save(force_insert=True)
    return event


def _recorded_role(dossier: Dossier, actor: User | None) -> str:
    role = role_in(dossier, actor)
    return "organisation" if role == "citizen" and dossier.by_organisation else role


def _hash(event: DossierEvent) -> str:
    """SHA-256 over everything the event says and the hash of the one before."""
    content = [
        event.dossier_id,
        event.sequence,
        event.action,
        event.from_state,
        event.to_state,
        event.actor_id,
        event.role,
        event.note,
        event.facts,
        event.key,
        event.at.astimezone(timezone.get_fixed_timezone(0)).isoformat(),
        event.previous_hash,
    ]
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _enter(dossier: Dossier, definition: Definition, target: str, now: datetime) -> None:
    """Put ``dossier`` into the state ``target`` and start, stop or go on with its clock."""
    state = definition.state(target)
    dossier.state, dossier.final = state.slug, state.final
    if state.clock == "running" and dossier.clock_started_on is None:
        _start_clock(dossier, definition, now)
    elif state.clock == "running" and dossier.days_left is not None:
        _resume_clock(dossier, definition, now)
    elif state.clock == "paused" and dossier.days_left is None and dossier.due_at is not None:
        _pause_clock(dossier, definition, now)
    elif state.clock == "stopped" and dossier.decided_at is None:
        dossier.decided_at = now


def _start_clock(dossier: Dossier, definition: Definition, now: datetime) -> None:
    work = deadlines.calendar()
    dossier.clock_started_on = deadlines.day_zero(now, work)
    limit = definition.time_limit(dossier.case, dossier.answers)
    last_day = deadlines.due_on(dossier.clock_started_on, limit, work)
    dossier.due_at = deadlines.closing(last_day)


def _pause_clock(dossier: Dossier, definition: Definition, now: datetime) -> None:
    """Keep what is left, in the unit of the limit: a pause takes no day and gives none."""
    assert dossier.due_at is not None
    today, last_day = timezone.localdate(now), timezone.localdate(dossier.due_at)
    limit = definition.time_limit(dossier.case, dossier.answers)
    dossier.days_left = deadlines.days_between(today, last_day, limit, deadlines.calendar())
    dossier.due_at = None


def _resume_clock(dossier: Dossier, definition: Definition, now: datetime) -> None:
    """What was left when the clock stopped, at least one day, from the day the answer came."""
    assert dossier.days_left is not None
    work, limit = deadlines.calendar(), definition.time_limit(dossier.case, dossier.answers)
    rest = msgspec.structs.replace(limit, days=max(dossier.days_left, 1))
    last_day = deadlines.due_on(deadlines.day_zero(now, work), rest, work)
    dossier.due_at, dossier.days_left = deadlines.closing(last_day), None
