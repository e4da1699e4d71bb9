"""What stands in a table: cells for people, with the way to the list behind them, and for a spreadsheet."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TextIO
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from procedures.exports import harmless
from procedures.figures import measures
from procedures.figures.periods import Period
from procedures.figures.reading import Line, Sums

NOTHING = "–"


def number(value: int | Decimal | None) -> str:
    """``1.234`` or ``7,5``; a dash where there is none."""
    if value is None:
        return NOTHING
    places = 0 if value == int(value) else 1
    return number_format(value, decimal_pos=places, force_grouping=True)


def percent(part: int, whole: int) -> str:
    """``12,5 %``; a dash of nothing."""
    if not whole:
        return NOTHING
    share = (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{number_format(share, decimal_pos=1, force_grouping=True)} %"


@dataclass(frozen=True)
class Cell:
    """A number as text, the address of the list behind it, and what stands small beside it."""

    text: str
    url: str = ""
    beside: str = ""
    before: str = ""
    before_url: str = ""


def list_url(name: str, query: dict[str, str]) -> str:
    """The list of the dossiers behind the figure ``name``."""
    place = reverse("admin:procedures_dossier_figures_list", args=[measures.slug(name)])
    return f"{place}?{urlencode(query)}"


@dataclass(frozen=True)
class Column:
    """A figure of a line, as a share of ``whole``; ``compared``: with that of the period before."""

    name: str
    label: str | Promise
    value: Callable[[Sums], str]
    counted: bool = True
    whole: str = ""
    compared: bool = False

    def cell(self, line: Line, previous: Period) -> Cell:
        now, before = line.now.count, line.before.count
        return Cell(
            self.value(line.now),
            list_url(self.name, line.query) if self.counted and now[self.name] else "",
            percent(now[self.name], now[self.whole]) if self.whole and now[self.whole] else "",
            self.value(line.before) if self.compared else "",
            list_url(self.name, line.query | previous.query)
            if self.compared and self.counted and before[self.name]
            else "",
        )


def _counted(name: str, label: str | Promise = "", *, whole: str = "", compared: bool = False) -> Column:
    return Column(
        name, label or measures.MEASURES[name].label, lambda s: number(s.count[name]), True, whole, compared
    )


def on_time_share(sums: Sums) -> str:
    return percent(sums.count["on_time"], sums.promised)


def median(sums: Sums) -> str:
    return number(sums.median)


def _live(name: str) -> Column:
    return Column(name, measures.LIVE[name][1], lambda s: number(s.count[name]))


PERIOD_COLUMNS = (
    _counted("received", compared=True),
    _counted("online", gettext_lazy("Online"), whole="received"),
    _counted("post", gettext_lazy("By post"), whole="received"),
    _counted("counter", gettext_lazy("At the counter"), whole="received"),
    _counted("decided", compared=True),
    _counted("on_time"),
    _counted("late"),
    _counted("unpromised"),
    Column("on_time_share", gettext_lazy("Share on time"), on_time_share, counted=False, compared=True),
    Column("median", gettext_lazy("Median days"), median, counted=False, compared=True),
    _counted("asked"),
    _counted("redated"),
)


def columns(now: datetime) -> tuple[Column, ...]:
    """The columns of offices and procedures: of the period, and of this moment."""
    return (
        *PERIOD_COLUMNS,
        _live("open"),
        _live("overdue"),
        Column("oldest", gettext_lazy("Age of the oldest, days"), lambda s: _age(s, now), counted=False),
    )


def _age(sums: Sums, now: datetime) -> str:
    if sums.oldest is None:
        return NOTHING
    return number((timezone.localdate(now) - timezone.localdate(sums.oldest)).days)


@dataclass(frozen=True)
class Table:
    """A table of the page; ``slug`` names it in addresses."""

    slug: str
    title: str
    first: str
    columns: Sequence[Column]
    lines: Sequence[Line]
    previous: Period
    whole: Line | None = None

    @property
    def rows(self) -> list[tuple[Line, list[Cell]]]:
        return [(line, self._cells(line)) for line in self.lines]

    @property
    def foot(self) -> list[Cell]:
        """The cells of all lines together."""
        return self._cells(self.whole) if self.whole else []

    def _cells(self, line: Line) -> list[Cell]:
        return [column.cell(line, self.previous) for column in self.columns]

    def write_csv(self, out: TextIO) -> None:
        """UTF-8 with a mark, every cell quoted, nothing a spreadsheet takes for a formula."""
        out.write("\ufeff")
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow([harmless(title) for title in self._heads()])
        every = [*self.lines, self.whole] if self.whole else self.lines
        for line in every:
            writer.writerow([harmless(text) for text in self._texts(line)])

    def _heads(self) -> Iterable[str]:
        yield self.first
        for column in self.columns:
            yield str(column.label)
            if column.whole:
                yield _("%(what)s, share") % {"what": column.label}
            if column.compared:
                yield _("%(what)s, period before") % {"what": column.label}

    def _texts(self, line: Line) -> Iterable[str]:
        yield line.name
        for column, cell in zip(self.columns, self._cells(line), strict=True):
            yield cell.text
            if column.whole:
                yield cell.beside or NOTHING
            if column.compared:
                yield cell.before
