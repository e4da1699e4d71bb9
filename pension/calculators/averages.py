"""The average of wages and incomes, revalued (Luật BHXH 2014 Đ.62–63, Đ.79)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pension.calculators.figures import BEFORE_1995, NoFigure, WageRates
from pension.calculators.periods import Kind, Period, by_year, first_day
from pension.calculators.steps import Facts, Step

_TABLES = {Kind.EMPLOYER: "compulsory", Kind.STATE: "compulsory", Kind.VOLUNTARY: "voluntary"}
_JOINED_LATE = date(2016, 1, 1)
"""Who joined from then on has wages of the State's scale revalued like those an employer sets."""


class Line(NamedTuple):
    """Months of one year at one wage: ``amount`` = months x wage x coefficient."""

    year: int
    kind: str
    wage: Decimal
    months: int
    coefficient: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Average:
    """``total`` of revalued wages over ``months``; ``paid``: the same wages as they were paid."""

    total: Decimal
    months: int
    paid: Decimal
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]

    @property
    def amount(self) -> Decimal:
        """Not rounded."""
        return self.total / self.months


def average(periods: Sequence[Period], rates: WageRates) -> Average:
    """Of ``periods`` in order, at least one; raises ``NoFigure``."""
    joined = first_day(next((p.first for p in periods if p.kind != Kind.VOLUNTARY), periods[0].first))
    scale = [p for p in periods if p.kind == Kind.STATE] if joined < _JOINED_LATE else []
    lines = _lines([p for p in periods if p not in scale] if scale else periods, rates)
    total = sum((line.amount for line in lines), Decimal(0))
    paid = sum((line.wage * line.months for line in lines), Decimal(0))
    steps: list[Step] = []
    if scale:
        amount, step = _of_scale(scale, joined, rates)
        total, paid = total + amount, paid + amount
        steps.append(step)
    months = sum(p.months for p in periods)
    return Average(total, months, paid, lines, (*steps, *_told(lines, total, months, scale, rates)))


def _lines(periods: Sequence[Period], rates: WageRates) -> tuple[Line, ...]:
    """Alike however the periods were cut."""
    months: Counter[tuple[int, str, Decimal]] = Counter()
    for period in periods:
        if period.kind == Kind.STATE:
            for month in range(period.first, period.last + 1):
                months[month // 12, period.kind, period.wage * _base_salary(month, rates)] += 1
            continue
        for year, count in by_year(period):
            months[year, period.kind, period.wage] += count
    return tuple(_line(*key, count, rates) for key, count in sorted(months.items()))


def _line(year: int, kind: str, wage: Decimal, months: int, rates: WageRates) -> Line:
    factor = coefficient(rates.voluntary if kind == Kind.VOLUNTARY else rates.compulsory, year, kind)
    return Line(year, kind, wage, months, factor, months * wage * factor)


def coefficient(table: Mapping[int, Decimal], year: int, kind: str = Kind.EMPLOYER) -> Decimal:
    """By which a wage of ``year`` is multiplied; years after the table count as they are."""
    found = table.get(max(BEFORE_1995, year))
    if found is None and year > max(table):
        return Decimal(1)
    if found is None:
        raise NoFigure(f"wage_adjustment.{_TABLES[kind]}", year)
    return found


def _base_salary(month: int, rates: WageRates) -> Decimal:
    day = first_day(month)
    for begun, amount in rates.base_salaries:
        if begun <= day:
            return amount
    raise NoFigure("base_salary", day.year)


def _of_scale(scale: Sequence[Period], joined: date, rates: WageRates) -> tuple[Decimal, Step]:
    """The average coefficient of the last years, times the base salary of today, for every month."""
    years = next((years for before, years in rates.window if joined < before), None)
    left = most = sum(p.months for p in scale) if years is None else years * 12
    found = Decimal(0)
    for period in reversed(scale):
        count = min(left, period.months)
        found += count * period.wage
        left -= count
    counted = most - left
    months = sum(p.months for p in scale)
    factor = found / counted
    facts: Facts = {"joined": joined, "months": counted, "factor": factor, "base": rates.base_salary}
    step = Step("scale_average", rates.article("pension.average_window", "base_salary"), facts)
    return factor * rates.base_salary * months, step


def _told(
    lines: Sequence[Line], total: Decimal, months: int, scale: Sequence[Period], rates: WageRates
) -> list[Step]:
    tables = sorted({_TABLES[line.kind] for line in lines})
    facts: Facts = {"year": rates.day.year}
    steps = [Step(f"revalued_{name}", rates.article(f"wage_adjustment.{name}"), facts) for name in tables]
    kinds = {line.kind for line in lines} | {p.kind for p in scale}
    if len(kinds) > 1:
        steps.append(Step("mixed", rates.article("pension.mixed_average")))
    facts = {"total": total, "months": months, "average": total / months}
    return [*steps, Step("average", rates.article("pension.average_window"), facts)]
