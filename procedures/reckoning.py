"""What a decided dossier comes to, by the calculators of the app that has them.

Who can calculate registers here; who pays asks here. Neither imports the other.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from procedures.models import Dossier


@dataclass(frozen=True)
class ReckonedStep:
    """A step in words; ``confidence`` of the figures it rests on, the least sure."""

    words: str
    article: str
    confidence: str


@dataclass(frozen=True)
class ReckonedFigure:
    """A legal figure that was used, in words; ``value`` is empty for a table."""

    name: str
    value: str
    since: date
    source: str
    confidence: str


@dataclass(frozen=True)
class Reckoning:
    """``amount`` in whole đồng and how it came about, on the law of ``day``."""

    day: date
    amount: Decimal
    months: int
    steps: tuple[ReckonedStep, ...]
    figures: tuple[ReckonedFigure, ...]

    @property
    def doubtful(self) -> bool:
        return any(figure.confidence != "sure" for figure in self.figures)

    def kept(self) -> dict[str, Any]:
        """As it is frozen in a row."""
        figures = [asdict(f) | {"since": f.since.isoformat()} for f in self.figures]
        return {
            "day": self.day.isoformat(),
            "amount": str(self.amount),
            "months": self.months,
            "steps": [asdict(step) for step in self.steps],
            "figures": figures,
        }


class NotReckoned(ValueError):
    """Why nothing can be calculated, for people; ``field``: ``periods`` or ``day``, where it is one."""

    def __init__(self, message: str, field: str = "periods") -> None:
        super().__init__(message)
        self.field = field


Reckoner = Callable[[Dossier, str, date], Reckoning]

reckoners: dict[str, Reckoner] = {}
"""By procedure: what a dossier comes to by its contribution periods, as pasted, on the law of a day.

Raises ``NotReckoned``."""


def of(dossier: Dossier, periods: str, day: date) -> Reckoning:
    """What ``dossier`` comes to; raises ``NotReckoned``."""
    reckoner = reckoners.get(dossier.procedure.slug)
    if reckoner is None:
        raise NotReckoned("no calculator for this procedure")
    return reckoner(dossier, periods, day)
