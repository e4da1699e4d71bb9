"""A workbook of 100,000 rows: the portal's own writer, and the library alone with the same cells.

``python -m bench.xlsx ours|export|floor CELLS OUT`` writes one and prints what it cost. CELLS is a file
with a JSON array a line, so that neither holds the rows in memory.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import msgspec

from bench.site import Place

GOAL, GOAL_MB = 1.3, 150.0


def _cells(path: Path) -> Iterator[tuple[Any, ...]]:
    decode = msgspec.json.Decoder(tuple[Any, ...]).decode
    with path.open("rb") as lines:
        for line in lines:
            yield decode(line)


def floor(cells: Path, out: Path) -> None:
    """The least the library does: constant memory, no styles, nothing but the cells."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(out), {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(_cells(cells)):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell)
            else:
                sheet.write_string(number, column, cell)
    book.close()


def ours(cells: Path, out: Path) -> None:
    """The portal's writer with these rows."""
    from procedures.books import COLUMNS
    from procedures.exports import write_rows_xlsx

    with out.open("wb") as file:
        write_rows_xlsx(file, COLUMNS, _cells(cells), title="Sổ theo dõi", sheet="Sổ", widths=[20] * 13)


def export(cells: Path, out: Path) -> None:
    """The portal's export of so many rows, out of the database: the days that hold them, of every office."""
    from procedures import books
    from procedures.models import IntakeList

    wanted = sum(1 for _row in cells.open("rb"))
    days, held = [], 0
    for day, count in IntakeList.objects.order_by("-day").values_list("day", "row_count"):
        days.append(day)
        held += count
        if held >= wanted:
            break
    with out.open("wb") as file:
        books.write(books.Scope(None, days[-1], days[0]), "xlsx", file)


def measured(found: Place, cells: Path, *, rounds: int) -> dict[str, dict[str, float]]:
    """The least CPU of ``rounds`` of each kind, in turn, and the most memory."""
    made: dict[str, list[dict[str, float]]] = {"ours": [], "export": [], "floor": []}
    for _ in range(rounds):
        for kind, figures in made.items():
            out = found.data_dir / f"{kind}.xlsx"
            figures.append(json.loads(found.python("-m", "bench.xlsx", kind, str(cells), str(out))))
            out.unlink()
    return {
        kind: {
            "cpu": min(f["cpu"] for f in figures),
            "seconds": min(f["seconds"] for f in figures),
            "mb": max(f["mb"] for f in figures),
        }
        for kind, figures in made.items()
    }


def write_cells(path: Path, rows: Iterator[tuple[Any, ...]]) -> int:
    """Put ``rows`` where the writers find them; how many."""
    count = 0
    with path.open("wb") as out:
        for row in rows:
            out.write(msgspec.json.encode(row) + b"\n")
            count += 1
    return count


def main(kind: str, cells: Path, out: Path) -> None:
    if kind != "floor":
        django.setup()
    started = time.monotonic(), time.process_time()
    {"ours": ours, "export": export, "floor": floor}[kind](cells, out)
    # What getrusage knows begins with the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    memory = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    taken = {"seconds": time.monotonic() - started[0], "cpu": time.process_time() - started[1]}
    print(json.dumps({**taken, "mb": memory}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
