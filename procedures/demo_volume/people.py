"""Invented citizens, as many as there are dossiers: each files once, twice or a few times."""

import random
from dataclasses import dataclass
from datetime import datetime

from portal.text import without_marks
from procedures import demo
from procedures.demo_volume.plan import Desk

# Of how many recent people of an office one may come again, and how often that is so.
_KNOWN, _AGAIN = 4000, 0.45
# Numbers of the people made one by one lie below 5630000000.
_FIRST_NUMBER, _NUMBERS, _STRIDE = 30_000_000, 60_000_000, 7_368_787


@dataclass(frozen=True)
class Citizen:
    """Somebody with an account; ``address`` as written on letters."""

    pk: int
    number: str
    full_name: str
    bare: str
    gender: str
    born: str
    id_number: str
    phone: str
    ward: str
    street: str
    address: str
    since: datetime


class Neighbours:
    """The people of an office, who come one after the other."""

    def __init__(self, desk: Desk, chance: random.Random, *, first: int, offset: int) -> None:
        self._desk, self._chance = desk, chance
        self._next, self._offset = first, offset
        self._known: list[Citizen] = []

    def next(self, at: datetime) -> tuple[Citizen, bool]:
        """Who files at ``at``, and whether they do so for the first time."""
        if self._known and self._chance.random() < _AGAIN:
            return self._chance.choice(self._known), False
        citizen = self._made(at)
        if len(self._known) < _KNOWN:
            self._known.append(citizen)
        else:
            self._known[self._chance.randrange(_KNOWN)] = citizen
        return citizen, True

    def _made(self, at: datetime) -> Citizen:
        chance, pk = self._chance, self._next
        ward, place = chance.choice(self._desk.wards)
        who = demo.person(chance, ward)
        self._next += 1
        return Citizen(
            pk=pk,
            number=f"56{_FIRST_NUMBER + (pk - self._offset) * _STRIDE % _NUMBERS:08d}",
            full_name=who.full_name,
            bare=_bare(who.full_name),
            gender=who.sex,
            born=who.born.isoformat(),
            id_number=who.id_number,
            phone=who.phone,
            ward=ward,
            street=who.street,
            address=f"{who.street}, {place}",
            since=at,
        )


def _bare(name: str) -> str:
    return " ".join(_BARE[part] for part in name.split())


def _parts() -> set[str]:
    names = [*demo.FAMILY, *(n for of in (demo.MIDDLE, demo.GIVEN) for both in of.values() for n in both)]
    return {part.upper() for name in names for part in name.split()}


_BARE = {part: without_marks(part) for part in _parts()}
