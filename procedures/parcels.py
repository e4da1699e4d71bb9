"""Every parcel that comes by post: a row when it is scanned, and a path for each until it is done with.

A parcel of the office's own dossier is counted; one of another office waits to be handed over; one of a
dossier that has ended goes back; one nobody can place is kept as unidentified until somebody can.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from portal.identifiers import compact
from portal.models import AccessLog, User
from portal.text import without_marks
from procedures import arrivals, dossiers, handovers, mailroom, offices, workflow
from procedures.models import Dossier, Parcel, ParcelPaper, ParcelStep, PostalItem, StaffMember
from procedures.workflow import MoveRefused

State = Parcel.State
RECEIVED, COUNTED, RETURNED = "parcel_received", "parcel_counted", "parcel_returned"
# Who works in a mailroom; others look on.
ROLES = frozenset({"clerk", "supervisor"})
# Parcels that still need somebody's hand.
WAITING = (State.OPEN, State.UNKNOWN, State.FORWARD, State.RETURN)


def visible_to(user: User) -> QuerySet[Parcel]:
    """The parcels that lie at the office of ``user`` or are on their way to it; all for the province."""
    parcels = Parcel.objects.select_related("office", "dossier__office", "received_by")
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return parcels.none()
    if staff.oversees_province:
        return parcels
    coming = Q(state=State.FORWARD, dossier__office__in=offices.kept_by(staff.office_id))
    return parcels.filter(Q(office=staff.office_id) | coming)


def get_for(user: User, pk: int) -> Parcel:
    """The parcel if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), pk=pk)


def may_work(user: User) -> bool:
    return workflow.role_of(user) in ROLES


# --- Whose it is ---------------------------------------------------------------------------------


def dossier_of(code: str, *, here: int) -> Dossier | None:
    """The filed dossier of a dossier code or a tracking number: of the office ``here``, else of any.

    Citizens type tracking numbers themselves: one that stands on two dossiers points at neither.
    """
    filed = Dossier.objects.exclude(state="draft").select_related("office")
    found = filed.filter(code=code).first() if code else None
    if found is None and code:
        sent = Q(postal_items__tracking=compact(code), postal_items__direction=PostalItem.Direction.IN)
        posted = list(filed.filter(sent).distinct()[:20])
        posted = [dossier for dossier in posted if dossier.office_id == here] or posted
        found = posted[0] if len(posted) == 1 else None
    return found


def candidates(words: str, *, actor: User) -> list[Dossier]:
    """Dossiers that ``words`` may mean: a code, phone or tracking number, or a name of the own office.

    Every one that another office keeps leaves a row in the log of readings.
    """
    words = words.strip()
    if len(words) < 4:
        return []
    number = compact(words)
    exact = Q(code=words.upper()) | Q(phone=number) | Q(postal_items__tracking=number)
    filed = Dossier.objects.exclude(state="draft").select_related("office")
    found = {d.pk: d for d in filed.filter(exact).distinct().order_by("final", "-filed_at")[:10]}
    named = dossiers.visible_to(actor).filter(applicant_bare__contains=without_marks(words))
    found |= {d.pk: d for d in named.select_related("office").order_by("final", "-filed_at")[:10]}
    away = [d for d in found.values() if d.office_id != actor.staff.office_id]
    AccessLog.objects.bulk_create(AccessLog(user=actor, about=str(d), what="parcel search") for d in away)
    return list(found.values())[:10]


def path(dossier: Dossier | None, here: int, *, home: int | None) -> State:
    """What happens to a parcel of ``dossier`` that lies at the office ``here`` and belongs to ``home``."""
    if dossier is None:
        return State.UNKNOWN
    if home != here:
        return State.FORWARD
    return State.RETURN if dossier.final else State.OPEN


def _path(dossier: Dossier | None, here: int) -> State:
    return path(dossier, here, home=here if dossier and _ours(dossier, here) else None)


def _ours(dossier: Dossier, here: int) -> bool:
    """Whether the office ``here`` looks after ``dossier``, or keeps it for an office that has ended."""
    return dossier.office_id == here or (dossier.final and dossier.office_id in offices.kept_by(here))


# --- It arrives ----------------------------------------------------------------------------------


def receive(
    scanned: str, *, actor: User, key: str, now: datetime, another: bool = False, note: str = ""
) -> tuple[Parcel, bool]:
    """The parcel of a scanned code or tracking number, and whether it is here for the first time.

    A parcel that is known and not done with is found again, one that another office passed on arrives;
    ``another`` says that this is one more of the same dossier. Empty: an envelope without any code.
    The same ``key`` of the same person gives the same parcel. A code that is no dossier yet becomes one
    (``arrivals``); raises ``MoveRefused`` where such a code was misread.
    """
    code = arrivals.reads(scanned) or scanned.strip().upper().replace(" ", "")[:40]
    own_key = f"{actor.pk}:{key}:{code}"[:150]
    with transaction.atomic():
        _one_at_a_time(code or own_key)
        dossier = _meant(code, actor=actor, now=now)
        parcel = Parcel.objects.filter(key=own_key).first() or _known(code, dossier, actor, another)
        if parcel is None:
            return _received(code, dossier, actor=actor, key=own_key, now=now, note=note), True
        return _arrived(parcel, actor=actor, now=now)


