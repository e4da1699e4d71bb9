"""Whether pages cost the same with a hundred times as many dossiers: two databases beside each other.

Each page is asked of this very process, of one database and of the other in turn, so that both have the
same code, the same caches and the same hour of the machine. CPU is that of this process and of the one
PostgreSQL process that serves it.
"""

import re
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from html import unescape
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from bench.report import Row
from bench.run import say
from portal.models import User
from portal.standalone.processes import HOST
from procedures import demo, intake
from procedures.deadlines import closing
from procedures.models import Dossier, IntakeList, Office

# A page may cost so much more with the larger database.
GOAL = 1.2
# The office whose clerk asks, and how many of its dossiers are opened.
_OFFICE, _SUBJECTS = "cam-ranh", 12
_DEEP = 3  # pages on


@dataclass
class Subject:
    """A database of so many dossiers, and who and what is asked about in it."""

    name: str
    dossiers: int
    clients: dict[str, Client] = field(default_factory=dict)

    def use(self) -> None:
        """Make it the database of this process."""
        if connection.settings_dict["NAME"] != self.name:
            connection.close()
            connection.settings_dict["NAME"] = self.name

    @cached_property
    def office(self) -> Office:
        return Office.objects.get(slug=_OFFICE)

    @cached_property
    def some(self) -> list[Dossier]:
        """Dossiers of the office that citizens filed, from all its years, the newest first."""
        filed = Dossier.objects.filter(office=self.office, filer="citizen").order_by("-filed_at")
        pks = list(filed.values_list("pk", flat=True))
        chosen = pks[:: max(len(pks) // _SUBJECTS, 1)][:_SUBJECTS]
        return list(Dossier.objects.filter(pk__in=chosen).select_related("owner").order_by("-filed_at"))

    def of(self, turn: int) -> Dossier:
        return self.some[turn % len(self.some)]

    @cached_property
    def lists(self) -> list[int]:
        return list(IntakeList.objects.filter(office=self.office).values_list("pk", flat=True)[:20])

    @cached_property
    def deep(self) -> dict[str, str]:
        """The addresses of pages far back, by the page they begin at."""
        return {}

    def client(self, who: str) -> Client:
        if who not in self.clients:
            self.clients[who] = Client(SERVER_NAME=HOST)
            if who != "nobody":
                self.clients[who].force_login(self._user(who))
        return self.clients[who]

    def _user(self, who: str) -> User:
        if who == "citizen":
            return self.some[0].owner
        if who == "clerk":
            return User.objects.get(username=f"canbo.{_OFFICE}")
        province = Office.objects.get(level=Office.Level.PROVINCE)
        return demo.staff("giamdoc", "Võ Minh Khánh", province, "director", password=demo.PASSWORD)


# --- What is asked -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A page as somebody asks for it; ``path`` may raise ``NoReverseMatch`` where there is none."""

    name: str
    who: str
    path: Callable[[Subject, int], str]
    data: Callable[[Subject, int], dict[str, str]] | None = None

    def ask(self, subject: Subject, turn: int) -> int:
        """The status of the answer."""
        client, path = subject.client(self.who), self.path(subject, turn)
        answer: Any = client.post(path, self.data(subject, turn)) if self.data else client.get(path)
        answer.getvalue()
        return int(answer.status_code)


def _queue(query: str = "") -> Callable[[Subject, int], str]:
    return lambda subject, turn: reverse("admin:procedures_dossier_changelist") + query


def _deep_queue(query: str = "") -> Callable[[Subject, int], str]:
    """Some pages on: by the link to the next one, else by the number of the page."""

    def path(subject: Subject, turn: int) -> str:
        if query not in subject.deep:
            subject.deep[query] = _turned(subject, _queue(query)(subject, turn))
        return subject.deep[query]

    return path


def _turned(subject: Subject, path: str) -> str:
    page = subject.client("clerk").get(path).content.decode()
    if 'rel="next"' not in page:
        return f"{path}{'&' if '?' in path else '?'}p={_DEEP}"
    for _ in range(_DEEP):
        link = re.search(r'href="([^"]+)" rel="next"', page)
        if link is None:
            break
        path = reverse("admin:procedures_dossier_changelist") + unescape(link[1])
        page = subject.client("clerk").get(path).content.decode()
    return path


def _search(words: Callable[[Subject, int], str]) -> Callable[[Subject, int], str]:
    return lambda subject, turn: f"{_queue()(subject, turn)}?q={words(subject, turn).replace(' ', '+')}"


def _of_dossier(name: str, by: str) -> Callable[[Subject, int], str]:
    return lambda subject, turn: reverse(name, args=[getattr(subject.of(turn), by)])


def _figures(query: str = "") -> Callable[[Subject, int], str]:
    return lambda subject, turn: reverse("admin:procedures_dossier_figures") + query


PAGES = (
    Page("queue, first page", "clerk", _queue()),
    Page("queue, some pages on", "clerk", _deep_queue()),
    Page("queue, one state", "clerk", _queue("?state=processing")),
    Page("queue, one procedure", "clerk", _queue("?procedure=book-and-card")),
    Page("queue, overdue", "clerk", _queue("?due=overdue")),
    Page("queue, what is finished", "clerk", _queue("?state=returned")),
    Page("queue, what is finished, some pages on", "clerk", _deep_queue("?state=returned")),
    Page("queue of the province", "director", _queue()),
    Page("search, a common name", "clerk", _search(lambda subject, turn: "nguyen thi")),
    Page("search, a whole name", "clerk", _search(lambda subject, turn: subject.of(turn).applicant_bare)),
    Page("search, a common name, province", "director", _search(lambda subject, turn: "nguyen thi")),
    Page("search, a code", "clerk", _search(lambda subject, turn: str(subject.of(turn).code))),
    Page("search, an insurance number", "clerk", _search(lambda s, turn: s.of(turn).owner.username)),
    Page("a dossier, at the desk", "clerk", _of_dossier("admin:procedures_dossier_change", "pk")),
    Page("my dossiers", "citizen", lambda subject, turn: reverse("dossier_list")),
    Page("a dossier, its citizen", "citizen", lambda s, turn: reverse("dossier", args=[s.some[0].code])),
    Page(
        "state by code and phone",
        "nobody",
        lambda subject, turn: reverse("track"),
        lambda s, turn: {"code": str(s.some[0].code), "phone": s.some[0].phone[-4:]},
    ),
    Page("parcels", "clerk", lambda subject, turn: reverse("admin:procedures_parcel_changelist")),
    Page("director's page, this month", "director", _figures()),
    Page("director's page, another month", "director", _figures("?ky=thang-truoc")),
    Page("intake lists", "director", lambda s, turn: reverse("admin:procedures_intakelist_changelist")),
    Page(
        "an intake list",
        "clerk",
        lambda s, turn: reverse("admin:procedures_intakelist_change", args=[s.lists[turn % len(s.lists)]]),
    ),
)
CLOSING = "closing a list"


def close(subject: Subject, turn: int) -> None:
    """Close the next list of the office, and take it back."""
    last = IntakeList.objects.filter(office=subject.office).latest("day").day
    day = last + timedelta(days=1)
    with transaction.atomic():
        intake.close_list(subject.office, day, actor=None, now=closing(day) + timedelta(minutes=30))
        transaction.set_rollback(True)


# --- What it costs -------------------------------------------------------------------------------


@dataclass
class Cost:
    """CPU ms of this process and of the database for one request, and its queries."""

    web: float
    database: float
    queries: int

    @property
    def cpu(self) -> float:
        return self.web + self.database


@dataclass
class Compared:
    """A page in the smaller and the larger database; ``skipped`` says why there is nothing to compare."""

    name: str
    costs: tuple[Cost, Cost] | None = None
    skipped: str = ""

    @property
    def ratio(self) -> float:
        assert self.costs is not None
        return self.costs[1].cpu / self.costs[0].cpu


def compare(subjects: tuple[Subject, Subject], *, rounds: int, times: int) -> list[Compared]:
    """Every page, and the closing of a list, in both databases."""
    found = []
    for page in PAGES:
        say(page.name)
        reason = _missing(page, subjects)
        found.append(
            Compared(page.name, skipped=reason)
            if reason
            else Compared(page.name, _costs(page.ask, subjects, rounds, times))
        )
    say(CLOSING)
    return [*found, Compared(CLOSING, _costs(close, subjects, rounds, times))]


def _missing(page: Page, subjects: tuple[Subject, Subject]) -> str:
    """Why ``page`` cannot be measured; empty where it can."""
    try:
        for subject in subjects:
            subject.use()
            status = page.ask(subject, 0)
            if status != 200:
                return f"answers {status}"
    except NoReverseMatch:
        return "there is no such address"
    return ""


def _costs(
    ask: Callable[[Subject, int], object], subjects: tuple[Subject, Subject], rounds: int, times: int
) -> tuple[Cost, Cost]:
    """The median of the rounds for each; rounds of both take turns."""
    taken: dict[str, list[tuple[float, float]]] = {subject.name: [] for subject in subjects}
    counted = {}
    for _ in range(rounds):
        for subject in subjects:
            subject.use()
            counted[subject.name] = _queries(ask, subject)
            ask(subject, 1)
            taken[subject.name].append(_one_round(ask, subject, times))
    first, second = (
        Cost(*(statistics.median(kind) for kind in zip(*taken[s.name], strict=True)), counted[s.name])
        for s in subjects
    )
    return first, second


def _one_round(ask: Callable[[Subject, int], object], subject: Subject, times: int) -> tuple[float, float]:
    before = time.process_time(), _database_seconds()
    for turn in range(times):
        ask(subject, turn)
    after = time.process_time(), _database_seconds()
    web, database = ((b - a) * 1000 / times for a, b in zip(before, after, strict=True))
    return web, database


def _database_seconds() -> float:
    """CPU time of the process that serves this connection, to the nanosecond."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _queries(ask: Callable[[Subject, int], object], subject: Subject) -> int:
    sent = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal sent
        sent += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        ask(subject, 0)
    return sent


# --- EXPLAIN -------------------------------------------------------------------------------------


def explained(subject: Subject, *, most: int = 2) -> str:
    """The plans of the dearest queries of each page that no page before it asked, as Markdown."""
    subject.use()
    parts, told = [], set[str]()
    asked = [(page.name, page.ask) for page in PAGES]
    for name, ask in [*asked, (CLOSING, close)]:
        with suppress(NoReverseMatch):
            ask(subject, 0)
            dearest = [plan for plan in _plans(ask, subject)[:most] if plan.query not in told]
            told |= {plan.query for plan in dearest}
            parts.append(_section(name, dearest))
    return "\n".join(parts)


@dataclass(frozen=True)
class _Plan:
    took: float
    query: str
    lines: str


def _section(name: str, plans: list[_Plan]) -> str:
    if not plans:
        return f"## {name[0].upper()}{name[1:]}\n\nAs above.\n"
    blocks = [f"```sql\n{plan.query}\n```\n\n```\n{plan.lines}\n```\n" for plan in plans]
    return f"## {name[0].upper()}{name[1:]}\n\n" + "\n".join(blocks)


def _plans(ask: Callable[[Subject, int], object], subject: Subject) -> list[_Plan]:
    """The plan of each query once, the dearest first."""
    seen: dict[str, tuple[str, Any]] = {}

    def keep(execute: Any, query: str, given: Any, many: bool, context: Any) -> Any:
        if query.lstrip().startswith(("SELECT", "WITH")):
            seen.setdefault(query, (query, given))
        return execute(query, given, many, context)

    with connection.execute_wrapper(keep):
        ask(subject, 0)
    return sorted((_plan(query, given) for query, given in seen.values()), key=lambda plan: -plan.took)


def _plan(query: str, given: Any) -> _Plan:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {query}", given)
        lines = [str(line) for (line,) in cursor.fetchall()]
    took = next(float(line.split()[2]) for line in lines if line.startswith("Execution Time"))
    return _Plan(took, _shortened(query), "\n".join(line[:150] for line in lines))


def _shortened(query: str) -> str:
    """Without the names of all the columns of a table."""
    short = re.sub(r'SELECT (?:"\w+"\."\w+"(?: AS "\w+")?,? ?){4,}', "SELECT … ", " ".join(query.split()))
    return short if len(short) < 1500 else f"{short[:1500]} …"


# --- The report ----------------------------------------------------------------------------------


def rows(found: list[Compared]) -> list[Row]:
    """Beside each page of the larger database, in the place of the floor, the same of the smaller one."""
    made = []
    for page in found:
        if page.costs is None:
            continue
        small, large = page.costs
        made.append(Row(page.name, large.cpu, "ms CPU", small.cpu, small.cpu * GOAL))
        made.append(Row("  of it database", large.database, "ms CPU", small.database))
        made.append(Row("  queries", large.queries, "", small.queries, small.queries))
    return made


def skipped(found: list[Compared]) -> str:
    return "\n".join(f"Not measured: {page.name}: {page.skipped}." for page in found if page.skipped)
