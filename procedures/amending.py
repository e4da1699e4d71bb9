"""Legal figures are changed by two persons: one proposes a row, another approves or refuses it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.models import User
from portal.roles import role
from procedures import rates
from procedures.models import FigureDecision, FigureProposal, LegalFigure

_FIELDS = ("name", "valid_from", "valid_to", "value", "unit", "source", "confidence")
PROPOSERS = frozenset({"administrator"})
DECIDERS = frozenset({"administrator", "director"})


class AmendmentRefused(Exception):
    """The message is fit for the member of staff."""


@dataclass(frozen=True)
class NewRow:
    """A row as somebody typed it; ``value`` is plain JSON."""

    name: str
    valid_from: date
    valid_to: date | None
    value: Any
    unit: str
    source: str
    confidence: str


def propose(
    row: NewRow, *, of: LegalFigure | None, reason: str, actor: User, key: str, now: datetime
) -> FigureProposal:
    """Write the proposal down; nothing else changes. The same ``key`` gives the same proposal.

    Of an existing row, name and first day stay: another first day is another row.
    """
    if of is not None and (row.name, row.valid_from) != (of.name, of.valid_from):
        raise AmendmentRefused(_("Name and first day of a row stay: propose a new row instead."))
    if problem := shape_problem(row.name, row.value):
        raise AmendmentRefused(problem)
    facts = {
        **{name: getattr(row, name) for name in _FIELDS},
        "figure": of,
        "before": snapshot(of) if of else None,
        "reason": reason,
        "proposed_by": actor,
        "proposed_at": now,
    }
    return FigureProposal.objects.get_or_create(key=key, defaults=facts)[0]


def snapshot(row: "LegalFigure | FigureProposal") -> dict[str, Any]:
    """The row as plain JSON."""
    found = {name: getattr(row, name) for name in _FIELDS}
    return {name: str(v) if isinstance(v, date) else v for name, v in found.items()}


def shape_problem(name: str, value: Any) -> str:
    """What is wrong with ``value`` beside the rows of the same figure; "" when nothing is."""
    known = LegalFigure.objects.filter(name=name).order_by("-valid_from").first()
    if known is None:
        return _("No figure has this name; a new figure needs code that uses it.")
    if _alike(known.value, value):
        return ""
    return _("The value must look like the one before: %(value)s") % {"value": str(known.value)[:120]}


def _alike(known: Any, value: Any) -> bool:
    """The same kind of value all the way down; years and groups may come and go."""
    if isinstance(known, bool) or isinstance(value, bool):
        return isinstance(known, bool) and isinstance(value, bool)
    if isinstance(known, dict):
        first = next(iter(known.values()), None)
        return isinstance(value, dict) and bool(value) and all(_alike(first, one) for one in value.values())
    if isinstance(known, list):
        return isinstance(value, list) and bool(value) and all(_alike(known[0], one) for one in value)
    if isinstance(known, str):
        return isinstance(value, str) and _is_number(known) == _is_number(value)
    return isinstance(value, int) and value >= 0


def _is_number(text: str) -> bool:
    try:
        return Decimal(text) >= 0
    except InvalidOperation:
        return False


def may_decide(proposal: FigureProposal, user: User) -> bool:
    return role(user) in DECIDERS and proposal.proposed_by_id != user.pk


@transaction.atomic
def approve(proposal: FigureProposal, *, actor: User, note: str = "", now: datetime) -> FigureDecision:
    """Put the row in force; an open row before it ends the day before. Raises ``AmendmentRefused``."""
    _undecided(proposal, actor)
    if proposal.figure is not None:
        figure, closed = _changed(proposal), None
    else:
        closed = _close_before(proposal)
        figure = LegalFigure(**{name: getattr(proposal, name) for name in _FIELDS})
    if rates.overlapping(figure).exists():
        raise AmendmentRefused(_("Another row of this figure holds for some of these days."))
    figure.save()
    return _decided(proposal, "approved", actor, note, now, figure=figure, closed=closed)


@transaction.atomic
def refuse(proposal: FigureProposal, *, actor: User, note: str, now: datetime) -> FigureDecision:
    _undecided(proposal, actor)
    return _decided(proposal, "refused", actor, note, now)


@transaction.atomic
def withdraw(proposal: FigureProposal, *, actor: User, now: datetime) -> FigureDecision:
    """Take back one's own proposal."""
    if proposal.proposed_by_id != actor.pk:
        raise AmendmentRefused(_("Only who proposed it takes it back."))
    _lock(proposal)
    return _decided(proposal, "withdrawn", actor, "", now)


def _undecided(proposal: FigureProposal, actor: User) -> None:
    if role(actor) not in DECIDERS:
        raise AmendmentRefused(_("An administrator or a director decides on figures."))
    if proposal.proposed_by_id == actor.pk:
        raise AmendmentRefused(_("Somebody else than who proposed it decides."))
    _lock(proposal)


def _lock(proposal: FigureProposal) -> None:
    """Rows of the figure in one order, then the question whether it was decided meanwhile."""
    rows = LegalFigure.objects.filter(name=proposal.name).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))
    FigureProposal.objects.select_for_update(no_key=True).get(pk=proposal.pk)
    if FigureDecision.objects.filter(proposal=proposal).exists():
        raise AmendmentRefused(_("This was decided in the meantime."))


def _changed(proposal: FigureProposal) -> LegalFigure:
    figure = proposal.figure
    assert figure is not None
    figure.refresh_from_db()
    if snapshot(figure) != proposal.before:
        raise AmendmentRefused(_("The row has changed since this was proposed: propose it anew."))
    for name in _FIELDS:
        setattr(figure, name, getattr(proposal, name))
    return figure


def _close_before(proposal: FigureProposal) -> LegalFigure | None:
    """The open row that began before the new one, which ends now; None where there is none."""
    earlier = LegalFigure.objects.filter(
        name=proposal.name, valid_from__lt=proposal.valid_from, valid_to=None
    ).first()
    if earlier is not None:
        earlier.valid_to = proposal.valid_from - timedelta(days=1)
        earlier.save(update_fields=["valid_to"])
    return earlier


def _decided(
    proposal: FigureProposal,
    what: str,
    actor: User,
    note: str,
    now: datetime,
    *,
    figure: LegalFigure | None = None,
    closed: LegalFigure | None = None,
) -> FigureDecision:
    transaction.on_commit(rates.forget)
    return FigureDecision.objects.create(
        proposal=proposal,
        what=what,
        note=note,
        figure=figure,
        closed=closed,
        proposed_by_id=proposal.proposed_by_id,
        decided_by=actor,
        decided_at=now,
    )
