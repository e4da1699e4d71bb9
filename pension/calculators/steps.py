"""A step of a calculation, and how amounts are rounded."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import NamedTuple

Fact = Decimal | int | date | str
"""Decimal: an amount or a factor; int: a count; str: the name of something, or a month."""
Facts = dict[str, Fact]

ONE = Decimal(1)
HALF = Decimal("0.5")


class Law(NamedTuple):
    """The figures a step rests on, by name, and where they stand."""

    figures: tuple[str, ...]
    article: str


class Step(NamedTuple):
    """What was done (a name that ``pension.explaining`` has words for), why, and with which numbers."""

    name: str
    law: Law
    facts: Mapping[str, Fact] = MappingProxyType({})

    @property
    def article(self) -> str:
        return self.law.article


def whole(amount: Decimal) -> Decimal:
    """Rounded half up to one đồng: the only rounding, done once at the end."""
    return amount.quantize(ONE, ROUND_HALF_UP)


def years_of(months: int, half_up_to: int) -> Decimal:
    """Months as years: of the odd ones 1 to ``half_up_to`` are half a year, more are a year."""
    years, odd = divmod(months, 12)
    return years + (Decimal(0) if not odd else HALF if odd <= half_up_to else ONE)
