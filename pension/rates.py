"""The figures of the law of a day, as the calculators want them, and what was used of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pension.calculators.figures import (
    BEFORE_1995,
    HealthRates,
    LumpSumRates,
    PensionRates,
    ShortRate,
    Support,
    VoluntaryRates,
    WageRates,
)
from pension.calculators.periods import month_of
from procedures.models import LegalFigure
from procedures.rates import FigureMissing, dated

_WAGES = (
    "base_salary",
    "wage_adjustment.compulsory",
    "wage_adjustment.voluntary",
    "pension.average_window",
    "pension.mixed_average",
)
_SUPPORT = ("rural_poverty_line", "voluntary.rate", "voluntary.support", "voluntary.support_max_months")
_LUMP_SUM = (
    *_WAGES,
    *_SUPPORT,
    "lump_sum.months_per_year",
    "lump_sum.under_one_year",
    "lump_sum.odd_months",
    "lump_sum.support_is_deducted",
)
_PENSION = (
    *_WAGES,
    "pension.min_years",
    "pension.retirement_age",
    "pension.years_for_base_rate",
    "pension.rate",
    "pension.odd_months",
    "pension.short_rate",
    "pension.early_cut",
    "pension.early_years",
    "pension.one_off_above_cap",
    "pension.floor",
)
_VOLUNTARY = (
    *_SUPPORT,
    "base_salary",
    "voluntary.income_step",
    "voluntary.max_multiple",
    "voluntary.advance_years",
    "voluntary.missing_max_months",
    "voluntary.r",
)
_HEALTH = ("base_salary", "household_health.rate", "household_health.tiers", "household_health.periods")
_FOR_EVER = 9999 * 12
_MAY_LACK = {"pension.short_rate", "pension.floor", "pension.mixed_average", "voluntary.r"}
_SETS = {"lump_sum": _LUMP_SUM, "pension": _PENSION, "voluntary": _VOLUNTARY, "health": _HEALTH}


class Book:
    """The rows of all figures that calculators use, read at once; ``sources``: of the rows of a day."""

    def __init__(self) -> None:
        self._rows: dict[str, list[LegalFigure]] = defaultdict(list)
        for row in dated(*{*_LUMP_SUM, *_PENSION, *_VOLUNTARY, *_HEALTH}):
            self._rows[row.name].append(row)

    def rows(self, name: str) -> list[LegalFigure]:
        """Of every day, the earliest first."""
        return self._rows[name]

    def row(self, name: str, on: date) -> LegalFigure | None:
        begun = (row for row in self._rows[name] if row.valid_from <= on)
        return next((row for row in begun if row.valid_to is None or row.valid_to >= on), None)

    def value(self, name: str, on: date) -> Any:
        """Raises ``FigureMissing``."""
        row = self.row(name, on)
        if row is None:
            raise FigureMissing(name, on)
        return row.value

    def number(self, name: str, on: date) -> Decimal:
        return Decimal(str(self.value(name, on)))

    def sources(self, names: Iterable[str], on: date) -> dict[str, str]:
        found = {name: self.row(name, on) for name in names}
        return {name: row.source for name, row in found.items() if row is not None}


@dataclass(frozen=True)
class Lack:
    """Figures without which a day is not computed; ``until``: the last day before it that has them all."""

    names: tuple[str, ...]
    until: date | None


def lack(book: Book, what: str, on: date) -> Lack | None:
    """What is missing for ``lump_sum``, ``pension``, ``voluntary`` or ``health``; None where all is there."""
    needed = [name for name in _SETS[what] if name not in _MAY_LACK]
    names = tuple(dict.fromkeys(name for name in needed if book.row(name, on) is None))
    if not names:
        return None
    ends = [row.valid_to for name in names for row in book.rows(name) if row.valid_to and row.valid_to < on]
    last = min(ends, default=None)
    has_all = last is not None and all(book.row(name, last) for name in needed)
    return Lack(names, last if has_all else None)


def basis(book: Book, on: date, names: Iterable[str]) -> list[LegalFigure]:
    """The rows of the day ``on`` of the figures that a result rests on."""
    found = (book.row(name, on) for name in sorted(set(names)))
    return [row for row in found if row is not None]


def wages(book: Book, on: date) -> WageRates:
    """Raises ``FigureMissing``, as all that follow."""
    salaries = [(row.valid_from, Decimal(row.value)) for row in book.rows("base_salary")]
    return WageRates(
        day=on,
        base_salary=book.number("base_salary", on),
        base_salaries=tuple(reversed(salaries)),
        compulsory=_by_year(book.value("wage_adjustment.compulsory", on)),
        voluntary=_by_year(book.value("wage_adjustment.voluntary", on)),
        window=tuple(
            (date.fromisoformat(day), years)
            for day, years in sorted(book.value("pension.average_window", on).items())
        ),
        sources=book.sources(_WAGES, on),
    )


def _by_year(table: dict[str, str]) -> dict[int, Decimal]:
    return {BEFORE_1995 if year == "before_1995" else int(year): Decimal(v) for year, v in table.items()}


def lump_sum(book: Book, on: date) -> LumpSumRates:
    a_year = book.value("lump_sum.months_per_year", on)
    short = book.value("lump_sum.under_one_year", on)
    return LumpSumRates(
        wages=wages(book, on),
        before_2014=Decimal(a_year["before_2014"]),
        from_2014=Decimal(a_year["from_2014"]),
        short_rate=Decimal(short["rate"]),
        short_cap=Decimal(short["cap_months"]),
        half_up_to=book.value("lump_sum.odd_months", on),
        supports=tuple(_supports(book)),
        support_months=book.value("voluntary.support_max_months", on),
        sources=book.sources(_LUMP_SUM, on),
    )


def _supports(book: Book) -> list[Support]:
    """What the State added, cut where its share or the poverty line changed."""
    made = []
    for share in book.rows("voluntary.support"):
        for line in book.rows("rural_poverty_line"):
            first = max(month_of(share.valid_from), month_of(line.valid_from))
            last = min(_last(share), _last(line))
            if first <= last:
                base = book.number("voluntary.rate", max(share.valid_from, line.valid_from)) * line.value
                made.append(Support(first, last, {g: base * p / 100 for g, p in share.value.items()}))
    return made


def _last(row: LegalFigure) -> int:
    return month_of(row.valid_to) if row.valid_to else _FOR_EVER


def pension(book: Book, on: date) -> PensionRates:
    rate, cut = book.value("pension.rate", on), book.value("pension.early_cut", on)
    short = book.row("pension.short_rate", on)
    floor = book.row("pension.floor", on)
    return PensionRates(
        wages=wages(book, on),
        min_years=book.value("pension.min_years", on),
        ages=book.value("pension.retirement_age", on),
        base_years={
            sex: {int(year): count for year, count in table.items()}
            for sex, table in book.value("pension.years_for_base_rate", on).items()
        },
        base=Decimal(rate["base"]),
        increment=Decimal(rate["increment"]),
        most=Decimal(rate["max"]),
        half_up_to=book.value("pension.odd_months", on),
        short={sex: _short(row) for sex, row in (short.value if short else {}).items()},
        early_year=Decimal(cut["year"]),
        early_half=Decimal(cut["half"]),
        early_years=book.value("pension.early_years", on),
        one_off=book.number("pension.one_off_above_cap", on),
        floor=Decimal(floor.value) * book.number("base_salary", on) if floor else None,
        sources=book.sources(_PENSION, on),
    )


def _short(row: dict[str, int]) -> ShortRate:
    return ShortRate(row["years"], Decimal(row["rate"]), Decimal(row["increment"]))


def voluntary(book: Book, on: date) -> VoluntaryRates:
    """``r`` is None where it is not published: only two ways of paying need it."""
    interest = book.row("voluntary.r", on)
    share = book.value("voluntary.support", on)
    low, high = book.value("voluntary.advance_years", on)
    return VoluntaryRates(
        rate=book.number("voluntary.rate", on),
        poverty_line=book.number("rural_poverty_line", on),
        step=book.number("voluntary.income_step", on),
        highest=book.number("voluntary.max_multiple", on) * book.number("base_salary", on),
        support={group: Decimal(percent) for group, percent in share.items()},
        support_months=book.value("voluntary.support_max_months", on),
        advance_years=(low, high),
        missing_months=book.value("voluntary.missing_max_months", on),
        r=Decimal(interest.value) if interest else None,
        sources=book.sources(_VOLUNTARY, on),
    )


def health(book: Book, on: date) -> HealthRates:
    return HealthRates(
        base_salary=book.number("base_salary", on),
        rate=book.number("household_health.rate", on),
        tiers=tuple(Decimal(percent) for percent in book.value("household_health.tiers", on)),
        months=tuple(book.value("household_health.periods", on)),
        sources=book.sources(_HEALTH, on),
    )
