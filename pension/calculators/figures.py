"""The figures of the law that calculators are given: what held on the day of the decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pension.calculators.steps import Law
from pension.entitlement import AgeTable

BEFORE_1995 = 1994
"""The row of the coefficients for every year before 1995."""


class NoFigure(LookupError):
    """The given figures say nothing of ``name`` in ``year``: nothing is guessed."""

    def __init__(self, name: str, year: int) -> None:
        super().__init__(f"no {name} of {year}")
        self.name, self.year = name, year


@dataclass(frozen=True)
class Sourced:
    """``sources``: where each figure stands, by its name."""

    sources: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def article(self, *names: str) -> Law:
        if len(names) == 1:
            return Law(names, self.sources.get(names[0], ""))
        found = dict.fromkeys(self.sources[name] for name in names if name in self.sources)
        return Law(names, "; ".join(found))


@dataclass(frozen=True)
class WageRates(Sourced):
    """How earlier wages are revalued.

    ``compulsory`` and ``voluntary``: coefficient by year of contribution. ``base_salaries``: (first day,
    amount), newest first. ``window``: (joined before that day, last years that count), in order.
    """

    day: date
    base_salary: Decimal
    base_salaries: tuple[tuple[date, Decimal], ...]
    compulsory: Mapping[int, Decimal]
    voluntary: Mapping[int, Decimal]
    window: tuple[tuple[date, int], ...]


@dataclass(frozen=True)
class Support:
    """What the State paid a month for a voluntary contributor, by group, from ``first`` to ``last``."""

    first: int
    last: int
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True)
class LumpSumRates(Sourced):
    wages: WageRates
    before_2014: Decimal
    from_2014: Decimal
    short_rate: Decimal
    short_cap: Decimal
    half_up_to: int
    supports: tuple[Support, ...]
    support_months: int


@dataclass(frozen=True)
class ShortRate:
    """The rate of those with fewer years than give the base rate, from ``years`` on."""

    years: int
    rate: Decimal
    increment: Decimal


@dataclass(frozen=True)
class PensionRates(Sourced):
    """``floor``: the lowest pension of compulsory insurance, None where the law knows none."""

    wages: WageRates
    min_years: int
    ages: AgeTable
    base_years: Mapping[str, Mapping[int, int]]
    base: Decimal
    increment: Decimal
    most: Decimal
    half_up_to: int
    short: Mapping[str, ShortRate]
    early_year: Decimal
    early_half: Decimal
    early_years: Mapping[str, int]
    one_off: Decimal
    floor: Decimal | None


@dataclass(frozen=True)
class VoluntaryRates(Sourced):
    """``r``: monthly interest for contributions in advance or for missing years; None: not published."""

    rate: Decimal
    poverty_line: Decimal
    step: Decimal
    highest: Decimal
    support: Mapping[str, Decimal]
    support_months: int
    advance_years: tuple[int, int]
    missing_months: int
    r: Decimal | None = None


@dataclass(frozen=True)
class HealthRates(Sourced):
    """``tiers``: percent of the first member's price; the last is for all later members."""

    base_salary: Decimal
    rate: Decimal
    tiers: tuple[Decimal, ...]
    months: tuple[int, ...]
