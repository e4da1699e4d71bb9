"""How many dossiers come in, on which day, at which office, and the numbers their rows get."""

import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, timedelta

from procedures.deadlines import WorkCalendar
from procedures.models import Office

# Filed in the province on a working day; a tenth of it on a day off, all of that online.
INFLOW = 400
_DAY_OFF = 0.1
# Shares of what the districts handle (by population, 2019), and of all that the province office handles.
_SHARES = {
    "khanh-hoa": 0.34,
    "ninh-hoa": 0.19,
    "cam-ranh": 0.13,
    "dien-khanh": 0.12,
    "van-ninh": 0.09,
    "cam-lam": 0.09,
    "khanh-vinh": 0.025,
    "khanh-son": 0.015,
}
PROVINCIAL = 0.18


@dataclass(frozen=True)
class Desk:
    """An office as the generator knows it: its people, and wards by code with their words in an address."""

    pk: int
    slug: str
    name: str
    number: str
    province: bool
    wards: tuple[tuple[str, str], ...]
    clerks: tuple[int, ...]
    heads: tuple[int, ...]
    # Numbers of a day that are taken already.
    taken: dict[date, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Share:
    """What an office gets on a day: how many dossiers, and the id of the first."""

    day: date
    count: int
    first: int


class Days(WorkCalendar):
    """A calendar of some years that answers at once."""

    def __init__(self, work: WorkCalendar, first: date, last: date) -> None:
        super().__init__(work.exceptions, work.public_holidays)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        object.__setattr__(self, "_worked", [day for day in days if work.is_working(day)])

    _worked: list[date]

    def next_working(self, day: date) -> date:
        return self._worked[bisect_left(self._worked, day)]

    def add(self, day: date, working_days: int) -> date:
        if not working_days:
            return day
        return self._worked[bisect_right(self._worked, day) + working_days - 1]

    def count(self, start: date, end: date) -> int:
        return bisect_right(self._worked, end) - bisect_right(self._worked, start)


def shares(
    desks: list[Desk], *, dossiers: int, until: date, seed: str, work: WorkCalendar, first: int
) -> dict[str, list[Share]]:
    """What each office gets on each day up to ``until``, ``dossiers`` in all; ids from ``first`` on."""
    days = _inflow(dossiers, until, seed, work)
    found: dict[str, list[Share]] = {desk.slug: [] for desk in desks}
    weights = [_weight(desk) for desk in desks]
    for day, count in days:
        drawn = of_day(seed, day).choices(range(len(desks)), weights, k=count)
        for number, desk in enumerate(desks):
            mine = drawn.count(number)
            found[desk.slug].append(Share(day, mine, first))
            first += mine
    return found


def of_day(seed: str, day: date, slug: str = "") -> random.Random:
    """The chance of a day, at an office: so the last weeks are the same however many years lie before."""
    return random.Random(f"{seed}:{day}:{slug}")  # noqa: S311


def _inflow(dossiers: int, until: date, seed: str, work: WorkCalendar) -> list[tuple[date, int]]:
    """(day, how many) up to ``until``, the oldest first, ``dossiers`` in all."""
    days, day, left = [], until, dossiers
    while left > 0:
        usual = INFLOW if work.is_working(day) else INFLOW * _DAY_OFF
        count = min(left, round(usual * of_day(seed, day).uniform(0.75, 1.25)))
        days.append((day, count))
        left, day = left - count, day - timedelta(days=1)
    return days[::-1]


def _weight(desk: Desk) -> float:
    own = _SHARES.get(desk.slug, 0.02) * (1 - PROVINCIAL)
    return own + PROVINCIAL if desk.province else own


def in_order(offices: list[Office]) -> list[Office]:
    """``offices`` with the busiest first."""
    return sorted(offices, key=lambda office: (-_SHARES.get(office.slug, 0.0), office.number))
