"""Rows with days of validity (``valid_from``, ``valid_to``, both included; empty: no bound), and months."""

from datetime import date

from django.db.models import Q


def valid(on: date) -> Q:
    """The rows that hold on the day ``on``."""
    begun = Q(valid_from=None) | Q(valid_from__lte=on)
    return begun & (Q(valid_to=None) | Q(valid_to__gte=on))


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month so many ``months`` after that of ``day``; before it where negative."""
    year, number = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, number + 1, 1)
