"""How pensions are paid: who knows the rosters registers here; until then the page says that nobody does."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from procedures.models import Office


@dataclass(frozen=True)
class PaidHow:
    """A month's roster: how many people, and how many of them are paid to a bank account."""

    month: date
    people: int
    to_account: int
    url: str = ""


Roster = Callable[[Collection[Office], date], PaidHow | None]
"""The newest roster of the offices that is not after the month; None where there is none."""

rosters: dict[str, Roster] = {}


def roster(name: str) -> Callable[[Roster], Roster]:
    """Register who knows how pensions are paid."""

    def register(function: Roster) -> Roster:
        rosters[name] = function
        return function

    return register


def paid_how(offices: Collection[Office], month: date) -> PaidHow | None:
    """The answer of the first who knows."""
    found = (known(offices, month) for known in rosters.values())
    return next((answer for answer in found if answer is not None), None)
