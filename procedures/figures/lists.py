"""The dossiers behind a figure, page by page from where the page before ended."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from procedures.catalogue import definition_for
from procedures.figures import measures, reading
from procedures.figures.reading import Selection
from procedures.models import CountedDossier, Dossier

LENGTH = 50


@dataclass(frozen=True)
class Row:
    """A dossier on a list, and what it counted for where it has been counted."""

    dossier: Dossier
    counted: CountedDossier | None

    @property
    def procedure(self) -> str:
        return str(definition_for(self.dossier).title)

    @property
    def state(self) -> Any:
        return definition_for(self.dossier).state(self.dossier.state)


@dataclass(frozen=True)
class Page:
    """``number``: how many there are in all; ``following``: where the next page begins, if there is one."""

    rows: list[Row]
    number: int
    following: str


def page(chosen: Selection, name: str, start: str, now: datetime) -> Page:
    """The dossiers of the figure ``name`` after ``start``, which a page before has given."""
    if name in measures.LIVE:
        return _of_open(chosen, name, start, now)
    return _of_period(chosen, name, start)


def _of_period(chosen: Selection, name: str, start: str) -> Page:
    """The latest first."""
    day = measures.MEASURES[name].day
    found = reading.behind(chosen, name).select_related("dossier__office")
    if place := _place(start, date.fromisoformat):
        found = found.filter(Q(**{f"{day}__lt": place[0]}) | Q(**{day: place[0]}, pk__lt=place[1]))
    rows = list(found.order_by(f"-{day}", "-pk")[: LENGTH + 1])
    shown = [Row(counted.dossier, counted) for counted in rows[:LENGTH]]
    last = rows[LENGTH - 1] if len(rows) > LENGTH else None
    following = f"{getattr(last, day)}_{last.pk}" if last else ""
    return Page(shown, reading.figure(chosen, name), following)


def _of_open(chosen: Selection, name: str, start: str, now: datetime) -> Page:
    """The oldest first."""
    every = reading.undecided(chosen)
    if name == "overdue":
        every = reading.overdue(every, now)
    found: QuerySet[Dossier] = every.select_related("office")
    if place := _place(start, datetime.fromisoformat):
        found = found.filter(Q(filed_at__gt=place[0]) | Q(filed_at=place[0], pk__gt=place[1]))
    rows = list(found.order_by("filed_at", "pk")[: LENGTH + 1])
    last = rows[LENGTH - 1] if len(rows) > LENGTH else None
    following = f"{last.filed_at.isoformat()}_{last.pk}" if last and last.filed_at else ""
    return Page([Row(dossier, None) for dossier in rows[:LENGTH]], every.count(), following)


def _place(start: str, read: Any) -> tuple[Any, int] | None:
    """Day or moment and number of the last dossier of the page before; None for what says neither."""
    moment, _sep, number = start.rpartition("_")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    try:
        place = read(moment)
    except ValueError:
        return None
    if isinstance(place, datetime) and place.tzinfo is None:
        return None
    return place, int(number)
