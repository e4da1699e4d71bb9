"""Legal figures as of a day, and the seed of those the project knows."""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet

from portal import freshness
from portal.dated import valid
from procedures.models import LegalFigure

DATA = Path(__file__).parent / "data"


class FigureMissing(LookupError):
    """No row says what ``name`` is on ``day``: somebody must load it; nothing is guessed."""

    def __init__(self, name: str, day: date) -> None:
        super().__init__(f"no legal figure {name} for {day:%d/%m/%Y}")
        self.name, self.day = name, day


def figure(name: str, on: date) -> Any:
    """The value of ``name`` on the day ``on``; raises ``FigureMissing``.

    A change by staff shows in every process within a minute.
    """
    return _figure(name, on, freshness.stretch(60))


@lru_cache(maxsize=256)
def _figure(name: str, on: date, _minute: int) -> Any:
    row = LegalFigure.objects.filter(valid(on), name=name).first()
    if row is None:
        raise FigureMissing(name, on)
    return row.value


def forget() -> None:
    """Figures were changed: this process reads them anew, the others within a minute."""
    _figure.cache_clear()


def dated(*names: str) -> list[LegalFigure]:
    """Every row of the figures ``names``, of every day, in one query."""
    return list(LegalFigure.objects.filter(name__in=names).order_by("name", "valid_from"))


def load_figures() -> int:
    """Add the figures of the file for days of which nothing is known yet; return how many."""
    entries = tomllib.loads((DATA / "figures.toml").read_text(encoding="utf-8"))["figures"]
    created = 0
    for entry in entries:
        row = LegalFigure(**entry)
        if not overlapping(row).exists():
            row.save()
            created += 1
    return created


def overlapping(row: LegalFigure) -> QuerySet[LegalFigure]:
    """Other rows of the same figure that hold for some of its days."""
    others = LegalFigure.objects.filter(name=row.name).exclude(pk=row.pk)
    if row.valid_to is not None:
        others = others.filter(valid_from__lte=row.valid_to)
    return others.filter(Q(valid_to=None) | Q(valid_to__gte=row.valid_from))
