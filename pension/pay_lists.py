"""Monthly payment lists of an office: closed once, hashed, released to the bank by a second person.

A list takes every benefit of the month that stands on none yet, paid as the roster says or as a change in
force says, and in cash whatever the bank sent back or nobody collected in an earlier month. So a second list
of the month holds what came late. A benefit that a change of place hands over stands on the list of its new
office.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from pension import details, hand_overs, pay_sql
from pension.models import BenefitEntry, PaymentLine, PaymentList, PaymentResult, SwitchRequest
from portal import outbox
from portal.models import User
from portal.text import masked
from procedures import paying, workflow
from procedures.models import Office
from procedures.offices import of_office
from procedures.workflow import MoveRefused

PAY = "payments.pay_pension_list"
OWE = "payments.owe_pension_cash"
KIND = "pension"
CLOSERS = frozenset({"clerk", "supervisor"})
RELEASERS = frozenset({"supervisor", "director"})


def visible_to(user: User) -> QuerySet[PaymentList]:
    """The lists of the office of ``user``; all for who oversees the province."""
    found = PaymentList.objects.select_related("office", "closed_by", "released_by")
    return of_office(found, user)


def get_for(user: User, pk: int) -> PaymentList:
    """The list if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), pk=pk)


def may_close(user: User) -> bool:
    return workflow.role_of(user) in CLOSERS


def may_release(user: User, made: PaymentList) -> bool:
    """Another person than who closed it, of the same office, and while it is not released."""
    leads = workflow.role_of(user) in RELEASERS and user.staff.office_id == made.office_id
    return leads and made.closed_by_id != user.pk and made.released_at is None


def months_open(office: Office) -> list[date]:
    """Months of the newest rosters with benefits of ``office`` that stand on no list yet."""
    offices = [office.pk, *hand_overs.givers(office.pk, None)]
    waiting = BenefitEntry.objects.filter(office__in=offices, lines=None)
    months = waiting.order_by("-month").values_list("month", flat=True).distinct()[:12]
    there = {month for month in months if _is_open(office, month, offices)}
    failed = PaymentLine.objects.filter(list__office=office, method="account", followed_by=None)
    sent_back = {line.list.month for line in failed.select_related("list").filter(pk__in=_failed(office))}
    return sorted({*there, *sent_back}, reverse=True)[:6]


def _is_open(office: Office, month: date, offices: list[int]) -> bool:
    """Whether ``office`` has benefits of ``month`` to pay that stand on no list yet."""
    with connection.cursor() as cursor:
        cursor.execute(pay_sql.IS_OPEN, {"office": office.pk, "month": month, "offices": offices})
        return bool(cursor.fetchone()[0])


def _failed(office: Office) -> list[int]:
    """Lines whose last word from the bank is that they were not paid, and that nothing follows yet."""
    with connection.cursor() as cursor:
        cursor.execute(pay_sql.FAILED, {"office": office.pk, "month": None})
        return [pk for (pk,) in cursor.fetchall()]


# --- Closing -------------------------------------------------------------------------------------


def close(month: date, *, actor: User, key: str, now: datetime) -> PaymentList:
    """Close the list of ``month`` for the office of ``actor``; the same ``key`` gives the same list.

    Raises ``MoveRefused`` when there is nothing to pay.
    """
    if not may_close(actor):
        raise MoveRefused(_("Only staff of the office close its lists."))
    with transaction.atomic():
        office, offices = _lock_offices(actor.staff.office_id, month)
        known = PaymentList.objects.filter(key=f"{actor.pk}:{key}"[:100]).first()
        if known is not None:
            return known
        last = PaymentList.objects.filter(office=office).order_by("-closed_at", "-pk").first()
        number = PaymentList.objects.filter(office=office, month=month).count() + 1
        made = PaymentList.objects.create(
            office=office,
            month=month,
            number=number,
            **dict.fromkeys(_SUMS, 0),
            closed_by=actor,
            closed_at=now,
            previous_digest=last.digest if last else "",
            key=f"{actor.pk}:{key}"[:100],
        )
        _hold_changes(made, offices)
        _fill(made, offices)
        if not made.rows:
            raise MoveRefused(_("Every benefit of this month stands on a list already."), field="month")
        _start_trying(made)
        hand_overs.listed(made, actor=actor, now=now)
        details.take_over(made)
    return made