def _meant(code: str, *, actor: User, now: datetime) -> Dossier | None:
    """The dossier of ``code``, made now if it came on paper with its fields typed before.

    Such a code stands on the envelope for all to read: nobody draws it to a dossier as a tracking number.
    """
    if arrivals.reads(code):
        return arrivals.take(code, actor=actor, now=now)
    return dossier_of(code, here=actor.staff.office_id)


def _one_at_a_time(code: str) -> None:
    """Let nobody else receive the same code until this transaction ends, at whatever office."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))", [code])


def _known(code: str, dossier: Dossier | None, actor: User, another: bool) -> Parcel | None:
    if not code:
        return None
    here = Q(office=actor.staff.office_id)
    parcels = Parcel.objects.order_by("received_at", "pk")
    if found := parcels.filter(tracking=compact(code)).exclude(state=State.STRUCK).first():
        return found
    if dossier is None:
        return parcels.filter(here, scanned=code, state=State.UNKNOWN).first()
    of_it = parcels.filter(dossier=dossier)
    coming = of_it.filter(state=State.FORWARD).exclude(here).first()
    if coming is not None and _ours(dossier, actor.staff.office_id):
        return coming
    return None if another else of_it.filter(here, state__in=WAITING).first()


def _received(
    code: str, dossier: Dossier | None, *, actor: User, key: str, now: datetime, note: str
) -> Parcel:
    by_code = dossier is not None and (dossier.code == code or bool(arrivals.reads(code)))
    tracking = "" if by_code or dossier is None else compact(code)
    parcel = Parcel.objects.create(
        office_id=actor.staff.office_id,
        dossier=dossier,
        scanned=code,
        tracking=tracking,
        state=_path(dossier, actor.staff.office_id),
        received_at=now,
        received_by=actor,
        key=key,
    )
    note_step(parcel, actor=actor, now=now, note=note)
    _tell_dossier(parcel, actor=actor, now=now)
    return parcel


def _arrived(parcel: Parcel, *, actor: User, now: datetime) -> tuple[Parcel, bool]:
    """A parcel seen before: nothing new, unless it lay elsewhere or was under way until now."""
    locked = Parcel.objects.select_for_update(no_key=True).get(pk=parcel.pk)
    if locked.state not in WAITING or not _came(locked, actor.staff.office_id):
        return locked, False
    locked.office_id = actor.staff.office_id
    locked.state = _path(locked.dossier, locked.office_id)
    locked.save(update_fields=["office", "state"])
    handovers.tick_off(locked, actor=actor, now=now)
    note_step(locked, actor=actor, now=now)
    _tell_dossier(locked, actor=actor, now=now)
    return locked, True


def _came(parcel: Parcel, here: int) -> bool:
    """Whether ``parcel`` is news at ``here``; its own may come back when it was to go to one that ended."""
    own = parcel.state == State.FORWARD and parcel.dossier is not None and _ours(parcel.dossier, here)
    return parcel.office_id != here or own


def note_step(parcel: Parcel, *, actor: User, now: datetime, note: str = "") -> None:
    """Write down what became of ``parcel``, at the office where it lies now."""
    ParcelStep.objects.create(
        parcel=parcel, at=now, actor=actor, office_id=parcel.office_id, state=parcel.state, note=note.strip()
    )


def _tell_dossier(parcel: Parcel, *, actor: User, now: datetime) -> None:
    """Note in the history of the dossier, if it is known, where its parcel lies now."""
    if parcel.dossier is not None:
        key = f"parcel:{parcel.pk}:{actor.staff.office_id}"
        facts = {"parcel": parcel.pk, "office": actor.staff.office.name}
        workflow.record(parcel.dossier, RECEIVED, actor=actor, key=key, facts=facts, now=now)


# --- What is done with it ------------------------------------------------------------------------


@dataclass(frozen=True)
class Paper:
    """An awaited paper as it lay in the parcel."""

    document: str
    pages: int | None = None
    copy: bool = False
    condition: str = ParcelPaper.Condition.GOOD


def _locked(parcel: Parcel, actor: User, *states: str) -> Parcel:
    """``parcel``, nobody else's for this transaction; raises ``MoveRefused`` where it is not one for this."""
    locked = Parcel.objects.select_for_update(no_key=True).get(pk=parcel.pk)
    if locked.office_id != actor.staff.office_id or locked.state not in states:
        raise MoveRefused(_("Somebody has dealt with this parcel already; see its steps."))
    return locked


