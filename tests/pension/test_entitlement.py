from datetime import date

import pytest

from pension.entitlement import may_claim_from, retirement_age
from pension.rules import lump_sum_entitlement
from portal.dated import later
from procedures.hooks import Facts, Refusal
from procedures.models import LegalFigure
from procedures.rates import FigureMissing, figure
from tests import reference

pytestmark = pytest.mark.django_db
LUMP_SUM = next(d for d in reference.shipped() if d.slug == "lump-sum")
TODAY = date(2021, 7, 12)


def _ask(**answers: object) -> Refusal | None:
    return lump_sum_entitlement(Facts(LUMP_SUM, answers, TODAY))


@pytest.mark.parametrize(
    ("born", "sex", "reached"),
    [
        (date(1961, 1, 1), "male", date(2021, 4, 1)),
        (date(1961, 4, 10), "male", date(2021, 7, 10)),
        (date(1961, 9, 30), "male", date(2021, 12, 30)),
        (date(1961, 10, 1), "male", date(2022, 4, 1)),
        (date(1962, 6, 30), "male", date(2022, 12, 30)),
        (date(1966, 1, 1), "female", date(2021, 5, 1)),
        (date(1966, 8, 31), "female", date(2021, 12, 31)),
        (date(1966, 9, 1), "female", date(2022, 5, 1)),
        (date(1967, 4, 30), "female", date(2022, 12, 30)),
        (date(1990, 5, 5), "male", date(2052, 5, 5)),
        (date(1990, 5, 5), "female", date(2050, 5, 5)),
    ],
)
def test_retirement_age_by_the_table_of_2020(born: date, sex: str, reached: date) -> None:
    found = retirement_age(born, sex, figure("pension.retirement_age", TODAY))  # type: ignore[arg-type]
    assert found is not None
    assert found.on == reached


def test_every_birthday_has_a_retirement_age() -> None:
    table = figure("pension.retirement_age", TODAY)
    for sex in ("male", "female"):
        for month in range(12 * 45):
            assert retirement_age(later(date(1955, 1, 15), month), sex, table) is not None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2020, 3, 31), 12, date(2021, 3, 31)),
        (date(2021, 1, 31), 1, date(2021, 2, 28)),
        (date(2020, 2, 29), 12, date(2021, 2, 28)),
        (date(2021, 11, 30), 3, date(2022, 2, 28)),
    ],
)
def test_adding_months(day: date, months: int, then: date) -> None:
    assert later(day, months) == then


def test_the_first_day_of_a_claim() -> None:
    assert may_claim_from(date(2020, 7, 12), 12) == TODAY


def test_a_year_without_contribution_is_enough_and_a_day_less_is_not() -> None:
    base = {"case": "stopped_1_year", "contributing_now": False}
    assert _ask(**base, stop_date="2020-07-12") is None
    refused = _ask(**base, stop_date="2020-07-13")
    assert refused is not None
    assert refused.field == "stop_date"
    assert "13/07/2021" in refused.message


def test_twenty_years_are_a_pension() -> None:
    base = {"case": "stopped_1_year", "contributing_now": False, "stop_date": "2019-01-01"}
    assert _ask(**base, total_months=239) is None
    refused = _ask(**base, total_months=240)
    assert refused is not None
    assert refused.field == "total_months"


def test_women_of_the_commune_need_fifteen_years() -> None:
    base = {"case": "retirement_age", "gender": "female", "date_of_birth": "1960-01-01"}
    assert _ask(**base, total_months=200) is None
    assert _ask(**base, commune_part_time=True, total_months=180) is not None


def test_who_is_too_young_learns_the_day() -> None:
    refused = _ask(case="retirement_age", gender="male", date_of_birth="1961-04-13")
    assert refused is not None
    assert "13/07/2021" in refused.message


def test_other_grounds_ask_for_no_time() -> None:
    for case in ("emigration", "serious_illness", "armed_forces"):
        assert _ask(case=case, total_months=400) is None


def test_a_figure_that_is_not_loaded_is_named_and_not_guessed() -> None:
    LegalFigure.objects.filter(name="lump_sum.months_without_contribution").delete()
    refused = _ask(case="stopped_1_year", contributing_now=False, stop_date="2019-01-01")
    assert refused is not None
    assert "lump_sum.months_without_contribution" in refused.message
    with pytest.raises(FigureMissing):
        figure("lump_sum.months_without_contribution", TODAY)


def test_a_limit_that_nobody_confirmed_for_the_law_of_the_day_is_left_to_the_office() -> None:
    long = {
        "case": "stopped_1_year",
        "contributing_now": False,
        "stop_date": "2019-01-01",
        "total_months": 400,
    }
    assert _ask(**long) is not None
    assert lump_sum_entitlement(Facts(LUMP_SUM, long, date(2025, 7, 1))) is None


def test_two_rows_of_a_figure_never_hold_on_one_day() -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        LegalFigure.objects.create(
            name="lump_sum.years_limit", valid_from=date(2020, 1, 1), value=19, source="x", confidence="sure"
        )


def test_every_figure_carries_its_source() -> None:
    assert LegalFigure.objects.exists()
    assert not LegalFigure.objects.filter(source="").exists()
