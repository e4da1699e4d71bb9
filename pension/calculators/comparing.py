"""Pictures of a decision: the pension against years contributed, and withdrawing now against keeping."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil

from pension.calculators.figures import PensionRates, VoluntaryRates
from pension.calculators.monthly import Pension, Person, amounts, pension, rate_of
from pension.calculators.periods import Kind, Period, month_of
from pension.calculators.steps import whole
from pension.calculators.voluntary import support_of
from pension.entitlement import Sex

MOST_YEARS = 40
RECEIVED_FOR = (5, 10, 15, 20)
"""Years of receiving a pension that are set beside the lump sum."""


@dataclass(frozen=True, slots=True)
class Point:
    years: int
    percent: Decimal
    monthly: Decimal
    one_off: Decimal


def by_years(mean: Decimal, sex: Sex, start: date, rates: PensionRates) -> tuple[Point, ...]:
    """The pension for the fewest years that give one, and for every year more, at the same average."""
    points = []
    for years in range(rates.min_years, MOST_YEARS + 1):
        rate = rate_of(years * 12, sex, start, rates)
        monthly, one_off, _steps = amounts(mean, rate, rates)
        points.append(Point(years, rate.percent, monthly, one_off))
    return tuple(points)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Not withdrawing: ``missing`` months more, paid voluntarily at the lowest income, then a pension.

    ``cost``: of those months, with the support for everybody. All in today's đồng: neither the
    contributions nor the pension are raised over the years. ``received``: (years, sum of the pensions).
    """

    missing: int
    cost: Decimal
    pension: Pension
    received: tuple[tuple[int, Decimal], ...]
    months_until_equal: int


def keeping(
    periods: Sequence[Period],
    person: Person,
    rates: PensionRates,
    voluntary: VoluntaryRates,
    *,
    asked: date,
    lump_sum: Decimal,
) -> Keeping:
    """What somebody has who does not take ``lump_sum`` on the day ``asked``; raises as ``pension`` does."""
    months = sum(period.months for period in periods)
    missing = max(rates.min_years * 12 - months, 0)
    went_on = [*periods, *_going_on(periods, missing, voluntary, asked)]
    found = pension(went_on, person, rates, asked=asked)
    each = voluntary.rate * voluntary.poverty_line
    helped = min(missing, voluntary.support_months)
    cost = whole(each * missing - support_of(voluntary, "other") * helped)
    received = tuple((years, found.one_off + found.monthly * 12 * years) for years in RECEIVED_FOR)
    needed = lump_sum + cost - found.one_off
    equal = ceil(needed / found.monthly) if needed > 0 and found.monthly else 0
    return Keeping(missing, cost, found, received, equal)


def _going_on(periods: Sequence[Period], missing: int, rates: VoluntaryRates, asked: date) -> list[Period]:
    if not missing:
        return []
    first = max(month_of(asked), max(period.last for period in periods) + 1)
    return [Period(first, first + missing - 1, rates.poverty_line, Kind.VOLUNTARY)]
