"""What a bank sends, made up: orders to be paid, and statements of it in every form."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from django.utils import timezone

from payments import ledger
from payments.models import Account, ContributionOrder, CsvMapping, OfficeAccount, StatementFile
from payments.statements import taking
from portal.models import User
from procedures import demo
from procedures.models import Bank, Office

NUMBER = "4700201001234"
SPACE = "urn:iso:std:iso:20022:tech:xsd:"


def account(number: str = NUMBER, *, office: str = "cam-ranh", bank: str = "970405") -> OfficeAccount:
    found, _new = OfficeAccount.objects.get_or_create(
        bank=Bank.objects.get(pk=bank),
        number=number,
        defaults={"office": Office.objects.get(slug=office), "holder": "BAO HIEM XA HOI"},
    )
    return found


def mapping(bank: str = "970405", **columns: str) -> CsvMapping:
    usual = {
        "booked_on": "Ngày GD",
        "reference": "Số tham chiếu",
        "text": "Nội dung",
        "credit": "Ghi có",
        "debit": "Ghi nợ",
        "payer": "Người chuyển",
    }
    return CsvMapping.objects.create(bank_id=bank, **{**usual, **columns})


def order(
    number: int, amount: int = 804_600, *, payer: User, to: OfficeAccount | None = None, **more: Any
) -> ContributionOrder:
    """An open order, charged in the ledger as every order is."""
    to = to or account()
    now = timezone.now()
    made = ContributionOrder.objects.create(
        **{
            "reference": f"KH{number:011d}",
            "product": "household",
            "kind": "register",
            "office": to.office,
            "account": to,
            "payer": payer,
            "payer_name": payer.full_name,
            "amount": amount,
            "quote": {},
            "made_at": now,
            "expires_at": now + timezone.timedelta(days=5),
            "key": f"test:{number}",
            **more,
        }
    )
    charged = ledger.transfer(Decimal(amount), debit=Account.RECEIVABLE, credit=Account.FUND)
    from django.db import transaction

    with transaction.atomic():
        ledger.post("ordered", charged, office=to.office, document=made, key=f"ordered:{made.pk}", now=now)
    return made


@dataclass(frozen=True)
class Paid:
    """A booking as a bank knows it."""

    reference: str
    amount: int
    text: str = ""
    payer: str = ""
    out: bool = False
    currency: str = "VND"
    status: str = "BOOK"
    day: date = date(2021, 7, 15)
    payer_account: str = "0071000123456"


def camt(
    lines: Iterable[Paid],
    *,
    version: str = "camt.053.001.02",
    number: str = NUMBER,
    opening: int = 1_000_000,
    closing: int | None = None,
    message: str = "M1",
) -> bytes:
    """A statement (053) with balances and sums, or a notice (054) without balances."""
    lines = list(lines)
    new = int(version.rpartition(".")[2]) >= 8
    body = "".join(_entry(line, new=new) for line in lines)
    credit = sum(line.amount for line in lines if not line.out)
    debit = sum(line.amount for line in lines if line.out)
    booked = sum((-1 if x.out else 1) * x.amount for x in lines if x.status == "BOOK")
    ends = opening + booked if closing is None else closing
    outer, inner = ("BkToCstmrStmt", "Stmt") if "053" in version else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    balances = _balance("OPBD", opening) + _balance("CLBD", ends) if inner == "Stmt" else ""
    came = sum(not x.out for x in lines)
    sums = (
        f"<TxsSummry><TtlCdtNtries><NbOfNtries>{came}</NbOfNtries><Sum>{credit}</Sum>"
        f"</TtlCdtNtries><TtlDbtNtries><NbOfNtries>{sum(x.out for x in lines)}</NbOfNtries><Sum>{debit}</Sum>"
        "</TtlDbtNtries></TxsSummry>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{SPACE}{version}"><{outer}><GrpHdr>'
        f"<MsgId>{message}</MsgId><CreDtTm>2021-07-15T18:00:00</CreDtTm></GrpHdr><{inner}><Id>1</Id>"
        f"<Acct><Id><Othr><Id>{number}</Id></Othr></Id><Ccy>VND</Ccy></Acct>{balances}{sums}{body}"
        f"</{inner}></{outer}></Document>"
    ).encode()


def _balance(kind: str, amount: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='VND'>{amount}</Amt>"
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2021-07-15</Dt></Dt></Bal>"
    )


def _entry(line: Paid, *, new: bool) -> str:
    status = f"<Cd>{line.status}</Cd>" if new else line.status
    name = f"<Nm>{escape(line.payer)}</Nm>"
    who = "Cdtr" if line.out else "Dbtr"
    party = f"<{who}><Pty>{name}</Pty></{who}>" if new else f"<{who}>{name}</{who}>"
    return (
        f"<Ntry><NtryRef>{line.reference[-4:]}</NtryRef><Amt Ccy='{line.currency}'>{line.amount}.00</Amt>"
        f"<CdtDbtInd>{'DBIT' if line.out else 'CRDT'}</CdtDbtInd><Sts>{status}</Sts>"
        f"<BookgDt><Dt>{line.day}</Dt></BookgDt><AcctSvcrRef>{escape(line.reference)}</AcctSvcrRef>"
        f"<BkTxCd/><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        f"<RltdPties>{party}<{who}Acct><Id><Othr><Id>{line.payer_account}</Id></Othr></Id></{who}Acct>"
        f"</RltdPties><RmtInf><Ustrd>{escape(line.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


HEADER = "Ngày GD;Số tham chiếu;Ghi nợ;Ghi có;Người chuyển;Nội dung"


def csv(lines: Iterable[Paid], *, encoding: str = "utf-8-sig", before: str = "", after: str = "") -> bytes:
    """The CSV of a bank, with dots in the amounts."""
    rows = [
        ";".join(
            (
                f"{line.day:%d/%m/%Y}",
                line.reference,
                _dotted(line.amount) if line.out else "",
                "" if line.out else _dotted(line.amount),
                line.payer,
                line.text,
            )
        )
        for line in lines
    ]
    return f"{before}{HEADER}\r\n{chr(10).join(rows)}\n{after}".encode(encoding)


def _dotted(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")


def call(lines: Iterable[Paid], *, event: str = "E1", number: str = NUMBER) -> bytes:
    """What a collecting bank calls in."""
    return json.dumps(
        {
            "event": event,
            "account": number,
            "lines": [
                {
                    "reference": line.reference,
                    "booked_on": f"{line.day}",
                    "amount": line.amount,
                    "currency": line.currency,
                    "direction": "out" if line.out else "in",
                    "text": line.text,
                    "payer": line.payer,
                    "payer_account": line.payer_account,
                }
                for line in lines
            ],
        }
    ).encode()


def take(
    data: bytes, *, actor: User, to: OfficeAccount | None = None, name: str = "sao-ke.xml"
) -> StatementFile:
    """Check a file and take it in."""
    now = timezone.now()
    file, _new = taking.check(name, data, to or account(), actor=actor, now=now)
    return taking.take(file, now=now)


def citizen(seed: int = 1) -> User:
    import random

    return demo.citizen(demo.person(random.Random(seed), "22429"))


def balances() -> dict[str, int]:
    """What stands on every account of the ledger that anything stands on."""
    found = {account.value: int(ledger.balance(account)) for account in Account}
    assert sum(found.values()) == 0
    return {name: amount for name, amount in found.items() if amount}
