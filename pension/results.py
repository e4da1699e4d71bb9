"""What a filled-in form comes to: the amount, the steps, what they rest on and a picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from pension import charts, explaining, rates
from pension.calculators import comparing, household, lump_sum, monthly, voluntary
from pension.calculators.averages import Average
from pension.calculators.figures import NoFigure, VoluntaryRates
from pension.calculators.periods import first_day, month_of
from pension.calculators.steps import Step
from pension.charts import Chart
from pension.explaining import Basis, Told, exact
from pension.forms import CalculatorForm
from portal.fields import YearsMonthsField
from portal.text import dong
from procedures.legal_words import named
from procedures.rates import FigureMissing


class Refused(ValueError):
    """The answers fit the form but not the law or the figures; said at the input ``name``."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


@dataclass(frozen=True)
class Result:
    """``facts``: what else came out (label, words); ``lines``: the revalued wages, a row a year and wage."""

    day: date
    label: str
    amount: str
    facts: Sequence[tuple[str, str]]
    steps: Sequence[Told]
    basis: Sequence[Basis]
    lines: Sequence[Sequence[str]] = ()
    charts: Sequence[Chart] = ()
    notes: Sequence[str] = field(default_factory=list)

    @property
    def doubtful(self) -> bool:
        """Whether anything it rests on is not sure."""
        return any(row.confidence != "sure" for row in self.basis)


def result_of(slug: str, form: Any) -> Result:
    """Of a valid ``form`` of the calculator ``slug``; raises ``Refused``."""
    try:
        return _MADE[slug](form)
    except FigureMissing as missing:
        raise Refused(
            "decided", lacking(slug, form.day) or _missing(missing.name, f"{missing.day:%d/%m/%Y}")
        ) from None
    except NoFigure as missing:
        raise Refused("decided", _missing(missing.name, str(missing.year or ""))) from None


def lacking(slug: str, day: date, book: rates.Book | None = None) -> str:
    """What the calculator ``slug`` cannot compute for a decision on ``day``, and why; empty where it can."""
    found = rates.lack(book or rates.Book(), _NEEDS[slug], day)
    if found is None:
        return ""
    words = _(
        "This cannot be computed for a decision on %(day)s: no source confirms %(count)d figures of the law "
        "of that day, among them “%(name)s”."
    )
    facts = {"day": f"{day:%d/%m/%Y}", "count": len(found.names), "name": named(found.names[-1])}
    told = words % facts
    if found.until is None:
        return told
    last = _("It can be computed for decisions until %(until)s.") % {"until": f"{found.until:%d/%m/%Y}"}
    return f"{told} {last}"


def _missing(name: str, when: str) -> str:
    figure = named(name)
    message = _("The portal does not have the figure “%(figure)s” (%(when)s) yet, so it does not guess.")
    return (message % {"figure": figure, "when": when}).replace(" ()", "")


def _result(
    book: rates.Book, form: CalculatorForm, steps: Sequence[Step], mean: Average | None = None, **rest: Any
) -> Result:
    rows = rates.basis(book, form.day, [name for step in steps for name in step.law.figures])
    return Result(
        day=form.day,
        steps=explaining.told(steps, rows),
        basis=explaining.basis(rows),
        lines=explaining.lines(mean.lines) if mean else (),
        **rest,
    )


def _months(count: int) -> str:
    return YearsMonthsField().display(count)


# --- Lump sum ------------------------------------------------------------------------------------


def _lump_sum(form: Any) -> Result:
    book = rates.Book()
    found = lump_sum.lump_sum(form.found, rates.lump_sum(book, form.day), ground=form.cleaned_data["ground"])
    facts = [
        (_("Time of contributions"), _months(found.months)),
        (_("Average wage or income a month"), exact(found.average.amount)),
    ]
    if found.deduction:
        facts.append((_("Deducted: support of the State"), dong(found.deduction)))
    kept = _kept(book, form, found)
    drawn = [charts.keeping(found.amount, kept)] if kept else []
    return _result(
        book,
        form,
        found.steps,
        found.average,
        label=_("You would receive once"),
        amount=dong(found.amount),
        facts=facts,
        charts=drawn,
        notes=_kept_in_words(kept) if kept else (),
    )


def _kept(book: rates.Book, form: Any, found: lump_sum.LumpSum) -> comparing.Keeping | None:
    """The comparison, where date of birth and sex are given."""
    born, sex = form.cleaned_data.get("born"), form.cleaned_data.get("sex")
    if not born or not sex:
        return None
    return comparing.keeping(
        form.found,
        monthly.Person(date.fromisoformat(born), sex),
        rates.pension(book, form.day),
        rates.voluntary(book, form.day),
        asked=form.day,
        lump_sum=found.amount,
    )


def _kept_in_words(kept: comparing.Keeping) -> list[str]:
    notes = []
    if kept.missing:
        notes.append(
            _(
                "If you keep your contributions and go on voluntarily at the lowest income for %(months)s, "
                "you pay about %(cost)s in all."
            )
            % {"months": _months(kept.missing), "cost": dong(kept.cost)}
        )
    notes.append(
        _("Then you have a pension of %(monthly)s a month from %(start)s, for life, with a health card.")
        % {"monthly": dong(kept.pension.monthly), "start": f"{kept.pension.start:%d/%m/%Y}"}
    )
    notes.append(
        _("After %(time)s of pension you have received more than by withdrawing now.")
        % {"time": _months(kept.months_until_equal)}
    )
    notes.append(_("All in today's đồng and by today's law: later raises are not counted."))
    return notes


# --- Pension -------------------------------------------------------------------------------------


