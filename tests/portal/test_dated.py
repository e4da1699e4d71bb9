"""Days as people, browsers and files write them."""

from datetime import date

import pytest

from portal.dated import day_in, typed_day

DAY = date(2021, 7, 5)


@pytest.mark.parametrize(
    "typed", ["05/07/2021", " 5/7/2021 ", "05/07/ 2021", "2021-07-05", "5.7.2021", "5-7-2021"]
)
def test_a_day_is_read_as_it_is_written(typed: str) -> None:
    assert typed_day(typed) == DAY


@pytest.mark.parametrize(
    "typed", ["", "mai", "31/02/2021", "00/07/2021", "5/7/21", "5/7-2021", "7/2021", "05/07/2021 09:00", "--"]
)
def test_what_is_no_day_is_none(typed: str) -> None:
    assert typed_day(typed) is None


@pytest.mark.parametrize(
    "cell",
    ["05/07/2021", "09:30 05/07/2021", "05-07-2021 09:30:00", "2021-07-05T09:30:00", "5.7.2021", "05/07/21"],
)
def test_a_cell_may_have_a_time_and_a_short_year(cell: str) -> None:
    assert day_in(cell) == DAY


def test_a_cell_without_a_day_has_none() -> None:
    assert day_in("09:30 hôm qua") is None
    assert day_in("31/02/2021") is None
