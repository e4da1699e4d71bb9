"""Filters of the admin by month and year, without asking the table which months it has."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.dated import month_after

MONTHS = 12
_PERIOD = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2]))?")


class PeriodFilter(SimpleListFilter):
    """The last months and all years since the first row; ``column`` is a date or a moment.

    Django's own drill-down lists the years by reading every row.
    """

    title = _("period")
    parameter_name = "ky"
    column: str

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        today = timezone.localdate()
        first = model_admin.get_queryset(request).order_by("pk").values_list(self.column, flat=True).first()
        earliest = _day_of(first) if first else today
        months = [(f"{month:%Y-%m}", f"{month:%m/%Y}") for month in _months_back(today, earliest)]
        return months + [(str(year), str(year)) for year in range(today.year, earliest.year - 1, -1)]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = bounds(self.value() or "")
        if asked is None:
            return rows
        first, after = asked
        if isinstance(rows.model._meta.get_field(self.column), DateTimeField):
            return rows.filter(**{f"{self.column}__gte": _start(first), f"{self.column}__lt": _start(after)})
        return rows.filter(**{f"{self.column}__gte": first, f"{self.column}__lt": after})


def by_period(column: str) -> type[PeriodFilter]:
    """The filter by ``column``."""
    return type("PeriodFilter", (PeriodFilter,), {"column": column})


def bounds(period: str) -> tuple[date, date] | None:
    """The first day of ``2026-11`` or ``2026`` and the first after it; None for anything else."""
    found = _PERIOD.fullmatch(period)
    if found is None or not 1 <= int(found[1]) < date.max.year:
        return None
    first = date(int(found[1]), int(found[2] or 1), 1)
    return first, month_after(first, 1 if found[2] else 12)


def _months_back(today: date, earliest: date) -> Iterator[date]:
    for number in range(MONTHS):
        month = month_after(today.replace(day=1), -number)
        if month >= earliest.replace(day=1):
            yield month


def _day_of(moment: date | datetime) -> date:
    return timezone.localdate(moment) if isinstance(moment, datetime) else moment


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