def _pension(form: Any) -> Result:
    book = rates.Book()
    law = rates.pension(book, form.day)
    given = form.cleaned_data
    who = monthly.Person(date.fromisoformat(given["born"]), given["sex"], given["condition"])
    found = monthly.pension(form.found, who, law, asked=form.day)
    points = comparing.by_years(found.average.amount, who.sex, found.start, law)
    facts = [
        (_("Begins on"), f"{found.start:%d/%m/%Y}"),
        (_("Time of contributions"), _months(found.months)),
        (_("Average wage or income a month"), exact(found.average.amount)),
    ]
    if found.entitled:
        facts.append((_("Rate"), f"{explaining.number(found.rate.percent)}%"))
    if found.one_off:
        facts.append((_("Paid once, besides"), dong(found.one_off)))
    missing = _("no pension yet: %(time)s missing") % {"time": _months(found.missing)}
    return _result(
        book,
        form,
        found.steps,
        found.average,
        label=_("Pension a month"),
        amount=dong(found.monthly) if found.entitled else missing,
        facts=facts,
        charts=[charts.by_years(points, found.rate.years)],
        notes=_pension_notes(found, form.day),
    )


def _pension_notes(found: monthly.Pension, day: date) -> list[str]:
    if found.start <= first_day(month_of(day) + 1):
        return []
    return [
        _(
            "You reach the age on %(on)s. Until then wages, coefficients and the law may change: this is an "
            "estimate with what you have contributed so far."
        )
        % {"on": f"{found.reached.on:%d/%m/%Y}"}
    ]


# --- Voluntary -----------------------------------------------------------------------------------


def _voluntary(form: Any) -> Result:
    book = rates.Book()
    law, given = rates.voluntary(book, form.day), form.cleaned_data
    if told := form.told_length(law):
        raise Refused("months", told)
    income = Decimal(given["income"])
    found = _contribution(form, law)
    if why := lacking("luong-huu", form.day, book):
        return _contribution_alone(book, form, found, why)
    pensions = rates.pension(book, form.day)
    points = comparing.by_years(income, given["sex"], form.day, pensions)
    rate = monthly.rate_of(given["years"] * 12, given["sex"], form.day, pensions)
    enough = given["years"] >= pensions.min_years
    expected, one_off, steps = monthly.amounts(income, rate, pensions)
    facts = [
        (_("Contribution a month"), dong(found.monthly)),
        (_("The State adds a month"), dong(found.support)),
        (
            _("Expected pension a month after %(years)d years") % {"years": given["years"]},
            dong(expected)
            if enough
            else _("none: %(years)d years are needed") % {"years": pensions.min_years},
        ),
    ]
    if enough and one_off:
        facts.append((_("Paid once, besides"), dong(one_off)))
    return _result(
        book,
        form,
        (*found.steps, *((*rate.steps, *steps) if enough else ())),
        label=_("You pay now"),
        amount=dong(found.pay),
        facts=facts,
        charts=[charts.by_years(points, rate.years)],
        notes=[_("The pension is in today's đồng: incomes are raised by prices until it begins.")],
    )


def _contribution_alone(book: rates.Book, form: Any, found: voluntary.Contribution, why: str) -> Result:
    """What is paid, and why the pension to expect is not known."""
    facts = [
        (_("Contribution a month"), dong(found.monthly)),
        (_("The State adds a month"), dong(found.support)),
        (_("Expected pension a month"), _("cannot be computed")),
    ]
    return _result(
        book,
        form,
        found.steps,
        label=_("You pay now"),
        amount=dong(found.pay),
        facts=facts,
        notes=[_("Expected pension: %(why)s") % {"why": why}],
    )


def _contribution(form: Any, law: VoluntaryRates) -> voluntary.Contribution:
    given = form.cleaned_data
    if given["group"] not in law.support:
        raise Refused("group", _("The State's support for this group does not exist on that day."))
    try:
        return voluntary.contribution(
            Decimal(given["income"]),
            law,
            method=given["method"],
            months=given.get("months") or 0,
            group=given["group"],
        )
    except voluntary.IncomeRefused as refused:
        scale = {"lowest": dong(refused.lowest), "step": dong(refused.step), "highest": dong(refused.highest)}
        raise Refused(
            "income",
            _("Choose %(lowest)s, or more in steps of %(step)s, up to %(highest)s.") % scale,
        ) from None


# --- Household -----------------------------------------------------------------------------------


def _household(form: Any) -> Result:
    book = rates.Book()
    months = int(form.cleaned_data["months"])
    found = household.household(form.cleaned_data["members"], months, rates.health(book, form.day))
    facts = [
        (
            _("Member %(place)d (%(percent)s%%)")
            % {"place": m.place, "percent": explaining.number(m.percent)},
            dong(m.amount),
        )
        for m in found.members
    ]
    return _result(
        book,
        form,
        found.steps,
        label=_("The household pays"),
        amount=dong(found.total),
        facts=facts,
        notes=[
            _("A first card, or one after a gap of three months or more, is valid 30 days after payment."),
            _("Who is insured at work, as a pupil, as a pensioner or by the State joins there, not here."),
        ],
    )


_NEEDS = {
    "bhxh-mot-lan": "lump_sum",
    "luong-huu": "pension",
    "bhxh-tu-nguyen": "voluntary",
    "bhyt-ho-gia-dinh": "health",
}
_MADE: Mapping[str, Callable[[Any], Result]] = {
    "bhxh-mot-lan": _lump_sum,
    "luong-huu": _pension,
    "bhxh-tu-nguyen": _voluntary,
    "bhyt-ho-gia-dinh": _household,
}
