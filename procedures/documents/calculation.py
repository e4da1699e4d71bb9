"""What stands on a printed calculation: anybody's own, of no dossier, kept nowhere."""

from datetime import date, datetime

import msgspec

from procedures.documents.text import Data, cleaned, day, moment

Pairs = tuple[tuple[str, str], ...]


class CalculationStep(msgspec.Struct, frozen=True, kw_only=True):
    """``doubt``: how sure the figures are, empty when they are."""

    words: str
    article: str
    doubt: str = ""


class Calculation(msgspec.Struct, frozen=True, kw_only=True):
    """A layout of our own; no signature, no claim: it binds nobody and says so.

    ``lines``: year, kind, months, wage, coefficient, amount. ``basis``: figure, value, days, source,
    how sure.
    """

    title: str
    day: date
    made_at: datetime
    label: str
    amount: str
    facts: Pairs
    answers: Pairs
    steps: tuple[CalculationStep, ...]
    lines: tuple[tuple[str, ...], ...]
    basis: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def calculated(content: Calculation) -> Data:
    """What the template is given."""
    return cleaned(content) | {
        "day": day(content.day),
        "made_at": moment(content.made_at),
        # Cells of numbers stay whole, however wide.
        "lines": [list(row) for row in content.lines],
    }
