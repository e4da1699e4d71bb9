"""Drawings of a result, made on the server, each beside a table with the same numbers.

A drawing is 300 units wide so that it can be read on a phone; colours come from the style sheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pension.calculators.comparing import Keeping, Point
from portal.text import dong

WIDTH, HEIGHT, _BAR, _FOOT = 300, 130, 34, 18


@dataclass(frozen=True)
class Piece:
    """A bar; ``mine``: the one that is the reader's own."""

    x: str
    y: str
    width: str
    height: str
    mine: bool


@dataclass(frozen=True)
class Words:
    x: str
    y: str
    text: str
    anchor: str = "start"


@dataclass(frozen=True)
class Chart:
    slug: str
    title: str
    about: str
    height: int
    pieces: Sequence[Piece]
    words: Sequence[Words]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def by_years(points: Sequence[Point], mine: Decimal) -> Chart:
    """A column for every number of years; ``mine``: how many the reader has."""
    most = max(point.monthly for point in points)
    step = Decimal(WIDTH) / len(points)
    pieces, words = [], []
    for number, point in enumerate(points):
        height = point.monthly * HEIGHT / most if most else Decimal(0)
        x, own = number * step, point.years == int(mine)
        pieces.append(
            Piece(_at(x), _at(HEIGHT - height + _FOOT), _at(step * Decimal("0.8")), _at(height), own)
        )
        if point.years % 5 == 0:
            words.append(Words(_at(x), str(HEIGHT + 2 * _FOOT - 3), str(point.years)))
    words.append(Words("0", "12", _("highest: %(amount)s a month") % {"amount": dong(most)}))
    return Chart(
        "by-years",
        _("Pension against years of contributions"),
        _("A column for every number of years, at the same average; your years have dots."),
        HEIGHT + 2 * _FOOT,
        pieces,
        words,
        (_("Years"), _("Rate"), _("A month"), _("Paid once")),
        [
            (str(p.years), f"{p.percent:f}%".replace(".", ","), dong(p.monthly), dong(p.one_off))
            for p in points
        ],
    )


def keeping(lump_sum: Decimal, kept: Keeping) -> Chart:
    """Withdrawing now beside what a pension has paid after some years."""
    rows = [(_("Withdraw now"), lump_sum)]
    rows += [
        (ngettext("Keep: %d year of pension", "Keep: %d years of pension", years) % years, amount)
        for years, amount in kept.received
    ]
    most = max(amount for _label, amount in rows) or Decimal(1)
    pieces, words = [], []
    for number, (label, amount) in enumerate(rows):
        y = number * _BAR
        words.append(Words("0", str(y + 12), label))
        words.append(Words(str(WIDTH), str(y + 12), dong(amount), "end"))
        width = max(amount * WIDTH / most, Decimal(1))
        pieces.append(Piece("0", str(y + 17), _at(width), "11", not number))
    return Chart(
        "keeping",
        _("Withdraw now, or keep"),
        _("A bar for the lump sum, and one for what the pension has paid after each number of years."),
        len(rows) * _BAR,
        pieces,
        words,
        (_("What you do"), _("You have received")),
        [(label, dong(amount)) for label, amount in rows],
    )


def _at(value: Decimal) -> str:
    return f"{value:.1f}"
