"""The work of an office in the order it should be taken, page by page, and what is counted of it.

A page begins behind a place, not after a number of rows, and nothing is counted beyond a bound: the
first page and the hundredth cost the same, of a thousand dossiers or a million.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Case, F, Func, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.text import without_marks
from procedures import catalogue
from procedures.models import Dossier
from procedures.models.dossiers import BY_DUE, CODE_TAIL, NEVER, UNDECIDED, URGENT_FIRST

Place = tuple[int | datetime, ...]
"""Where a dossier stands in a part: what its rows are ordered by."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    """Some of the dossiers of an office, in their order."""

    slug: str
    label: Promise
    rows: Q
    key: tuple[Case | Coalesce | F, ...]
    newest_first: bool = False

    def ordered(self, dossiers: QuerySet[Dossier], *, back: bool = False) -> QuerySet[Dossier]:
        return dossiers.order_by(*self.order(back=back))

    def order(self, *, back: bool = False) -> list[Any]:
        return [e.desc() if self.newest_first != back else e.asc() for e in self.key]

    def place(self, dossier: Dossier) -> Place:
        """Where ``dossier`` stands, or would stand if it were of this part."""
        known: Mapping[Any, int | datetime] = {
            URGENT_FIRST: 0 if dossier.urgent else 1,
            BY_DUE: dossier.due_at or NEVER,
            F("decided_at"): dossier.decided_at or NEVER,
            F("filed_at"): dossier.filed_at or NEVER,
            F("id"): dossier.pk,
        }
        return tuple(known[expression] for expression in self.key)

    def beyond(self, place: Place, *, back: bool = False) -> Func:
        """Whether a row stands behind ``place``, or before it."""
        sign = "<" if self.newest_first != back else ">"
        here = Func(*map(Value, place), function="ROW")
        row = Func(*self.key, function="ROW")
        joined = {"template": "%(expressions)s", "arg_joiner": f" {sign} "}
        return Func(row, here, output_field=BooleanField(), **joined)

    def written(self, place: Place) -> str:
        """``place`` for an address: numbers and points."""
        micro = timedelta(microseconds=1)
        return ".".join(str(v if isinstance(v, int) else (v - _EPOCH) // micro) for v in place)

    def read(self, written: str) -> Place | None:
        """The place that was ``written``; None for what is none."""
        numbers = written.split(".")
        if len(numbers) != len(self.key) or not all(n.isascii() and n.isdigit() for n in numbers):
            return None
        moments = [e is BY_DUE or e in (F("filed_at"), F("decided_at")) for e in self.key]
        try:
            return tuple(
                _EPOCH + timedelta(microseconds=int(n)) if moment else _small(n)
                for n, moment in zip(numbers, moments, strict=True)
            )
        except OverflowError:
            return None


def _small(digits: str) -> int:
    if len(digits) > 18:
        raise OverflowError(digits)
    return int(digits)


_NEWEST = (F("filed_at"), F("id"))
TO_DO = Part("viec", _("To be decided"), UNDECIDED, (URGENT_FIRST, BY_DUE, F("filed_at"), F("id")))
TO_RETURN = Part(
    "tra",
    _("Result to be returned"),
    Q(final=False, decided_at__isnull=False),
    (F("decided_at"), F("id")),
)
FINISHED = Part("xong", _("Finished"), Q(final=True), _NEWEST, newest_first=True)
EVERYTHING = Part("tat-ca", _("All"), Q(), _NEWEST, newest_first=True)
PARTS: Mapping[str, Part] = {part.slug: part for part in (TO_DO, TO_RETURN, FINISHED, EVERYTHING)}


def part_of(query: Mapping[str, str]) -> Part:
    """The part an address asks for; who searches looks everywhere, a state lies in its own part."""
    if named := PARTS.get(query.get("phan", "")):
        return named
    if query.get("q", "").strip() or query.get("due") == "came":
        return EVERYTHING
    return _part_of_state(query.get("state", ""))


def _part_of_state(slug: str) -> Part:
    states = (s for _v, d in catalogue.all_published() for s in d.states if s.slug == slug)
    found = next(states, None) if slug else None
    if found is None:
        return TO_DO
    return FINISHED if found.final else TO_RETURN if found.clock == "stopped" else TO_DO


# --- Pages ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Some rows, and what an address says to go on: ``""`` where nothing is known to follow."""

    rows: Sequence[Dossier]
    before: str = ""
    after: str = ""


