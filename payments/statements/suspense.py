"""The suspense desk: money that found no order is split between orders or sent back, by people.

Every decision has a key and counts once. Locks: the account, the item, then orders by their number, as
``taking`` does it. Sending back takes two people and ends in a payment order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from payments import contributions, ledger, payouts
from payments.models import (
    Account,
    ContributionOrder,
    OfficeAccount,
    PaymentOrder,
    Settlement,
    SuspenseItem,
    SuspenseReturn,
    SuspenseStep,
)
from payments.statements import bulk
from payments.statements.lines import plain
from payments.statements.matching import compact
from portal import identifiers
from portal.models import User
from portal.text import bank_name, clean, without_marks
from procedures import workflow
from procedures.models import Bank
from procedures.offices import of_office
from procedures.workflow import MoveRefused

Step, Return = SuspenseStep.Kind, SuspenseReturn.State
WORKERS = frozenset({"clerk", "supervisor"})
_MOST_SUGGESTED = 6


def visible_to(user: User) -> QuerySet[SuspenseItem]:
    """The items of the office of ``user``; all for who oversees the province."""
    items = SuspenseItem.objects.select_related("office", "order", "line__account__bank", "line__file")
    return of_office(items, user)


def may_work(user: User, office: int | None = None) -> bool:
    """Clerks and supervisors decide about money of their own office; others look on."""
    if workflow.role_of(user) not in WORKERS:
        return False
    return office is None or user.staff.office_id == office


# --- What it might be for ------------------------------------------------------------------------


@dataclass(frozen=True)
class Suggestion:
    order: ContributionOrder
    why: str
    due: Decimal


def suggestions(item: SuspenseItem) -> list[Suggestion]:
    """Orders of the same account that ``item`` may be meant for, the likeliest first."""
    orders = ContributionOrder.objects.filter(account=item.line.account_id)
    named = [item.order] if item.order is not None else []
    near = orders.filter(state=ContributionOrder.State.OPEN).annotate(due=F("amount") - F("paid"))
    by_payer = _of_payer(near, item.line.payer)
    by_amount = list(near.filter(due=item.left).order_by("-made_at")[:_MOST_SUGGESTED])
    found: dict[int, Suggestion] = {}
    for why, group in (
        (_("named in the transfer"), named),
        (_("a reference almost like one in the transfer"), _almost_named(near, item.line.text)),
        (_("the same payer"), by_payer),
        (_("the same amount"), by_amount),
    ):
        for order in group:
            found.setdefault(order.pk, Suggestion(order, why, order.amount - order.paid))
    return list(found.values())[:_MOST_SUGGESTED]


def _of_payer(orders: QuerySet[ContributionOrder], payer: str) -> list[ContributionOrder]:
    """Orders of who bears that name, compared without marks: banks print none."""
    last = without_marks(payer).split()[-1:]
    if not last:
        return []
    recent = orders.order_by("-id")[:2000]
    return [order for order in recent if without_marks(order.payer_name) == without_marks(payer)]


def _almost_named(orders: QuerySet[ContributionOrder], text: str) -> list[ContributionOrder]:
    """Orders whose reference stands in ``text`` but for one character: typed by hand, often wrongly."""
    bare = compact(text)
    if not bare:
        return []
    return [order for order in orders.order_by("-id")[:2000] if _nearly(order.reference, bare)]


def _nearly(reference: str, text: str) -> bool:
    size = len(reference)
    return any(
        sum(a != b for a, b in zip(reference, text[at:], strict=False)) <= 1
        for at in range(len(text) - size + 1)
    ) or any(reference[:at] + reference[at + 1 :] in text for at in range(2, size))


# --- Split between orders ------------------------------------------------------------------------


def split(
    item: SuspenseItem, parts: Iterable[tuple[str, Decimal]], *, actor: User, key: str, now: datetime
) -> SuspenseItem:
    """Settle orders, named by their references, out of ``item``: all ``parts`` or none, once for ``key``."""
    shares = [(compact(reference), amount) for reference, amount in parts]
    with transaction.atomic():
        locked = _locked(item, actor)
        if SuspenseStep.objects.filter(key=_key(key, actor)).exists():
            return locked
        orders = _orders(locked, shares)
        for order, amount in orders:
            _give(locked, order, amount, actor, f"{_key(key, actor)}:{order.pk}", now)
        total = sum((amount for _order, amount in orders), Decimal(0))
        _take_from(locked, total)
        note = ", ".join(f"{order.reference} {plain(amount)}" for order, amount in orders)
        _note(locked, Step.SETTLED, total, actor, _key(key, actor), now, note)
        bulk.look_again([order.pk for order, _amount in orders])
    return locked


def _key(key: str, actor: User) -> str:
    return f"{actor.pk}:{key}"[:100]


def _locked(item: SuspenseItem, actor: User) -> SuspenseItem:
    if not may_work(actor, item.office_id):
        raise MoveRefused(_("Only staff of the office decide about its money."))
    return _lock(item)


def _lock(item: SuspenseItem) -> SuspenseItem:
    OfficeAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=item.line.account_id)
    items = SuspenseItem.objects.select_related("line", "office")
    return items.select_for_update(of=("self",), no_key=True).get(pk=item.pk)


def _orders(item: SuspenseItem, shares: list[tuple[str, Decimal]]) -> list[tuple[ContributionOrder, Decimal]]:
    """The orders and what each gets, by their number; raises ``MoveRefused`` where one takes no more."""
    if not shares or any(amount <= 0 for _reference, amount in shares):
        raise MoveRefused(_("Name an order and an amount above zero."), field="don-1")
    if len({reference for reference, _amount in shares}) < len(shares):
        raise MoveRefused(_("The same order stands there twice."), field="don-2")
    if sum(amount for _reference, amount in shares) > item.left:
        raise MoveRefused(_("Only %(left)s are left of it.") % {"left": plain(item.left)}, field="tien-1")
    wanted = dict(shares)
    rows = ContributionOrder.objects.filter(account=item.line.account_id, reference__in=wanted)
    found = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    places = {reference: number for number, (reference, _amount) in enumerate(shares, start=1)}
    for reference in wanted.keys() - {order.reference for order in found}:
        words = _("No order to this account has the reference %(reference)s.") % {"reference": reference[:20]}
        raise MoveRefused(words, field=f"don-{places[reference]}")
    for order in found:
        _check(order, wanted[order.reference], places[order.reference])
    return [(order, wanted[order.reference]) for order in found]


def _check(order: ContributionOrder, amount: Decimal, place: int) -> None:
    if order.state != ContributionOrder.State.OPEN:
        words = _("The order %(reference)s is %(state)s and takes no money.")
        shown = {"reference": order.reference, "state": order.get_state_display()}
        raise MoveRefused(words % shown, field=f"don-{place}")
    if amount > (due := order.amount - order.paid):
        words = _("The order %(reference)s takes %(due)s more.")
        shown = {"reference": order.reference, "due": plain(due)}
        raise MoveRefused(words % shown, field=f"tien-{place}")


def _give(
    item: SuspenseItem, order: ContributionOrder, amount: Decimal, actor: User, key: str, now: datetime
) -> None:
    contributions.settle(
        order.pk, amount, line=item.line, key=f"desk:{key}", now=now, paid_on=item.line.booked_on
    )
    Settlement.objects.create(
        line=item.line,
        order=order,
        amount=amount,
        how=Settlement.How.DESK,
        made_at=now,
        made_by=actor,
        key=f"desk:{key}",
    )


def _take_from(item: SuspenseItem, amount: Decimal) -> None:
    item.left -= amount
    item.save(update_fields=["left"])


def _note(
    item: SuspenseItem,
    kind: str,
    amount: Decimal,
    actor: User | None,
    key: str,
    now: datetime,
    note: str = "",
) -> None:
    SuspenseStep.objects.create(
        item=item, kind=kind, amount=amount, actor=actor, key=key, at=now, note=note[:300]
    )


# --- Send back -----------------------------------------------------------------------------------


def propose_return(
    item: SuspenseItem,
    amount: Decimal,
    *,
    payee: str,
    bank: Bank | None,
    account_number: str,
    actor: User,
    key: str,
    now: datetime,
) -> SuspenseReturn:
    """Propose to send ``amount`` back; until somebody else decides, nobody else disposes of it."""
    if bank is None:
        raise MoveRefused(_("Choose the bank."), field="ngan-hang")
    number, name = _account(account_number), bank_name(clean(payee))[:100]
    if not name:
        raise MoveRefused(_("Who gets the money?"), field="nguoi-nhan")
    with transaction.atomic():
        locked = _locked(item, actor)
        if made := SuspenseReturn.objects.filter(key=_key(key, actor)).first():
            return made
        if not 0 < amount <= locked.left:
            raise MoveRefused(_("Only %(left)s are left of it.") % {"left": plain(locked.left)}, field="tien")
        _take_from(locked, amount)
        _note(locked, Step.PROPOSED, amount, actor, f"back:{_key(key, actor)}", now, name)
        return SuspenseReturn.objects.create(
            item=locked,
            amount=amount,
            payee=name,
            bank=bank,
            account_number=number,
            proposed_by=actor,
            proposed_at=now,
            key=_key(key, actor),
        )


def _account(typed: str) -> str:
    try:
        return identifiers.bank_account(typed)
    except ValidationError as error:
        raise MoveRefused(error.messages[0], field="so-tai-khoan") from error


def decide_return(
    back: SuspenseReturn, *, approve: bool, actor: User, key: str, now: datetime, reason: str = ""
) -> SuspenseReturn:
    """Approve or decline what somebody else proposed; raises ``MoveRefused`` for the same person."""
    with transaction.atomic():
        item = _locked(back.item, actor)
        locked = SuspenseReturn.objects.select_for_update(of=("self",)).get(pk=back.pk)
        if SuspenseStep.objects.filter(key=f"decide:{_key(key, actor)}").exists():
            return locked
        _check_decision(locked, actor, approve, reason)
        locked.state = Return.APPROVED if approve else Return.DECLINED
        locked.decided_by, locked.decided_at, locked.reason = actor, now, clean(reason)[:300]
        if approve:
            _order_payment(locked, item, actor, now)
        else:
            _take_from(item, -locked.amount)
        locked.save()
        kind = Step.APPROVED if approve else Step.DECLINED
        _note(item, kind, locked.amount, actor, f"decide:{_key(key, actor)}", now, reason)
    return locked


def _check_decision(back: SuspenseReturn, actor: User, approve: bool, reason: str) -> None:
    if back.state != Return.PROPOSED:
        raise MoveRefused(_("This has been decided already."))
    if back.proposed_by_id == actor.pk:
        raise MoveRefused(_("You proposed this; somebody else decides."))
    if approve and workflow.role_of(actor) != "supervisor":
        raise MoveRefused(_("Only a supervisor approves money going out."))
    if not approve and not clean(reason):
        raise MoveRefused(_("Say why it is declined."), field="ly-do")


def _order_payment(back: SuspenseReturn, item: SuspenseItem, actor: User, now: datetime) -> None:
    """Owe the money to who sent it, and order its payment."""
    owed = ledger.transfer(back.amount, debit=Account.SUSPENSE, credit=Account.REFUNDS)
    key = f"sent_back:{back.pk}"
    ledger.post("sent_back", owed, office=item.office, document=back, key=key, now=now, actor=actor)
    payouts.order_payment(
        source=PaymentOrder.Source.REFUND,
        document=back,
        office=item.office,
        dossier=None,
        payee=back.payee,
        bank=back.bank,
        account_number=back.account_number,
        amount=back.amount,
        purpose=f"Hoan tra giao dich {item.line.reference}"[:140],
        key=f"suspense:{back.pk}",
        now=now,
    )


# --- What the bank says of it --------------------------------------------------------------------


def note_payment(order: PaymentOrder) -> None:
    """Note that money sent back was paid; what could not be paid is in suspense again. Safe to run twice."""
    back = SuspenseReturn.objects.select_related("item__line").get(pk=order.document_id)
    with transaction.atomic():
        item = _lock(back.item)
        locked = SuspenseReturn.objects.select_for_update(of=("self",)).get(pk=back.pk)
        paid = order.state == PaymentOrder.State.PAID
        if locked.state not in ({Return.APPROVED} if paid else {Return.APPROVED, Return.PAID}):
            return
        locked.state, locked.reason = (Return.PAID, "") if paid else (Return.FAILED, order.reason[:300])
        locked.save(update_fields=["state", "reason"])
        at = order.closed_at or order.made_at
        if not paid:
            _suspend_again(locked, item, order, at)
        kind = Step.PAID if paid else Step.FAILED
        _note(item, kind, locked.amount, None, f"payment:{order.pk}:{order.state}", at, order.reason)


def _suspend_again(back: SuspenseReturn, item: SuspenseItem, order: PaymentOrder, at: datetime) -> None:
    """The money waits at the desk as before: out of what is owed, or of what the bank sent back to us."""
    came_back = order.state == "returned"
    owed = ledger.transfer(
        back.amount, debit=Account.RETURNED if came_back else Account.REFUNDS, credit=Account.SUSPENSE
    )
    key = f"suspended_again:{back.pk}"
    ledger.post("suspended_again", owed, office=item.office, document=back, key=key, now=at)
    _take_from(item, -back.amount)


payouts.outcomes[str(SuspenseReturn._meta.model_name)] = note_payment
