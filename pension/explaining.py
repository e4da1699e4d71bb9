"""A calculation in plain words: the steps, what they rest on, how sure that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from pension.calculators.averages import Line
from pension.calculators.periods import Kind
from pension.calculators.steps import Fact, Step
from procedures.legal_words import named
from procedures.models import LegalFigure

_SURENESS = ("sure", "likely", "unsure")

WORDS: dict[str, Any] = {
    "lower_age": _("The age may be up to %(years)s years lower for this reason."),
    "age": _(
        "Age: %(years)s years %(months)s months, reached on %(on)s. The pension begins on %(start)s, the "
        "first of a month."
    ),
    "enough": _("%(months)s months of contributions; %(years)s years are needed. That is enough."),
    "too_short": _(
        "%(months)s months of contributions; %(years)s years are needed. %(missing)s months are missing, so "
        "there is no monthly pension yet."
    ),
    "scale_average": _(
        "State scale, joined on %(joined)s: the average coefficient of the last %(months)s months is "
        "%(factor)s, times the base salary of %(base)s đ."
    ),
    "revalued_compulsory": _("Earlier wages are raised by the coefficients of %(year)s (table below)."),
    "revalued_voluntary": _(
        "Earlier voluntary incomes are raised by the coefficients of %(year)s (table below)."
    ),
    "mixed": _("Compulsory and voluntary time make one average, weighted by months."),
    "average": _("Sum %(total)s đ : %(months)s months = average %(average)s đ a month."),
    "time": _("Months before 2014: %(before)s; from 2014 on: %(after)s."),
    "carried": _(
        "The %(months)s odd months before 2014 are moved to the time from 2014: now %(before)s and %(after)s "
        "months."
    ),
    "years": _(
        "In years: %(early)s before 2014, %(late)s from 2014 (1 to 6 odd months are half a year, 7 to 11 a "
        "year)."
    ),
    "months_of_average": _(
        "%(early)s years × %(before)s + %(late)s years × %(from)s = %(months)s months of the average."
    ),
    "gross": _("%(months)s × %(average)s đ = %(gross)s đ."),
    "short_share": _(
        "Less than a year (%(months)s months): %(rate)s%% of the wages paid, %(paid)s đ, are %(share)s đ."
    ),
    "short_cap": _("But not more than %(months)s months of the average: %(most)s đ."),
    "support": _("Less what the State had paid for %(months)s voluntary months: %(amount)s đ."),
    "support_kept": _("What the State had paid is not deducted in serious illness."),
    "lump_sum": _("The lump sum is %(amount)s đ."),
    "rounded_time": _("%(months)s months count as %(years)s years."),
    "rate": _(
        "Rate: %(base)s%% for %(years)s years, %(increment)s%% more for every year after that: %(percent)s%%."
    ),
    "rate_cap": _("But not more than %(percent)s%%."),
    "early": _("Going %(years)s years and %(months)s months early takes %(percent)s%% off."),
    "monthly": _("%(average)s đ × %(percent)s%% = %(monthly)s đ a month."),
    "floor": _("The lowest pension of compulsory insurance is the base salary: %(floor)s đ."),
    "one_off": _(
        "Paid once for the years above the highest rate: %(years)s years × %(months)s × %(average)s đ = "
        "%(amount)s đ."
    ),
    "contribution": _("%(rate)s%% of the income of %(income)s đ = %(monthly)s đ a month."),
    "in_advance": _(
        "%(months)s months ahead, each later month counted with %(r)s%% interest a month: %(full)s đ."
    ),
    "missing_years": _("%(months)s missing months, each counted with %(r)s%% interest a month: %(full)s đ."),
    "state_support": _(
        "The State adds %(rate)s%% × %(line)s đ (rural poverty line) × %(percent)s%% = %(support)s đ a month."
    ),
    "pay": _("You pay %(pay)s đ for %(months)s months."),
    "first_member": _("First member: base salary %(base)s đ × %(rate)s%% = %(monthly)s đ a month."),
    "later_members": _("Each later member pays a smaller share of the first one's price."),
    "household_total": _("%(members)s members for %(months)s months: %(total)s đ."),
}

KINDS: dict[str, Any] = {
    Kind.EMPLOYER: _("Wage set by the employer"),
    Kind.STATE: _("Coefficient of the State's scale"),
    Kind.VOLUNTARY: _("Voluntary contribution"),
}


@dataclass(frozen=True)
class Told:
    """A step as people read it; ``confidence``: of the figures it rests on, the least sure."""

    words: str
    article: str
    confidence: str


@dataclass(frozen=True)
class Basis:
    """A figure that was used: what it is called, its value, since when, where it stands, how sure."""

    name: str
    value: str
    since: date
    until: date | None
    source: str
    confidence: str


def told(steps: Sequence[Step], rows: Sequence[LegalFigure]) -> list[Told]:
    return [Told(in_words(step), step.article, _least_sure(step.law.figures, rows)) for step in steps]


def in_words(step: Step) -> str:
    return str(WORDS[step.name] % {name: written(fact) for name, fact in step.facts.items()})


def written(fact: Fact) -> str:
    """``1.490.000``, ``5.552.874,49``, ``0,31``, ``12/07/2021``."""
    if isinstance(fact, Decimal):
        return number(fact)
    return f"{fact:%d/%m/%Y}" if isinstance(fact, date) else str(fact)


def number(value: Decimal) -> str:
    """Amounts to two places, small factors to four; no noughts at the end."""
    text = f"{value:,.4f}" if abs(value) < 1 else f"{value:,.2f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.translate(str.maketrans(",.", ".,"))


def exact(amount: Decimal) -> str:
    """An amount that is not rounded: ``5.552.874,49 đ``."""
    return f"{number(amount)} đ"


def _least_sure(names: Iterable[str], rows: Iterable[LegalFigure]) -> str:
    found = [row.confidence for row in rows if row.name in names]
    return max(found, key=_SURENESS.index, default="sure")


def basis(rows: Sequence[LegalFigure]) -> list[Basis]:
    return [
        Basis(
            named(row.name),
            _value(row.value),
            row.valid_from,
            row.valid_to,
            row.source,
            row.confidence,
        )
        for row in rows
    ]


def _value(value: Any) -> str:
    """One figure in full; a table is only named."""
    if isinstance(value, (dict, list, bool)):
        return ""
    return number(Decimal(str(value)))


def lines(found: Sequence[Line]) -> list[tuple[str, str, str, str, str, str]]:
    """Year, kind, months, wage, coefficient, amount."""
    return [
        (
            str(line.year),
            str(KINDS[line.kind]),
            str(line.months),
            number(line.wage),
            f"{line.coefficient:.2f}".replace(".", ","),
            number(line.amount),
        )
        for line in found
    ]
