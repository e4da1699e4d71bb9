"""The manifest of a route as a file: to be signed, or for a spreadsheet."""

import csv
import io

from django.utils import timezone

from procedures import documents, packing
from procedures.exports import harmless
from procedures.models import DispatchBatch, DispatchManifest, Shipment
from procedures.papers import dispatch as papers

KINDS = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def written(kind: str, batch: DispatchBatch, rows: list[Shipment], closed: DispatchManifest | None) -> bytes:
    """The parcels ``rows`` of one route as a file of ``kind``; without ``closed`` the PDF is a draft."""
    if kind == "pdf":
        content = papers.manifest(batch, rows, closed=closed, now=timezone.now())
        return documents.render(content, made_at=content.issued_at)
    return _csv(rows) if kind == "csv" else _xlsx(rows)


def _csv(rows: list[Shipment]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(papers.COLUMNS)
    writer.writerows([harmless(cell) for cell in line] for line in packing.lines(rows))
    return ("\ufeff" + out.getvalue()).encode()


def _xlsx(rows: list[Shipment]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet, bold = book.add_worksheet("Bang ke"), book.add_format({"bold": True})
    for column, title in enumerate(papers.COLUMNS):
        sheet.write_string(0, column, title, bold)
    for number, line in enumerate(packing.lines(rows), start=1):
        for column, cell in enumerate(line):
            write = sheet.write_number if isinstance(cell, int) else sheet.write_string
            write(number, column, cell)
    book.close()
    return out.getvalue()
