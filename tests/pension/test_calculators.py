"""What holds for every calculation, whatever the periods; and the rules no published example touches."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pension import rates
from pension.calculators.averages import average
from pension.calculators.comparing import by_years, keeping
from pension.calculators.figures import NoFigure
from pension.calculators.lump_sum import lump_sum
from pension.calculators.monthly import Person, pension, rate_of
from pension.calculators.periods import Kind, Overlap, Period
from pension.calculators.steps import years_of
from procedures.rates import FigureMissing
from tests.pension.law import DAY_2021, book, month, period

LUMP = rates.lump_sum(book(), DAY_2021)
PENSION = rates.pension(book(), DAY_2021)
VOLUNTARY = rates.voluntary(book(), DAY_2021)
MAN = Person(date(1961, 4, 10), "male")
NEXT = month("2021-08")


@st.composite
def histories(draw: st.DrawFn, *, first: int = month("2008-01"), kinds: bool = True) -> list[Period]:
    """One to eight periods without overlaps until July 2021."""
    found, at = [], first
    for _number in range(draw(st.integers(1, 8))):
        begin = at + draw(st.integers(0, 20))
        end = begin + draw(st.integers(0, 60))
        if end >= NEXT:
            break
        kind = draw(st.sampled_from([Kind.EMPLOYER, Kind.VOLUNTARY])) if kinds else Kind.EMPLOYER
        support = draw(st.sampled_from(["", "poor", "other"])) if kind == Kind.VOLUNTARY else ""
        wage = Decimal(draw(st.integers(14, 600)) * 50_000)
        found.append(Period(begin, end, wage, kind, support))
        at = end + 1
    return found or [Period(first, first, Decimal(1_000_000))]


def cut(whole: Period, at: int) -> list[Period]:
    """The period in two, where it is long enough."""
    middle = whole.first + at % whole.months
    if middle == whole.last:
        return [whole]
    return [replace(whole, last=middle), replace(whole, first=middle + 1)]


@given(histories(), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_cutting_a_period_in_two_changes_nothing(periods: list[Period], at: int) -> None:
    pieces = [piece for one in periods for piece in cut(one, at)]
    assert lump_sum(pieces, LUMP) == lump_sum(periods, LUMP)
    assert pension(pieces, MAN, PENSION, asked=DAY_2021) == pension(periods, MAN, PENSION, asked=DAY_2021)


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_periods_does_not_matter(periods: list[Period], chance: object) -> None:
    mixed = list(periods)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert lump_sum(mixed, LUMP) == lump_sum(periods, LUMP)
    assert pension(mixed, MAN, PENSION, asked=DAY_2021) == pension(periods, MAN, PENSION, asked=DAY_2021)


@given(histories(kinds=False), st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_more_months_at_a_wage_not_below_the_average_never_pay_less(periods: list[Period], more: int) -> None:
    """More months at the end, that is: before 2014 the law itself has a month that costs (see below)."""
    first = max(periods[-1].last + 1, month("2014-01"))
    last = min(first + more - 1, NEXT - 1)
    if last < first:
        return
    before = lump_sum(periods, LUMP)
    longer = [*periods, Period(first, last, before.average.amount.to_integral_value() + 1)]
    assert lump_sum(longer, LUMP).amount >= before.amount
    paid = pension(periods, MAN, PENSION, asked=DAY_2021)
    assert pension(longer, MAN, PENSION, asked=DAY_2021).monthly >= paid.monthly


@given(st.integers(1, 600), st.sampled_from(["male", "female"]))
def test_more_months_never_lower_the_rate(months: int, sex: str) -> None:
    less, more = (rate_of(m, sex, date(2021, 8, 1), PENSION) for m in (months, months + 1))  # type: ignore[arg-type]
    assert more.percent >= less.percent
    assert more.years_above >= less.years_above


def test_before_2014_the_law_itself_has_months_that_cost() -> None:
    """Eleven months give 22 percent of each wage, twelve one and a half averages; so it is written."""
    eleven = lump_sum([period("2012-01", "2012-11", 4_000_000)], LUMP)
    twelve = lump_sum([period("2012-01", "2012-12", 4_000_000)], LUMP)
    assert (eleven.amount, twelve.amount) == (9_680_000, 7_800_000)


@pytest.mark.parametrize(
    ("months", "years"),
    [(12, "1"), (13, "1.5"), (18, "1.5"), (19, "2"), (23, "2"), (24, "2"), (0, "0"), (6, "0.5"), (7, "1")],
)
def test_odd_months_are_half_a_year_or_a_year(months: int, years: str) -> None:
    assert years_of(months, 6) == Decimal(years)


def test_odd_months_are_carried_only_where_there_is_time_on_both_sides() -> None:
    early = lump_sum([period("2010-01", "2011-10", 4_000_000)], LUMP)
    assert (early.years_before, early.years_after) == (2, 0)
    assert "carried" not in [step.name for step in early.steps]


def test_months_that_count_twice_are_refused() -> None:
    with pytest.raises(Overlap, match="03/2015"):
        lump_sum([period("2015-03", "2016-01", 4_000_000), period("2015-01", "2015-03", 4_000_000)], LUMP)


def test_a_year_without_a_coefficient_is_not_guessed() -> None:
    with pytest.raises(NoFigure):
        lump_sum([period("2005-01", "2007-12", 1_000_000, Kind.VOLUNTARY)], LUMP)
    with pytest.raises(FigureMissing):
        rates.lump_sum(book(), date(2015, 1, 1))


def test_wages_before_1995_share_a_coefficient() -> None:
    found = average([period("1990-01", "1994-12", 100_000)], LUMP.wages)
    assert {line.coefficient for line in found.lines} == {Decimal("5.01")}


def test_voluntary_and_compulsory_time_make_one_average() -> None:
    found = lump_sum(
        [period("2016-01", "2016-12", 4_000_000), period("2020-01", "2020-12", 2_000_000, Kind.VOLUNTARY)],
        LUMP,
    )
    assert found.average.amount == (4_000_000 * Decimal("1.14") + 2_000_000) / 2
    assert "mixed" in [step.name for step in found.steps]
    assert found.years_after == 2


@pytest.mark.parametrize(
    ("joined", "years"),
    [
        ("1994-12", 5),
        ("1995-01", 6),
        ("2000-12", 6),
        ("2001-01", 8),
        ("2006-12", 8),
        ("2007-01", 10),
        ("2015-12", 10),
    ],
)
def test_the_last_years_on_the_states_scale_count_by_joining(joined: str, years: int) -> None:
    """Coefficient 2 for long, then 4 for exactly the years that count: an average of 4."""
    turn = month("2021-07") - years * 12
    scale = [
        Period(month(joined), max(month(joined), turn), Decimal(2), Kind.STATE),
        Period(max(month(joined), turn) + 1, month("2021-07"), Decimal(4), Kind.STATE),
    ]
    found = average(scale, LUMP.wages)
    step = next(s for s in found.steps if s.name == "scale_average")
    if joined != "2015-12":
        assert (step.facts["months"], step.facts["factor"]) == (years * 12, 4)
        assert found.amount == 4 * 1_490_000


def test_who_joined_the_states_scale_in_2016_is_revalued_by_year() -> None:
    found = average([period("2016-01", "2016-12", "2.34", Kind.STATE)], LUMP.wages)
    old, new = Decimal("2.34") * 1_150_000, Decimal("2.34") * 1_210_000
    assert found.total == (4 * old + 8 * new) * Decimal("1.14")


def test_the_floor_is_for_compulsory_time_alone() -> None:
    low = [period("2001-01", "2021-07", 700_000)]
    assert pension(low, MAN, PENSION, asked=DAY_2021).monthly == 1_490_000
    own = [period("2008-01", "2021-07", 700_000, Kind.VOLUNTARY), period("2000-01", "2007-12", 200_000)]
    assert pension(own, MAN, PENSION, asked=DAY_2021).monthly < 1_490_000


def test_going_early_costs_two_percent_a_year_and_one_for_half() -> None:
    history = [period("1990-01", "2021-07", 5_000_000)]
    born = {0: "1961-05", 5: "1961-09", 6: "1961-11", 12: "1962-05", 18: "1962-11", 59: "1966-03"}
    for months, when in born.items():
        year, number = map(int, when.split("-"))
        who = Person(date(year, number, 10), "male", "reduced_61")
        found = pension(history, who, PENSION, asked=date(2021, 8, 1)).rate
        years, odd = divmod(months, 12)
        assert found.before_cut - found.percent == years * 2 + (odd >= 6), when


def test_hard_work_lowers_the_age_without_a_cut() -> None:
    who = Person(date(1966, 4, 10), "male", "hard_work")
    found = pension([period("1990-01", "2021-07", 5_000_000)], who, PENSION, asked=date(2021, 7, 1))
    assert (found.reached.years, found.reached.months, found.start) == (55, 3, date(2021, 8, 1))
    assert found.rate.before_cut == found.rate.percent


@pytest.mark.parametrize(
    ("year", "percent"), [(2018, 53), (2019, 51), (2020, 49), (2021, 47), (2022, 45), (2025, 45)]
)
def test_a_man_needs_more_years_for_the_base_rate_every_year(year: int, percent: int) -> None:
    assert rate_of(240, "male", date(year, 1, 1), PENSION).percent == percent


def test_too_few_years_say_how_many_months_are_missing() -> None:
    found = pension([period("2010-01", "2019-12", 5_000_000)], MAN, PENSION, asked=DAY_2021)
    assert (found.entitled, found.missing, found.monthly) == (False, 120, 0)
    assert found.steps[-1].name == "too_short"


def test_the_law_of_2024_is_another_day_away() -> None:
    lack = rates.lack(book(), "pension", date(2025, 7, 1))
    assert lack is not None and lack.until == date(2025, 6, 30)
    assert {"pension.rate", "pension.average_window"} < set(
        lack.names
    ) and "pension.min_years" not in lack.names
    with pytest.raises(FigureMissing):
        rates.pension(book(), date(2025, 7, 1))
    with pytest.raises(FigureMissing):
        rates.lump_sum(book(), date(2025, 7, 1))
    assert rates.lack(book(), "health", date(2025, 7, 1)) is None
    periods = [period("2010-01", "2019-12", 5_000_000)]
    amounts = {
        day: lump_sum(periods, rates.lump_sum(book(), date(day, 6, 1))).amount for day in range(2021, 2026)
    }
    assert list(amounts.values()) == sorted(set(amounts.values()))


def test_the_curve_begins_where_a_pension_does_and_ends_at_the_highest_rate() -> None:
    points = by_years(Decimal(5_000_000), "female", date(2021, 8, 1), PENSION)
    assert (points[0].years, points[0].percent, points[0].monthly) == (20, 55, 2_750_000)
    assert (points[10].years, points[10].percent, points[-1].percent) == (30, 75, 75)
    assert points[-1].one_off == 25_000_000


def test_keeping_is_set_beside_withdrawing() -> None:
    periods = [period("2012-03", "2013-12", 3_000_000), period("2014-01", "2016-08", 4_000_000)]
    found = keeping(
        periods,
        Person(date(1980, 1, 1), "female"),
        PENSION,
        VOLUNTARY,
        asked=DAY_2021,
        lump_sum=Decimal(36_550_000),
    )
    assert found.missing == 186
    assert found.cost == 186 * 154_000 - 120 * 15_400
    assert found.pension.entitled
    years, received = found.received[0]
    assert (years, received) == (5, found.pension.monthly * 60)
    months = found.months_until_equal
    assert found.pension.monthly * (months - 1) < 36_550_000 + found.cost <= found.pension.monthly * months
