"""Every published example of the calculators, to the đồng (LS*, PN*, VC*, HH*)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from pension import rates
from pension.calculators.figures import NoFigure
from pension.calculators.household import household
from pension.calculators.lump_sum import lump_sum
from pension.calculators.monthly import Person, amounts, pension, rate_of
from pension.calculators.periods import Kind
from pension.calculators.voluntary import IncomeRefused, contribution
from tests.pension.law import DAY_2021, book, period


def test_ls1_lump_sum_on_both_sides_of_2014() -> None:
    found = lump_sum(
        [period("2012-03", "2013-12", 3_000_000), period("2014-01", "2016-08", 4_000_000)],
        rates.lump_sum(book(), DAY_2021),
    )
    lines = [(line.year, line.months, int(line.amount)) for line in found.average.lines]
    assert lines == [
        (2012, 10, 39_000_000),
        (2013, 12, 43_920_000),
        (2014, 12, 56_640_000),
        (2015, 12, 56_160_000),
        (2016, 8, 36_480_000),
    ]
    assert (found.average.total, found.months, found.average.amount) == (232_200_000, 54, 4_300_000)
    assert (found.years_before, found.years_after) == (1, Decimal("3.5"))
    assert found.amount == 36_550_000
    carried = next(step for step in found.steps if step.name == "carried")
    assert carried.facts == {"months": 10, "before": 12, "after": 42}


def test_ls3_under_a_year_is_capped_at_two_months() -> None:
    found = lump_sum([period("2020-01", "2020-11", 5_000_000)], rates.lump_sum(book(), DAY_2021))
    assert next(s for s in found.steps if s.name == "short_share").facts["share"] == 12_100_000
    assert found.amount == 10_000_000


def test_ls4_voluntary_with_support_of_the_state() -> None:
    periods = [period("2018-01", "2020-12", 1_500_000, Kind.VOLUNTARY, "other")]
    found = lump_sum(periods, rates.lump_sum(book(), DAY_2021))
    assert found.average.amount == 1_545_000
    assert (found.gross, found.deduction, found.amount) == (9_270_000, 554_400, 8_715_600)
    ill = lump_sum(periods, rates.lump_sum(book(), DAY_2021), ground="illness")
    assert (ill.deduction, ill.amount) == (0, 9_270_000)


def test_pn1_a_man_who_reaches_the_age_in_2021() -> None:
    found = pension(
        [period("2001-01", "2010-12", 2_000_000), period("2011-01", "2021-07", 5_000_000)],
        Person(date(1961, 4, 10), "male"),
        rates.pension(book(), date(2021, 8, 1)),
        asked=date(2021, 7, 12),
    )
    assert (found.reached.on, found.start) == (date(2021, 7, 10), date(2021, 8, 1))
    assert (found.average.total, found.months) == (1_371_560_000, 247)
    assert round(found.average.amount, 2) == Decimal("5552874.49")
    assert (found.rate.years, found.rate.percent) == (21, 49)
    assert (found.entitled, found.monthly, found.one_off) == (True, 2_720_909, 0)


def test_pn3_a_woman_above_the_highest_rate() -> None:
    law = rates.pension(book(), DAY_2021)
    rate = rate_of(33 * 12 + 4, "female", date(2021, 8, 1), law)
    assert (rate.years, rate.before_cut, rate.percent, rate.years_above) == (
        Decimal("33.5"),
        75,
        75,
        Decimal("3.5"),
    )
    monthly, one_off, _steps = amounts(Decimal(5_200_000), rate, law)
    assert (monthly, one_off) == (3_900_000, 9_100_000)


def test_vc1_six_months_with_support() -> None:
    law = rates.voluntary(book(), DAY_2021)
    found = contribution(Decimal(1_500_000), law, method="6", group="near_poor")
    assert (found.monthly, found.support, found.pay) == (330_000, 38_500, 1_749_000)


def test_vc3_two_years_in_advance() -> None:
    law = replace(rates.voluntary(book(), DAY_2021), r=Decimal("0.005"))  # assumed, as in the example
    found = contribution(Decimal(1_500_000), law, method="NN", months=24)
    assert (found.nominal, found.pay) == (7_920_000, 7_482_975)


def test_hh1_a_household_of_five_for_a_year() -> None:
    found = household(5, 12, rates.health(book(), DAY_2021))
    assert [member.amount for member in found.members] == [804_600, 563_220, 482_760, 402_300, 321_840]
    assert found.total == 2_574_720
    assert household(6, 12, rates.health(book(), DAY_2021)).total == 2_574_720 + 321_840


@pytest.mark.parametrize(
    ("group", "day", "support"),
    [
        ("poor", date(2021, 1, 1), 46_200),
        ("near_poor", date(2021, 1, 1), 38_500),
        ("other", date(2021, 1, 1), 15_400),
        ("poor", date(2022, 1, 1), 99_000),
        ("near_poor", date(2022, 1, 1), 82_500),
        ("other", date(2022, 1, 1), 33_000),
    ],
)
def test_the_support_of_the_state_by_group_and_year(group: str, day: date, support: int) -> None:
    found = contribution(Decimal(1_500_000), rates.voluntary(book(), day), method="1", group=group)
    assert found.support == support


@pytest.mark.parametrize(("income", "monthly"), [(700_000, 154_000), (29_800_000, 6_556_000)])
def test_the_scale_of_incomes_of_2021(income: int, monthly: int) -> None:
    law = rates.voluntary(book(), DAY_2021)
    assert contribution(Decimal(income), law, method="1").monthly == monthly


@pytest.mark.parametrize("income", [650_000, 725_000, 29_850_000])
def test_an_income_off_the_scale_is_refused(income: int) -> None:
    with pytest.raises(IncomeRefused):
        contribution(Decimal(income), rates.voluntary(book(), DAY_2021), method="1")


def test_interest_that_was_not_published_is_not_invented() -> None:
    with pytest.raises(NoFigure):
        contribution(Decimal(1_500_000), rates.voluntary(book(), DAY_2021), method="TH", months=60)
