"""Rosters of invented people, and how they get in."""

from datetime import date
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from pension import pay_lists, roster, roster_files
from pension.models import PaymentList, RosterImport
from portal import outbox
from portal.models import User
from procedures.models import Office

MONTH = date(2021, 8, 1)
AFTER = date(2021, 9, 1)


def row(number: str, name: str = "TRẦN VĂN BÌNH", **said: Any) -> list[str]:
    """A row of a file: a pension in cash at the post office of Cam Ranh, but for what is ``said``."""
    known = {
        "number": number,
        "name": name,
        "born": "01/02/1955",
        "phone": "",
        "benefit": "Lương hưu",
        "amount": "4.500.000",
        "method": "Tiền mặt",
        "ward": "22429",
        "point": "Bưu cục Ba Ngòi",
        "bank": "",
        "account": "",
        "holder": "",
        "recipient": "",
        "until": "",
        **said,
    }
    return [str(value) for value in known.values()]


def by_account(
    number: str, name: str = "LÊ THỊ CÚC", account: str = "4700201001234", **said: Any
) -> list[str]:
    given = {"method": "Tài khoản", "bank": "970405", "account": account, "holder": name, "point": "", **said}
    return row(number, name, **given)


def brought(
    rows: list[list[str]], *, actor: User, month: date = MONTH, office: str = "cam-ranh"
) -> RosterImport:
    """An import of these rows, read by a worker."""
    made = roster.keep(
        month,
        ContentFile(roster_files.sample(rows)),
        "danh-sach.csv",
        office=Office.objects.get(slug=office) if office else None,
        actor=actor,
        key=f"{month}-{len(rows)}-{RosterImport.objects.count()}",
        now=timezone.now(),
    )
    outbox.drain()
    made.refresh_from_db()
    return made


def taken(
    rows: list[list[str]], *, actor: User, month: date = MONTH, office: str = "cam-ranh"
) -> RosterImport:
    """The same, taken over."""
    made = brought(rows, actor=actor, month=month, office=office)
    assert not made.errors, made.errors
    roster.accept(made, actor=actor, now=timezone.now())
    outbox.drain()
    made.refresh_from_db()
    assert made.state == "taken", made.reason
    return made


def closed(actor: User, month: date = MONTH, key: str = "k") -> PaymentList:
    return pay_lists.close(month, actor=actor, key=f"{key}{month}", now=timezone.now())
