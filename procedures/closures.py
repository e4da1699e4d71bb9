"""What follows when an office closes and when it opens again.

Routing is worked out anew for every dossier whose papers are still awaited, in a message of its own, so
that closing, opening, and doing either twice come to the same. History keeps every step.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import deadlines, offices, workflow
from procedures.models import Closure, Dossier, Office

REROUTED, DAYS_CLOSED = "rerouted", "days_closed"


# A filing that was under way, or knew the closures of some seconds ago, shows at a later look.
_AGAIN = timedelta(minutes=5)


def follow_up(now: datetime) -> int:
    """Queue what closures that have begun or ended since the last look bring about; how many there were.

    Beat asks every minute; who enters a closure asks at once. For some minutes each look takes in the
    dossiers that have come since.
    """
    offices.forget_closures()
    with transaction.atomic():
        due = list(
            Closure.objects.select_for_update(skip_locked=True).filter(
                Q(begun_at=None, starts_at__lte=now)
                | Q(ended_at=None, ends_at__lte=now)
                | Q(begun_at__gt=now - _AGAIN)
                | Q(ended_at__gt=now - _AGAIN)
            )
        )
        return sum(_follow_up(closure, now) for closure in due)


def _follow_up(closure: Closure, now: datetime) -> bool:
    """Queue what follows; whether the closure has begun or ended since the last look."""
    ended = closure.ends_at is not None and closure.ends_at <= now
    news = closure.begun_at is None or (ended and closure.ended_at is None)
    closure.begun_at = closure.begun_at or now
    closure.ended_at = (closure.ended_at or now) if ended else None
    closure.save(update_fields=["begun_at", "ended_at"])
    when = "end" if ended else "begin"
    for pk in _awaiting_papers(closure).values_list("pk", flat=True):
        outbox.enqueue("closures.reroute", key=f"{closure.pk}:{when}:{pk}", dossier=pk)
    if ended and closure.pauses_clock:
        for pk in _running(closure).values_list("pk", flat=True):
            outbox.enqueue("closures.days", key=f"{closure.pk}:{pk}", dossier=pk, closure=closure.pk)
    return news


def _awaiting_papers(closure: Closure) -> QuerySet[Dossier]:
    """Dossiers whose papers may be on their way to the office, or would be."""
    here = Q(office=closure.office) | Q(post_to=closure.office)
    return (
        Dossier.objects.filter(here, final=False, originals__isnull=False, originals__received_at=None)
        .exclude(state="draft")
        .distinct()
    )


def _running(closure: Closure) -> QuerySet[Dossier]:
    """Dossiers of the office whose clock ran when it was closed."""
    here = Dossier.objects.filter(office=closure.office, final=False, decided_at=None)
    return here.filter(due_at__gt=closure.starts_at)


# --- One dossier ---------------------------------------------------------------------------------


@outbox.handler("closures.reroute")
def reroute(message: OutboxMessage) -> None:
    """Where the papers go now; who has to post them is told, with a new label."""
    offices.forget_closures()  # the one that asks for this may be younger than what this process knows
    dossier, now = _locked(message), timezone.now()
    assert dossier.office is not None
    to = offices.other_address(dossier.office, dossier.post_to, now)
    if to != dossier.post_to and not dossier.final:
        send_papers_to(dossier, to, actor=None, key=f"reroute:{message.key}", now=now)


def _locked(message: OutboxMessage) -> Dossier:
    """The dossier of ``message`` as it stands until the handler is done."""
    free = Dossier.objects.select_for_update(of=("self",), no_key=True).select_related("office", "post_to")
    return free.get(pk=message.payload["dossier"])


def send_papers_to(
    dossier: Dossier, office: Office | None, *, actor: User | None, key: str, now: datetime
) -> None:
    """Let the papers of ``dossier`` go to ``office`` (None: its own) and print new labels."""

    def change(locked: Dossier) -> None:
        locked.post_to = office

    target = office or dossier.office
    assert target is not None
    topics = ["documents.labels", *([] if actor else ["notices.event"])]
    facts = {"to": target.slug, "office": target.name}
    workflow.record(
        dossier, REROUTED, actor=actor, key=key, facts=facts, now=now, prepare=change, topics=topics
    )


@outbox.handler("closures.days")
def give_days_back(message: OutboxMessage) -> None:
    """Days on which the office was closed do not count, where a rule allows that."""
    closure = Closure.objects.get(pk=message.payload["closure"])
    dossier = _locked(message)
    days = _days_closed(closure, dossier.clock_started_on)
    if dossier.decided_at or dossier.due_at is None or not days:
        return
    due = deadlines.closing(deadlines.calendar().add(timezone.localdate(dossier.due_at), days))

    def change(locked: Dossier) -> None:
        locked.due_at = due

    facts = {"days": days, "due_was": dossier.due_at.isoformat(), "due": due.isoformat()}
    workflow.record(
        dossier,
        DAYS_CLOSED,
        actor=None,
        key=f"days:{message.key}",
        note=f"{closure.document}; {closure.pause_source}",
        facts=facts,
        prepare=change,
        topics=["notices.event"],
    )


def _days_closed(closure: Closure, since: date | None) -> int:
    """Working days the closure took from a clock with day 0 ``since``."""
    assert closure.ends_at is not None
    if since is None:
        return 0
    first = max(timezone.localdate(closure.starts_at) - timedelta(days=1), since)
    return max(0, deadlines.calendar().count(first, timezone.localdate(closure.ends_at)))
