"""Contribution periods. A month is one number, twelve times the year plus the month from 0."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter

JANUARY_2014 = 2014 * 12


class Kind:
    """EMPLOYER: a wage the employer sets; STATE: a coefficient of the State's scale; VOLUNTARY: an income.

    Plain words, not an enumeration: they are looked up once a year of every period.
    """

    EMPLOYER = "employer"
    STATE = "state"
    VOLUNTARY = "voluntary"


@dataclass(frozen=True, slots=True)
class Period:
    """Months ``first`` to ``last``, both included, with the same ``wage`` each.

    ``wage`` is in đồng, of STATE the coefficient with allowances. ``support``: of a voluntary period the
    group whom the State supported ("poor", "near_poor", "other"), or "".
    """

    first: int
    last: int
    wage: Decimal
    kind: str = Kind.EMPLOYER
    support: str = ""

    @property
    def months(self) -> int:
        return self.last - self.first + 1


class Overlap(ValueError):
    """Two periods claim the same month."""

    def __init__(self, one: Period, other: Period) -> None:
        super().__init__(f"{month_name(other.first)} counts twice")
        self.one, self.other = one, other


def month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def month_name(month: int) -> str:
    """``03/2012``."""
    return f"{month % 12 + 1:02}/{month // 12}"


def in_order(periods: Iterable[Period]) -> list[Period]:
    """From the earliest on; raises ``Overlap``."""
    ordered = sorted(periods, key=attrgetter("first"))
    for earlier, later in pairwise(ordered):
        if later.first <= earlier.last:
            raise Overlap(earlier, later)
    return ordered


def before_and_from_2014(periods: Iterable[Period]) -> tuple[int, int]:
    """Months before January 2014, and from then on."""
    before = after = 0
    for period in periods:
        early = min(period.last + 1, JANUARY_2014) - min(period.first, JANUARY_2014)
        before += early
        after += period.months - early
    return before, after


def by_year(period: Period) -> Iterator[tuple[int, int]]:
    """Each calendar year of the period and how many months of it."""
    first, last = period.first, period.last
    for year in range(first // 12, last // 12 + 1):
        yield year, min(last, year * 12 + 11) - max(first, year * 12) + 1
