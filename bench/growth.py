"""The part of the benchmark about growth: pages with few and with many dossiers, and a large workbook."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from bench import databases, volume, xlsx
from bench.report import Row
from bench.run import say
from bench.site import Place
from portal.standalone import Unavailable
from portal.standalone.processes import ROOT
from procedures import books
from procedures.models import IntakeList, ProcedureVersion

EXPLAINED = ROOT / "docs" / "explain.md"
_HEAD = """# What the pages ask of the database

The plans of the dearest queries of each page with {dossiers:,} dossiers, by `EXPLAIN (ANALYZE, BUFFERS)`;
written by `make bench ARGS="volume --explain"`. See [volume.md](volume.md).

"""


@dataclass(frozen=True)
class Plan:
    """How many dossiers the two databases hold, how often each page is asked, rows of the workbook."""

    small: int
    large: int
    rounds: int
    times: int
    lines: int


FULL = Plan(10_000, 1_000_000, 5, 12, 100_000)
QUICK = Plan(2_000, 20_000, 3, 4, 10_000)


@dataclass
class Growth:
    """What was found; workbooks by who wrote them."""

    plan: Plan
    pages: list[volume.Compared]
    lines: int
    workbooks: dict[str, dict[str, float]]


def everything(found: Place, plan: Plan, *, anew: bool, explain: bool) -> Growth:
    """All figures of this part."""
    subjects = []
    for dossiers in (plan.small, plan.large):
        say(f"a database of {dossiers:,} dossiers")
        subjects.append(volume.Subject(databases.prepared(found, dossiers, anew=anew), dossiers))
    small, large = subjects
    _require_alike(small, large)
    pages = volume.compare((small, large), rounds=plan.rounds, times=plan.times)
    if explain:
        say("plans")
        EXPLAINED.write_text(_HEAD.format(dossiers=plan.large) + volume.explained(large), encoding="utf-8")
    say("a workbook")
    large.use()
    cells = found.data_dir / "cells.jsonl"
    lines = xlsx.write_cells(cells, islice(_every_row(), plan.lines))
    return Growth(
        plan,
        pages,
        lines,
        xlsx.measured(databases.beside(found, plan.large), cells, rounds=min(plan.rounds, 3)),
    )


def _require_alike(*subjects: volume.Subject) -> None:
    """This process keeps definitions by their number: both databases must have the same."""
    kept = []
    for subject in subjects:
        subject.use()
        kept.append(list(ProcedureVersion.objects.order_by("pk").values_list("pk", "digest")))
    if kept[0] != kept[1]:
        raise Unavailable("the two databases hold different procedures: run it again with --anew")


def _every_row() -> Iterator[tuple[Any, ...]]:
    lists = IntakeList.objects.select_related("office").order_by("-day", "office")
    return chain.from_iterable(books.rows(closed) for closed in lists.iterator())


def rows(found: Growth) -> list[Row]:
    """Pages, then the workbook beside the library's own floor."""
    ours, whole, floor = (found.workbooks[kind] for kind in ("ours", "export", "floor"))
    return [
        *volume.rows(found.pages),
        Row(f"XLSX of {found.lines:,} rows", ours["cpu"], "s CPU", floor["cpu"], floor["cpu"] * xlsx.GOAL),
        Row("  memory", ours["mb"], "MB", floor["mb"], xlsx.GOAL_MB),
        Row("  whole export, out of the database", whole["cpu"], "s CPU", floor["cpu"]),
        Row("  memory", whole["mb"], "MB", floor["mb"], xlsx.GOAL_MB),
    ]


def heading(found: Growth) -> str:
    plan = found.plan
    return (
        f"Pages with {plan.large:,} dossiers; in place of a floor, the same with {plan.small:,}.\n"
        f"CPU is that of the web process and of the PostgreSQL process that serves it."
    )


def write(path: Path, found: Growth, about: dict[str, Any]) -> None:
    """Keep the part in the report beside the others."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept["volume"] = {
        "machine": about,
        "plan": asdict(found.plan),
        "pages": [
            {"name": p.name, "skipped": p.skipped}
            if p.costs is None
            else {"name": p.name, "ratio": p.ratio, "small": asdict(p.costs[0]), "large": asdict(p.costs[1])}
            for p in found.pages
        ],
        "workbooks": found.workbooks,
        "rows": [asdict(row) for row in rows(found)],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
