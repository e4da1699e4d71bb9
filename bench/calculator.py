"""How long one lump sum takes: two periods, and a working life of one period a year."""

import statistics
import time
import timeit
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bench.report import Row
from pension import rates
from pension.calculators.lump_sum import lump_sum
from pension.calculators.periods import Period

_DAY = date(2021, 7, 15)


@dataclass(frozen=True)
class Findings:
    """Microseconds of CPU of one calculation, median of the rounds; ``floor``: adding up the products."""

    short: float
    long: float
    short_floor: float
    long_floor: float


def everything(*, quick: bool) -> Findings:
    """Needs Django set up and the figures loaded."""
    law = rates.lump_sum(rates.Book(), _DAY)
    short, long = _two(), _life()
    number = 200 if quick else 5_000
    return Findings(
        _each(lambda: lump_sum(short, law), number),
        _each(lambda: lump_sum(long, law), number),
        _each(lambda: _bare(short, law), number),
        _each(lambda: _bare(long, law), number),
    )


def rows(found: Findings) -> list[Row]:
    return [
        Row("lump sum, two periods (example LS1)", found.short, "µs", found.short_floor, 250),
        Row("lump sum, a period a year for 26 years", found.long, "µs", found.long_floor, 750),
    ]


def _two() -> list[Period]:
    first = 2012 * 12 + 2
    return [
        Period(first, 2013 * 12 + 11, Decimal(3_000_000)),
        Period(2014 * 12, 2016 * 12 + 7, Decimal(4_000_000)),
    ]


def _life() -> list[Period]:
    return [Period(y * 12, y * 12 + 11, Decimal(1_000_000 + y)) for y in range(1995, 2021)]


def _bare(periods: list[Period], law: object) -> Decimal:
    """What cannot be saved: a product and a sum for every year."""
    table = law.wages.compulsory  # type: ignore[attr-defined]
    total = Decimal(0)
    for period in periods:
        for year in range(period.first // 12, period.last // 12 + 1):
            total += 12 * period.wage * table[year]
    return total


def _each(run: object, number: int) -> float:
    taken = timeit.repeat(run, number=number, repeat=7, timer=time.process_time)  # type: ignore[arg-type]
    return statistics.median(taken) / number * 1e6
