"""The watch on papers that were to be posted and have not come, and reminders to who owes them.

Days are working days since filing (``PAPER_REMINDER_DAYS``): post and offices rest alike on weekends and
at Tết. Each reminder is an event of the dossier's history, so none is sent twice; after a pause of the
server one is sent, for the last day that has passed, not one for each. Nobody is reminded while no office
takes post, while a parcel of the dossier lies at an office, or within ``PAPER_UNDERWAY_DAYS`` days of a
tracking number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone

from portal import notices, outbox
from portal.identifiers import compact
from portal.models import OutboxMessage, User
from portal.text import without_marks
from procedures import deadlines, dossiers, offices, parcels, workflow
from procedures.deadlines import WorkCalendar
from procedures.mailroom import AWAITS_POST
from procedures.models import Dossier, DossierEvent, Office, Original, Parcel, PostalItem, WaitingDossier

REMINDED = "papers_reminded"


# --- The watch -----------------------------------------------------------------------------------


def waiting(user: User) -> QuerySet[WaitingDossier]:
    """Dossiers ``user`` may see that wait for papers by post, with all that a row of the watch shows."""
    ours = WaitingDossier.objects.filter(pk__in=dossiers.visible_to(user).values("pk"))
    missing = Prefetch("originals", Original.objects.filter(received_at=None), to_attr="missing_now")
    return (
        ours.filter(state__in=AWAITS_POST)
        .select_related("office", "version__procedure")
        .prefetch_related(missing)
        .annotate(
            tracking=Subquery(_sent(OuterRef("pk")).order_by("-recorded_at").values("tracking")[:1]),
            lies_at=Subquery(_in_hand(OuterRef("pk")).values("office__name")[:1]),
            reminded_at=Subquery(_reminders(OuterRef("pk")).order_by("-sequence").values("at")[:1]),
        )
    )


def search(found: QuerySet[WaitingDossier], words: str) -> QuerySet[WaitingDossier]:
    """Those of ``found`` that ``words`` mean: a code, a name with or without marks, a phone or parcel."""
    if not words:
        return found
    number = compact(words)
    return found.filter(
        Q(code__icontains=words)
        | Q(applicant_bare__contains=without_marks(words))
        | Q(phone=number)
        | Exists(_sent(OuterRef("pk")).filter(tracking=number))
    )


def _sent(dossier: Any) -> QuerySet[PostalItem]:
    return PostalItem.objects.filter(dossier=dossier, direction=PostalItem.Direction.IN)


def _in_hand(dossier: Any) -> QuerySet[Parcel]:
    return Parcel.objects.filter(dossier=dossier, state__in=parcels.WAITING).order_by("-received_at")


def _reminders(dossier: Any) -> QuerySet[DossierEvent]:
    return DossierEvent.objects.filter(dossier=dossier, action=REMINDED)


def age(filed_at: datetime, today: date, work: WorkCalendar) -> int:
    """Working days since the day of filing, which is day 0."""
    return max(0, work.count(deadlines.day_zero(filed_at, work), today))


def older_than(days: int, today: date) -> datetime:
    """What was filed before this moment has waited for at least ``days`` working days."""
    return deadlines.start_of(deadlines.calendar().back(today, days) + timedelta(days=1))


# --- Reminding -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Round:
    """One look at all that is due: the calendar and where paper goes are read once."""

    now: datetime
    work: WorkCalendar
    open: dict[int, bool]

    def takes_post(self, home: Office) -> bool:
        """Whether paper for ``home`` can be posted anywhere now."""
        if home.pk not in self.open:
            self.open[home.pk] = bool(offices.posting_options(home, self.now))
        return self.open[home.pk]


def remind(now: datetime) -> int:
    """Remind everybody who is due for it, each in a transaction of their own; how many were reminded."""
    offices.forget_closures()
    looking = _Round(now, deadlines.calendar(), {})
    return sum(_remind(dossier, day, now) for dossier, day in _due(looking))


def _due(looking: _Round) -> Iterator[tuple[Dossier, int]]:
    """Dossiers with the greatest day of reminding that has passed, where it was not sent yet."""
    now, days = looking.now, sorted(settings.PAPER_REMINDER_DAYS)
    today = timezone.localdate(now)
    recently = now - timedelta(days=settings.PAPER_UNDERWAY_DAYS)
    candidates = (
        Dossier.objects.filter(state="waiting_originals", filed_at__lt=older_than(days[0], today))
        .filter(Exists(Original.objects.filter(dossier=OuterRef("pk"), received_at=None)))
        .exclude(Exists(_sent(OuterRef("pk")).filter(recorded_at__gt=recently)))
        .exclude(Exists(_in_hand(OuterRef("pk"))))
        .annotate(last=Subquery(_last_day(OuterRef("pk"))))
        .filter(Q(last=None) | Q(last__lt=days[-1]))
        .select_related("office")
        .order_by("pk")
    )
    for dossier in candidates.iterator(chunk_size=500):
        assert dossier.filed_at is not None and dossier.office is not None
        waited = age(dossier.filed_at, today, looking.work)
        day = max((day for day in days if day <= waited), default=0)
        if day > (dossier.last or 0) and looking.takes_post(dossier.office):
            yield dossier, day


def _last_day(dossier: Any) -> QuerySet[DossierEvent, Any]:
    """The day of the last reminder that went out."""
    days = _reminders(dossier).annotate(day=Cast(KT("facts__day"), IntegerField()))
    return days.order_by("-sequence").values("day")[:1]


class _NotNow(Exception):
    """The papers came, or the dossier went on, since it was looked at."""


def _remind(dossier: Dossier, day: int, now: datetime) -> bool:
    """Note in the history that a reminder goes out, and queue it."""

    def still_waits(locked: Dossier) -> None:
        if locked.state != "waiting_originals":
            raise _NotNow

    try:
        workflow.record(
            dossier,
            REMINDED,
            actor=None,
            key=f"remind:{day}",
            facts={"day": day},
            now=now,
            prepare=still_waits,
            topics=["post.remind"],
        )
    except _NotNow:
        return False
    return True


@outbox.handler("post.remind")
def tell(message: OutboxMessage) -> None:
    """Say what is missing and where to post it, as things stand when the message goes out."""
    offices.forget_closures()
    dossier = Dossier.objects.select_related("office", "post_to", "owner").get(pk=message.payload["dossier"])
    assert dossier.office is not None
    missing = list(dossier.originals.filter(received_at=None))
    options = offices.posting_options(dossier.office, timezone.now())
    if dossier.state != "waiting_originals" or not missing or not options:
        return
    to = dossier.post_to if dossier.post_to in options else options[0]
    assert to is not None
    notices.notify(
        dossier.owner,
        "papers_missing",
        about=dossier.code or "",
        facts={
            "papers": "; ".join(_counted(o.label_vi, o.copies) for o in missing),
            "papers_en": "; ".join(_counted(o.label_en, o.copies) for o in missing),
            "address": ", ".join(part for part in (to.name, to.address) if part),
        },
        key=message.key,
    )


def _counted(label: str, copies: int) -> str:
    return f"{label} × {copies}" if copies > 1 else label
