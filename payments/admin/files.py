"""Tables of the money desks as files: CSV and workbooks, written in constant memory."""

import io
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import FileResponse
from django.utils import timezone

from procedures import exports
from procedures.exports import Row

FORMATS = ("csv", "xlsx")
MOST_ROWS = {"csv": 2_000_000, "xlsx": 200_000}


@dataclass(frozen=True)
class Table:
    """``columns`` and as many ``widths``; ``name`` begins the name of the file."""

    name: str
    title: str
    columns: Sequence[Any]
    widths: Sequence[int]
    rows: Iterable[Row]


def as_file(table: Table, kind: str) -> FileResponse:
    """``table`` as ``kind``, one of ``FORMATS``, to be downloaded."""
    out = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (FileResponse closes it)
    columns = [str(column) for column in table.columns]
    if kind == "csv":
        text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        exports.write_rows_csv(text, columns, table.rows)
        text.detach()
    else:
        exports.write_rows_xlsx(
            out, columns, table.rows, title=table.title, sheet=table.title[:31], widths=table.widths
        )
    out.seek(0)
    return FileResponse(
        out, as_attachment=True, filename=f"{table.name}-{timezone.localdate():%Y%m%d}.{kind}"
    )
