"""The tables of the page: read from the sums, so that they cost the same however many dossiers there are."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import get_language

from portal.dated import month_after
from portal.models import User
from procedures.figures.measures import MEASURES
from procedures.figures.months import SUMS
from procedures.figures.periods import Period
from procedures.models import (
    CountedDossier,
    Dossier,
    MonthFigures,
    Office,
    Procedure,
    ProcedureVersion,
    StaffMember,
)

TREND = 12  # months


@dataclass
class Sums:
    """Figures added up; what is open now is not of a period."""

    count: Counter[str] = field(default_factory=Counter)
    days: Counter[int] = field(default_factory=Counter)
    oldest: datetime | None = None

    def add(self, row: MonthFigures) -> None:
        self.count.update({name: getattr(row, name) for name in SUMS})
        self.days.update({int(days): number for days, number in row.days.items()})

    def add_open(self, found: int, overdue: int, oldest: datetime) -> None:
        self.count.update(open=found, overdue=overdue)
        self.oldest = min(self.oldest or oldest, oldest)

    @property
    def promised(self) -> int:
        """Decided dossiers for which there was a day to keep."""
        return self.count["on_time"] + self.count["late"]

    @cached_property
    def median(self) -> Decimal | None:
        """The median of the days to decide; of an even number the mean of the middle two."""
        total = sum(self.days.values())
        if not total:
            return None
        return Decimal(self._nth((total - 1) // 2) + self._nth(total // 2)) / 2

    def _nth(self, place: int) -> int:
        for days in sorted(self.days):
            place -= self.days[days]
            if place < 0:
                return days
        raise IndexError(place)


@dataclass
class Line:
    """A row of a table: what it is about, its figures, and those of the period before."""

    name: str
    query: dict[str, str]
    now: Sums = field(default_factory=Sums)
    before: Sums = field(default_factory=Sums)


@dataclass(frozen=True)
class Selection:
    """What somebody looks at: ``offices`` is all they may see, ``whole`` when that is the province."""

    offices: tuple[Office, ...]
    whole: bool
    period: Period
    office: Office | None = None
    procedure: Procedure | None = None

    @property
    def chosen(self) -> tuple[Office, ...]:
        return (self.office,) if self.office else self.offices

    def of_months(self, period: Period) -> QuerySet[MonthFigures]:
        return MonthFigures.objects.filter(month__gte=period.first, month__lt=period.after)

    @property
    def query(self) -> dict[str, str]:
        """How an address names it."""
        named = dict(self.period.query)
        if self.office:
            named["co-quan"] = self.office.slug
        if self.procedure:
            named["thu-tuc"] = self.procedure.slug
        return named


def offices_of(user: User) -> tuple[tuple[Office, ...], bool]:
    """The offices whose figures ``user`` may see, and whether these are all."""
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return (), False
    if staff.oversees_province:
        return tuple(Office.objects.all()), True
    return (staff.office,), False


def by_office(chosen: Selection, waiting: "Open") -> list[Line]:
    """A line for each office, also where nothing happened."""
    lines = {o.pk: Line(o.name, {**chosen.query, "co-quan": o.slug}) for o in chosen.chosen}
    rows = _both(chosen).filter(office__in=list(lines), procedure=chosen.procedure)
    _fill(chosen, lines, ((row.office_id, row) for row in rows))
    for office, _procedure, found, late, oldest in waiting:
        lines[office].now.add_open(found, late, oldest)
    return list(lines.values())


def by_procedure(chosen: Selection, waiting: "Open") -> list[Line]:
    """A line for each procedure in which something happened, the busiest first."""
    lines = {
        pk: Line(title, {**chosen.query, "thu-tuc": slug}) for pk, slug, title in _titles(chosen.procedure)
    }
    rows = _both(chosen).filter(office=_one_office(chosen), procedure__in=list(lines))
    _fill(chosen, lines, ((row.procedure_id, row) for row in rows))
    for _office, procedure, found, late, oldest in waiting:
        if procedure in lines:
            lines[procedure].now.add_open(found, late, oldest)
    busy = [
        line for line in lines.values() if any(line.now.count.values()) or any(line.before.count.values())
    ]
    return sorted(busy, key=lambda line: (-line.now.count["received"] - line.now.count["decided"], line.name))


def _one_office(chosen: Selection) -> Office | None:
    """The office whose figures are asked for; None: those of all offices together."""
    return None if chosen.whole and chosen.office is None else chosen.chosen[0]


def by_month(chosen: Selection) -> list[Line]:
    """The months of the period, or where these are few the twelve up to its end."""
    months = max(chosen.period.length, TREND)
    shown = Period(month_after(chosen.period.last, 1 - months), chosen.period.last)
    lines = {}
    for number in range(months):
        month = Period(month_after(shown.first, number), month_after(shown.first, number))
        lines[month.first] = Line(month.words, {**chosen.query, **month.query})
    rows = chosen.of_months(shown).filter(office=_one_office(chosen), procedure=chosen.procedure)
    for row in rows:
        lines[row.month].now.add(row)
    return list(lines.values())


def total(lines: Collection[Line], name: str, query: dict[str, str]) -> Line:
    """The lines added up."""
    whole = Line(name, query)
    for line in lines:
        for mine, theirs in ((whole.now, line.now), (whole.before, line.before)):
            mine.count.update(theirs.count)
            mine.days.update(theirs.days)
            if theirs.oldest:
                mine.oldest = min(mine.oldest or theirs.oldest, theirs.oldest)
    return whole


def _both(chosen: Selection) -> QuerySet[MonthFigures]:
    """The rows of the period and of the one before."""
    return chosen.of_months(Period(chosen.period.previous.first, chosen.period.last))


def _fill(chosen: Selection, lines: dict[int, Line], rows: Iterable[tuple[int | None, MonthFigures]]) -> None:
    for key, row in rows:
        assert key is not None
        sums = lines[key].now if row.month >= chosen.period.first else lines[key].before
        sums.add(row)


def _titles(procedure: Procedure | None) -> list[tuple[int, str, str]]:
    """Key, short name and title of every procedure there was, by its newest version."""
    versions = ProcedureVersion.objects.exclude(status=ProcedureVersion.Status.DRAFT)
    if procedure:
        versions = versions.filter(procedure=procedure)
    newest = versions.order_by("procedure", "-number").distinct("procedure")
    title = "title_en" if get_language() == "en" else "title_vi"
    return list(newest.values_list("procedure", "procedure__slug", title))


def titles() -> list[tuple[str, str]]:
    """Short name and title of every procedure, for the reader to choose from."""
    return sorted(((slug, title) for _pk, slug, title in _titles(None)), key=lambda pair: pair[1])


# --- What is open now ----------------------------------------------------------------------------


def undecided(chosen: Selection) -> QuerySet[Dossier]:
    """Filed dossiers nobody has decided; the index ``dossier_undecided`` holds just these."""
    found = Dossier.objects.filter(final=False, decided_at=None, filed_at__isnull=False)
    if chosen.procedure:
        found = found.filter(procedure=chosen.procedure)
    return found.filter(office__in=chosen.chosen)


def overdue(found: QuerySet[Dossier], now: datetime) -> QuerySet[Dossier]:
    return found.filter(due_at__lt=now)


Open = list[tuple[int, int, int, int, datetime]]
"""Office, procedure, how many are open, how many of them overdue, and when the oldest was filed."""


def open_now(chosen: Selection, now: datetime) -> Open:
    """Read from the index alone: it names no column that the index does not hold."""
    groups = undecided(chosen).order_by().values_list("office", "procedure")
    late = Count("due_at", filter=Q(due_at__lt=now))
    return list(groups.annotate(found=Count("filed_at"), late=late, oldest=Min("filed_at")))


# --- Behind a figure -----------------------------------------------------------------------------


def behind(chosen: Selection, name: str) -> QuerySet[CountedDossier]:
    """Exactly the dossiers that make the figure ``name``."""
    found = CountedDossier.objects.filter(**MEASURES[name].condition(chosen.period))
    if chosen.procedure:
        found = found.filter(procedure=chosen.procedure)
    if not chosen.whole or chosen.office:
        found = found.filter(office__in=chosen.chosen, dossier__office__in=chosen.offices)
    return found


def figure(chosen: Selection, name: str) -> int:
    """The figure ``name`` as the page shows it."""
    rows = chosen.of_months(chosen.period).filter(office=_one_office(chosen), procedure=chosen.procedure)
    return sum(rows.values_list(name, flat=True))