def _lock_offices(own: int, month: date) -> tuple[Office, list[int]]:
    """The own office and those that hand benefits over to it, by number: no roster of theirs is taken over
    and no list of theirs closed meanwhile.
    """
    wanted = {own, *hand_overs.givers(own, month)}
    rows = {
        row.pk: row
        for row in Office.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    }
    return rows[own], list(rows)


_SUMS = ("rows", "total", "cash_rows", "cash_total", "account_rows", "account_total")


def _hold_changes(made: PaymentList, offices: list[int]) -> None:
    """Nobody takes a change back, or decides on one, while the list is filled."""
    here = BenefitEntry.objects.filter(office__in=offices, month=made.month)
    waiting = SwitchRequest.objects.filter(
        state=SwitchRequest.State.WAITING, beneficiary__in=here.values("beneficiary")
    )
    list(waiting.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))


def _fill(made: PaymentList, offices: list[int]) -> None:
    """The lines of a new list, and what they add up to."""
    given: dict[str, Any] = {"list": made.pk, "office": made.office_id, "month": made.month}
    given["offices"] = offices
    with connection.cursor() as cursor:
        cursor.execute(pay_sql.LINES, given)
        cursor.execute(pay_sql.SUMS, given)
        for name, value in zip(_SUMS, cursor.fetchone(), strict=True):
            setattr(made, name, value)
    made.digest = _digest(made)
    made.save()


def _start_trying(made: PaymentList) -> None:
    """Changes that stand on the list for the first time: to an account they are tried, in cash they hold."""
    waiting = SwitchRequest.objects.filter(state=SwitchRequest.State.WAITING, lines__list=made)
    by_bank = list(waiting.filter(method="account").values_list("pk", flat=True))
    waiting.exclude(pk__in=by_bank).update(state=SwitchRequest.State.DONE)
    SwitchRequest.objects.filter(pk__in=by_bank).update(state=SwitchRequest.State.TRYING)


def _digest(made: PaymentList) -> str:
    """SHA-256 over the head of the list and every line; keys of the sealing do not count."""
    with connection.cursor() as cursor:
        cursor.execute(pay_sql.DIGEST, {"list": made.pk})
        (lines,) = cursor.fetchone()
    head = [made.office.slug, f"{made.month:%Y-%m}", str(made.number), made.previous_digest]
    sums = [str(getattr(made, name)) for name in _SUMS]
    return hashlib.sha256("\n".join([*head, *sums, lines or ""]).encode()).hexdigest()


def verify(made: PaymentList) -> bool:
    """Whether the lines are still those the digest was taken over."""
    with connection.cursor() as cursor:
        cursor.execute(pay_sql.SUMS, {"list": made.pk})
        sums = cursor.fetchone()
    return tuple(getattr(made, name) for name in _SUMS) == sums and made.digest == _digest(made)


# --- Paying --------------------------------------------------------------------------------------


def release(made: PaymentList, *, actor: User, now: datetime) -> PaymentList:
    """Give the lines to accounts to the payments; pressing twice gives them once. Raises ``MoveRefused``."""
    with transaction.atomic():
        locked = PaymentList.objects.select_for_update(of=("self",)).select_related("office").get(pk=made.pk)
        if locked.released_by_id == actor.pk:
            return locked
        if not may_release(actor, locked):
            raise MoveRefused(_("Another person than who closed the list releases it, once."))
        if not verify(locked):
            raise MoveRefused(_("The lines do not match the digest any more: nothing was released."))
        locked.released_by, locked.released_at = actor, now
        locked.save(update_fields=["released_by", "released_at"])
        if locked.account_rows:
            if PAY not in outbox.handlers:
                raise MoveRefused(_("Nobody takes lists for the bank here yet."))
            outbox.enqueue(PAY, key=f"pension-list:{locked.pk}", list=locked.pk)
        if locked.cash_rows:
            outbox.enqueue(OWE, key=f"pension-list:{locked.pk}", list=locked.pk)
    return locked