def count(parcel: Parcel, papers: Sequence[Paper], *, actor: User, now: datetime, note: str = "") -> bool:
    """Join the papers of ``parcel`` to its dossier; whether none is missing any more.

    Only originals count as arrived. A dossier that waits for nothing keeps the parcel with its ``note``.
    """
    if not papers and not note.strip():
        raise MoveRefused(_("Tick what is in the parcel, or write what it holds."), field="note")
    with transaction.atomic():
        locked = _locked(parcel, actor, State.OPEN)
        dossier = locked.dossier
        assert dossier is not None
        _keep_papers(locked, papers)
        locked.state = State.COUNTED
        locked.save(update_fields=["state"])
        note_step(locked, actor=actor, now=now, note=note)
        _note_papers(locked, actor=actor, now=now)
        arrived = [paper.document for paper in papers if not paper.copy]
        if dossier.channel == Dossier.Channel.POST:  # its clock runs already
            awaited = dossier.originals.filter(document__in=[p.document for p in papers], received_at=None)
            awaited.update(received_at=now, received_by=actor)
        if arrived and "record_originals" in {t.action for t in workflow.available_actions(dossier, actor)}:
            key = f"parcel:{parcel.pk}"
            mailroom.receive(dossier, arrived, actor=actor, key=key, now=now)
        return not dossier.originals.filter(received_at=None).exists()


def _keep_papers(parcel: Parcel, papers: Sequence[Paper]) -> None:
    assert parcel.dossier is not None
    awaited = {original.document: original for original in parcel.dossier.originals.all()}
    ParcelPaper.objects.bulk_create(
        ParcelPaper(
            parcel=parcel,
            original=awaited[paper.document],
            copy=paper.copy,
            pages=paper.pages,
            condition=paper.condition,
        )
        for paper in papers
        if paper.document in awaited
    )


def _note_papers(parcel: Parcel, *, actor: User, now: datetime) -> None:
    assert parcel.dossier is not None
    rows = parcel.papers.select_related("original")
    facts = {
        "parcel": parcel.pk,
        "papers": [
            {
                "label": row.original.label_vi,
                "pages": row.pages,
                "copy": row.copy,
                "condition": row.condition,
            }
            for row in rows
        ],
    }
    key = f"counted:{parcel.pk}"
    workflow.record(parcel.dossier, COUNTED, actor=actor, key=key, facts=facts, now=now)


def identify(parcel: Parcel, scanned: str, *, actor: User, now: datetime) -> Parcel:
    """Say whose an unidentified parcel is, by dossier code, tracking number or code of a typed form."""
    code = arrivals.reads(scanned) or scanned.strip().upper().replace(" ", "")
    with transaction.atomic():
        dossier = _meant(code, actor=actor, now=now)
        if dossier is None:
            raise MoveRefused(_("No dossier has this code."), field="identify")
        locked = _locked(parcel, actor, State.UNKNOWN)
        locked.dossier, locked.state = dossier, _path(dossier, locked.office_id)
        locked.save(update_fields=["dossier", "state"])
        note_step(locked, actor=actor, now=now)
        _tell_dossier(locked, actor=actor, now=now)
    return locked


def note(parcel: Parcel, words: str, *, actor: User, now: datetime) -> None:
    """Write down what is known of a parcel that stays where it is."""
    if not words.strip():
        raise MoveRefused(_("Write what is known about it."), field="note")
    with transaction.atomic():
        note_step(_locked(parcel, actor, *WAITING), actor=actor, now=now, note=words)


def send_back(parcel: Parcel, *, actor: User, now: datetime, words: str) -> None:
    """Note that the parcel left for its sender; ``words`` say how: a tracking number, or who fetched it."""
    if not words.strip():
        raise MoveRefused(_("Write the tracking number, or who fetched it."), field="note")
    with transaction.atomic():
        locked = _locked(parcel, actor, State.RETURN, State.UNKNOWN)
        locked.state = State.RETURNED
        locked.save(update_fields=["state"])
        note_step(locked, actor=actor, now=now, note=words)
        if locked.dossier is not None:
            key, facts = f"returned:{locked.pk}", {"way_back": words.strip()}
            workflow.record(locked.dossier, RETURNED, actor=actor, key=key, facts=facts, now=now)


def strike(parcel: Parcel, *, actor: User, now: datetime, words: str) -> None:
    """There is no such parcel: the code was typed or scanned by mistake. The row stays, with the reason."""
    if not words.strip():
        raise MoveRefused(_("Write why there is no such parcel."), field="note")
    with transaction.atomic():
        locked = _locked(parcel, actor, *WAITING)
        if handovers.is_listed(locked):
            raise MoveRefused(_("It stands on a handover list: take it off that list first."), field="note")
        locked.state, locked.tracking = State.STRUCK, ""
        locked.save(update_fields=["state", "tracking"])
        note_step(locked, actor=actor, now=now, note=words)
