"""The lump-sum calculator for the desk that pays lump sums, registered in ``procedures.reckoning``."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from pension import explaining, pasting, rates
from pension.calculators import lump_sum
from pension.calculators.figures import NoFigure
from pension.calculators.lump_sum import Ground
from pension.calculators.periods import Overlap, Period, month_name
from pension.forms import FIRST_DAY, MonthField, WageField, period_of, wrong_cells
from procedures.legal_words import named
from procedures.models import Dossier
from procedures.rates import FigureMissing
from procedures.reckoning import NotReckoned, ReckonedFigure, ReckonedStep, Reckoning, reckoners

SLUG = "lump-sum"
# The State's support stays with the seriously ill alone; every other case is treated alike.
GROUNDS: dict[str, Ground] = {
    "retirement_age": "retired",
    "emigration": "abroad",
    "serious_illness": "illness",
}


def reckon(dossier: Dossier, pasted: str, day: date) -> Reckoning:
    """What the lump sum of ``dossier`` comes to; raises ``NotReckoned``."""
    if day < FIRST_DAY:
        words = _("The law before %(day)s is not loaded.") % {"day": f"{FIRST_DAY:%d/%m/%Y}"}
        raise NotReckoned(words, field="day")
    periods, book = periods_of(pasted, day), rates.Book()
    ground = GROUNDS.get(dossier.case, "stopped")
    try:
        found = lump_sum.lump_sum(periods, rates.lump_sum(book, day), ground=ground)
    except Overlap as overlap:
        words = _("The month %(month)s stands in two periods; each month counts once.")
        raise NotReckoned(words % {"month": month_name(overlap.other.first)}) from None
    except (FigureMissing, NoFigure) as missing:
        words = _("The figure “%(figure)s” is not loaded for this day: nothing is guessed.")
        raise NotReckoned(words % {"figure": named(missing.name)}, field="day") from None
    return _told(book, day, found)


def _told(book: rates.Book, day: date, found: lump_sum.LumpSum) -> Reckoning:
    rows = rates.basis(book, day, [name for step in found.steps for name in step.law.figures])
    steps = explaining.told(found.steps, rows)
    return Reckoning(
        day=day,
        amount=found.amount,
        months=found.months,
        steps=tuple(ReckonedStep(step.words, step.article, step.confidence) for step in steps),
        figures=tuple(
            ReckonedFigure(row.name, row.value, row.since, row.source, row.confidence)
            for row in explaining.basis(rows)
        ),
    )


def periods_of(pasted: str, day: date) -> list[Period]:
    """The periods of a pasted table, each right by itself; raises ``NotReckoned``."""
    read = pasting.read(pasted)
    if read.problems:
        raise NotReckoned(" ".join(read.problems))
    if not read.rows:
        raise NotReckoned(
            _("Paste the contribution periods: a line needs two months and a wage, for example %(line)s")
            % {"line": "03/2012 12/2013 3.000.000"}
        )
    return [_period(number, row, day) for number, row in enumerate(read.rows, start=1)]


def _period(number: int, row: pasting.PastedRow, day: date) -> Period:
    month, wage = MonthField(), WageField()
    cells = {
        "first": month.normal(row.start),
        "last": month.normal(row.end),
        "wage": wage.normal(row.wage),
        "kind": row.kind,
    }
    _refuse(number, (message for _cell, message in wrong_cells(cells, day)))
    return period_of(cells)


def _refuse(number: int, wrong: Iterable[str]) -> None:
    for message in wrong:
        raise NotReckoned(_("Period %(number)d: %(why)s") % {"number": number, "why": message})


reckoners[SLUG] = reckon
