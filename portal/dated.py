"""Rows with days of validity: ``valid_from`` and ``valid_to``, both included; empty means no bound."""

from datetime import date

from django.db.models import Q


def valid(on: date) -> Q:
    """The rows that hold on the day ``on``."""
    begun = Q(valid_from=None) | Q(valid_from__lte=on)
    return begun & (Q(valid_to=None) | Q(valid_to__gte=on))
