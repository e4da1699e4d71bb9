"""Days: of validity (``valid_from``, ``valid_to``, both included; empty: no bound), as typed, and months."""

import re
from calendar import monthrange
from datetime import date

from django.db.models import Q

_DAY = re.compile(r"(?P<day>\d{1,2})([/.-])(?P<month>\d{1,2})\2(?P<year>\d{4})")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_SHORT = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d\d)")


def valid(on: date) -> Q:
    """The rows that hold on the day ``on``."""
    begun = Q(valid_from=None) | Q(valid_from__lte=on)
    return begun & (Q(valid_to=None) | Q(valid_to__gte=on))


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month so many ``months`` after that of ``day``; before it where negative."""
    year, number = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, number + 1, 1)


def later(day: date, months: int) -> date:
    """The same day so many ``months`` later, or the last of a shorter month."""
    first = month_after(day, months)
    return first.replace(day=min(day.day, monthrange(first.year, first.month)[1]))


def typed_day(typed: str) -> date | None:
    """A day as people write it or a browser sends it: 19/7/2021, 2021-07-19; ``None`` where it is none."""
    return _read("".join(typed.split()), (_DAY, _ISO))


def day_in(cell: str) -> date | None:
    """The first day in a cell of a table, where a time may stand, too, and 19/07/21 is of this century."""
    days = (_read(part, (_DAY, _ISO, _SHORT)) for part in cell.replace("T", " ").split())
    return next((day for day in days if day), None)


def _read(words: str, shapes: tuple[re.Pattern[str], ...]) -> date | None:
    found = next(filter(None, (shape.fullmatch(words) for shape in shapes)), None)
    if found is None:
        return None
    try:
        return date(int(f"20{found['year']}"[-4:]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
