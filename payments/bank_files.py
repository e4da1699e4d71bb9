"""What banks are given: how a batch and its payments are named to them, and their workbook.

This and ``payments.pain`` are made of the batch alone, so that writing them again gives the same bytes.
Names and purposes are in ASCII, as Vietnamese banks want them; amounts are whole đồng.
"""

import hashlib
import io
import re
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from payments.models import PaymentOrder, PayoutBatch
from portal.text import bank_name, without_marks

# The characters every bank takes (the Latin set of SWIFT).
_STRANGE = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def message_id(batch: PayoutBatch) -> str:
    """The number of the batch as the bank knows it: office, year and number."""
    return f"CT{batch.office.number}-{batch.year}-{batch.number:05d}"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def ascii_name(text: str) -> str:
    return " ".join(_STRANGE.sub(" ", bank_name(text)).split())[:70] or "-"


def ascii_words(text: str) -> str:
    return " ".join(_STRANGE.sub(" ", without_marks(text).upper()).split())[:140] or "-"


def made_at(batch: PayoutBatch) -> datetime:
    return timezone.localtime(batch.second_at or batch.made_at).replace(microsecond=0)


# --- Workbook ------------------------------------------------------------------------------------

COLUMNS = (
    ("STT", 6),
    ("Số tài khoản", 22),
    ("Tên người thụ hưởng", 34),
    ("Ngân hàng thụ hưởng", 28),
    ("Mã ngân hàng", 14),
    ("Số tiền (VND)", 18),
    ("Nội dung", 50),
    ("Mã tham chiếu", 18),
)


def workbook(batch: PayoutBatch, rows: Sequence[PaymentOrder]) -> bytes:
    """The batch as a workbook; its day of creation is that of the second approval."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": made_at(batch).replace(tzinfo=None), "title": message_id(batch)})
    page = book.add_worksheet("Chuyển tiền theo lô")
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
    page.write_string(
        0, 0, f"{message_id(batch)}: {batch.account.number} {ascii_name(batch.account.holder)}", bold
    )
    for column, (name, width) in enumerate(COLUMNS):
        page.set_column(column, column, width)
        page.write_string(2, column, name, bold)
    for line, row in enumerate(rows, start=3):
        page.write_number(line, 0, line - 2)
        page.write_number(line, 5, int(row.amount), money)
        words = (row.account_number, ascii_name(row.payee), row.bank.short_name, row.bank.bin)
        for column, cell in enumerate(words, start=1):
            page.write_string(line, column, cell)
        page.write_string(line, 6, ascii_words(row.purpose))
        page.write_string(line, 7, row.reference)
    last = len(rows) + 4
    page.write_string(last, 2, f"Tổng cộng: {batch.count} món; tổng số tài khoản: {batch.hash_total}", bold)
    page.write_number(last, 5, int(batch.total), money)
    book.close()
    return out.getvalue()
