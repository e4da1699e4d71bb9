"""What contributions cost, step by step: pure functions of amounts, days and legal figures.

Amounts are whole đồng as ``Decimal``, rounded half up once at the end. Figures come in as they hold on the
day of the quote. A figure that is not there raises ``FigureMissing``; what the law does not allow raises
``QuoteRefused``. Luật BHXH 2014 Đ.87 and NĐ 134/2015 (voluntary); Luật BHYT Đ.13, Đ.16 and NĐ 146/2018
(households).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.dated import later
from portal.text import dong
from procedures.rates import FigureMissing

ADVANCE, MISSING = "NN", "TH"


class QuoteRefused(ValueError):
    """What was asked for is not possible; the message stands at the question ``field``."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Figure:
    """A legal figure as it was used: ``value`` as it stands in its row."""

    name: str
    value: Any
    source: str
    confidence: str
    valid_to: date | None = None


@dataclass(frozen=True)
class Step:
    """One line of the calculation in words, and what it comes to."""

    words: str
    amount: Decimal


@dataclass(frozen=True)
class Share:
    """What is paid for one person; months are their first days, both included.

    ``amount`` is really paid, ``support`` was taken off before. Card dates are those of a payment on the
    day of the quote.
    """

    first_month: date
    last_month: date
    amount: Decimal
    support: Decimal = Decimal(0)
    card_from: date | None = None
    card_to: date | None = None


@dataclass(frozen=True)
class Quote:
    """``pay_by``: the last day the law leaves for paying these months, empty where it sets none."""

    amount: Decimal
    shares: tuple[Share, ...]
    steps: tuple[Step, ...]
    figures: tuple[Figure, ...]
    pay_by: date | None = None

    @property
    def holds_until(self) -> date | None:
        """The last day on which it can be paid as quoted: the law's, or that of a figure that ends."""
        ends = [figure.valid_to for figure in self.figures] + [self.pay_by]
        return min((day for day in ends if day), default=None)


class _Figures:
    """The figures of a day, and which of them were used."""

    def __init__(self, known: Mapping[str, Figure], on: date) -> None:
        self._known, self._on = known, on
        self.used: dict[str, Figure] = {}

    def __call__(self, name: str) -> Any:
        found = self._known.get(name)
        if found is None or found.value is None:
            raise FigureMissing(name, self._on)
        self.used[name] = found
        return found.value

    def number(self, name: str) -> Decimal:
        return Decimal(str(self(name)))


