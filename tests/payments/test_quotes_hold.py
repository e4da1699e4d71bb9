"""What holds for every quote, whatever somebody chooses."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from payments import quotes
from payments.quotes import Choice, Figure, Member

DAY = date(2021, 7, 15)
VALUES: dict[str, Any] = {
    "base_salary": 1_490_000,
    "rural_poverty_line": 700_000,
    "household_health.rate": "0.045",
    "household_health.tiers": [100, 70, 60, 50, 40],
    "household_health.periods": [3, 6, 12],
    "household_health.waiting_days": 30,
    "household_health.gap_months": 3,
    "voluntary.rate": "0.22",
    "voluntary.income_step": 50_000,
    "voluntary.max_multiple": 20,
    "voluntary.support": {"poor": 30, "near_poor": 25, "other": 10},
    "voluntary.support_max_months": 120,
    "voluntary.advance_years": [2, 5],
    "voluntary.missing_max_months": 120,
    "voluntary.deadline_months": {"1": 1, "3": 3, "6": 4, "12": 7},
    "voluntary.r": "0.005",
}
FIGURES = {name: Figure(name, value, "x", "sure") for name, value in VALUES.items()}
INCOMES = some.integers(0, 582).map(lambda m: Decimal(700_000 + 50_000 * m))


@given(INCOMES, some.sampled_from(["1", "3", "6", "12"]), some.sampled_from(["", "poor", "other"]))
def test_a_period_costs_its_months_less_the_support(income: Decimal, method: str, group: str) -> None:
    choice = Choice(income, method, DAY.replace(day=1), group=group)
    quote = quotes.voluntary(choice, figures=FIGURES, today=DAY)
    share = {"": 0, "poor": 30, "other": 10}[group]
    assert quote.amount == int(method) * (income * 22 / 100 - 154_000 * Decimal(share) / 100)
    assert quote.amount == quote.shares[0].amount == quote.steps[-1].amount


@given(INCOMES, some.integers(2, 5), some.integers(1, 120))
def test_years_ahead_cost_less_than_their_months_and_missing_ones_more(
    income: Decimal, years: int, missing: int
) -> None:
    first, monthly = DAY.replace(day=1), income * 22 / 100
    ahead = quotes.voluntary(Choice(income, "NN", first, months=12 * years), figures=FIGURES, today=DAY)
    behind = quotes.voluntary(Choice(income, "TH", first, months=missing), figures=FIGURES, today=DAY)
    assert ahead.amount < monthly * 12 * years
    assert behind.amount > monthly * missing
    assert ahead.amount == int(ahead.amount) and behind.amount == int(behind.amount)


@given(some.integers(1, 30), some.integers(0, 30), some.sampled_from([3, 6, 12]))
def test_each_further_member_costs_no_more_and_all_make_up_the_whole(
    count: int, already: int, months: int
) -> None:
    members = [Member(str(i)) for i in range(count)]
    quote = quotes.household(members, months=months, already=already, figures=FIGURES, today=DAY)
    amounts = [share.amount for share in quote.shares]
    assert sum(amounts) == quote.amount
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[0] <= 67_050 * months and amounts[-1] >= 26_820 * months


@given(some.dates(date(2020, 1, 1), date(2022, 12, 31)), some.dates(date(2020, 1, 1), date(2022, 12, 31)))
def test_a_card_is_never_valid_before_it_is_paid_nor_while_the_last_one_is(ends: date, paid_on: date) -> None:
    first, last = quotes.card_dates(ends, paid_on=paid_on, months=12)
    assert first >= paid_on and first > ends and last > first
