"""The worked examples of the law to the đồng, and what is refused rather than guessed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from payments import figures, quotes
from payments.quotes import Choice, Figure, Member, QuoteRefused
from portal.dated import later
from procedures import legal_words
from procedures.rates import FigureMissing

pytestmark = pytest.mark.django_db
DAY = date(2021, 7, 15)
JULY = date(2021, 7, 1)


def choice(**chosen: object) -> Choice:
    plain = {"income": Decimal(1_500_000), "method": "6", "first_month": JULY}
    return Choice(**{**plain, **chosen})  # type: ignore[arg-type]


def quoted(*, on: date = DAY, r: str = "", **chosen: object) -> quotes.Quote:
    known = figures.on(on)
    if r:
        known["voluntary.r"] = Figure("voluntary.r", r, "assumed", "unsure")
    return quotes.voluntary(choice(**chosen), figures=known, today=on)


def household(count: int, *, months: int = 12, already: int = 0, on: date = DAY) -> quotes.Quote:
    members = [Member(f"NGƯỜI {i}") for i in range(count)]
    return quotes.household(members, months=months, already=already, figures=figures.on(on), today=on)


def test_vc1_six_months_of_a_near_poor_household() -> None:
    quote = quoted(group="near_poor")
    assert quote.amount == 1_749_000
    assert [step.amount for step in quote.steps] == [330_000, 38_500, -231_000, 1_980_000, 1_749_000]
    assert quote.shares[0].support == 231_000
    assert (quote.shares[0].first_month, quote.shares[0].last_month) == (JULY, date(2021, 12, 1))


def test_vc3_two_years_ahead_with_an_assumed_return() -> None:
    quote = quoted(method="NN", months=24, r="0.005")
    assert quote.amount == 7_482_975
    assert quote.shares[0].last_month == date(2023, 6, 1)


def test_hh1_a_year_for_a_household_of_five() -> None:
    quote = household(5)
    assert [share.amount for share in quote.shares] == [804_600, 563_220, 482_760, 402_300, 321_840]
    assert quote.amount == 2_574_720


def test_who_has_a_household_card_already_counts_first() -> None:
    assert [s.amount for s in household(2, already=4).shares] == [321_840, 321_840]


def test_missing_years_bear_interest() -> None:
    quote = quoted(method="TH", months=2, r="0.01", group="poor")
    assert quote.amount == Decimal(330_000) * Decimal("1.01") + Decimal(330_000) * Decimal("1.0201")
    assert quote.shares[0].support == 0


def test_without_the_return_of_the_fund_years_ahead_are_refused_by_its_name() -> None:
    with pytest.raises(FigureMissing, match=r"voluntary\.r") as missing:
        quoted(method="NN", months=24)
    assert missing.value.name == "voluntary.r"


def test_a_figure_of_a_later_day_is_not_taken() -> None:
    assert (
        quoted(on=date(2022, 7, 15), first_month=date(2022, 7, 1), group="other").shares[0].support == 198_000
    )
    with pytest.raises(FigureMissing, match="no legal figure"):
        quoted(on=date(2013, 1, 1), first_month=date(2013, 1, 1))


def test_every_figure_used_is_named_with_its_source_and_how_sure_it_is() -> None:
    used = {figure.name: figure for figure in quoted(group="other").figures}
    assert set(used) == {
        "voluntary.max_multiple", "base_salary", "rural_poverty_line", "voluntary.income_step",
        "voluntary.rate", "voluntary.deadline_months", "voluntary.support", "voluntary.support_max_months",
    }  # fmt: skip
    assert used["base_salary"].value == 1_490_000
    assert all(figure.source and figure.confidence for figure in used.values())
    assert set(legal_words.NAMES) >= set(used)


@pytest.mark.parametrize(
    ("income", "said"),
    [(650_000, "700.000 đ"), (29_850_000, "29.800.000 đ"), (725_000, "700.000 đ or 750.000 đ")],
)
def test_an_income_outside_the_range_or_between_the_steps_is_refused(income: int, said: str) -> None:
    with translation.override("en"), pytest.raises(QuoteRefused, match=said) as refused:
        quoted(income=Decimal(income))
    assert refused.value.field == "income"


@pytest.mark.parametrize(("income", "a_month"), [(700_000, 154_000), (29_800_000, 6_556_000)])
def test_the_lowest_and_the_highest_income(income: int, a_month: int) -> None:
    assert quoted(income=Decimal(income), method="1").amount == a_month


@pytest.mark.parametrize(("method", "last"), [("1", "07-31"), ("3", "09-30"), ("6", "10-31")])
def test_a_period_is_paid_within_its_first_months(method: str, last: str) -> None:
    assert quoted(method=method).pay_by == date.fromisoformat(f"2021-{last}")


def test_a_period_whose_time_has_passed_is_refused() -> None:
    with pytest.raises(QuoteRefused) as refused:
        quoted(method="3", first_month=date(2021, 4, 1))
    assert refused.value.field == "first_month"
    assert quoted(method="12", first_month=date(2021, 1, 1)).pay_by == date(2021, 7, 31)


@pytest.mark.parametrize("months", [12, 30, 72])
def test_ahead_one_pays_two_to_five_whole_years(months: int) -> None:
    with pytest.raises(QuoteRefused):
        quoted(method="NN", months=months, r="0.005")


def test_ahead_is_not_before() -> None:
    with pytest.raises(QuoteRefused) as refused:
        quoted(method="NN", months=24, r="0.005", first_month=date(2021, 6, 1))
    assert refused.value.field == "first_month"


@pytest.mark.parametrize("months", [0, 121])
def test_at_most_ten_missing_years_are_paid_at_once(months: int) -> None:
    with pytest.raises(QuoteRefused):
        quoted(method="TH", months=months, r="0.005")


def test_the_support_ends_after_ten_years() -> None:
    assert quoted(group="other", supported=118).shares[0].support == 2 * 15_400
    assert quoted(group="other", supported=120).amount == 1_980_000


def test_an_ethnic_minority_has_support_of_its_own_only_since_it_is_in_the_figures() -> None:
    with pytest.raises(QuoteRefused):
        quoted(group="ethnic_minority")
    later = quoted(on=date(2025, 8, 1), first_month=date(2025, 8, 1), group="ethnic_minority")
    assert later.shares[0].support == 6 * 99_000


def test_a_quote_holds_no_longer_than_its_figures() -> None:
    assert household(1, on=date(2026, 6, 20)).holds_until == date(2026, 6, 30)
    assert household(1, on=date(2026, 7, 2)).holds_until is None


def test_a_household_pays_three_six_or_twelve_months() -> None:
    assert household(1, months=3).amount == 201_150
    with pytest.raises(QuoteRefused):
        household(1, months=4)


@pytest.mark.parametrize(
    ("ends", "start"),
    [
        (None, "2021-08-14"),  # the first: thirty days after the payment
        ("2021-07-31", "2021-08-01"),  # goes on
        ("2021-06-30", "2021-07-15"),  # a short gap
        ("2021-04-14", "2021-08-14"),  # three months without
    ],
)
def test_from_when_a_card_is_valid(ends: str | None, start: str) -> None:
    before = date.fromisoformat(ends) if ends else None
    first, last = quotes.card_dates(before, paid_on=DAY, months=12)
    assert first == date.fromisoformat(start)
    assert last == later(first, 12) - timedelta(days=1)


def test_months_are_counted_over_the_ends_of_years_and_of_february() -> None:
    assert later(date(2021, 12, 31), 2) == date(2022, 2, 28)
    assert later(date(2024, 1, 31), 1) == date(2024, 2, 29)
