"""What of a contribution is given back: pure functions, amounts in whole đồng, the steps shown.

Voluntary insurance: NĐ 134/2015/NĐ-CP Đ.12, TT 01/2016/TT-BLĐTBXH; households: QĐ 595/QĐ-BHXH Đ.20 (both
likely). Only whole months count: the first one given back is the first that begins on the day the
reason arose or later.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.dated import month_after
from portal.text import grouped

Figure = Callable[[str, date], Any]
"""The figure of a name on a day; raises ``procedures.rates.FigureMissing``."""

AHEAD = frozenset({"3", "6", "12", "NN"})
WHOLE = "death_before_valid"
DIFFERENCE = "support_raised"
EXCESS = frozenset({"overpaid", "duplicate"})


class NothingDue(ValueError):
    """Why nothing can be worked out or is due; ``str()`` is fit for people."""


@dataclass(frozen=True)
class Paid:
    """A payment: its first and last month (first days), what was really paid for all of them, how."""

    first: date
    last: date
    amount: Decimal
    method: str

    @property
    def months(self) -> int:
        return months(self.first, self.last)


@dataclass(frozen=True)
class Step:
    """A line of the calculation; ``amount`` in đồng where it has one."""

    words: str
    amount: Decimal | None = None


@dataclass(frozen=True)
class Breakdown:
    """What is due, and how it came about."""

    amount: Decimal
    steps: tuple[Step, ...]


def months(first: date, last: date) -> int:
    """How many months there are from the month of ``first`` to that of ``last``, both counted."""
    return max(0, (last.year - first.year) * 12 + last.month - first.month + 1)


def first_unused(day: date) -> date:
    """The first month that begins on ``day`` or later."""
    return day if day.day == 1 else month_after(day)


def household(paid: Paid, ground: str, day: date, *, new_monthly: Decimal | None = None) -> Breakdown:
    """What is due of health insurance of a household.

    ``new_monthly``: the own share a month after support was raised, for ``support_raised``. Raises
    ``NothingDue``.
    """
    if ground == WHOLE:
        words = _("Died before the card was valid: everything paid")
        return Breakdown(paid.amount, (Step(words, paid.amount),))
    left, monthly = _left(paid, day), paid.amount / paid.months
    steps = [_months_step(paid, left), Step(_monthly_words(paid), _whole(monthly))]
    if ground == DIFFERENCE:
        if new_monthly is None:
            raise NothingDue(
                _("The office works the difference out from the decision that raised the support.")
            )
        steps.append(Step(_("Own share a month after the decision"), new_monthly))
        monthly -= new_monthly
    return _due(paid, left * monthly, steps, left)


def voluntary(
    paid: Paid, ground: str, day: date, *, income: Decimal, group: str, figure: Figure
) -> Breakdown:
    """What is due of voluntary insurance paid on ``income`` a month, supported as ``group``.

    ``group`` is a key of the figure ``voluntary.support``, or ``none``. Raises ``NothingDue`` and
    ``FigureMissing``.
    """
    if paid.method not in AHEAD and ground not in EXCESS:
        raise NothingDue(_("Only months paid ahead are given back: 3, 6, 12 months or years ahead."))
    left = _left(paid, day)
    begin = month_after(paid.last, 1 - left)
    shares = [
        (_gross(paid, month, income, figure), _support(month, group, figure))
        for month in (month_after(begin, n) for n in range(left))
    ]
    steps = [_months_step(paid, left)]
    if paid.method == "NN":
        rate = Decimal(str(figure("voluntary.r", paid.first))) * 100
        steps.append(
            Step(_("Discounted by %(r)s%% a month") % {"r": f"{rate.normalize():f}".replace(".", ",")})
        )
        steps.append(
            Step(_("Contributions of these months"), _whole(sum((g for g, _s in shares), Decimal(0))))
        )
        steps.append(
            Step(_("State support of these months"), -_whole(sum((s for _g, s in shares), Decimal(0))))
        )
    else:
        steps += _share_steps(shares)
    return _due(paid, sum((gross - support for gross, support in shares), Decimal(0)), steps, left)


def _gross(paid: Paid, month: date, income: Decimal, figure: Figure) -> Decimal:
    """The contribution for ``month``: paid years ahead it is discounted from the first month on."""
    full = Decimal(str(figure("voluntary.rate", month))) * income
    if paid.method != "NN":
        return full
    interest = Decimal(str(figure("voluntary.r", paid.first)))
    return full / (1 + interest) ** (months(paid.first, month) - 1)


def _support(month: date, group: str, figure: Figure) -> Decimal:
    if group == "none":
        return Decimal(0)
    percent = Decimal(str(figure("voluntary.support", month)[group]))
    line, rate = (Decimal(str(figure(name, month))) for name in ("rural_poverty_line", "voluntary.rate"))
    return rate * line * percent / 100


def _left(paid: Paid, day: date) -> int:
    """How many months at the end of ``paid`` are not used; raises ``NothingDue`` for none."""
    left = min(paid.months, months(first_unused(day), paid.last))
    if not left:
        raise NothingDue(_("No whole month is left after the day the reason arose."))
    return left


def _due(paid: Paid, exact: Decimal, steps: list[Step], left: int) -> Breakdown:
    amount = _whole(exact)
    if amount <= 0:
        raise NothingDue(_("Nothing is left to give back."))
    if amount > paid.amount:
        amount = paid.amount
        steps = [*steps, Step(_("Not more than what was paid"), amount)]
    return Breakdown(amount, tuple(steps))


def _months_step(paid: Paid, left: int) -> Step:
    first = month_after(paid.last, 1 - left)
    words = ngettext(
        "%(n)d unused month: %(first)s to %(last)s", "%(n)d unused months: %(first)s to %(last)s", left
    )
    return Step(words % {"n": left, "first": f"{first:%m/%Y}", "last": f"{paid.last:%m/%Y}"})


def _monthly_words(paid: Paid) -> str:
    words = ngettext("Really paid a month (%(n)d month)", "Really paid a month (%(n)d months)", paid.months)
    return words % {"n": paid.months}


def _share_steps(shares: list[tuple[Decimal, Decimal]]) -> list[Step]:
    """Months alike in one step."""
    steps = []
    for (gross, support), alike in groupby(shares):
        facts = {"n": len(list(alike)), "gross": grouped(gross), "support": grouped(support)}
        words = _("%(n)d × (%(gross)s − state support %(support)s)") % facts
        steps.append(Step(words, _whole(facts["n"] * (gross - support))))  # type: ignore[operator]
    return steps


def _whole(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_UP)
