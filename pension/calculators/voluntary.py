"""BHXH tự nguyện: what a contribution costs, by the way it is paid."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pension.calculators.figures import NoFigure, VoluntaryRates
from pension.calculators.steps import Facts, Step, whole

Method = Literal["1", "3", "6", "12", "NN", "TH"]
"""Months paid at once; NN: years ahead; TH: the years that are missing at retirement age."""
PLAIN: tuple[Method, ...] = ("1", "3", "6", "12")
METHODS: tuple[Method, ...] = (*PLAIN, "NN", "TH")
_RATE, _R, _SUPPORT = "voluntary.rate", "voluntary.r", "voluntary.support"


class IncomeRefused(ValueError):
    """The income does not stand on the scale: ``lowest`` + a multiple of ``step``, at most ``highest``."""

    def __init__(self, rates: VoluntaryRates) -> None:
        super().__init__("the income is not on the scale")
        self.lowest, self.step, self.highest = rates.poverty_line, rates.step, rates.highest


@dataclass(frozen=True, slots=True)
class Contribution:
    """``monthly``: before support; ``pay``: what is paid at once for ``months``; ``nominal``: unreckoned."""

    monthly: Decimal
    support: Decimal
    months: int
    nominal: Decimal
    pay: Decimal
    steps: tuple[Step, ...]


def support_of(rates: VoluntaryRates, group: str) -> Decimal:
    """What the State adds a month for ``group`` ("" : nothing); it does not grow with the income."""
    return rates.rate * rates.poverty_line * rates.support.get(group, Decimal(0)) / 100


def contribution(
    income: Decimal, rates: VoluntaryRates, *, method: Method, months: int = 0, group: str = ""
) -> Contribution:
    """``months``: of NN and TH, how many; raises ``IncomeRefused`` and ``NoFigure``.

    Sources: Luật BHXH 2014 Đ.87; NĐ 134/2015/NĐ-CP Đ.9–14.
    """
    if not on_scale(income, rates):
        raise IncomeRefused(rates)
    monthly = rates.rate * income
    facts: Facts = {"income": income, "rate": rates.rate * 100, "monthly": monthly}
    steps = [Step("contribution", rates.article(_RATE), facts)]
    if method in PLAIN:
        months, full = int(method), monthly * int(method)
    else:
        full = _reckoned(monthly, rates, months, ahead=method == "NN")
        name = "in_advance" if method == "NN" else "missing_years"
        facts = {
            "months": months,
            "r": (rates.r or Decimal(0)) * 100,
            "full": full,
            "monthly": monthly,
        }
        steps.append(Step(name, rates.article("voluntary.advance_years", _R), facts))
    support, told = _supported(rates, group if method != "TH" else "", months)
    pay = whole(full - support * months)
    last = Step("pay", rates.article(_RATE), {"months": months, "each": monthly - support, "pay": pay})
    nominal, all_steps = whole(monthly * months), (*steps, *told, last)
    return Contribution(whole(monthly), whole(support), months, nominal, pay, all_steps)


def on_scale(income: Decimal, rates: VoluntaryRates) -> bool:
    """The highest income is allowed though it may lie between two steps."""
    above = income - rates.poverty_line
    return rates.poverty_line <= income <= rates.highest and (
        above % rates.step == 0 or income == rates.highest
    )


def _reckoned(monthly: Decimal, rates: VoluntaryRates, months: int, *, ahead: bool) -> Decimal:
    """Each month with interest: less for months to come, more for months gone by."""
    if rates.r is None:
        raise NoFigure(_R, 0)
    factor = 1 + rates.r
    if ahead:
        return sum((monthly / factor**i for i in range(months)), Decimal(0))
    return sum((monthly * factor**i for i in range(1, months + 1)), Decimal(0))


def _supported(rates: VoluntaryRates, group: str, months: int) -> tuple[Decimal, list[Step]]:
    support = support_of(rates, group)
    if not support:
        return support, []
    facts: Facts = {
        "rate": rates.rate * 100,
        "line": rates.poverty_line,
        "percent": rates.support[group],
        "support": support,
    }
    return support, [Step("state_support", rates.article(_SUPPORT, "rural_poverty_line"), facts)]
