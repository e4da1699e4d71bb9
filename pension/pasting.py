"""Contribution periods pasted from a table, as VssID and printed books show them.

A line a period: from, to, wage, and whatever else stands there. Cells are parted by tabs, several
spaces, ``|`` or ``;``, else by single spaces. Lines that say nothing of a month (headings, totals) are
passed over; a line that does but cannot be read is told, with its number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.text import without_marks

MOST_LINES = 300
_MONTH = re.compile(r"(?<![\d.,/-])(?:(\d{1,2})\s?[/.-]\s?)?(\d{1,2})\s?[/.-]\s?((?:19|20)\d\d)(?![\d/])")
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)-(\d{1,2})(?:-\d{1,2})?(?!\d)")
_AMOUNT = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:[., ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?)(?![\d.,])")
_VOLUNTARY = "tu nguyen"


@dataclass(frozen=True)
class PastedRow:
    """As cells of the form: months as ``mm/yyyy``, the wage in digits (a coefficient with a comma)."""

    start: str
    end: str
    wage: str
    kind: str


@dataclass
class Pasted:
    """What was read, what was not (number and text of the line, and why), and what is left to correct."""

    rows: list[PastedRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def read(typed: str) -> Pasted:
    """Never raises: whatever was pasted, each line is a row, passed over, or a problem."""
    found = Pasted()
    lines = typed.splitlines()
    for number, line in enumerate(lines[:MOST_LINES], start=1):
        row = _row(line)
        if isinstance(row, str):
            found.problems.append(_("Line %(number)d: %(why)s") % {"number": number, "why": row})
            found.left.append(line)
        elif row is not None:
            found.rows.append(row)
    if len(lines) > MOST_LINES:
        found.problems.append(_("Only the first %(count)d lines were read.") % {"count": MOST_LINES})
        found.left += lines[MOST_LINES:]
    return found


def _row(line: str) -> PastedRow | str | None:
    """The row of a line; why it cannot be read; None where it speaks of no month."""
    months, rest = _months(line)
    if not months:
        return None
    wages = [amount for amount in _amounts(rest) if _is_wage(amount)]
    if len(months) == 1:  # with no wage beside it: the day something was printed
        return _("there is one month only; a period needs its first and its last month.") if wages else None
    if len(months) > 2:
        return _("there are more than two months; put each period on a line of its own.")
    if not wages:
        return _("there is no wage.")
    # Tables show the wage first, then what it is made of: the first that can be one counts.
    kind = (
        "voluntary" if _VOLUNTARY in without_marks(line) else "state" if _is_factor(wages[0]) else "employer"
    )
    return PastedRow(months[0], months[1], wages[0], kind)


def _months(line: str) -> tuple[list[str], str]:
    """The months of the line as ``mm/yyyy`` in their order, and the line without them."""
    if iso := [f"{int(month):02}/{year}" for year, month in _ISO.findall(line)]:
        return iso, _ISO.sub("\t", line)
    return [f"{int(m):02}/{y}" for _day, m, y in _MONTH.findall(line)], _MONTH.sub("\t", line)


def _amounts(rest: str) -> Iterator[str]:
    for cell in re.split(r"\t|\||;|\s{2,}", rest):
        for match in _AMOUNT.finditer(cell):
            yield _normal(match[0])


def _normal(amount: str) -> str:
    """``5.000.000`` and ``5,000,000`` as ``5000000``; ``3,66`` and ``3.66`` as ``3,66``."""
    if re.fullmatch(r"\d{1,2}[.,]\d{1,2}", amount):
        return amount.replace(".", ",")
    return re.sub(r"[., ]", "", re.sub(r"[.,]\d{1,2}$", "", amount))


def _is_factor(amount: str) -> bool:
    return "," in amount


def _is_wage(amount: str) -> bool:
    """A wage in đồng, or a coefficient of the State's scale; numbers of lines and of months are neither."""
    if _is_factor(amount):
        return 1 <= Decimal(amount.replace(",", ".")) <= 20
    return 50_000 <= int(amount) <= 500_000_000
