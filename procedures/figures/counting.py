"""What a dossier counts for, and following history from where it was last left (see ``mark``)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from procedures.catalogue import definition_for
from procedures.figures import mark, months, recount, rule
from procedures.models import CountedDossier, Dossier, DossierEvent, FiguresMark

MANY = 20_000  # above so many new events everything is recounted, which is quicker


def count(dossier: Dossier, history: Iterable[DossierEvent]) -> CountedDossier:
    """What a filed dossier counts for, by its events in their order."""
    assert dossier.filed_at is not None and dossier.office_id is not None
    events = list(history)
    arrivals = {event.pk: _arrival(dossier, event) for event in events if event.from_state != event.to_state}
    asked = next((a for a in arrivals.values() if a.code == rule.SUPPLEMENT), None)
    received_on = timezone.localdate(dossier.filed_at)
    return CountedDossier(
        dossier_id=dossier.pk,
        office_id=dossier.office_id,
        procedure_id=dossier.procedure_id,
        channel=dossier.channel,
        received_on=received_on,
        asked_on=timezone.localdate(asked.at) if asked else None,
        **_end(dossier, events, arrivals, received_on),
    )


def _end(
    dossier: Dossier, events: list[DossierEvent], arrivals: Mapping[int, rule.Arrival], received_on: date
) -> dict[str, Any]:
    end = rule.end_of(arrivals.values())
    if end is None:
        return {}
    ended_on = timezone.localdate(end.at)
    since = next(place for place, event in enumerate(events) if arrivals.get(event.pk) is end)
    return {
        "ended_on": ended_on,
        "end_code": end.code,
        "days": (ended_on - received_on).days,
        "verdict": rule.verdict(end.at, _appointment(dossier, events[since + 1 :]), dossier.days_left),
        "redated": any(event.action == "apologise" for event in events),
        "to_account": end.code in rule.GRANTED and _to_account(dossier),
    }


def _arrival(dossier: Dossier, event: DossierEvent) -> rule.Arrival:
    state = definition_for(dossier).state(event.to_state)
    return rule.Arrival(event.at, state.code, state.final)


def _appointment(dossier: Dossier, later: Iterable[DossierEvent]) -> datetime | None:
    """The appointment at the end: what moved it afterwards says what it was before."""
    moved = next((event.facts["due_was"] for event in later if event.facts.get("due_was")), None)
    return datetime.fromisoformat(moved) if moved else dossier.due_at


def _to_account(dossier: Dossier) -> bool:
    """Whether it asks for the pension to go to an account and no longer be handed out in cash."""
    return dossier.procedure.slug == months.SWITCH and dossier.case == "cash_to_account"


# --- Following history ---------------------------------------------------------------------------


def catch_up(now: datetime) -> int | None:
    """Count what has happened since the last look; how many dossiers count differently.

    None where another process is at it. All or nothing: after a crash the next look does the same work.
    """
    FiguresMark.objects.get_or_create(pk=1)
    with transaction.atomic():
        kept = FiguresMark.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if kept is None:
            return None
        seen = mark.look()
        many = seen.newest - kept.seen > MANY
        changed = recount.apply() if many else _count_again(_touched(kept.seen))
        mark.pass_on(kept, seen, now)
        return changed


def _touched(seen: int) -> list[int]:
    return list(DossierEvent.objects.filter(pk__gt=seen).values_list("dossier_id", flat=True).distinct())


def _count_again(pks: Collection[int]) -> int:
    """Count the dossiers ``pks`` and the months they stand in, before and after."""
    fresh = [count(d, history) for d, history in _histories(pks)]
    known = {c.pk: c for c in CountedDossier.objects.filter(pk__in=pks)}
    changed = [c for c in fresh if c.pk not in known or _differs(c, known[c.pk])]
    if changed:
        CountedDossier.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["dossier"],
            update_fields=list(recount.FIELDS),
            batch_size=500,
        )
        months.add_up({cell for c in changed for one in (c, known.get(c.pk)) if one for cell in _cells(one)})
    return len(changed)


def _histories(pks: Collection[int]) -> Iterable[tuple[Dossier, list[DossierEvent]]]:
    events: dict[int, list[DossierEvent]] = defaultdict(list)
    for event in DossierEvent.objects.filter(dossier_id__in=pks).order_by("dossier_id", "sequence"):
        events[event.dossier_id].append(event)
    filed = Dossier.objects.filter(pk__in=pks, filed_at__isnull=False).exclude(state="draft")
    for dossier in filed.select_related("procedure").defer("typed", "answers"):
        yield dossier, events[dossier.pk]


def _differs(one: CountedDossier, other: CountedDossier) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in recount.FIELDS)


def _cells(counted: CountedDossier) -> set[tuple[int, date]]:
    """The office's months a dossier stands in."""
    days = (counted.received_on, counted.asked_on, counted.ended_on)
    return {(counted.office_id, day.replace(day=1)) for day in days if day}
