"""What legal figures are called on a page."""

from typing import Any

from django.utils.translation import gettext_lazy as _

NAMES: dict[str, Any] = {
    "base_salary": _("Base salary (reference level), đồng a month"),
    "rural_poverty_line": _("Rural poverty line, đồng a month"),
    "household_health.rate": _("Household health insurance: share of the base salary"),
    "household_health.tiers": _("Household health insurance: percent of the first member"),
    "household_health.periods": _("Household health insurance: months that can be paid at once"),
    "household_health.waiting_days": _("Household health insurance: days until a first card is valid"),
    "household_health.gap_months": _(
        "Household health insurance: months without a card that make it a first one"
    ),
    "voluntary.deadline_months": _("Voluntary insurance: first months of a period in which it is paid"),
    "voluntary.rate": _("Voluntary insurance: share of the chosen income"),
    "voluntary.income_step": _("Voluntary insurance: step between two incomes, đồng"),
    "voluntary.max_multiple": _("Voluntary insurance: highest income in base salaries"),
    "voluntary.support": _("Voluntary insurance: support of the State by group, percent"),
    "voluntary.support_max_months": _("Voluntary insurance: months of support at most"),
    "voluntary.advance_years": _("Voluntary insurance: years that can be paid ahead"),
    "voluntary.missing_max_months": _("Voluntary insurance: missing months that can be paid at once"),
    "voluntary.r": _("Voluntary insurance: interest a month"),
    "wage_adjustment.compulsory": _("Coefficients by which earlier wages are raised"),
    "wage_adjustment.voluntary": _("Coefficients by which earlier voluntary incomes are raised"),
    "lump_sum.months_without_contribution": _("Lump sum: months without contribution before a claim"),
    "lump_sum.years_limit": _("Lump sum: years of contributions that rule it out"),
    "lump_sum.months_per_year": _("Lump sum: months of the average for a year"),
    "lump_sum.under_one_year": _("Lump sum: share and cap for less than a year"),
    "lump_sum.odd_months": _("Lump sum: how odd months are rounded"),
    "lump_sum.support_is_deducted": _("Lump sum: support of the State is deducted"),
    "pension.min_years": _("Pension: fewest years"),
    "pension.min_years_commune_part_time_women": _("Pension: fewest years of part-time commune women"),
    "pension.retirement_age": _("Retirement age by year"),
    "pension.years_for_base_rate": _("Pension: years that give the base rate"),
    "pension.rate": _("Pension: base rate, step and highest rate"),
    "pension.short_rate": _("Pension: rate for fewer years"),
    "pension.odd_months": _("Pension: how odd months are rounded"),
    "pension.early_cut": _("Pension: what going early takes off"),
    "pension.early_years": _("Pension: years the age may be lower"),
    "pension.one_off_above_cap": _("Pension: paid once for a year above the highest rate"),
    "pension.floor": _("Pension: lowest, in base salaries"),
    "pension.mixed_average": _("Average of compulsory and voluntary time"),
    "pension.cash_days": _("Days of the month on which cash is paid at paying points and at the office"),
    "pension.payment_list_closes_on": _("Day of the month on which the payment list is closed"),
    "refund.cap": _("Refunds: highest amount a role may approve, đồng"),
    "pension.average_window": _("Average: last years that count on the State's scale"),
}


def named(name: str) -> str:
    """In the language of the page; the bare name of a figure nobody has words for."""
    return str(NAMES.get(name, name))
