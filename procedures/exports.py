"""Tables as files: CSV and workbooks, row by row in constant memory. Who asks knows what the rows are."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, TextIO

Cell = str | int
Row = Sequence[Cell]

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": False,
}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def write_rows_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write CSV that Excel opens with Vietnamese intact: UTF-8 with a mark, CRLF, no formulas."""
    out.write("\ufeff")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)


def harmless(cell: Cell) -> str:
    """A cell no spreadsheet takes for a formula; digits that start with 0 stay as they are typed."""
    shown = str(cell)
    return "'" + shown if shown.startswith(_FORMULAS) else shown


def write_rows_xlsx(
    out: BinaryIO,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    title: str,
    sheet: str,
    widths: Sequence[int],
    totals: Sequence[tuple[str, Sequence[tuple[str, int]]]] = (),
) -> None:
    """Write a workbook in constant memory; text stays text. ``totals`` get a sheet of their own.

    The loop is lean on purpose: 100,000 rows cost little more than the library itself takes. Cells
    take the style of their column.
    """
    import xlsxwriter

    book = xlsxwriter.Workbook(out, _OPTIONS)
    page = book.add_worksheet(sheet)
    bold, wrap = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"text_wrap": True})
    for column, width in enumerate(widths):
        page.set_column(column, column, width, wrap)
    page.freeze_panes(3, 0)
    page.write_string(0, 0, title, book.add_format({"bold": True}))
    for column, name in enumerate(columns):
        page.write_string(2, column, name, bold)
    text, number = page.write_string, page.write_number
    for line, row in enumerate(rows, start=3):
        column = 0
        for cell in row:
            if type(cell) is str:
                text(line, column, cell)
            else:
                number(line, column, cell)
            column += 1  # noqa: SIM113 (enumerate makes a tuple a cell)
    if totals:
        _write_totals(book.add_worksheet("Tổng hợp"), totals, bold, wrap)
    book.close()


def _write_totals(
    page: Any, totals: Sequence[tuple[str, Sequence[tuple[str, int]]]], bold: Any, wrap: Any
) -> None:
    page.set_column(0, 0, 60, wrap)
    line = 0
    for title, counted in totals:
        page.write_string(line, 0, title, bold)
        for below, (said, count) in enumerate(counted, start=1):
            page.write_string(line + below, 0, said)
            page.write_number(line + below, 1, count)
        line += len(counted) + 2
