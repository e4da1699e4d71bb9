"""What the calculators ask: periods as rows, the day of the decision, a few facts of the person."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension import explaining
from pension.calculators.figures import VoluntaryRates
from pension.calculators.periods import Kind, Overlap, Period, in_order, month_name, month_of
from portal import fields
from portal.groups import GroupField, Row, RowErrors
from portal.options import Options
from portal.selects import SelectField

FIRST_DAY = date(2018, 1, 1)
"""Before, pensions had other rates, which nobody has loaded."""
_VOLUNTARY_SINCE = 2008 * 12
_KINDS: dict[str, Any] = {
    "employer": gettext_lazy("Compulsory, wage set by the employer"),
    "state": gettext_lazy("Compulsory, State scale (type the coefficient)"),
    "voluntary": gettext_lazy("Voluntary, without support or before 2018"),
    "other": gettext_lazy("Voluntary, with the State's support for everybody"),
    "near_poor": gettext_lazy("Voluntary, with support for near-poor households"),
    "poor": gettext_lazy("Voluntary, with support for poor households"),
}


def _choices(words: dict[str, Any]) -> Callable[[], Options]:
    return lambda: Options([("", [(value, str(label)) for value, label in words.items()])])


def _options(*choices: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"value": value, "label": label} for value, label in choices]


_SEXES = _options(("female", gettext_lazy("Female")), ("male", gettext_lazy("Male")))
_PERIOD: Any = gettext_lazy("Contribution period")


class MonthField(fields.PortalField):
    """A month in one input, as on the pages of the book: ``03/2012``; cleaned to the number of the month."""

    inputmode = "numeric"
    width = "10"
    autocomplete = "off"

    def normal(self, typed: str) -> int:
        found = re.fullmatch(r"(\d{1,2})\s*[/.\- ]\s*(\d{4})", typed) or re.fullmatch(r"(\d\d)(\d{4})", typed)
        if not found or not 1 <= int(found[1]) <= 12 or not 1960 <= int(found[2]) <= 2100:
            raise ValidationError(_("Please write month and year, for example 03/2012."))
        return int(found[2]) * 12 + int(found[1]) - 1

    def display(self, value: Any) -> str:
        return month_name(value) if isinstance(value, int) else ""


class WageField(fields.PortalField):
    """An amount in whole đồng, or a coefficient with a comma (3,66); cleaned to a Decimal."""

    inputmode = "decimal"
    width = "10"
    autocomplete = "off"

    def normal(self, typed: str) -> Decimal:
        if re.fullmatch(r"\d{1,2}([.,]\d{1,2})?", typed):
            return Decimal(typed.replace(",", "."))
        return Decimal(fields.MoneyField(minimum=1, maximum=10**9).normal(typed))

    def display(self, value: Any) -> str:
        return explaining.number(value) if isinstance(value, Decimal) else ""


class CalculatorForm(fields.PageForm):
    """``periods_of`` and the like are there once the form is valid."""

    decided = fields.DateField(
        label=gettext_lazy("Day of the decision"),
        help_text=gettext_lazy("The law and the figures of this day are used."),
        earliest=FIRST_DAY,
    )

    @property
    def day(self) -> date:
        return date.fromisoformat(self.cleaned_data["decided"])


class PeriodsForm(CalculatorForm):
    periods = GroupField(
        label=gettext_lazy("Contribution periods"),
        help_text=gettext_lazy("A row for every stretch with the same wage. The order does not matter."),
        row=_PERIOD,
        maximum=90,
        columns={
            "first": MonthField(
                label=gettext_lazy("From month"), help_text=gettext_lazy("For example 03/2012")
            ),
            "last": MonthField(label=gettext_lazy("To month")),
            "wage": WageField(label=gettext_lazy("Wage, income (đồng) or coefficient")),
            "kind": SelectField(label=gettext_lazy("Kind of insurance"), source=_choices(_KINDS)),
        },
    )
    pasted = fields.LongTextField(
        label=gettext_lazy("Or paste the table of VssID"),
        help_text=gettext_lazy(
            "Copy the lines with from, to and wage, paste them here and press “Read the table”. They become "
            "rows above that you can correct."
        ),
        required=False,
        max_length=30_000,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        rows, decided = cleaned.get("periods"), cleaned.get("decided")
        if rows and decided:
            wrong = _wrong_rows(rows, month_of(date.fromisoformat(decided)))
            if wrong:
                self.add_error("periods", RowErrors(wrong))
        return cleaned

    @property
    def found(self) -> list[Period]:
        return [period_of(row) for row in self.cleaned_data["periods"]]


def period_of(row: Row) -> Period:
    kind = row["kind"]
    if kind in {Kind.EMPLOYER, Kind.STATE}:
        return Period(row["first"], row["last"], row["wage"], kind)
    support = "" if kind == "voluntary" else kind
    return Period(row["first"], row["last"], row["wage"], Kind.VOLUNTARY, support)


def wrong_cells(row: Row, decided: date) -> list[tuple[str, str]]:
    """What is wrong with one row by the day of the decision: column and words."""
    return _wrong_cells(row, month_of(decided))


Wrong = dict[tuple[int, str], ValidationError]


def _wrong_rows(rows: list[Row], decided: int) -> Wrong:
    """What is wrong with single rows; once nothing is, whether two claim the same month."""
    wrong: Wrong = {}
    for number, row in enumerate(rows):
        for cell, message in _wrong_cells(row, decided):
            wrong.setdefault((number, cell), ValidationError(message))
    return wrong or _overlaps(rows)


def _wrong_cells(row: Row, decided: int) -> list[tuple[str, str]]:
    period, found = period_of(row), []
    if period.last < period.first:
        found.append(("last", _("The last month lies before the first.")))
    if period.last > decided:
        found.append(("last", _("The month must not lie after the day of the decision.")))
    factor = period.wage < 100
    if period.kind == Kind.STATE and not factor:
        found.append(("wage", _("Type the coefficient with allowances, for example 3,66.")))
    elif period.kind != Kind.STATE and factor:
        found.append(("wage", _("Type the amount in đồng, for example 4.000.000.")))
    if period.kind == Kind.VOLUNTARY and period.first < _VOLUNTARY_SINCE:
        found.append(("first", _("Voluntary insurance exists since 01/2008.")))
    return found


def _overlaps(rows: list[Row]) -> Wrong:
    periods = [period_of(row) for row in rows]
    try:
        in_order(periods)
    except Overlap as overlap:
        number = next(i for i, period in enumerate(periods) if period is overlap.other)
        other = next(i for i, period in enumerate(periods) if period is overlap.one)
        message = _("These months stand in period %(number)d, too; each month counts once.")
        return {(number, "first"): ValidationError(message % {"number": other + 1})}
    return {}


class LumpSumForm(PeriodsForm):
    ground = fields.ChoiceField(
        label=gettext_lazy("Why the contributions are taken out"),
        options=_options(
            ("stopped", gettext_lazy("Stopped working more than a year ago")),
            ("retired", gettext_lazy("Retirement age, not enough years for a pension")),
            ("abroad", gettext_lazy("Going abroad to settle")),
            ("illness", gettext_lazy("Serious illness")),
        ),
    )
    born = fields.DateField(
        label=gettext_lazy("Date of birth"),
        help_text=gettext_lazy("With it the page shows what you would have if you kept your contributions."),
        required=False,
    )
    sex = fields.ChoiceField(label=gettext_lazy("Sex"), options=_SEXES, required=False)
    field_order = ("periods", "pasted", "ground", "decided", "born", "sex")


class PensionForm(PeriodsForm):
    born = fields.DateField(label=gettext_lazy("Date of birth"))
    sex = fields.ChoiceField(label=gettext_lazy("Sex"), options=_SEXES)
    condition = fields.ChoiceField(
        label=gettext_lazy("Condition"),
        options=_options(
            ("normal", gettext_lazy("Ordinary conditions")),
            ("hard_work", gettext_lazy("15 years of hard, dangerous or remote work")),
            ("reduced_61", gettext_lazy("Working capacity reduced by 61 to under 81 percent")),
            ("reduced_81", gettext_lazy("Working capacity reduced by 81 percent or more")),
        ),
    )
    field_order = ("born", "sex", "condition", "periods", "pasted", "decided")


class VoluntaryForm(CalculatorForm):
    income = fields.MoneyField(
        label=gettext_lazy("Monthly income you choose"),
        help_text=gettext_lazy("From the rural poverty line upwards in steps of 50.000 đ."),
    )
    group = fields.ChoiceField(
        label=gettext_lazy("Your household"),
        options=_options(
            ("other", gettext_lazy("Neither poor nor near-poor")),
            ("near_poor", gettext_lazy("Near-poor household")),
            ("poor", gettext_lazy("Poor household")),
            ("ethnic_minority", gettext_lazy("Ethnic minority (from 01/07/2025)")),
        ),
    )
    method = fields.ChoiceField(
        label=gettext_lazy("How you pay"),
        options=_options(
            ("1", gettext_lazy("Every month")),
            ("3", gettext_lazy("Every 3 months")),
            ("6", gettext_lazy("Every 6 months")),
            ("12", gettext_lazy("Every 12 months")),
            ("NN", gettext_lazy("Once for 2 to 5 years ahead")),
            ("TH", gettext_lazy("Once for the years missing at retirement age")),
        ),
    )
    months = fields.YearsMonthsField(
        label=gettext_lazy("For how long, if you pay once"),
        help_text=gettext_lazy("Only for the last two ways of paying."),
        required=False,
    )
    years = fields.IntegerField(
        label=gettext_lazy("Years of contributions in all when you retire"),
        help_text=gettext_lazy("With the income above, for the expected pension."),
        minimum=1,
        maximum=50,
    )
    sex = fields.ChoiceField(label=gettext_lazy("Sex"), options=_SEXES)
    field_order = ("income", "group", "method", "months", "years", "sex", "decided")

    def told_length(self, rates: VoluntaryRates) -> str:
        """What is wrong with the length of a payment made once; "" when nothing is."""
        method, months = self.cleaned_data["method"], self.cleaned_data.get("months") or 0
        low, high = rates.advance_years
        if method == "NN" and (months % 12 or not low * 12 <= months <= high * 12):
            return _("Whole years, from %(low)d to %(high)d.") % {"low": low, "high": high}
        if method == "TH" and not 1 <= months <= rates.missing_months:
            return _("From 1 to %(most)d months.") % {"most": rates.missing_months}
        return ""


class HouseholdForm(CalculatorForm):
    members = fields.IntegerField(
        label=gettext_lazy("Members who join together"),
        help_text=gettext_lazy(
            "Only who joins by household in the same year: whoever is insured at work, as a pupil or by the "
            "State does not count."
        ),
        minimum=1,
        maximum=30,
    )
    months = fields.ChoiceField(
        label=gettext_lazy("Paid for"),
        options=_options(
            ("12", gettext_lazy("12 months")),
            ("6", gettext_lazy("6 months")),
            ("3", gettext_lazy("3 months")),
        ),
    )
    field_order = ("members", "months", "decided")
