"""Legal figures as quotes want them, and what the groups are called that the State supports."""

from collections.abc import Mapping
from datetime import date

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.quotes import Figure
from portal.dated import valid
from procedures.models import LegalFigure

_OF_QUOTES = (
    Q(name__in=("base_salary", "rural_poverty_line"))
    | Q(name__startswith="household_health.")
    | Q(name__startswith="voluntary.")
)
GROUPS: Mapping[str, Promise] = {
    "poor": _("poor household"),
    "near_poor": _("near-poor household"),
    "ethnic_minority": _("member of an ethnic minority"),
    "other": _("none of these"),
}


def on(day: date) -> dict[str, Figure]:
    """Every figure that quotes rest on and that holds on ``day``, by name."""
    rows = LegalFigure.objects.filter(valid(day), _OF_QUOTES)
    return {row.name: Figure(row.name, row.value, row.source, row.confidence, row.valid_to) for row in rows}
