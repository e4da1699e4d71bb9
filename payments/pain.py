"""Batches as ISO 20022 pain.001.001.09, checked against its schema."""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from lxml import etree

from payments.bank_files import ascii_name, ascii_words, made_at, message_id
from payments.models import PaymentOrder, PayoutBatch
from procedures.models import Bank

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


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
    _in(header, "CreDtTm", made_at(batch).isoformat())
    _in(header, "NbOfTxs", str(batch.count))
    _in(header, "CtrlSum", str(batch.total))
    _in(_in(header, "InitgPty"), "Nm", ascii_name(batch.account.holder))


def _payment(payment: etree._Element, batch: PayoutBatch) -> None:
    _in(payment, "PmtInfId", message_id(batch))
    _in(payment, "PmtMtd", "TRF")
    _in(payment, "NbOfTxs", str(batch.count))
    _in(payment, "CtrlSum", str(batch.total))
    _in(_in(payment, "ReqdExctnDt"), "Dt", batch.pay_on.isoformat())
    _in(_in(payment, "Dbtr"), "Nm", ascii_name(batch.account.holder))
    _account(_in(payment, "DbtrAcct"), batch.account.number)
    _agent(_in(payment, "DbtrAgt"), batch.account.bank)


def _transfer(transfer: etree._Element, row: PaymentOrder) -> None:
    _in(_in(transfer, "PmtId"), "EndToEndId", row.reference)
    amount = _in(_in(transfer, "Amt"), "InstdAmt", str(row.amount))
    amount.set("Ccy", "VND")
    _agent(_in(transfer, "CdtrAgt"), row.bank)
    _in(_in(transfer, "Cdtr"), "Nm", ascii_name(row.payee))
    _account(_in(transfer, "CdtrAcct"), row.account_number)
    _in(_in(transfer, "RmtInf"), "Ustrd", ascii_words(row.purpose))


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
