"""camt.053 and camt.054 of ISO 20022, whatever version: told by the name of the message, not its namespace.

Read as a stream; a document type, and so every entity, is refused. Entries that are not booked are
passed over. Of a batch every transaction is a line, if the bank gives each its own reference.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from lxml import etree

from payments.statements.lines import BankLine, FileRefused, Problem, Reading, plain, short

Element = Any
_MESSAGES = {"BkToCstmrStmt": "camt.053", "BkToCstmrDbtCdtNtfctn": "camt.054"}
_WATCHED = ("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn", "Stmt", "Ntfctn", "Acct", "Bal", "TxsSummry", "Ntry")
_PARTS = {"Stmt", "Ntfctn"}
# References banks fill in where they have none.
_NO_REFERENCE = {"", "NOTPROVIDED", "NONREF", "NONE"}


def lines(stream: BinaryIO, about: Reading) -> Iterator[BankLine]:
    """The booked lines; raises ``FileRefused`` at the end where anything was wrong."""
    _forbid_document_type(stream, about)
    part, row = _Part(), 0
    try:
        for event, element in _events(stream):
            name = etree.QName(element).localname
            if event == "start":
                _begin(element, name, about)
                part = _Part() if name in _PARTS else part
            elif name == "Ntry":
                row += 1
                yield from _entry(element, row, part, about)
                _forget(element)
            else:
                _end(element, name, part, about)
    except etree.XMLSyntaxError as error:
        broken = _("This XML is damaged or breaks off in line %(line)s.") % {"line": error.lineno or 1}
        raise FileRefused(*about.problems, Problem(row, broken)) from error
    if not about.kind:
        raise FileRefused(Problem(0, _not_ours("–")))
    about.end()


def _events(stream: BinaryIO) -> Any:
    return etree.iterparse(
        stream,
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in ("Document", *_WATCHED)],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _forbid_document_type(stream: BinaryIO, about: Reading) -> None:
    """No statement has one, and all tricks with entities need one; UTF-16 would hide it behind NULs."""
    head = stream.read(4096).replace(b"\0", b"")
    stream.seek(0)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        _refuse_document_type()


def _refuse_document_type() -> None:
    raise FileRefused(
        Problem(0, _("This XML brings a document type of its own; bank statements do not. It was not read."))
    )


class _Part:
    """One statement or notice inside a message: what it says of itself and what its entries sum to."""

    def __init__(self) -> None:
        self.accounts = 0
        self.opening: Decimal | None = None
        self.closing: Decimal | None = None
        self.said: dict[str, tuple[int | None, Decimal | None]] = {}
        self.all_credit = self.all_debit = self.booked = Decimal(0)
        self.count_credit = self.count_debit = 0


def _begin(element: Element, name: str, about: Reading) -> None:
    if not about.kind and element.getroottree().docinfo.doctype:
        _refuse_document_type()
    if name in _MESSAGES:
        if about.kind and about.kind != _MESSAGES[name]:
            raise FileRefused(Problem(0, _("One file holds one kind of message.")))
        about.kind = _MESSAGES[name]
    elif name in _PARTS and not about.kind:
        raise FileRefused(Problem(0, _not_ours(name)))


def _not_ours(name: str) -> str:
    return _("This is no camt.053 or camt.054 message (%(name)s).") % {"name": name}


def _end(element: Element, name: str, part: _Part, about: Reading) -> None:
    if name == "Acct" and etree.QName(element.getparent()).localname in _PARTS:
        part.accounts += 1
        _check_account(element, about)
    elif name == "Bal":
        _balance(element, part, about)
    elif name == "TxsSummry":
        _summary(element, part)
    elif name in _PARTS:
        _check_part(part, about)
        _forget(element)


def _check_account(element: Element, about: Reading) -> None:
    number = "".join((_at(element, "Id", "IBAN") or _at(element, "Id", "Othr", "Id")).split()).upper()
    if number != about.account:
        words = _("This statement is of account %(theirs)s, not of %(ours)s.")
        about.wrong(0, words % {"theirs": short(number, 40) or "–", "ours": about.account})
    currency = _at(element, "Ccy")
    if currency and currency != "VND":
        about.wrong(0, _foreign(currency))


def _foreign(currency: str) -> str:
    return _("The currency is %(currency)s; only VND is taken.") % {"currency": short(currency, 8)}


def _balance(element: Element, part: _Part, about: Reading) -> None:
    kind = _at(element, "Tp", "CdOrPrtry", "Cd")
    if kind not in {"OPBD", "PRCD", "CLBD"}:
        return
    amount = _money(_child(element, "Amt"), 0, about, zero=True)
    if amount is None:
        return
    signed = -amount if _at(element, "CdtDbtInd") == "DBIT" else amount
    if kind == "CLBD":
        part.closing = about.closing = signed
    else:
        part.opening = signed if part.opening is None or kind == "OPBD" else part.opening
        about.opening = part.opening if about.opening is None else about.opening


def _summary(element: Element, part: _Part) -> None:
    for name in ("TtlCdtNtries", "TtlDbtNtries"):
        total = _child(element, name)
        if total is not None:
            count, amount = _at(total, "NbOfNtries"), _at(total, "Sum")
            part.said[name] = (int(count) if count.isdigit() else None, _decimal(amount))


def _check_part(part: _Part, about: Reading) -> None:
    """Sums and balances against the entries."""
    if not part.accounts:
        about.wrong(0, _("The statement does not say which account it is of."))
    found = {
        "TtlCdtNtries": (part.count_credit, part.all_credit),
        "TtlDbtNtries": (part.count_debit, part.all_debit),
    }
    for name, (count, amount) in part.said.items():
        _check_total(name, found[name], count, amount, about)
    if part.opening is not None and part.closing is not None:
        ends = part.opening + part.booked
        if ends != part.closing and not about.problems:
            words = _("Opening balance and bookings give %(found)s; the statement closes with %(said)s.")
            about.wrong(0, words % {"found": plain(ends), "said": plain(part.closing)})


def _check_total(
    name: str, found: tuple[int, Decimal], count: int | None, amount: Decimal | None, about: Reading
) -> None:
    differs = (count is not None and count != found[0]) or (amount is not None and amount != found[1])
    if differs and not about.problems:
        side = _("Money in") if name == "TtlCdtNtries" else _("Money out")
        words = _("%(side)s: the statement says %(count)s entries of %(said)s; %(n)d of %(found)s are in it.")
        said = plain(amount) if amount is not None else "–"
        shown = {"side": side, "count": "–" if count is None else count, "said": said}
        about.wrong(0, words % {**shown, "n": found[0], "found": plain(found[1])})


# --- An entry ------------------------------------------------------------------------------------


def _entry(entry: Element, row: int, part: _Part, about: Reading) -> Iterator[BankLine]:
    amount = _money(_child(entry, "Amt"), row, about)
    credit = _direction(entry, row, about)
    if amount is None or credit is None:
        return
    _count(part, amount, credit)
    status = _at(entry, "Sts", "Cd") or _at(entry, "Sts")
    if status != "BOOK":
        about.left_out += 1
        return
    part.booked += amount if credit else -amount
    booked_on = _day(entry, row, about)
    if booked_on is None:
        return
    for line in _lines_of(entry, row, amount, credit, booked_on, about):
        about.add(line)
        yield line


def _count(part: _Part, amount: Decimal, credit: bool) -> None:
    if credit:
        part.all_credit += amount
        part.count_credit += 1
    else:
        part.all_debit += amount
        part.count_debit += 1


def _direction(entry: Element, row: int, about: Reading) -> bool | None:
    said = _at(entry, "CdtDbtInd")
    if said not in {"CRDT", "DBIT"}:
        about.wrong(row, _("It does not say whether money came in or went out."))
        return None
    return said == "CRDT"


def _day(entry: Element, row: int, about: Reading) -> date | None:
    said = _at(entry, "BookgDt", "Dt") or _at(entry, "BookgDt", "DtTm") or _at(entry, "ValDt", "Dt")
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        about.wrong(row, _("The day of booking is missing or no date."))
        return None


def _lines_of(
    entry: Element, row: int, amount: Decimal, credit: bool, booked_on: date, about: Reading
) -> list[BankLine]:
    """One line, or one for each transaction of a batch; none where it is wrong."""
    parts = [tx for details in _children(entry, "NtryDtls") for tx in _children(details, "TxDtls")]
    if len(parts) < 2:
        tx = parts[0] if parts else None
        reference = _own_reference(entry, "AcctSvcrRef", "NtryRef")
        reference = reference or (_transaction_reference(tx) if tx is not None else "")
        return _whole(_line(entry, tx, row, reference, amount, credit, booked_on), about)
    amounts = [_part_amount(tx, row, about) for tx in parts]
    if None in amounts:
        return []
    if sum(filter(None, amounts), Decimal(0)) != amount:
        about.wrong(row, _("The transactions of this batch do not sum to its amount."))
        return []
    return [
        line
        for tx, share in zip(parts, amounts, strict=True)
        for line in _whole(
            _line(entry, tx, row, _transaction_reference(tx), share or amount, credit, booked_on), about
        )
    ]


def _part_amount(tx: Element, row: int, about: Reading) -> Decimal | None:
    found = _child(tx, "Amt")
    if found is None:
        found = _down(tx, "AmtDtls", "TxAmt", "Amt")
    return _money(found, row, about)


def _whole(line: BankLine, about: Reading) -> list[BankLine]:
    if line.reference:
        return [line]
    about.wrong(line.row, _("There is no reference of the bank, so it could be counted twice."))
    return []


def _own_reference(element: Element | None, *names: str) -> str:
    if element is None:
        return ""
    found = (_at(element, name) for name in names)
    return next((short(text, 80) for text in found if text.upper() not in _NO_REFERENCE), "")


def _transaction_reference(tx: Element) -> str:
    return _own_reference(_child(tx, "Refs"), "AcctSvcrRef", "TxId", "InstrId", "EndToEndId")


def _line(
    entry: Element,
    tx: Element | None,
    row: int,
    reference: str,
    amount: Decimal,
    credit: bool,
    booked_on: date,
) -> BankLine:
    reversal = _at(entry, "RvslInd") in {"true", "1"}
    if tx is None:
        text, payer, account, sent_back = _at(entry, "AddtlNtryInf"), "", "", False
    else:
        text, sent_back = _said(entry, tx), _child(tx, "RtrInf") is not None
        payer, account = _other_side(_child(tx, "RltdPties"), "Dbtr" if credit else "Cdtr")
    return BankLine(
        row=row,
        reference=reference,
        booked_on=booked_on,
        credit=credit,
        amount=amount,
        text=short(text, 420),
        payer=short(payer, 140),
        payer_account=short(account, 40),
        returned=credit and (reversal or sent_back),
    )


def _said(entry: Element, tx: Element) -> str:
    """The words of the payer, and what else might hold the reference."""
    words = []
    about = _child(tx, "RmtInf")
    if about is not None:
        words = [part.text or "" for part in _children(about, "Ustrd")]
        words += [_at(part, "CdtrRefInf", "Ref") for part in _children(about, "Strd")]
    ends = _at(tx, "Refs", "EndToEndId")
    words += ["" if ends.upper() in _NO_REFERENCE else ends, _at(tx, "AddtlTxInf")]
    return " ".join(word for word in words if word) or _at(entry, "AddtlNtryInf")


def _other_side(parties: Element | None, who: str) -> tuple[str, str]:
    """Name and account of ``who``; newer versions have a ``Pty`` in between."""
    if parties is None:
        return "", ""
    name = _at(parties, who, "Nm") or _at(parties, who, "Pty", "Nm")
    account = _down(parties, f"{who}Acct", "Id")
    if account is None:
        return name, ""
    return name, _at(account, "IBAN") or _at(account, "Othr", "Id")


# --- Elements by their local names ---------------------------------------------------------------


def _children(element: Element, name: str) -> Iterator[Element]:
    yield from element.iterchildren(f"{{*}}{name}")


def _child(element: Element, name: str) -> Element | None:
    return next(_children(element, name), None)


def _down(element: Element, *names: str) -> Element | None:
    found: Element | None = element
    for name in names:
        found = _child(found, name) if found is not None else None
    return found


def _at(element: Element, *names: str) -> str:
    """The text at a path below ``element``, "" where there is none."""
    found = _down(element, *names)
    return (found.text or "").strip() if found is not None else ""


def _money(element: Element | None, row: int, about: Reading, *, zero: bool = False) -> Decimal | None:
    """A whole amount of VND; notes what is wrong with it otherwise."""
    if element is None:
        about.wrong(row, _("The amount is missing."))
        return None
    currency = element.get("Ccy", "VND")
    if currency != "VND":
        about.wrong(row, _foreign(currency))
        return None
    amount = _decimal((element.text or "").strip())
    if amount is None or amount != amount.to_integral_value() or amount < 0 or (not amount and not zero):
        words = _("“%(amount)s” is no amount in whole đồng.") % {"amount": short(element.text or "", 30)}
        about.wrong(row, words)
        return None
    return amount.quantize(Decimal(1))


def _decimal(text: str) -> Decimal | None:
    if len(text) > 18 or not text.replace(".", "", 1).isascii():
        return None
    try:
        return Decimal(text) if text.replace(".", "", 1).isdigit() else None
    except InvalidOperation:
        return None


def _forget(element: Element) -> None:
    """Let go of what has been read: a statement is read in the memory of a few entries."""
    element.clear()
    while element.getprevious() is not None:
        parent = element.getparent()
        if parent is None:
            return
        del parent[0]


def named(stream: BinaryIO) -> tuple[str, str]:
    """The id of the message and the account it is of, "" where they cannot be read."""
    event = number = ""
    try:
        _forbid_document_type(stream, Reading("", ""))
        for _event, element in etree.iterparse(
            stream, tag=("{*}MsgId", "{*}Acct"), resolve_entities=False, no_network=True, load_dtd=False
        ):
            if etree.QName(element).localname == "MsgId":
                event = event or short(element.text or "", 80)
            else:
                number = _at(element, "Id", "IBAN") or _at(element, "Id", "Othr", "Id")
                return event, number[:19]
    except (etree.XMLSyntaxError, FileRefused):
        pass
    return event, number
