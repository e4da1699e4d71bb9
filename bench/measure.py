"""What one filing costs, how many go through at once, and how soon the receipt is there."""

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import psycopg
from django.utils import timezone

from bench import people
from bench.browser import Browser, Exchange
from bench.filing import Papers, collect, file_claim, press_file, reach_check
from bench.load import Task
from bench.meters import counted_statements, spent
from bench.site import Place, Site
from portal.models import User
from portal.standalone import Unavailable
from portal.standalone.processes import HOST
from procedures import demo

_PATIENCE = 90


@dataclass
class Cost:
    """One filing. CPU in ms by process tree; bytes as on the wire, headers included."""

    cpu: dict[str, float]
    requests: dict[str, int]
    received: dict[str, int]
    sent: int
    seconds: float

    @property
    def total_cpu(self) -> float:
        return sum(self.cpu.values())

    @property
    def total_requests(self) -> int:
        return sum(self.requests.values())


def filing_cost(site: Site, papers: Papers, *, filings: int, slowly: bool = False) -> Cost:
    """The mean of ``filings`` by one person after the other, everything until the receipt is read."""
    browsers = _browsers(site, filings, f"cost {time.time()}")
    meter, started = site.meter, time.monotonic()
    before = meter.read()
    for browser in browsers:
        collect(file_claim(browser, papers, slowly=slowly))
    wait_for_worker(site.place)
    seconds = (time.monotonic() - started) / filings
    cpu = {name: ms / filings for name, ms in spent(before, meter.read()).items()}
    traffic = browsers[-1].traffic
    sent = sum(exchange.sent for exchange in traffic)
    return Cost(cpu, dict(Counter(e.what for e in traffic)), _received(traffic), sent, seconds)


def _received(traffic: list[Exchange]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for exchange in traffic:
        found["pages" if exchange.media_type == "text/html" else "files"] += exchange.received
    return dict(found)


def median_cost(costs: list[Cost]) -> Cost:
    """The one in the middle by CPU."""
    return sorted(costs, key=lambda cost: cost.total_cpu)[len(costs) // 2]


def statements(site: Site, papers: Papers, *, filings: int) -> tuple[float, float]:
    """(queries, BEGIN and COMMIT and the like) of one filing, its share of beat included."""
    browsers = _browsers(site, filings, f"statements {time.time()}")
    with counted_statements(site.place.connection, site.place.postgres_log) as found:
        for browser in browsers:
            collect(file_claim(browser, papers))
        time.sleep(1)
    return found.queries / filings, found.control / filings


# --- Many at once --------------------------------------------------------------------------------


@dataclass
class Rate:
    """Filings a second: the median of some stretches of time, and each of them."""

    median: float
    stretches: list[float] = field(default_factory=list)


def filings_per_second(
    site: Site, papers: Papers, *, clients: int, stretches: int, stretch: float, warm_up: float
) -> Rate:
    """With ``clients`` at once, whole filings whose receipt was read."""
    most = int((warm_up + stretches * stretch) * 25) + clients
    given = people.cookies(people.citizens(most, f"rate {time.time()}"))
    seconds = warm_up + stretches * stretch
    photo, scan = _on_disk(site.place, papers)
    task = Task("filings", HOST, site.port, clients, given, seconds=seconds, photo=photo, scan=scan)
    done = site.place.load(task)["done"]
    starts = [warm_up + number * stretch for number in range(stretches)]
    rates = [sum(start <= at < start + stretch for at in done) / stretch for start in starts]
    wait_for_worker(site.place)
    return Rate(statistics.median(rates), rates)


def _on_disk(place: Place, papers: Papers) -> tuple[str, str]:
    """The photo and the scan where another process finds them."""
    photo, scan = place.data_dir / papers.photo.name, place.data_dir / papers.scan.name
    photo.write_bytes(papers.photo.data)
    scan.write_bytes(papers.scan.data)
    return str(photo), str(scan)


# --- How soon ------------------------------------------------------------------------------------


def idle_delays(site: Site, papers: Papers, *, filings: int, pause: float) -> list[float]:
    """Seconds from pressing *file* until the receipt is in the database, nothing else going on."""
    delays = []
    for browser in _browsers(site, filings, f"idle {time.time()}"):
        reach_check(browser, papers)
        time.sleep(pause)
        filed = press_file(browser)
        _await(partial(_has_receipt, site.place.connection, filed.code), every=0.003)
        delays.append(time.monotonic() - filed.sent_at)
    return delays


def burst_delays(site: Site, *, filings: int, clients: int) -> list[float]:
    """Seconds from filing to receipt of each of ``filings`` that come at once, in that order."""
    users = people.citizens(filings, f"burst {time.time()}")
    paths = [_draft(user) for user in users]
    before = timezone.now()
    site.place.load(Task("burst", HOST, site.port, clients, people.cookies(users), paths=paths))
    wait_for_worker(site.place)
    rows = site.place.connection.execute(
        "SELECT extract(epoch FROM o.done_at - d.filed_at) FROM portal_outboxmessage o "
        "JOIN procedures_dossier d ON d.id = (o.payload->>'dossier')::bigint "
        "WHERE o.topic = 'documents.receipt' AND d.filed_at > %s ORDER BY d.filed_at",
        [before],
    ).fetchall()
    if len(rows) != filings:
        raise Unavailable(f"a burst of {filings} filings made {len(rows)} receipts")
    return [float(seconds) for (seconds,) in rows]


def _draft(user: User) -> str:
    """A complete draft of ``user``; the path of the page it is filed from."""
    chance = random.Random(user.pk)
    who = demo.person(chance, user.ward_id or "")
    mine = demo.Person(**{**vars(who), "full_name": user.full_name, "number": user.username})
    draft = demo.draft(user, mine, "stopped_1_year", timezone.localdate(), chance)
    return f"/ho-so/{draft.draft_code}/kiem-tra/"


# --- Common --------------------------------------------------------------------------------------


def _browsers(site: Site, count: int, seed: str) -> list[Browser]:
    given = people.cookies(people.citizens(count, seed))
    return [Browser(HOST, site.port, cookies) for cookies in given]


def wait_for_worker(place: Place) -> None:
    """Until every side effect has been done; raises ``Unavailable`` when that takes too long."""
    _await(lambda: not _pending(place.connection), every=0.02)


def _pending(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE state = 'dead') > 0, count(*) > 0 "
        "FROM portal_outboxmessage WHERE state IN ('pending', 'dead')"
    ).fetchone()
    assert row is not None
    if row[0]:
        raise Unavailable("a side effect failed for good, see the worker's log")
    return bool(row[1])


def _has_receipt(connection: psycopg.Connection, code: str) -> bool:
    query = (
        "SELECT 1 FROM procedures_issueddocument i JOIN procedures_dossier d ON d.id = i.dossier_id "
        "WHERE d.code = %s AND i.kind = 'receipt'"
    )
    return connection.execute(query, [code]).fetchone() is not None


def _await(condition: Callable[[], bool], *, every: float) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise Unavailable(f"the worker did not finish within {_PATIENCE} s, see its log")
        time.sleep(every)
