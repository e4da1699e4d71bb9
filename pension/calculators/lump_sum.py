"""Bảo hiểm xã hội một lần: what somebody gets who takes the contributions out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pension.calculators.averages import Average, average
from pension.calculators.figures import LumpSumRates
from pension.calculators.periods import Period, before_and_from_2014, in_order
from pension.calculators.steps import Facts, Step, whole, years_of

Ground = Literal["stopped", "retired", "abroad", "illness"]
GROUNDS: tuple[Ground, ...] = ("stopped", "retired", "abroad", "illness")
_YEARS = "lump_sum.months_per_year"
_SHORT = "lump_sum.under_one_year"
_DEDUCTED = "lump_sum.support_is_deducted"


@dataclass(frozen=True, slots=True)
class LumpSum:
    """``gross`` less ``deduction`` is ``amount``, whole đồng. Years: before 2014 and from then on."""

    months: int
    average: Average
    years_before: Decimal
    years_after: Decimal
    gross: Decimal
    deduction: Decimal
    amount: Decimal
    steps: tuple[Step, ...]


def lump_sum(periods: Sequence[Period], rates: LumpSumRates, *, ground: Ground = "stopped") -> LumpSum:
    """Of at least one period; raises ``Overlap`` and ``NoFigure``.

    Sources: Luật BHXH 2014 Đ.60, Đ.77; NQ 93/2015/QH13; NĐ 115/2015 Đ.8; NĐ 134/2015 Đ.7; TT 59/2015 Đ.19.
    """
    ordered = in_order(periods)
    mean = average(ordered, rates.wages)
    made = _under_a_year(mean, rates) if mean.months < 12 else _by_years(ordered, mean, rates)
    years_before, years_after, gross, steps = made
    deduction, told = _deduction(ordered, rates, ground)
    amount = max(gross - deduction, Decimal(0))
    last = Step("lump_sum", rates.article(_YEARS), {"amount": amount})
    all_steps = (*mean.steps, *steps, *told, last)
    return LumpSum(mean.months, mean, years_before, years_after, gross, deduction, amount, all_steps)


_Made = tuple[Decimal, Decimal, Decimal, list[Step]]


def _by_years(ordered: Sequence[Period], mean: Average, rates: LumpSumRates) -> _Made:
    before, after = before_and_from_2014(ordered)
    rounding = rates.article("lump_sum.odd_months")
    steps = [Step("time", rounding, {"before": before, "after": after})]
    if before % 12 and after:
        carried = before % 12
        before, after = before - carried, after + carried
        steps.append(Step("carried", rounding, {"months": carried, "before": before, "after": after}))
    early, late = years_of(before, rates.half_up_to), years_of(after, rates.half_up_to)
    months = early * rates.before_2014 + late * rates.from_2014
    gross = whole(months * mean.total / mean.months)
    facts: Facts = {"early": early, "late": late, "before": rates.before_2014, "from": rates.from_2014}
    steps.append(Step("years", rounding, {"early": early, "late": late}))
    steps.append(Step("months_of_average", rates.article(_YEARS), {**facts, "months": months}))
    told: Facts = {"months": months, "average": mean.amount, "gross": gross}
    return early, late, gross, [*steps, Step("gross", rates.article(_YEARS), told)]


def _under_a_year(mean: Average, rates: LumpSumRates) -> _Made:
    """A share of the wages as they were paid, at most so many months of the average."""
    share, most = rates.short_rate * mean.paid, rates.short_cap * mean.amount
    gross = whole(min(share, most))
    facts: Facts = {"rate": rates.short_rate * 100, "paid": mean.paid, "share": share, "months": mean.months}
    steps = [Step("short_share", rates.article(_SHORT), facts)]
    if share > most:
        steps.append(Step("short_cap", rates.article(_SHORT), {"months": rates.short_cap, "most": most}))
    return Decimal(0), Decimal(0), gross, steps


def _deduction(ordered: Sequence[Period], rates: LumpSumRates, ground: Ground) -> tuple[Decimal, list[Step]]:
    """What the State had paid for voluntary months; it stays with who withdraws in serious illness."""
    supported = [p for p in ordered if p.support]
    if not supported:
        return Decimal(0), []
    if ground == "illness":
        return Decimal(0), [Step("support_kept", rates.article(_DEDUCTED))]
    amount, months = Decimal(0), 0
    for period in supported:
        for support in rates.supports:
            count = min(period.last, support.last) - max(period.first, support.first) + 1
            count = min(count, rates.support_months - months)
            if count > 0:
                amount += count * support.amounts.get(period.support, Decimal(0))
                months += count
    amount = whole(amount)
    facts: Facts = {"months": months, "amount": amount}
    return amount, [Step("support", rates.article(_DEDUCTED, "voluntary.support"), facts)]
