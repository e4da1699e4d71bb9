"""How much of the monthly benefits goes to bank accounts, where, and since when."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet, Sum
from django.urls import reverse

from pension import pay_lists, roster
from pension.models import BenefitEntry, Method, RosterSum
from procedures.figures import payments
from procedures.figures.payments import PaidHow
from procedures.models import Office

MONTHS = 12


@dataclass(frozen=True)
class Share:
    """Benefits of a place or month, how many of them go to accounts, and what is left in cash (đồng)."""

    name: str
    people: int
    to_account: int
    cash: int
    key: str = ""

    @property
    def in_cash(self) -> int:
        return self.people - self.to_account


@payments.roster("pension")
def paid_how(offices: Collection[Office], month: date) -> PaidHow | None:
    """What the director's page tells of the newest roster that is not after ``month``."""
    newest = roster.newest_month(month)
    if newest is None:
        return None
    said = _sums(RosterSum.objects.filter(month=newest, office__in=offices))
    if not said["people"]:
        return None
    url = reverse("admin:pension_rosterimport_shares")
    return PaidHow(newest, said["people"], said["to_account"], url)


def _sums(rows: "QuerySet[RosterSum]") -> dict[str, int]:
    found = rows.aggregate(people=Sum("people"), to_account=Sum("to_account"), cash=Sum("cash"))
    return {name: int(value or 0) for name, value in found.items()}


def by(rows: "QuerySet[RosterSum]", name: str, key: str) -> list[Share]:
    """The rows added up by ``name``, the place with the most cash first."""
    added = rows.values(name, key).annotate(p=Sum("people"), a=Sum("to_account"), c=Sum("cash"))
    found = [Share(str(row[name]), row["p"], row["a"], int(row["c"]), str(row[key])) for row in added]
    return sorted(found, key=lambda share: (-share.in_cash, share.name))


def by_month(offices: Collection[Office], until: date, ward: str = "") -> list[Share]:
    """The last months with a roster, the earliest first; of one ward, or of all."""
    rows = RosterSum.objects.filter(office__in=offices, month__lte=until)
    if ward:
        rows = rows.filter(ward=ward)
    added = rows.values("month").annotate(p=Sum("people"), a=Sum("to_account"), c=Sum("cash"))
    last = list(added.order_by("-month")[:MONTHS])
    return [
        Share(f"{row['month']:%m/%Y}", row["p"], row["a"], int(row["c"]), row["month"].isoformat())
        for row in reversed(last)
    ]


# --- Who has not switched ------------------------------------------------------------------------

CALL_COLUMNS = ("STT", "Xã, phường", "Điểm chi trả", "Họ và tên", "Mã số BHXH", "Điện thoại",
                "Người lĩnh thay", "Chế độ", "Số tiền", "Kết quả gọi")  # fmt: skip


def in_cash(office: Office, month: date, ward: str = "") -> "QuerySet[BenefitEntry]":
    """The benefits of ``month`` that are paid in cash, by ward and paying point."""
    found = BenefitEntry.objects.filter(office=office, month=month, method=Method.CASH)
    if ward:
        found = found.filter(ward=ward)
    ordered = found.order_by("ward", "pay_point", "beneficiary__bare_name", "pk")
    return ordered.select_related("beneficiary", "ward")


def call_rows(entries: "QuerySet[BenefitEntry]") -> Iterator[list[str | int]]:
    """The lines of a call list."""
    for number, entry in enumerate(entries.iterator(chunk_size=2000), start=1):
        who: Any = entry.beneficiary
        yield [number, entry.ward.name, entry.pay_point, who.full_name, who.insurance_number, who.phone,
               who.recipient, pay_lists.BENEFITS.get(entry.benefit, entry.benefit), int(entry.amount),
               ""]  # fmt: skip
