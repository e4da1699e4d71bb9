"""BHYT hộ gia đình: the price of the cards of a household that joins together."""

from dataclasses import dataclass
from decimal import Decimal

from pension.calculators.figures import HealthRates
from pension.calculators.steps import Facts, Step, whole


@dataclass(frozen=True, slots=True)
class Member:
    """The ``place``-th who joins pays ``percent`` of the first."""

    place: int
    percent: Decimal
    monthly: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Household:
    members: tuple[Member, ...]
    months: int
    total: Decimal
    steps: tuple[Step, ...]


def household(count: int, months: int, rates: HealthRates) -> Household:
    """``count`` members, at least one, who join together in the same budget year, for ``months``.

    Sources: Luật BHYT Đ.13; NĐ 146/2018/NĐ-CP Đ.7 k1e.
    """
    first = rates.base_salary * rates.rate
    percents = [rates.tiers[min(place, len(rates.tiers)) - 1] for place in range(1, count + 1)]
    members = tuple(
        Member(place, percent, whole(first * percent / 100), whole(first * percent / 100 * months))
        for place, percent in enumerate(percents, start=1)
    )
    total = sum((member.amount for member in members), Decimal(0))
    return Household(members, months, total, _steps(first, months, total, members, rates))


def _steps(
    first: Decimal, months: int, total: Decimal, members: tuple[Member, ...], rates: HealthRates
) -> tuple[Step, ...]:
    facts: Facts = {"base": rates.base_salary, "rate": rates.rate * 100, "monthly": first}
    steps = [Step("first_member", rates.article("household_health.rate", "base_salary"), facts)]
    if len(members) > 1:
        steps.append(Step("later_members", rates.article("household_health.tiers")))
    last: Facts = {"months": months, "total": total, "members": len(members)}
    return (*steps, Step("household_total", rates.article("household_health.periods"), last))
