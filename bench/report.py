"""The findings of a run as rows: measured, floor, goal, met or not; as a table and as JSON."""

import json
import platform
import statistics
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from bench.floors import BareInsert, BareView
    from bench.measure import Cost, Rate
    from bench.meters import Memory

PEER = (
    "The best-known peer in Django takes 2,200-2,500 ms, 26 requests and 53 kB for a filing, and does "
    "0.5 a second\nwith 8 clients on 2 cores."
)
NOTES = (
    "A filing goes from pressing Start to the receipt read: every request a browser with htmx sends but "
    "static files;\nfields filled faster than they are saved, unless it says otherwise. CPU is user and "
    "system time of all processes\nof the server. One filing uploads a photo of 1.8 MB and a scan of 0.2 MB "
    "and makes three PDFs."
)


@dataclass
class Findings:
    """All figures of one run; times in ms of CPU or seconds as the names say."""

    filing: "Cost"
    slow_filing: "Cost"
    statements: tuple[float, float]
    rates: "dict[int, Rate]"
    idle_seconds: list[float]
    burst_seconds: list[float]
    web_memory: "Memory"
    worker_memory: "Memory"
    page_cpu: float
    page_bytes: int
    largest_form_cpu: float
    stock_form_cpu: float
    receipts: dict[str, list[float]]
    stock_receipts: dict[str, list[float]]
    bare_view: "BareView"
    bare_insert: "BareInsert"


@dataclass(frozen=True)
class Row:
    """``goal`` is a ceiling, unless ``at_least``; ``floor`` is what the bare parts take."""

    name: str
    measured: float
    unit: str
    floor: float | None = None
    goal: float | None = None
    at_least: bool = False
    met: bool | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.goal is not None:
            met = self.measured >= self.goal if self.at_least else self.measured <= self.goal
            object.__setattr__(self, "met", met)


def rows(found: Findings) -> list[Row]:
    """Every row, whatever was measured."""
    return [
        *_filing(found),
        Row("page of 30 questions, in process", found.page_cpu, "ms CPU", found.stock_form_cpu, 6),
        Row("TK1-TS, household of 12: build and draw", found.largest_form_cpu, "ms CPU", None, 3),
        *_throughput(found),
        *_receipts(found),
        *_memory(found),
        *_floors(found),
    ]


def _filing(found: Findings) -> list[Row]:
    one, slow = found.filing, found.slow_filing
    queries, control = found.statements
    bare = one.total_requests * found.bare_view.cpu + found.bare_insert.cpu
    parts = [Row(f"  of it {name}", ms, "ms CPU") for name, ms in one.cpu.items()]
    return [
        Row("one filing, server", one.total_cpu, "ms CPU", bare, 230),
        *parts,
        Row("  requests", one.total_requests, "", goal=12),
        Row("  pages received, gzip", one.received["pages"] / 1000, "kB"),
        Row("  pictures and receipt received", one.received["files"] / 1000, "kB"),
        Row("  sent, uploads included", one.sent / 1000, "kB"),
        Row("  SQL queries", queries, ""),
        Row("  BEGIN, COMMIT and the like", control, ""),
        Row("saved after every answer: server", slow.total_cpu, "ms CPU"),
        Row("  requests", slow.total_requests, ""),
    ]


def _throughput(found: Findings) -> list[Row]:
    bare = found.bare_view.rate / found.filing.total_requests
    goals = {max(found.rates): 8.0}
    return [
        Row(_clients(clients), rate.median, "/s", bare, goals.get(clients), at_least=True)
        for clients, rate in found.rates.items()
    ]


def _clients(count: int) -> str:
    return f"filings, {count} client{'' if count == 1 else 's'}"


def _receipts(found: Findings) -> list[Row]:
    idle, burst = found.idle_seconds, found.burst_seconds
    ours, stock = (1000 / statistics.median(d["cpu"]) for d in (found.receipts, found.stock_receipts))
    making = statistics.median(found.receipts["seconds"])
    return [
        Row("filing to receipt, idle", statistics.median(idle), "s", making, 0.5),
        Row(f"filing to receipt, last of {len(burst)}", max(burst), "s", making * len(burst) / 2, 12),
        Row("receipts a worker process", ours, "/s CPU", stock, 1.3 * stock, at_least=True),
    ]


def _memory(found: Findings) -> list[Row]:
    bare = found.bare_view.memory
    return [
        Row("memory of a web process, RSS", found.web_memory.rss, "MB", bare.rss, 130),
        Row("  its share, PSS", found.web_memory.pss, "MB", bare.pss),
        Row("memory of a worker process, RSS", found.worker_memory.rss, "MB", goal=220),
        Row("  its share, PSS", found.worker_memory.pss, "MB"),
    ]


def _floors(found: Findings) -> list[Row]:
    view, insert = found.bare_view, found.bare_insert
    stock = statistics.median(found.stock_receipts["cpu"])
    return [
        Row("floor: bare Django view, session and user", view.rate, "/s"),
        Row("  each", view.cpu, "ms CPU"),
        Row(f"floor: psycopg insert of the {insert.rows} rows of a filing", insert.rate, "/s"),
        Row("  each, client and database", insert.cpu, "ms CPU"),
        Row("floor: stock WeasyPrint page, same codes", stock, "ms CPU"),
        Row("floor: stock Django form of 30 fields alone", found.stock_form_cpu, "ms CPU"),
    ]


# --- Printing ------------------------------------------------------------------------------------

_COLUMNS = "{:<48} {:>10} {:<7} {:>10} {:>10}  {}"


def table(found: list[Row]) -> str:
    """The rows for the terminal."""
    lines = [_COLUMNS.format("", "measured", "", "floor", "goal", "met").rstrip()]
    for row in found:
        sign = "≥" if row.at_least else "≤"
        goal = f"{sign} {_short(row.goal)}" if row.goal is not None else ""
        met = {True: "yes", False: "NO", None: ""}[row.met]
        floor = _short(row.floor) if row.floor is not None else ""
        lines.append(_COLUMNS.format(row.name, _short(row.measured), row.unit, floor, goal, met).rstrip())
    return "\n".join(lines)


def _short(number: float) -> str:
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def machine() -> dict[str, Any]:
    """Where the figures were taken, and how busy the machine was with other things when it began."""
    packages = ("django", "psycopg", "gunicorn", "celery", "typst", "weasyprint")
    return {
        "cores": psutil.cpu_count(),
        "load_before": round(psutil.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in packages},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def write(path: Path, found: Findings, about: dict[str, Any]) -> None:
    """Everything as JSON: the rows, and all figures they were taken from; what else is there stays."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    content = {
        **kept,
        "machine": about,
        "peer": " ".join(PEER.split()),
        "notes": " ".join(NOTES.split()),
        "rows": [asdict(row) for row in rows(found)],
        "figures": asdict(found),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_part(path: Path, name: str, found: list[Row], about: dict[str, Any]) -> None:
    """The rows of one part under its ``name``; what else is there stays."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    content = {**kept, name: {"machine": about, "rows": [asdict(row) for row in found]}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
