"""When payment lists close: pure functions over days and the day of the month that figures name.

The list of a month closes in the month before it (QĐ 166/QĐ-BHXH); on which day is not certain.
"""

from datetime import date, timedelta

from portal.dated import month_after
from procedures.rates import FigureMissing, figure

FIGURE = "pension.payment_list_closes_on"


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
