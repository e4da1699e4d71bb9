"""What is given back, to the đồng: the worked examples, and what holds for every payment."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments import refund_amounts
from payments.refund_amounts import NothingDue, Paid
from portal.dated import month_after
from procedures import rates
from procedures.rates import FigureMissing

YEAR = (date(2021, 1, 1), date(2021, 12, 1))
AUGUST = date(2021, 8, 1)


def paid(amount: int, method: str = "12", first: date = YEAR[0], last: date = YEAR[1]) -> Paid:
    return Paid(first, last, Decimal(amount), method)


def with_r(r: str) -> Callable[[str, date], Any]:
    """The loaded figures with an interest that is assumed, not published."""
    return lambda name, on: r if name == "voluntary.r" else rates.figure(name, on)


def voluntary(payment: Paid, day: date = AUGUST, *, ground: str = "moved_to_compulsory", **more: Any) -> int:
    figure = more.pop("figure", rates.figure)
    known = {"income": Decimal(1_500_000), "group": "other", **more}
    return int(refund_amounts.voluntary(payment, ground, day, figure=figure, **known).amount)


# --- The worked examples -------------------------------------------------------------------------


def test_rf1_a_new_card_through_a_job_gives_five_months_back() -> None:
    found = refund_amounts.household(paid(804_600), "new_group", AUGUST)
    assert found.amount == 335_250
    assert [step.amount for step in found.steps] == [None, 67_050]


@pytest.mark.django_db
def test_rf3_compulsory_insurance_gives_five_months_back_without_the_support() -> None:
    found = refund_amounts.voluntary(
        paid(3_775_200),
        "moved_to_compulsory",
        AUGUST,
        income=Decimal(1_500_000),
        group="other",
        figure=rates.figure,
    )
    assert found.amount == 1_573_000
    assert "5 × (330.000 − " in found.steps[-1].words


# --- Households ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("yearly", "five_months"), [(563_220, 234_675), (321_840, 134_100)])
def test_a_later_member_gets_its_own_reduced_share_back(yearly: int, five_months: int) -> None:
    assert refund_amounts.household(paid(yearly), "new_group", AUGUST).amount == five_months


def test_a_card_from_the_middle_of_a_month_leaves_that_month_used() -> None:
    assert refund_amounts.household(paid(804_600), "new_group", date(2021, 8, 2)).amount == 4 * 67_050


def test_who_dies_before_the_card_is_valid_gets_everything_back() -> None:
    assert refund_amounts.household(paid(804_600), "death_before_valid", date(2020, 12, 3)).amount == 804_600


def test_raised_support_gives_the_difference_back_and_asks_for_the_new_share() -> None:
    with pytest.raises(NothingDue):
        refund_amounts.household(paid(804_600), "support_raised", AUGUST)
    found = refund_amounts.household(paid(804_600), "support_raised", AUGUST, new_monthly=Decimal(20_115))
    assert found.amount == 5 * (67_050 - 20_115)


def test_after_the_last_month_nothing_is_left() -> None:
    with pytest.raises(NothingDue):
        refund_amounts.household(paid(804_600), "new_group", date(2021, 12, 2))


# --- Voluntary insurance -------------------------------------------------------------------------


@pytest.mark.django_db
def test_support_follows_the_poverty_line_of_each_month() -> None:
    """October 2021 to September 2022: the line rises on 01/01/2022, and with it the support."""
    payment = paid(12 * 330_000, first=date(2021, 10, 1), last=date(2022, 9, 1))
    assert voluntary(payment, date(2021, 12, 1)) == (330_000 - 15_400) + 9 * (330_000 - 33_000)


@pytest.mark.django_db
def test_who_had_no_support_loses_none() -> None:
    assert voluntary(paid(3_960_000), group="none") == 5 * 330_000


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["1", "TH"])
def test_months_not_paid_ahead_are_not_given_back_unless_paid_twice(method: str) -> None:
    with pytest.raises(NothingDue):
        voluntary(paid(3_775_200, method))
    assert voluntary(paid(3_775_200, method), ground="overpaid") == 1_573_000


@pytest.mark.django_db
def test_two_years_ahead_are_given_back_as_they_were_discounted() -> None:
    """All 24 months of the example VC3 (assumed interest) give the whole payment; its last year the rest."""
    payment = paid(7_482_975, "NN", first=date(2021, 1, 1), last=date(2022, 12, 1))
    figure = with_r("0.005")
    assert voluntary(payment, date(2021, 1, 1), group="none", figure=figure) == 7_482_975
    exact = sum(Decimal(330_000) / Decimal("1.005") ** (i - 1) for i in range(13, 25))
    assert voluntary(payment, date(2022, 1, 1), group="none", figure=figure) == round(exact)


@pytest.mark.django_db
def test_an_interest_that_is_not_loaded_is_named_not_guessed() -> None:
    payment = paid(7_482_975, "NN", first=date(2021, 1, 1), last=date(2022, 12, 1))
    with pytest.raises(FigureMissing) as missing:
        voluntary(payment)
    assert (missing.value.name, missing.value.day) == ("voluntary.r", date(2021, 1, 1))


# --- Whatever was paid ---------------------------------------------------------------------------

MONTHS = st.dates(date(2018, 1, 1), date(2024, 12, 28)).map(lambda day: day.replace(day=1))


@given(
    first=MONTHS,
    length=st.integers(1, 24),
    amount=st.integers(1, 10**9),
    day=st.dates(date(2017, 1, 1), date(2027, 1, 1)),
    ground=st.sampled_from(["new_group", "duplicate", "death_before_valid"]),
)
def test_no_household_gets_more_back_than_it_paid(
    first: date, length: int, amount: int, day: date, ground: str
) -> None:
    payment = Paid(first, month_after(first, length - 1), Decimal(amount), "12")
    try:
        found = refund_amounts.household(payment, ground, day)
    except NothingDue:
        return
    assert 0 < found.amount <= amount
    assert found.amount == found.amount.to_integral_value()


@given(
    first=MONTHS,
    length=st.integers(1, 60),
    amount=st.integers(1, 10**9),
    income=st.integers(700_000, 29_800_000),
    day=st.dates(date(2017, 1, 1), date(2030, 1, 1)),
    method=st.sampled_from(["3", "6", "12", "NN"]),
)
def test_nobody_insured_voluntarily_gets_more_back_than_was_paid(
    first: date, length: int, amount: int, income: int, day: date, method: str
) -> None:
    figures = {
        "voluntary.rate": "0.22",
        "voluntary.r": "0.005",
        "rural_poverty_line": 700_000,
        "voluntary.support": {"other": 10},
    }
    payment = Paid(first, month_after(first, length - 1), Decimal(amount), method)
    try:
        found = refund_amounts.voluntary(
            payment,
            "death",
            day,
            income=Decimal(income),
            group="other",
            figure=lambda name, _on: figures[name],
        )
    except NothingDue:
        return
    assert 0 < found.amount <= amount
