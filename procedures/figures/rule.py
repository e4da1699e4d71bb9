"""When a dossier ended and whether that was on time: the rule of the national portal (confidence likely).

The end is the first arrival in a state of code 9 (done), else 10 (returned), else 3 (not accepted), else 8
(stopped), else 7 (withdrawal asked, once it is accepted). It is on time when it is not after the appointment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

CONFIDENCE = "likely"
SUPPLEMENT = 5  # the code of a dossier that waits for what the citizen was asked for
GRANTED = (9, 10)
ENDS = (9, 10, 3, 8, 7)
"""Codes that end a dossier, the preferred first."""


@dataclass(frozen=True)
class Arrival:
    """A dossier comes into a state: when, and the state's national code."""

    at: datetime
    code: int
    final: bool = False

    @property
    def ends(self) -> bool:
        return self.code in ENDS and (self.code != 7 or self.final)


def end_of(arrivals: Iterable[Arrival]) -> Arrival | None:
    """The arrival that ended a dossier; None while it is open, also where it was opened again.

    ``arrivals`` stand in the order in which they happened.
    """
    last: list[Arrival] = []
    for arrival in arrivals:
        last = [*last, arrival] if arrival.ends else []
    return min(last, key=lambda arrival: ENDS.index(arrival.code), default=None)


def verdict(ended_at: datetime, due_at: datetime | None, days_left: int | None) -> str:
    """``on_time``, ``late`` or ``unpromised``, by the appointment as it stood at the end.

    A clock that stands still has ``days_left`` in place of an appointment: what ends in a pause was late only
    if the pause began late. Neither: no day was ever promised, for instance because papers never came.
    """
    if due_at is not None:
        return "on_time" if ended_at <= due_at else "late"
    if days_left is not None:
        return "on_time" if days_left >= 0 else "late"
    return "unpromised"
