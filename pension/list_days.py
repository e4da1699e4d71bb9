"""When payment lists close: pure functions over days and the day of the month that figures name.

The list of a month closes in the month before it (QĐ 166/QĐ-BHXH); on which day is not certain.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.dated import month_after
from procedures.rates import FigureMissing, dated, figure

FIGURE = "pension.payment_list_closes_on"
CASH_DAYS = "pension.cash_days"


def closes_on(month: date, day: int) -> date:
    """The last day on which the list of ``month`` takes changes: ``day`` of the month before."""
    first = month_after(month, -1)
    last = month_after(first) - timedelta(days=1)
    return first.replace(day=min(day, last.day))


def next_list(today: date, day: int) -> date:
    """The month of the first list that still takes a change made ``today``."""
    month = month_after(today)
    return month if today <= closes_on(month, day) else month_after(month)


def closing_day(on: date) -> int | None:
    """The day of the month as the law's figures have it; None where nobody loaded one."""
    try:
        return int(figure(FIGURE, on))
    except FigureMissing:
        return None


def sureness(on: date) -> str:
    """How sure the closing day is, as its row has it; empty where there is none."""
    row = next((row for row in dated(FIGURE) if row.valid_from <= on <= (row.valid_to or on)), None)
    return row.confidence if row else ""


@dataclass(frozen=True)
class CashDays:
    """Days of the month: at paying points from ``first`` to ``last``, then at the office until ``office``."""

    first: int
    last: int
    office: int


def cash_days(on: date) -> CashDays | None:
    """As the figures of the day have them (QĐ 166/QĐ-BHXH; unsure); None where nobody loaded any."""
    try:
        said = figure(CASH_DAYS, on)
    except FigureMissing:
        return None
    return CashDays(int(said["first"]), int(said["last"]), int(said["office_until"]))
