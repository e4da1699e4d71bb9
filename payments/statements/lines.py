"""What every kind of statement is read into, and how it is refused."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.text import clean

MOST_PROBLEMS = 200
MOST_LINES = 200_000


@dataclass(frozen=True)
class Problem:
    """What is wrong with row ``row`` of a file, in words; 0: with the file as a whole."""

    row: int
    words: str


class FileRefused(Exception):
    """A file that is not taken in. ``problems``: row by row, in the order of the file."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].words if problems else "")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class BankLine:
    """A booking: ``amount`` in whole đồng above zero, ``credit`` where it came in.

    ``row``: its place in the file, from 1. ``reference``: the bank's own, which names the booking in
    every file it stands in. ``returned``: a payment of ours that came back.
    """

    row: int
    reference: str
    booked_on: date
    credit: bool
    amount: Decimal
    text: str = ""
    payer: str = ""
    payer_account: str = ""
    returned: bool = False


@dataclass
class Reading:
    """What is known of a file while its lines are read; whole once they are all read."""

    kind: str
    account: str
    """The account number the lines must be of."""
    opening: Decimal | None = None
    closing: Decimal | None = None
    credit: Decimal = Decimal(0)
    debit: Decimal = Decimal(0)
    count: int = 0
    left_out: int = 0
    """Rows that are no bookings: pending ones, sums below a table."""
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, row: int, words: str) -> None:
        """Note a problem; raises ``FileRefused`` when there are so many that nobody reads on."""
        self.problems.append(Problem(row, words))
        if len(self.problems) >= MOST_PROBLEMS:
            raise FileRefused(*self.problems, Problem(0, _("Reading stopped here: too much is wrong.")))

    def add(self, line: BankLine) -> None:
        self.count += 1
        if self.count > MOST_LINES:
            raise FileRefused(
                Problem(0, _("The file has more than %(n)d lines; split it.") % {"n": MOST_LINES})
            )
        if line.credit:
            self.credit += line.amount
        else:
            self.debit += line.amount

    def end(self) -> None:
        """Raise ``FileRefused`` with everything that was wrong, or where there is nothing in it."""
        if not self.problems and not self.count:
            self.problems.append(Problem(0, _("There is no booking in this file.")))
        if self.problems:
            raise FileRefused(*self.problems)


def short(text: str, most: int) -> str:
    """``text`` in one line without control characters, at most ``most`` characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:most]
    return " ".join(clean(text).split())[:most]


def plain(amount: Decimal) -> str:
    """``1.490.000 đ``."""
    return f"{amount:,.0f}".replace(",", ".") + " đ"
