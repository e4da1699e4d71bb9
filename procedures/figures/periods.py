"""The months a reader asks for."""

import re
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.dated import month_after

CHOICES: dict[str, str | Promise] = {
    "thang-nay": gettext_lazy("This month"),
    "thang-truoc": gettext_lazy("Last month"),
    "quy-nay": gettext_lazy("This quarter"),
    "quy-truoc": gettext_lazy("Last quarter"),
    "nam-nay": gettext_lazy("This year"),
    "nam-truoc": gettext_lazy("Last year"),
    "tu-den": gettext_lazy("From month to month"),
}
LONGEST = 36  # months


class BadPeriod(Exception):
    """Months that make no period; ``field`` is the one that is wrong."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Period:
    """Whole months: the first day of the first and of the last."""

    first: date
    last: date

    @property
    def after(self) -> date:
        """The first day that does not belong to it."""
        return month_after(self.last)

    @property
    def length(self) -> int:
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def previous(self) -> "Period":
        """As many months just before."""
        return Period(month_after(self.first, -self.length), month_after(self.first, -1))

    @property
    def words(self) -> str:
        if self.length == 1:
            return f"{self.first:%m/%Y}"
        return f"{self.first:%m/%Y} – {self.last:%m/%Y}"

    @property
    def query(self) -> dict[str, str]:
        """How an address names it."""
        return {"ky": "tu-den", "tu": f"{self.first:%m/%Y}", "den": f"{self.last:%m/%Y}"}


def read(choice: str, start: str, end: str, today: date) -> Period:
    """The period called ``choice``; ``start`` and ``end`` are months as typed. Raises ``BadPeriod``."""
    month = today.replace(day=1)
    quarter, year = month_after(month, -((month.month - 1) % 3)), month.replace(month=1)
    known = {
        "thang-nay": (month, 1),
        "thang-truoc": (month_after(month, -1), 1),
        "quy-nay": (quarter, 3),
        "quy-truoc": (month_after(quarter, -3), 3),
        "nam-nay": (year, 12),
        "nam-truoc": (month_after(year, -12), 12),
    }
    if choice == "tu-den":
        return _from_to(_month(start, "tu"), _month(end, "den"))
    first, length = known.get(choice, known["thang-nay"])
    return Period(first, min(month_after(first, length - 1), month))


def _from_to(first: date, last: date) -> Period:
    if last < first:
        raise BadPeriod(_("The last month lies before the first."), "den")
    period = Period(first, last)
    if period.length > LONGEST:
        raise BadPeriod(_("At most %(n)d months at a time.") % {"n": LONGEST}, "den")
    return period


def _month(typed: str, field: str) -> date:
    """A month as people write it, 7/2021, or as the browser sends it, 2021-07."""
    found = re.fullmatch(r"(?:(\d{1,2})[/.-](\d{4})|(\d{4})-(\d{1,2}))", typed.strip(), re.ASCII)
    if found:
        month, year = int(found[1] or found[4]), int(found[2] or found[3])
        if 1 <= month <= 12 and 2000 <= year <= 2100:
            return date(year, month, 1)
    raise BadPeriod(_("Please write the month as 07/2021."), field)
