"""Legal figures as quotes want them, and what they are called."""

from collections.abc import Mapping
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.quotes import Figure
from portal.dated import valid
from procedures.models import LegalFigure

NAMES: Mapping[str, Promise] = {
    "base_salary": _("base salary"),
    "rural_poverty_line": _("poverty line of the countryside"),
    "household_health.rate": _("rate of health insurance of households"),
    "household_health.tiers": _("share of each member of a household, in percent"),
    "household_health.periods": _("months that can be paid at once"),
    "household_health.waiting_days": _("days until a first card is valid"),
    "household_health.gap_months": _("months without a card after which one waits again"),
    "voluntary.rate": _("rate of voluntary insurance"),
    "voluntary.income_step": _("step of the incomes that can be chosen"),
    "voluntary.max_multiple": _("highest income, in base salaries"),
    "voluntary.support": _("support of the State, in percent"),
    "voluntary.support_max_months": _("months that are supported at most"),
    "voluntary.advance_years": _("years that can be paid ahead"),
    "voluntary.missing_max_months": _("missing months that can be paid at once"),
    "voluntary.deadline_months": _("months within which a period is paid"),
    "voluntary.r": _("monthly return r of the fund in the year before"),
}
GROUPS: Mapping[str, Promise] = {
    "poor": _("poor household"),
    "near_poor": _("near-poor household"),
    "ethnic_minority": _("member of an ethnic minority"),
    "other": _("none of these"),
}


def on(day: date) -> dict[str, Figure]:
    """Every figure of ``NAMES`` that holds on ``day``, by name."""
    rows = LegalFigure.objects.filter(valid(day), name__in=NAMES)
    return {row.name: Figure(row.name, row.value, row.source, row.confidence, row.valid_to) for row in rows}
