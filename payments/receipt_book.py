"""Receipts of an office over some days as a table: every number of the series, cancelled or not."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from django.db.models import QuerySet, Sum
from django.utils import timezone

from payments import receipts
from payments.models import Receipt
from payments.receipt_papers import PRODUCTS
from procedures.exports import Row, write_rows_csv, write_rows_xlsx
from procedures.models import Office

FORMATS = ("csv", "xlsx")
COLUMNS = (
    "Cơ quan BHXH", "Ký hiệu", "Số", "Số biên lai", "Loại", "Thời điểm lập", "Người nộp tiền",
    "Nội dung thu", "Nội dung chuyển khoản", "Số tiền", "Tình trạng", "Hủy / bị hủy bởi", "Lý do",
    "Người lập",
)  # fmt: skip
_WIDTHS = (28, 14, 8, 22, 16, 17, 28, 32, 18, 15, 12, 22, 40, 24)


@dataclass(frozen=True)
class Span:
    """Which receipts: of an office, or of all, issued from a day to another."""

    office: Office | None
    from_day: date
    to_day: date

    def receipts(self) -> QuerySet[Receipt]:
        """In the order of their numbers, office by office."""
        first = timezone.make_aware(datetime.combine(self.from_day, time.min))
        after = timezone.make_aware(datetime.combine(self.to_day + timedelta(days=1), time.min))
        found = receipts.every().filter(issued_at__gte=first, issued_at__lt=after)
        if self.office is not None:
            found = found.filter(office=self.office)
        return found.select_related("series__office").order_by("office__number", "series__year", "number")

    @property
    def name(self) -> str:
        where = self.office.slug if self.office else "toan-tinh"
        return f"bien-lai-{where}-{self.from_day:%Y%m%d}-{self.to_day:%Y%m%d}"


def write(span: Span, kind: str, out: BinaryIO) -> None:
    """The receipts of ``span`` as ``kind``; the workbook has the sums on a sheet of their own."""
    if kind == "xlsx":
        title = f"Sổ biên lai, từ {span.from_day:%d/%m/%Y} đến {span.to_day:%d/%m/%Y}"
        write_rows_xlsx(
            out, COLUMNS, rows(span), title=title, sheet="Biên lai", widths=_WIDTHS, totals=_totals(span)
        )
        return
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    write_rows_csv(text, COLUMNS, rows(span))
    text.detach()


def rows(span: Span) -> Iterator[Row]:
    for receipt in span.receipts().iterator(chunk_size=500):
        yield _row(receipt)


def _row(receipt: Receipt) -> Row:
    counter, other = receipt.cancellation, receipt.cancels
    linked = other or counter
    return (
        receipt.office.name,
        str(receipt.series),
        receipt.number,
        receipt.code,
        "Chứng từ hủy" if other else "Biên lai",
        f"{timezone.localtime(receipt.issued_at):%H:%M %d/%m/%Y}",
        str(receipt.said["payer"]),
        PRODUCTS[receipt.said["product"]],
        str(receipt.said["reference"]),
        int(receipt.amount),
        "" if other else "Đã hủy" if counter else "Có giá trị",
        linked.code if linked else "",
        receipt.reason or (counter.reason if counter else ""),
        receipt.issued_by.full_name if receipt.issued_by else "",
    )


def _totals(span: Span) -> list[tuple[str, list[tuple[str, int]]]]:
    """How many and how much, receipts that hold apart from what was cancelled."""
    issued = span.receipts().order_by().filter(kind=Receipt.Kind.RECEIPT)
    parts = {
        "Biên lai có giá trị": issued.filter(cancelled_by=None),
        "Biên lai đã hủy": issued.exclude(cancelled_by=None),
        "Chứng từ hủy": span.receipts().order_by().filter(kind=Receipt.Kind.CANCELLATION),
    }
    money = {name: int(part.aggregate(sum=Sum("amount"))["sum"] or 0) for name, part in parts.items()}
    return [
        ("Số chứng từ", [(name, part.count()) for name, part in parts.items()]),
        ("Số tiền (đồng)", [(name, money[name]) for name in parts if name != "Chứng từ hủy"]),
    ]
