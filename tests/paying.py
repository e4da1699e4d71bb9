"""Money on its way to people: what is owed, batches of it, and the bank's answers."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from payments import batches, lump_sums, results
from payments.models import OfficeAccount, PaymentOrder, PayoutBatch, ResultFile
from portal import outbox
from portal.models import User
from procedures import demo
from procedures.models import Bank, Dossier, Office
from tests.conftest import PASSWORD
from tests.posting import approved, staff_of

HEAD = "Mã tham chiếu;Kết quả;Số tiền;Lý do;Số giao dịch\n"


def director_of(office: str = "cam-ranh") -> User:
    return demo.staff(
        f"director.{office}", "Võ Minh Hòa", Office.objects.get(slug=office), "director", password=PASSWORD
    )


def account_of(office: str = "cam-ranh") -> OfficeAccount:
    found, _new = OfficeAccount.objects.get_or_create(
        office=Office.objects.get(slug=office),
        bank=Bank.objects.get(bin="970405"),
        number="4700201009999",
        defaults={"holder": "BẢO HIỂM XÃ HỘI THÀNH PHỐ CAM RANH"},
    )
    return found


def owed(seed: int, amount: int = 12_500_000) -> PaymentOrder:
    """A payment of a lump sum, decided by two."""
    clerk, supervisor = staff_of("cam-ranh")
    return decided(approved(seed), clerk, supervisor, amount)


def decided(dossier: Dossier, clerk: User, supervisor: User, amount: int = 12_500_000) -> PaymentOrder:
    now = timezone.now()
    noted = lump_sums.record(
        dossier,
        Decimal(amount),
        "12/QĐ-BHXH",
        actor=clerk,
        key=f"l{dossier.pk}",
        now=now,
        difference="Tính tay theo sổ",
    )
    made = lump_sums.decide(noted, actor=supervisor, now=now)
    assert isinstance(made, PaymentOrder)
    return made


def made(orders: Sequence[PaymentOrder], *, key: str = "b", now: datetime | None = None) -> PayoutBatch:
    clerk, _supervisor = staff_of("cam-ranh")
    at = now or timezone.now()
    return batches.make(
        account_of(), [o.pk for o in orders], pay_on=timezone.localdate(at), actor=clerk, key=key, now=at
    )


def approved_twice(batch: PayoutBatch) -> PayoutBatch:
    _clerk, supervisor = staff_of("cam-ranh")
    batches.approve(batch, actor=supervisor, now=timezone.now())
    found = batches.approve(batch, actor=director_of(), now=timezone.now())
    outbox.drain()
    return found


def sent(*orders: PaymentOrder, key: str = "b") -> PayoutBatch:
    """The payments in a batch whose file was taken."""
    clerk, _supervisor = staff_of("cam-ranh")
    batch = approved_twice(made(orders, key=key))
    batches.take(batch, "xml", actor=clerk, now=timezone.now())
    return PayoutBatch.objects.get(pk=batch.pk)


def csv_of(*rows: tuple[PaymentOrder, str, str]) -> bytes:
    """A file of results: payment, status, reason."""
    lines = [f"{order.reference};{status};{order.amount};{reason};\n" for order, status, reason in rows]
    return (HEAD + "".join(lines)).encode()


def take_in(data: bytes, name: str = "kq.csv") -> ResultFile:
    clerk, _supervisor = staff_of("cam-ranh")
    file, _new = results.take_in(name, data, actor=clerk, now=timezone.now())
    outbox.drain()
    return file
