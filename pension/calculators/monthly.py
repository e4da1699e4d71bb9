"""Lương hưu: when it begins, how much it is a month, and what is paid once on top."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pension.calculators.averages import Average, average
from pension.calculators.figures import PensionRates
from pension.calculators.periods import Kind, Period, first_day, in_order, month_of
from pension.calculators.steps import Facts, Step, whole, years_of
from pension.entitlement import RetirementAge, Sex, lowered, retirement_age
from portal.dated import later

Condition = Literal["normal", "hard_work", "reduced_61", "reduced_81"]
CONDITIONS: tuple[Condition, ...] = ("normal", "hard_work", "reduced_61", "reduced_81")
_AGE, _RATE, _EARLY = "pension.retirement_age", "pension.rate", "pension.early_cut"


@dataclass(frozen=True, slots=True)
class Rate:
    """Percent of the average, before and after what is taken off for going early."""

    years: Decimal
    before_cut: Decimal
    percent: Decimal
    years_above: Decimal
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Pension:
    """``entitled``: enough years; without them ``monthly`` and ``one_off`` are 0, ``missing`` months lack."""

    reached: RetirementAge
    start: date
    months: int
    missing: int
    average: Average
    rate: Rate
    monthly: Decimal
    one_off: Decimal
    steps: tuple[Step, ...]

    @property
    def entitled(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class Person:
    born: date
    sex: Sex
    condition: Condition = "normal"


def pension(periods: Sequence[Period], person: Person, rates: PensionRates, *, asked: date) -> Pension:
    """Of at least one period, asked for on the day ``asked``; raises ``Overlap`` and ``NoFigure``.

    Who has not reached the age by then gets it from the month after; the figures of the day stand in for
    those of that later day. Sources: Luật BHXH 2014 Đ.54–58, Đ.73–75; NĐ 135/2020/NĐ-CP.
    """
    ordered = in_order(periods)
    reached, start, begun = _start(person, rates, asked)
    mean = average(ordered, rates.wages)
    missing = max(rates.min_years * 12 - mean.months, 0)
    early = _early_months(person, rates, start)
    rate = rate_of(mean.months, person.sex, start, rates, early_months=early)
    needed = _enough(mean.months, missing, rates)
    if missing:
        nothing = Decimal(0)
        steps = (*begun, *needed)
        return Pension(reached, start, mean.months, missing, mean, rate, nothing, nothing, steps)
    compulsory = sum(p.months for p in ordered if p.kind != Kind.VOLUNTARY) >= rates.min_years * 12
    monthly, one_off, paid = amounts(mean.amount, rate, rates, with_floor=compulsory)
    steps = (*begun, *needed, *mean.steps, *rate.steps, *paid)
    return Pension(reached, start, mean.months, 0, mean, rate, monthly, one_off, steps)


def _start(person: Person, rates: PensionRates, asked: date) -> tuple[RetirementAge, date, list[Step]]:
    """The age, the first day of the pension (first of the month after), and the steps to it."""
    years = rates.early_years.get(person.condition, 0)
    found = retirement_age(person.born, person.sex, lowered(rates.ages, years * 12))
    assert found is not None, "the tables of ages have no gaps"
    start = first_day(max(month_of(found.on) + 1, month_of(asked)))
    facts: Facts = {"years": found.years, "months": found.months, "on": found.on, "start": start}
    steps = [Step("age", rates.article(_AGE), facts)]
    if years:
        steps.insert(0, Step("lower_age", rates.article("pension.early_years"), {"years": years}))
    return found, start, steps


def _enough(months: int, missing: int, rates: PensionRates) -> list[Step]:
    name = "too_short" if missing else "enough"
    facts: Facts = {"years": rates.min_years, "months": months, "missing": missing}
    return [Step(name, rates.article("pension.min_years"), facts)]


def _early_months(person: Person, rates: PensionRates, start: date) -> int:
    """How many months before the age of that year's row; work that is hard lowers the age itself."""
    if person.condition not in {"reduced_61", "reduced_81"}:
        return 0
    rows = rates.ages[person.sex]
    year = str(min(max(start.year, min(map(int, rows))), max(map(int, rows))))
    years, months = map(int, rows[year].split("-"))
    normal = later(person.born, years * 12 + months)
    return max(month_of(normal) + 1 - month_of(start), 0)


def rate_of(months: int, sex: Sex, start: date, rates: PensionRates, *, early_months: int = 0) -> Rate:
    """The rate for ``months`` of contributions of a pension that begins on ``start``."""
    years, base_years = years_of(months, rates.half_up_to), _base_years(sex, start.year, rates)
    article = rates.article(_RATE, "pension.years_for_base_rate")
    steps = [Step("rounded_time", rates.article("pension.odd_months"), {"months": months, "years": years})]
    short = rates.short.get(sex)
    if years < base_years and short and years >= short.years:
        full = short.rate + (years - short.years) * short.increment
        facts: Facts = {
            "years": short.years,
            "base": short.rate,
            "increment": short.increment,
            "percent": full,
        }
        steps.append(Step("rate", rates.article("pension.short_rate"), facts))
    else:
        full = rates.base + (years - base_years) * rates.increment
        facts = {
            "years": base_years,
            "base": rates.base,
            "increment": rates.increment,
            "percent": full,
        }
        steps.append(Step("rate", article, facts))
    above = max(years - base_years - (rates.most - rates.base) / rates.increment, Decimal(0))
    if full > rates.most:
        full = rates.most
        steps.append(Step("rate_cap", article, {"percent": full}))
    cut, told = _cut(early_months, rates)
    percent = max(full - cut, Decimal(0))
    return Rate(years, full, percent, above, (*steps, *told))


def _base_years(sex: Sex, year: int, rates: PensionRates) -> int:
    table = rates.base_years[sex]
    return table[max((known for known in table if known <= year), default=min(table))]


def _cut(months: int, rates: PensionRates) -> tuple[Decimal, list[Step]]:
    if not months:
        return Decimal(0), []
    years, odd = divmod(months, 12)
    cut = years * rates.early_year + (rates.early_half if odd >= 6 else Decimal(0))
    facts: Facts = {"years": years, "months": odd, "percent": cut}
    return cut, [Step("early", rates.article(_EARLY), facts)]


def amounts(
    mean: Decimal, rate: Rate, rates: PensionRates, *, with_floor: bool = False
) -> tuple[Decimal, Decimal, list[Step]]:
    """Monthly pension and what is paid once, in whole đồng. ``mean``: the average, not rounded."""
    monthly = whole(mean * rate.percent / 100)
    facts: Facts = {"average": mean, "percent": rate.percent, "monthly": monthly}
    steps = [Step("monthly", rates.article(_RATE), facts)]
    if with_floor and rates.floor is not None and monthly < rates.floor:
        steps.append(Step("floor", rates.article("pension.floor"), {"floor": rates.floor}))
        monthly = rates.floor
    one_off = whole(rate.years_above * rates.one_off * mean)
    if one_off:
        facts = {
            "years": rate.years_above,
            "months": rates.one_off,
            "average": mean,
            "amount": one_off,
        }
        steps.append(Step("one_off", rates.article("pension.one_off_above_cap"), facts))
    return monthly, one_off, steps
