"""What banks are given: ISO 20022 pain.001.001.09, and the workbook of their bulk transfers.

Both are made of the batch alone, so that writing them again gives the same bytes. Names and purposes
are in ASCII, as Vietnamese banks want them; amounts are whole đồng.
"""

import hashlib
import io
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources

import xlsxwriter
from django.utils import timezone
from lxml import etree

from payments.models import PaymentOrder, PayoutBatch
from portal.text import bank_name, without_marks
from procedures.models import Bank

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
# The characters every bank takes (the Latin set of SWIFT).
_STRANGE = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def message_id(batch: PayoutBatch) -> str:
    """The number of the batch as the bank knows it: office, year and number."""
    return f"CT{batch.office.number}-{batch.year}-{batch.number:05d}"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _name(text: str) -> str:
    return " ".join(_STRANGE.sub(" ", bank_name(text)).split())[:70] or "-"


def _words(text: str) -> str:
    return " ".join(_STRANGE.sub(" ", without_marks(text).upper()).split())[:140] or "-"


def _made_at(batch: PayoutBatch) -> datetime:
    return timezone.localtime(batch.second_at or batch.made_at).replace(microsecond=0)


# --- XML -----------------------------------------------------------------------------------------


def pain_001(batch: PayoutBatch, rows: Sequence[PaymentOrder]) -> bytes:
    """The batch as pain.001.001.09; raises ``ValueError`` where it does not fit its schema."""
    document = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})
    root = _in(document, "CstmrCdtTrfInitn")
    _header(_in(root, "GrpHdr"), batch)
    payment = _in(root, "PmtInf")
    _payment(payment, batch)
    for row in rows:
        _transfer(_in(payment, "CdtTrfTxInf"), row)
    data = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    _validate(data)
    return data


def _in(parent: etree._Element, tag: str, text: str = "") -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    element.text = text or None
    return element


def _header(header: etree._Element, batch: PayoutBatch) -> None:
    _in(header, "MsgId", message_id(batch))
    _in(header, "CreDtTm", _made_at(batch).isoformat())
    _in(header, "NbOfTxs", str(batch.count))
    _in(header, "CtrlSum", str(batch.total))
    _in(_in(header, "InitgPty"), "Nm", _name(batch.account.holder))


def _payment(payment: etree._Element, batch: PayoutBatch) -> None:
    _in(payment, "PmtInfId", message_id(batch))
    _in(payment, "PmtMtd", "TRF")
    _in(payment, "NbOfTxs", str(batch.count))
    _in(payment, "CtrlSum", str(batch.total))
    _in(_in(payment, "ReqdExctnDt"), "Dt", batch.pay_on.isoformat())
    _in(_in(payment, "Dbtr"), "Nm", _name(batch.account.holder))
    _account(_in(payment, "DbtrAcct"), batch.account.number)
    _agent(_in(payment, "DbtrAgt"), batch.account.bank)


def _transfer(transfer: etree._Element, row: PaymentOrder) -> None:
    _in(_in(transfer, "PmtId"), "EndToEndId", row.reference)
    amount = _in(_in(transfer, "Amt"), "InstdAmt", str(row.amount))
    amount.set("Ccy", "VND")
    _agent(_in(transfer, "CdtrAgt"), row.bank)
    _in(_in(transfer, "Cdtr"), "Nm", _name(row.payee))
    _account(_in(transfer, "CdtrAcct"), row.account_number)
    _in(_in(transfer, "RmtInf"), "Ustrd", _words(row.purpose))


def _account(parent: etree._Element, number: str) -> None:
    """No IBAN: Vietnam has none."""
    _in(_in(_in(parent, "Id"), "Othr"), "Id", number)


def _agent(parent: etree._Element, bank: Bank) -> None:
    """A bank by its BIC; one without, by its number in the clearing (BIN)."""
    institution = _in(parent, "FinInstnId")
    if _BIC.fullmatch(bank.swift):
        _in(institution, "BICFI", bank.swift)
    else:
        _in(_in(institution, "ClrSysMmbId"), "MmbId", bank.bin)


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    text = (resources.files("sepaxml") / "schemas" / "pain.001.001.09.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text))


def _validate(data: bytes) -> None:
    schema = _schema()
    if not schema.validate(etree.fromstring(data)):
        raise ValueError(f"pain.001.001.09: {schema.error_log.last_error}")


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
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": _made_at(batch).replace(tzinfo=None), "title": message_id(batch)})
    page = book.add_worksheet("Chuyển tiền theo lô")
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
    page.write_string(
        0, 0, f"{message_id(batch)}: {batch.account.number} {_name(batch.account.holder)}", bold
    )
    for column, (name, width) in enumerate(COLUMNS):
        page.set_column(column, column, width)
        page.write_string(2, column, name, bold)
    for line, row in enumerate(rows, start=3):
        page.write_number(line, 0, line - 2)
        page.write_number(line, 5, int(row.amount), money)
        words = (row.account_number, _name(row.payee), row.bank.short_name, row.bank.bin)
        for column, cell in enumerate(words, start=1):
            page.write_string(line, column, cell)
        page.write_string(line, 6, _words(row.purpose))
        page.write_string(line, 7, row.reference)
    last = len(rows) + 4
    page.write_string(last, 2, f"Tổng cộng: {batch.count} món; tổng số tài khoản: {batch.hash_total}", bold)
    page.write_number(last, 5, int(batch.total), money)
    book.close()
    return out.getvalue()