def pay_rows(pk: int) -> Iterator[paying.PayRow]:
    """The lines of list ``pk`` that go to accounts."""
    lines = PaymentLine.objects.filter(list=pk, method="account", list__released_at__isnull=False)
    for line in lines.select_related("list").order_by("position").iterator(chunk_size=2000):
        assert line.bank_id is not None
        yield paying.PayRow(
            row_id=line.pk,
            payee=line.payee,
            bank_bin=line.bank_id,
            account_number=line.account_number,
            amount=line.amount,
            purpose=f"BHXH KHANH HOA CHI TRA THANG {line.list.month:%m/%Y}",
        )


def last_results(lines: Iterable[int]) -> dict[int, PaymentResult]:
    """The bank's last word on each line that has one."""
    found = PaymentResult.objects.filter(line__in=lines).order_by("line_id", "-pk").distinct("line_id")
    return {result.line_id: result for result in found}


# --- Taking away ---------------------------------------------------------------------------------

CASH_COLUMNS = ("STT", "Điểm chi trả", "Xã, phường", "Mã số BHXH", "Họ và tên", "Người nhận", "Chế độ",
                "Số tiền", "Ký nhận", "Thông tin thay đổi")  # fmt: skip
ACCOUNT_COLUMNS = ("STT", "Mã số BHXH", "Họ và tên", "Chủ tài khoản", "Ngân hàng", "Số tài khoản", "Số tiền")


def cash_rows(made: PaymentList, point: str | None = None) -> Iterator[list[str | int]]:
    """The cash lines, by paying point."""
    lines = made.lines.filter(method="cash").select_related("beneficiary", "ward", "entry", "news")
    if point is not None:
        lines = lines.filter(pay_point=point)
    for line in lines.order_by("position").iterator(chunk_size=2000):
        who = line.beneficiary
        yield [line.position, line.pay_point, line.ward.name, who.insurance_number, who.full_name, line.payee,
               benefit_of(line, made.month), int(line.amount), "", details.words(line)]  # fmt: skip


def benefit_of(line: PaymentLine, month: date) -> str:
    """What is paid, with its month where it is paid late."""
    words = BENEFITS.get(line.benefit, line.benefit)
    return words if line.entry.month == month else f"{words}, tháng {line.entry.month:%m/%Y}"


BENEFITS = {
    "retirement": "Lương hưu",
    "loss_of_capacity": "Mất sức lao động",
    "accident_disease": "TNLĐ-BNN",
    "survivor": "Tuất hằng tháng",
    "commune_cadre": "Cán bộ xã",
    "qd91_613": "QĐ 91, QĐ 613",
    "other": "Khác",
}


def account_rows(made: PaymentList) -> Iterator[list[str | int]]:
    """The lines to accounts, numbers masked: the bank's own file comes from the payments."""
    lines = made.lines.filter(method="account").select_related("beneficiary", "bank")
    for line in lines.order_by("position").iterator(chunk_size=2000):
        who, bank = line.beneficiary, line.bank
        yield [line.position, who.insurance_number, who.full_name, line.payee,
               bank.short_name if bank else "", masked(line.account_number), int(line.amount)]  # fmt: skip


def points(made: PaymentList) -> list[dict[str, Any]]:
    """Each paying point of the list with its rows and its total."""
    with connection.cursor() as cursor:
        cursor.execute(pay_sql.POINTS, {"list": made.pk})
        return [dict(zip(("point", "rows", "total"), row, strict=True)) for row in cursor.fetchall()]
