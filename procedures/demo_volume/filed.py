"""What an office is given to write its years, and a dossier while it is written."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from types import SimpleNamespace

from portal.text import without_marks
from procedures.deadlines import start_of
from procedures.demo_volume.people import Citizen
from procedures.demo_volume.plan import Days, Desk, Share
from procedures.demo_volume.story import Life
from procedures.demo_volume.templates import Template


@dataclass(frozen=True)
class Stored:
    """A file that every generated row of its kind points at."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Firsts:
    """Where the ids of an office begin; ``serial`` is that of its first person in the whole load."""

    user: int
    serial: int
    intake_list: int


@dataclass(frozen=True)
class Task:
    """All that one office needs to write its years."""

    desk: Desk
    shares: list[Share]
    firsts: Firsts
    templates: dict[date, list[Template]]
    days: Days
    seed: str
    photo: Stored
    paper: Stored

    @cached_property
    def end(self) -> datetime:
        """The last moment of the last day: nothing happens after it."""
        return start_of(self.shares[-1].day + timedelta(days=1)) - timedelta(seconds=1)


@dataclass
class Filed:
    """A dossier until its list closes; also what ``intake`` asks of one."""

    pk: int
    code: str
    citizen: Citizen
    template: Template
    life: Life
    channel: str

    @property
    def filed_at(self) -> datetime:
        return self.life.marks[0][0]


def owner_of(filed: Filed) -> int:
    owner = filed.template.owner
    return owner.pk if owner else filed.citizen.pk


def named_on(filed: Filed) -> SimpleNamespace:
    """Who is named on a dossier, by the names of its columns."""
    template, who = filed.template, filed.citizen
    owner = template.owner
    named = who.full_name if owner is None or "full_name" in template.answers else owner.full_name
    return SimpleNamespace(
        by_organisation=owner is not None,
        organisation_name=owner.full_name if owner else "",
        organisation_code=owner.organisation.code if owner else "",
        applicant=named,
        bare=who.bare if named == who.full_name else without_marks(named),
        insurance_number=who.number if "insurance_number" in template.answers else "",
    )
