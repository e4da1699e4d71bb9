"""What banks answer, as it is read: pain.002, camt.054 and CSV become lines alike.

A line claims an outcome for the payment with our end-to-end reference. Whether that can be is judged in
``payments.results``.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from payments import safe_xml
from payments.models import ResultFile, ResultRow
from portal.text import clean, without_marks
from procedures.delivery_files import decoded, rows_in
from procedures.workflow import MoveRefused

if TYPE_CHECKING:
    from lxml import etree

Kind, Outcome = ResultFile.Kind, ResultRow.Outcome
MOST_ROWS = 5_000


@dataclass
class Line:
    """A row of a file. ``outcome``: what it claims, empty where that is not understood; ``why``: what is
    wrong with it. ``message`` in place of ``reference``: it speaks of a whole batch.
    """

    number: int
    reference: str
    status: str
    outcome: str
    amount: Decimal | None = None
    reason: str = ""
    bank_reference: str = ""
    why: str = ""
    message: str = ""


def read(data: bytes) -> tuple[str, list[Line]]:
    """The kind of the file and its lines; raises ``MoveRefused`` where it is no such file as a whole."""
    kind, lines = _xml(data) if _looks_like_xml(data) else (Kind.CSV.value, _csv(data))
    if not lines:
        raise MoveRefused(_("The file says nothing of any payment."))
    if len(lines) > MOST_ROWS:
        raise MoveRefused(_("The file has more than %(count)d rows; split it.") % {"count": MOST_ROWS})
    return kind, lines


def _looks_like_xml(data: bytes) -> bool:
    start = data[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    return start.startswith(b"<")


def _xml(data: bytes) -> tuple[str, list[Line]]:
    root = safe_xml.parsed(data)
    space = safe_xml.space(root)
    if ":pain.002.001." in space:
        return Kind.PAIN, _pain(root)
    if ":camt.054.001." in space:
        return Kind.CAMT, _camt(root)
    raise MoveRefused(
        _("This is neither a pain.002 nor a camt.054 file: its namespace is “%(space)s”.")
        % {"space": space[:100]}
    )


# --- pain.002 ------------------------------------------------------------------------------------

_STATUSES: Mapping[str, str] = {
    **dict.fromkeys(("ACSC", "ACCC", "ACWC"), Outcome.PAID.value),
    **dict.fromkeys(("RJCT", "CANC"), Outcome.REJECTED.value),
    **dict.fromkeys(("ACTC", "ACCP", "ACSP", "ACFC", "PDNG", "RCVD", "PATC", "PART"), Outcome.WAITING.value),
}


def _pain(root: "etree._Element") -> list[Line]:
    lines: list[Line] = []
    for report in safe_xml.every(root, "CstmrPmtStsRpt"):
        single = safe_xml.every(report, "OrgnlPmtInfAndSts/TxInfAndSts")
        for row in single:
            lines.append(_pain_line(len(lines) + 1, row))
        if not single:
            lines += _pain_group(report)
    return lines


def _pain_line(number: int, row: "etree._Element") -> Line:
    amount = next(iter(safe_xml.every(row, "OrgnlTxRef/Amt/InstdAmt")), None)
    line = Line(
        number=number,
        reference=safe_xml.text(row, "OrgnlEndToEndId")[:40],
        status=safe_xml.text(row, "TxSts")[:60],
        outcome=_STATUSES.get(safe_xml.text(row, "TxSts"), ""),
        reason=_reason(row, "StsRsnInf"),
        bank_reference=safe_xml.text(row, "AcctSvcrRef")[:40],
    )
    if amount is not None:
        _take_amount(line, amount)
    return line


def _pain_group(report: "etree._Element") -> list[Line]:
    """A status of the whole message, for every payment in it."""
    group = safe_xml.every(report, "OrgnlGrpInfAndSts")
    if not group or not (status := safe_xml.text(group[0], "GrpSts")):
        return []
    message = safe_xml.text(group[0], "OrgnlMsgId")
    outcome, reason = _STATUSES.get(status, ""), _reason(group[0], "StsRsnInf")
    return [Line(1, "", status[:60], outcome, reason=reason, message=message[:40] or "?")]


def _reason(row: "etree._Element", path: str) -> str:
    code = safe_xml.text(row, f"{path}/Rsn/Cd") or safe_xml.text(row, f"{path}/Rsn/Prtry")
    said = [clean(e.text or "") for e in safe_xml.every(row, f"{path}/AddtlInf")]
    known = _reasons().get(code, "")
    words = [known or code, *(said if not known else [])]
    return " ".join(word for word in words if word)[:200]


def _reasons() -> Mapping[str, str]:
    """The codes that banks give most, in words for the payee."""
    return {
        "AC01": _("the account number is wrong"),
        "AC03": _("the account number is wrong"),
        "AC04": _("the account is closed"),
        "AC06": _("the account is blocked"),
        "AG01": _("this account takes no transfers"),
        "AM04": _("the account of the office holds too little"),
        "BE01": _("the name does not fit the account"),
        "BE04": _("the address of the payee is missing"),
        "MD07": _("the payee has died"),
        "RC01": _("the bank is wrong"),
        "MS03": _("the bank gave no reason"),
    }


def _take_amount(line: Line, amount: "etree._Element") -> None:
    if amount.get("Ccy") != "VND":
        line.why = _("The amount is not in đồng.")
    elif not re.fullmatch(r"\d{1,15}(\.0{1,5})?", said := (amount.text or "").strip()):
        line.why = _("The amount “%(amount)s” is no whole number of đồng.") % {"amount": said[:30]}
    else:
        line.amount = Decimal(said.partition(".")[0])


# --- camt.054 ------------------------------------------------------------------------------------


def _camt(root: "etree._Element") -> list[Line]:
    """Movements that name a payment of ours: a debit is paid, a credit has come back."""
    lines: list[Line] = []
    for entry in safe_xml.every(root, "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry"):
        if safe_xml.text(entry, "Sts/Cd") not in {"", "BOOK"} or safe_xml.text(entry, "Sts") == "PDNG":
            continue
        for row in safe_xml.every(entry, "NtryDtls/TxDtls"):
            if reference := safe_xml.text(row, "Refs/EndToEndId"):
                lines.append(_camt_line(len(lines) + 1, entry, row, reference))
    return [line for line in lines if line.reference.startswith("KHC")]


def _camt_line(number: int, entry: "etree._Element", row: "etree._Element", reference: str) -> Line:
    sign = safe_xml.text(row, "CdtDbtInd") or safe_xml.text(entry, "CdtDbtInd")
    line = Line(
        number=number,
        reference=reference[:40],
        status=sign[:60],
        outcome={"DBIT": Outcome.PAID.value, "CRDT": Outcome.RETURNED.value}.get(sign, ""),
        reason=_reason(row, "RtrInf") if sign == "CRDT" else "",
        bank_reference=safe_xml.text(row, "Refs/AcctSvcrRef")[:40],
    )
    amounts = safe_xml.every(row, "Amt") or safe_xml.every(entry, "Amt")
    if amounts:
        _take_amount(line, amounts[0])
    return line


# --- CSV -----------------------------------------------------------------------------------------

# Headers without marks, by what stands below them; the first of each is the one we name.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "reference": ("ma tham chieu", "so tham chieu", "reference", "end to end id"),
    "status": ("ket qua", "trang thai", "status", "result"),
    "amount": ("so tien", "so tien (vnd)", "amount"),
    "reason": ("ly do", "dien giai", "reason"),
    "bank_reference": ("so giao dich", "ma giao dich", "so but toan", "transaction"),
}
_NEEDED = {"reference": "Mã tham chiếu", "status": "Kết quả", "amount": "Số tiền"}
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("thanh cong", "da thanh toan", "da ghi co", "success", "paid", "acsc"), Outcome.PAID.value
    ),
    **dict.fromkeys(
        ("khong thanh cong", "that bai", "tu choi", "loi", "failed", "rejected", "rjct"),
        Outcome.REJECTED.value,
    ),
    **dict.fromkeys(("hoan tra", "da hoan tra", "tra lai", "returned"), Outcome.RETURNED.value),
    **dict.fromkeys(("dang xu ly", "cho xu ly", "pending", "pdng"), Outcome.WAITING.value),
}


def _csv(data: bytes) -> list[Line]:
    rows = rows_in(decoded(data))
    try:
        _number, header = next(rows, (0, []))
        columns = _columns(header)
        return [_csv_line(number, row, columns) for number, row in rows if any(c.strip() for c in row)]
    except csv.Error as error:
        raise MoveRefused(_("This is no CSV file: %(error)s") % {"error": error}) from error


def _columns(header: list[str]) -> dict[str, int]:
    names = [without_marks(name) for name in header]
    found = {what: names.index(n) for what, known in HEADERS.items() for n in known[::-1] if n in names}
    if missing := [name for what, name in _NEEDED.items() if what not in found]:
        raise MoveRefused(
            _("These columns are missing in the first row: %(names)s.") % {"names": ", ".join(missing)}
        )
    return found


def _csv_line(number: int, row: list[str], columns: Mapping[str, int]) -> Line:
    cells = {what: clean(row[at]) if at < len(row) else "" for what, at in columns.items()}
    amount = whole_dong(cells["amount"])
    line = Line(
        number=number,
        reference=cells["reference"].upper()[:40],
        status=cells["status"][:60],
        outcome=_WORDS.get(without_marks(cells["status"]), ""),
        amount=amount,
        reason=cells.get("reason", "")[:200],
        bank_reference=cells.get("bank_reference", "")[:40],
    )
    if amount is None:
        line.why = _("The amount “%(amount)s” is no whole number of đồng.") % {"amount": cells["amount"][:30]}
    return line


def whole_dong(typed: str) -> Decimal | None:
    """An amount as files write it: digits, or groups of three with dots, commas or blanks; else nothing."""
    bare = typed.replace("\u00a0", " ").strip().removesuffix("đ").removesuffix("VND").strip()
    for sign in (".", ",", " "):
        if re.fullmatch(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+", bare):
            bare = bare.replace(sign, "")
    return Decimal(bare) if re.fullmatch(r"\d{1,15}", bare, re.ASCII) else None


def spread(lines: list[Line], references: Mapping[str, list[str]]) -> Iterator[Line]:
    """``lines`` with those of a whole batch spread over its payments: ``references`` by message number."""
    number, renumber = 0, any(line.message for line in lines)
    for line in lines:
        names = references.get(line.message, [""]) if line.message else [line.reference]
        for name in names:
            number += 1
            at = number if renumber else line.number
            yield Line(
                at, name, line.status, line.outcome, line.amount, line.reason, line.bank_reference, line.why
            )
