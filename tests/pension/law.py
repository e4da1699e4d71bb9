"""The figures as shipped, without a database, and short ways to write periods."""

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from unittest import mock

from pension import rates
from pension.calculators.periods import Kind, Period
from procedures.models import LegalFigure
from procedures.rates import DATA


@cache
def book() -> rates.Book:
    entries = tomllib.loads((DATA / "figures.toml").read_text(encoding="utf-8"))["figures"]
    rows = [LegalFigure(**entry) for entry in entries]
    with mock.patch("pension.rates.dated", lambda *names: [row for row in rows if row.name in names]):
        return rates.Book()


def month(text: str) -> int:
    year, number = map(int, text.split("-"))
    return year * 12 + number - 1


def period(first: str, last: str, wage: int | str, kind: str = Kind.EMPLOYER, support: str = "") -> Period:
    return Period(month(first), month(last), Decimal(wage), kind, support)


DAY_2021 = date(2021, 7, 15)