def page(dossiers: QuerySet[Dossier], part: Part, asked: str, *, size: int) -> Page:
    """The rows behind or before the place that ``asked`` (``s…`` or ``t…``) names, else the first ones."""
    place, back = part.read(asked[1:]), asked.startswith("t")
    back = back and place is not None
    rows = part.ordered(dossiers, back=back)
    if place is not None:
        rows = rows.filter(part.beyond(place, back=back))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    return _page(found, part, before=more if back else place is not None, after=back or more)


def _page(rows: list[Dossier], part: Part, *, before: bool, after: bool) -> Page:
    if not rows:
        return Page(rows)
    first, last = (part.written(part.place(row)) for row in (rows[0], rows[-1]))
    return Page(rows, f"t{first}" if before else "", f"s{last}" if after else "")


def neighbours(
    dossiers: QuerySet[Dossier], part: Part, dossier: Dossier, place: Place
) -> tuple[Dossier | None, Dossier | None]:
    """The dossiers before and after ``place``, where ``dossier`` stands or stood a moment ago."""
    others = dossiers.exclude(pk=dossier.pk)
    before, after = (
        part.ordered(others, back=back).filter(part.beyond(place, back=back)).first()
        for back in (True, False)
    )
    return before, after


# --- Sets that are counted and listed --------------------------------------------------------------


def midnight(now: datetime, *, days: int = 0) -> datetime:
    """The beginning of the day of ``now``, or of the one ``days`` later."""
    day = timezone.localdate(now) + timedelta(days=days)
    return datetime.combine(day, time(), timezone.get_current_timezone())


def chosen(name: str, *, user: User, now: datetime) -> Q:
    """The rows of a set by its name in an address; no condition for a name that is none."""
    conditions = {
        "came": Q(filed_at__gte=midnight(now), filed_at__lt=midnight(now, days=1)),
        "urgent": UNDECIDED & Q(urgent=True),
        "overdue": UNDECIDED & Q(due_at__lt=now),
        "today": UNDECIDED & Q(due_at__gte=now, due_at__lt=midnight(now, days=1)),
        "soon": UNDECIDED & Q(due_at__gte=now, due_at__lt=now + timedelta(days=2)),
        "citizen": UNDECIDED & Q(days_left__isnull=False),
        "papers": UNDECIDED & Q(clock_started_on=None),
        "mine": UNDECIDED & Q(assignee=user.pk),
        "free": UNDECIDED & Q(assignee=None),
    }
    return conditions.get(name, Q())


COUNTED = ("came", "today", "overdue", "citizen", "papers", "urgent", "mine", "free")
MOST = 1000


def counts(dossiers: QuerySet[Dossier], *, user: User, now: datetime) -> dict[str, int]:
    """How many rows each set of ``COUNTED`` has, ``MOST`` standing for that many or more; one query."""
    parts: list[str] = []
    values: list[Any] = []
    for name in COUNTED:
        rows = dossiers.filter(chosen(name, user=user, now=now)).order_by().values("pk")[:MOST]
        try:
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:  # staff without an office see no row
            sql, params = "SELECT WHERE false", ()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608
        values += params
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return dict(zip(COUNTED, cursor.fetchone(), strict=True))


# --- Search --------------------------------------------------------------------------------------

SHORTEST = 3
WHOLE_NAME = 3


def search(dossiers: QuerySet[Dossier], words: str) -> QuerySet[Dossier]:
    """Rows whose code, numbers or names ``words`` mean; every way to find one has an index of its own.

    Words enough for a whole name are looked for at the beginning of names first: anywhere in a name
    they are only looked for when nobody is called so.
    """
    words = " ".join(words.split())
    if not words:
        return dossiers
    if words.count(" ") >= WHOLE_NAME - 1 and not _has_digit(words):
        named = dossiers.filter(applicant_bare__startswith=without_marks(words))
        if named.order_by().exists():
            return named
    ways = Q(pk__in=())
    for way in _ways(words):
        ways |= way
    return dossiers.alias(code_tail=CODE_TAIL).filter(ways)


def _ways(words: str) -> Iterator[Q]:
    compact = words.replace(" ", "").replace(".", "")
    if " " not in words:
        yield Q(code__startswith=words.upper())
    if compact.isdigit():
        yield Q(insurance_number__startswith=compact)
    if words[0].isdigit():
        yield Q(code_tail__startswith=words)
    if " " not in words and _has_digit(words):
        yield Q(organisation_code__istartswith=words) & ~Q(organisation_code="")
    if len(words) < SHORTEST:
        return
    if not _has_digit(words):
        yield Q(applicant_bare__contains=without_marks(words))
    if " " in words or not _has_digit(words):
        yield Q(organisation_name__icontains=words)


def _has_digit(words: str) -> bool:
    return any(c.isdigit() for c in words)
