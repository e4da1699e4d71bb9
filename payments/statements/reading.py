"""From bytes to lines: what kind of file it is, by its content, and who reads it."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from payments.models import CsvMapping, OfficeAccount, StatementFile
from payments.statements import tables
from payments.statements.lines import BankLine, FileRefused, Problem, Reading, short

Kind = StatementFile.Kind
_WORKBOOKS = (b"PK", b"\xd0\xcf")


def begin(account: OfficeAccount) -> Reading:
    return Reading(kind="", account=account.number)


def lines(
    stream: BinaryIO, account: OfficeAccount, about: Reading, *, call: bool = False
) -> Iterator[BankLine]:
    """The lines of a file of ``account``; raises ``FileRefused``, at the latest behind the last line.

    ``call``: also the JSON in which a collecting bank calls us.
    """
    head = stream.read(400)
    stream.seek(0)
    bare = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not bare:
        raise FileRefused(Problem(0, _("This file is empty.")))
    if bare.startswith(b"<"):
        from payments.statements import camt

        return camt.lines(stream, about)
    if call:
        return _called(stream.read(), about)
    if head.startswith((*_WORKBOOKS, b"%PDF")):
        raise FileRefused(
            Problem(0, _("This is a workbook or a PDF. Ask the bank for XML (camt), or save it as CSV."))
        )
    about.kind = Kind.CSV
    return tables.lines(stream.read(), _mapping(account), about)


def _mapping(account: OfficeAccount) -> CsvMapping:
    found = CsvMapping.objects.filter(bank=account.bank_id).first()
    if found is None:
        words = _("The columns of %(bank)s are not set up yet. An administrator names them once.")
        raise FileRefused(Problem(0, words % {"bank": account.bank.short_name}))
    return found


# --- The call of a bank --------------------------------------------------------------------------


@dataclass(frozen=True)
class Called:
    """What a call says of itself: ``event`` and ``account`` are empty where it does not."""

    event: str
    account: str


def about_call(body: bytes) -> Called:
    """Who a call is and which account it is of, as far as it can be read."""
    if body.lstrip().startswith(b"<"):
        from payments.statements import camt

        return Called(*camt.named(io.BytesIO(body)))
    said = _json(body)
    return Called(_word(said.get("event"))[:80], _word(said.get("account"))[:19])


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _word(said: Any) -> str:
    return short(said, 420) if isinstance(said, str) else ""


def _called(body: bytes, about: Reading) -> Iterator[BankLine]:
    """The lines of a call in JSON, see ``docs/bank-calls.md``."""
    said = _json(body).get("lines")
    about.kind = Kind.CALL
    if not isinstance(said, list):
        raise FileRefused(Problem(0, _("This is no call as agreed: JSON with a list of lines.")))
    for row, entry in enumerate(said, start=1):
        line = _from_call(row, entry if isinstance(entry, dict) else {}, about)
        if line is not None:
            about.add(line)
            yield line
    about.end()


def _from_call(row: int, said: dict[str, Any], about: Reading) -> BankLine | None:
    amount, booked_on = _whole(said.get("amount")), _date(said.get("booked_on"))
    reference, direction = _word(said.get("reference"))[:80], said.get("direction")
    if problem := _fault(said, amount, booked_on, reference):
        about.wrong(row, problem)
    if problem or amount is None or booked_on is None:
        return None
    return BankLine(
        row=row,
        reference=reference,
        booked_on=booked_on,
        credit=direction == "in",
        amount=amount,
        text=_word(said.get("text")),
        payer=_word(said.get("payer"))[:140],
        payer_account=_word(said.get("payer_account"))[:40],
    )


def _fault(said: dict[str, Any], amount: Decimal | None, booked_on: date | None, reference: str) -> str:
    if not reference:
        return _("There is no reference of the bank, so it could be counted twice.")
    if said.get("currency") != "VND":
        words = _("The currency is %(currency)s; only VND is taken.")
        return words % {"currency": _word(said.get("currency"))[:8] or "–"}
    if said.get("direction") not in {"in", "out"}:
        return _("It does not say whether money came in or went out.")
    if amount is None:
        return _("“%(amount)s” is no amount in whole đồng.") % {"amount": str(said.get("amount"))[:30]}
    if booked_on is None:
        return _("The day of booking is missing or no date.")
    return ""


def _whole(said: Any) -> Decimal | None:
    if isinstance(said, bool) or not isinstance(said, int | str | Decimal):
        return None
    text = str(said)
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        return None
    return Decimal(text) or None


def _date(said: Any) -> date | None:
    try:
        return date.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