# --- Voluntary social insurance ------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """What somebody chooses in voluntary insurance.

    ``method``: 1, 3, 6, 12, NN (``months`` = 12 n, ahead) or TH (``months`` missing). ``group``: of the
    state support, empty for none; ``supported``: the months supported so far.
    """

    income: Decimal
    method: str
    first_month: date
    months: int = 0
    group: str = ""
    supported: int = 0


def voluntary(choice: Choice, *, figures: Mapping[str, Figure], today: date) -> Quote:
    """Contributions of one person to voluntary insurance (Luật BHXH 2014 Đ.87; NĐ 134/2015 Đ.9-14)."""
    known = _Figures(figures, today)
    _check_income(choice.income, known)
    months, pay_by = _period(choice, known, today)
    rate = known.number("voluntary.rate")
    monthly = choice.income * rate
    words = _("A month: %(income)s × %(rate)s") % {"income": dong(choice.income), "rate": percent(rate)}
    steps = [Step(words, _rounded(monthly))]
    if choice.method == MISSING:
        nominal, support = _compounded(monthly, months, known, steps), Decimal(0)
    else:
        support = _support(choice, months, rate, known, steps)
        advance = choice.method == ADVANCE
        nominal = _discounted(monthly, months, known, steps) if advance else _plain(monthly, months, steps)
    pay = _rounded(nominal - support)
    if pay <= 0:
        raise QuoteRefused(_("With the support of the State nothing is left to pay."), field="income")
    steps.append(Step(_("To be paid"), pay))
    share = Share(choice.first_month, later(choice.first_month, months - 1), pay, support)
    return Quote(pay, (share,), tuple(steps), tuple(known.used.values()), pay_by)


def income_range(figures: Mapping[str, Figure], today: date) -> tuple[Decimal, Decimal, Decimal]:
    """The lowest and highest income that can be chosen, and the step between (NĐ 134/2015 Đ.10)."""
    return _income_range(_Figures(figures, today))


def check_income(income: Decimal, figures: Mapping[str, Figure], today: date) -> None:
    """Raise ``QuoteRefused`` for an income that cannot be chosen."""
    _check_income(income, _Figures(figures, today))


def _income_range(known: _Figures) -> tuple[Decimal, Decimal, Decimal]:
    highest = known.number("voluntary.max_multiple") * known.number("base_salary")
    return known.number("rural_poverty_line"), highest, known.number("voluntary.income_step")


def _check_income(income: Decimal, known: _Figures) -> None:
    lowest, highest, step = _income_range(known)
    if not lowest <= income <= highest:
        raise QuoteRefused(
            _("The income lies between %(low)s and %(high)s.") % {"low": dong(lowest), "high": dong(highest)},
            field="income",
        )
    over = (income - lowest) % step
    if over:
        below, above = income - over, income - over + step
        raise QuoteRefused(
            _("The income grows in steps of %(step)s: choose %(below)s or %(above)s.")
            % {"step": dong(step), "below": dong(below), "above": dong(min(above, highest))},
            field="income",
        )


def _period(choice: Choice, known: _Figures, today: date) -> tuple[int, date | None]:
    """How many months are paid, and until when they may be (NĐ 134/2015 Đ.9, Đ.11-12)."""
    if choice.method == ADVANCE:
        if choice.first_month < today.replace(day=1):
            raise QuoteRefused(_("This begins with this month or a later one."), field="first_month")
        low, high = known("voluntary.advance_years")
        if choice.months % 12 or not low <= choice.months // 12 <= high:
            raise QuoteRefused(
                _("Ahead one pays for %(low)d to %(high)d whole years.") % {"low": low, "high": high},
                field="method",
            )
        return choice.months, None
    if choice.method == MISSING:
        most = int(known("voluntary.missing_max_months"))
        if not 1 <= choice.months <= most:
            raise QuoteRefused(
                _("At most %(most)d missing months can be paid at once.") % {"most": most}, field="months"
            )
        return choice.months, None
    return int(choice.method), _in_time(choice, known, today)


def _in_time(choice: Choice, known: _Figures, today: date) -> date:
    """The last day for the period; raises ``QuoteRefused`` when it has passed."""
    window = known("voluntary.deadline_months").get(choice.method)
    if window is None:
        raise QuoteRefused(_("Please choose one of the answers shown."), field="method")
    last = later(choice.first_month, int(window)) - timedelta(days=1)
    if last < today:
        raise QuoteRefused(
            _("The time to pay for this period ended on %(day)s. Please register again from this month on.")
            % {"day": f"{last:%d/%m/%Y}"},
            field="first_month",
        )
    return last


def _support(choice: Choice, months: int, rate: Decimal, known: _Figures, steps: list[Step]) -> Decimal:
    """What the State pays: a percentage of the contribution on the poverty line (NĐ 134/2015 Đ.14)."""
    if not choice.group:
        return Decimal(0)
    share = known("voluntary.support").get(choice.group)
    if share is None:
        raise QuoteRefused(_("Please choose one of the answers shown."), field="group")
    counted = min(months, max(0, int(known("voluntary.support_max_months")) - choice.supported))
    line = known.number("rural_poverty_line")
    monthly = line * rate * share / 100
    facts = {"line": dong(line), "rate": percent(rate), "share": percent(Decimal(share) / 100)}
    steps.append(Step(_("Support of the State a month: %(line)s × %(rate)s × %(share)s") % facts, monthly))
    total = monthly * counted
    words = ngettext("Support for %d month", "Support for %d months", counted) % counted
    steps.append(Step(words, -_rounded(total)))
    return _rounded(total)


def _plain(monthly: Decimal, months: int, steps: list[Step]) -> Decimal:
    total = monthly * months
    words = ngettext("%(amount)s × %(months)d month", "%(amount)s × %(months)d months", months)
    steps.append(Step(words % {"amount": dong(monthly), "months": months}, _rounded(total)))
    return total


def _discounted(monthly: Decimal, months: int, known: _Figures, steps: list[Step]) -> Decimal:
    """T1 = Σ i=1..12n of monthly / (1 + r)^(i-1) (TT 01/2016/TT-BLĐTBXH; the exponent is likely)."""
    growth = 1 + known.number("voluntary.r")
    total = sum((monthly / growth**i for i in range(months)), Decimal(0))
    facts = {"amount": dong(monthly), "months": months, "r": percent(growth - 1)}
    words = _("%(amount)s a month for %(months)d months ahead, discounted by r = %(r)s a month") % facts
    steps.append(Step(words, _rounded(total)))
    return total


def _compounded(monthly: Decimal, months: int, known: _Figures, steps: list[Step]) -> Decimal:
    """T2 = Σ i=1..t of monthly × (1 + r)^i (TT 01/2016/TT-BLĐTBXH; the exponent is likely)."""
    growth = 1 + known.number("voluntary.r")
    total = sum((monthly * growth**i for i in range(1, months + 1)), Decimal(0))
    facts = {"amount": dong(monthly), "months": months, "r": percent(growth - 1)}
    words = _("%(amount)s a month for %(months)d missing months, with interest r = %(r)s a month") % facts
    steps.append(Step(words, _rounded(total)))
    return total


# --- Health insurance of households --------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """Somebody of a household; ``card_ends``: the last day of the card the person has, if any."""

    name: str
    card_ends: date | None = None


def household(
    members: Sequence[Member], *, months: int, already: int, figures: Mapping[str, Figure], today: date
) -> Quote:
    """Health insurance of the members of one household who join together, paid on the day ``today``.

    ``already``: how many others of it have bought a household card this year; they count first
    (NĐ 146/2018 Đ.7 k1e).
    """
    known = _Figures(figures, today)
    if months not in known("household_health.periods"):
        raise QuoteRefused(_("Please choose one of the answers shown."), field="months")
    salary, rate = known.number("base_salary"), known.number("household_health.rate")
    full = salary * rate
    words = _("The first person a month: %(salary)s × %(rate)s") % {
        "salary": dong(salary),
        "rate": percent(rate),
    }
    steps, shares = [Step(words, _rounded(full))], []
    for number, member in enumerate(members, start=already):
        tiers = known("household_health.tiers")
        tier = Decimal(tiers[min(number, len(tiers) - 1)]) / 100
        amount = _rounded(full * tier * months)
        steps.append(Step(_member_words(member, full, tier, months), amount))
        shares.append(_card(member, amount, months, known, today))
    total = sum((share.amount for share in shares), Decimal(0))
    steps.append(Step(_("To be paid"), total))
    return Quote(total, tuple(shares), tuple(steps), tuple(known.used.values()))


def _member_words(member: Member, full: Decimal, tier: Decimal, months: int) -> str:
    facts = {"name": member.name, "full": dong(full), "tier": percent(tier), "months": months}
    words = ngettext(
        "%(name)s: %(full)s × %(tier)s × %(months)d month",
        "%(name)s: %(full)s × %(tier)s × %(months)d months",
        months,
    )
    return words % facts


def _card(member: Member, amount: Decimal, months: int, known: _Figures, today: date) -> Share:
    waiting, gap = int(known("household_health.waiting_days")), int(known("household_health.gap_months"))
    start, end = card_dates(member.card_ends, paid_on=today, months=months, waiting=waiting, gap=gap)
    first = start.replace(day=1)
    return Share(first, later(first, months - 1), amount, card_from=start, card_to=end)


def card_dates(
    ends: date | None, *, paid_on: date, months: int, waiting: int = 30, gap: int = 3
) -> tuple[date, date]:
    """From when to when a card is valid (Luật BHYT Đ.16 k3c; NĐ 146/2018 Đ.13).

    The first card, or one after ``gap`` months without: ``waiting`` days after the payment. A card that
    goes on: the day after the last one. After a shorter gap: the day of the payment (likely).
    """
    if ends is None or paid_on >= later(ends + timedelta(days=1), gap):
        start = paid_on + timedelta(days=waiting)
    else:
        start = max(ends + timedelta(days=1), paid_on)
    return start, later(start, months) - timedelta(days=1)


# --- Words ---------------------------------------------------------------------------------------


def percent(share: Decimal) -> str:
    """0.045 as ``4,5%``."""
    return f"{(share * 100).normalize():f}%".replace(".", ",")


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_UP)
