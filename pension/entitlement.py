"""Who may withdraw a lump sum: pure functions over dates and figures, no database.

Sources: Luật BHXH 2014 Đ.60; Nghị quyết 93/2015/QH13 Đ.1; NĐ 135/2020/NĐ-CP (retirement age).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from portal.dated import later

Sex = Literal["male", "female"]
AgeTable = Mapping[str, Mapping[str, str]]
"""Sex → year → "years-months"; the row of a year holds for who reaches its age in that year."""


@dataclass(frozen=True)
class RetirementAge:
    """When somebody reaches retirement age and at which age."""

    on: date
    years: int
    months: int


def retirement_age(born: date, sex: Sex, table: AgeTable) -> RetirementAge | None:
    """When who was ``born`` then reaches the age of the year; None for years outside the table.

    After the last row the age of the last row stays (NĐ 135/2020/NĐ-CP Đ.4); before the first there
    was another law, so who reached that age earlier is told the first row's.
    """
    rows = sorted((int(year), _years_months(age)) for year, age in table[sex].items())
    first_year, first_age = rows[0]
    if later(born, first_age).year < first_year:
        return _reached(born, first_age)
    for year, age in rows:
        if later(born, age).year == year:
            return _reached(born, age)
    last_year, last_age = rows[-1]
    if later(born, last_age).year > last_year:
        return _reached(born, last_age)
    return None


def lowered(table: AgeTable, months: int) -> AgeTable:
    """The same table with every age ``months`` lower: work that is hard or far away (NĐ 135/2020 Đ.5)."""
    if not months:
        return table
    return {
        sex: {year: _written(_years_months(age) - months) for year, age in rows.items()}
        for sex, rows in table.items()
    }


def _written(months: int) -> str:
    years, odd = divmod(months, 12)
    return f"{years}-{odd}"


def _reached(born: date, age: int) -> RetirementAge:
    return RetirementAge(later(born, age), *divmod(age, 12))


def _years_months(age: str) -> int:
    years, months = age.split("-")
    return int(years) * 12 + int(months)


def may_claim_from(stopped: date, waiting_months: int) -> date:
    """The first day a claim is possible after contributions ``stopped``."""
    return later(stopped, waiting_months)
