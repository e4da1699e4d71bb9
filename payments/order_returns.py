"""Money of orders that ended unpaid goes back: asked for by the payer, proposed by one, decided by another.

Locks: the order, then its return. Approved it is owed (Dr suspense / Cr refunds payable) and becomes a
payment order; what the bank could not pay is in suspense again, and may be asked for anew.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from payments import batches, contributions, ledger, part_paid, payouts, refunds
from payments.models import Account, ContributionOrder, OrderReturn, PaymentOrder
from portal import identifiers, notices
from portal.models import User
from portal.text import bank_name, clean, dong
from procedures import offices
from procedures.models import Bank, StaffMember
from procedures.workflow import MoveRefused

State = OrderReturn.State
ORDER = ContributionOrder.State


def visible_to(user: User) -> QuerySet[OrderReturn]:
    """The returns at the office of ``user``; all for who oversees the province."""
    people = ("asked_by", "proposed_by", "decided_by")
    found = OrderReturn.objects.select_related("order__office", "order__payer", "bank", *people)
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return found.none()
    if staff.oversees_province:
        return found
    return found.filter(order__office__in=offices.kept_by(staff.office_id))


def last_of(order: ContributionOrder) -> OrderReturn | None:
    """The newest return of ``order``, standing or not."""
    return order.returns.select_related("bank").order_by("-pk").first()


def may_ask(order: ContributionOrder) -> bool:
    """Whether money of ``order`` can be asked back: it is paid in part, and nobody has asked yet."""
    if not order.paid or order.state == ORDER.PAID:
        return False
    return not order.returns.filter(state__in=OrderReturn.STANDING).exists()


# --- Asked for -----------------------------------------------------------------------------------


def ask(
    order: ContributionOrder,
    *,
    payee: str,
    bank: Bank | None,
    account_number: str,
    actor: User,
    key: str,
    now: datetime,
) -> OrderReturn:
    """Ask for all that came in for ``order``; an open one is cancelled by this.

    ``actor`` is the payer, or of the staff and then proposes at once. The same ``key`` gives the same
    return; raises ``MoveRefused``.
    """
    number, name = _account(account_number), bank_name(clean(payee))[:100]
    if bank is None:
        raise MoveRefused(_("Choose the bank."), field="bank")
    if not name:
        raise MoveRefused(_("Who gets the money?"), field="account_holder")
    own_key = f"{actor.pk}:{key}"[:120]
    with transaction.atomic():
        locked = contributions.locked(order.pk)
        if made := OrderReturn.objects.filter(key=own_key).first():
            return made
        _check_asker(locked, actor)
        if locked.state == ORDER.OPEN:
            part_paid.end(locked, ORDER.CANCELLED, now=now, actor=actor)
        asked = OrderReturn(
            order=locked,
            amount=locked.paid,
            payee=name,
            bank=bank,
            account_number=number,
            asked_by=actor,
            asked_at=now,
            key=own_key,
        )
        if actor.pk != locked.payer_id:
            asked.state, asked.proposed_by, asked.proposed_at = State.PROPOSED, actor, now
        asked.save(force_insert=True)
    return asked


def _account(typed: str) -> str:
    try:
        return identifiers.bank_account(typed)
    except ValidationError as error:
        raise MoveRefused(error.messages[0], field="account_number") from error


def _check_asker(order: ContributionOrder, actor: User) -> None:
    if actor.pk != order.payer_id and not part_paid.may_work(actor, order):
        raise MoveRefused(_("Only the payer, or staff of the office, asks for this money."))
    if not may_ask(order):
        raise MoveRefused(_("There is no money of this order to give back, or somebody has asked already."))


# --- Decided -------------------------------------------------------------------------------------


def may_propose(user: User, back: OrderReturn) -> bool:
    return back.state == State.ASKED and part_paid.may_work(user, back.order)


def may_decide(user: User, back: OrderReturn) -> bool:
    """Another person than who proposed, who approves payments of the office."""
    waits = back.state == State.PROPOSED and user.pk != back.proposed_by_id
    return waits and batches.may_decide(user, back.order.office_id)


def may_decline(user: User, back: OrderReturn) -> bool:
    return may_propose(user, back) or may_decide(user, back)


def propose(back: OrderReturn, *, actor: User, now: datetime) -> OrderReturn:
    """Propose to pay what the payer asked for; raises ``MoveRefused``."""
    with transaction.atomic():
        locked = _lock(back)
        if locked.state == State.PROPOSED and locked.proposed_by_id == actor.pk:
            return locked
        if not may_propose(actor, locked):
            raise MoveRefused(_("This has been decided already: somebody was faster."))
        locked.state, locked.proposed_by, locked.proposed_at = State.PROPOSED, actor, now
        locked.save()
    return locked


def approve(back: OrderReturn, *, actor: User, now: datetime) -> OrderReturn:
    """Approve what somebody else proposed, within the limit of refunds: it is owed and ordered.

    Raises ``MoveRefused``.
    """
    with transaction.atomic():
        locked = _lock(back)
        if locked.state == State.APPROVED and locked.decided_by_id == actor.pk:
            return locked
        if not may_decide(actor, locked):
            raise MoveRefused(_("Another person than the one who proposed must decide: a supervisor."))
        refunds.check_cap(actor, locked.amount, timezone.localdate(now))
        locked.state, locked.decided_by, locked.decided_at = State.APPROVED, actor, now
        locked.save()
        _owe(locked, actor, now)
    return locked


def decline(back: OrderReturn, reason: str, *, actor: User, now: datetime) -> OrderReturn:
    """Decline it; the money stays in suspense and can be asked for anew. Raises ``MoveRefused``."""
    why = clean(reason)[:300]
    if not why:
        raise MoveRefused(_("Please write the reason."), field="note")
    with transaction.atomic():
        locked = _lock(back)
        if not may_decline(actor, locked):
            raise MoveRefused(_("This has been decided already: somebody was faster."))
        locked.state, locked.reason = State.DECLINED, why
        locked.decided_by, locked.decided_at = actor, now
        locked.save()
        _tell(locked, "order_return_declined")
    return locked


def _lock(back: OrderReturn) -> OrderReturn:
    """The return, its order locked first."""
    order = contributions.locked(back.order_id)
    locked = OrderReturn.objects.select_for_update(of=("self",)).select_related("bank").get(pk=back.pk)
    locked.order = order
    return locked


def _owe(back: OrderReturn, actor: User, now: datetime) -> None:
    order, key = back.order, f"order_returned:{back.pk}"
    owed = ledger.transfer(back.amount, debit=Account.SUSPENSE, credit=Account.REFUNDS)
    ledger.post("order_returned", owed, office=order.office, document=back, key=key, now=now, actor=actor)
    payouts.order_payment(
        source=PaymentOrder.Source.REFUND,
        document=back,
        office=order.office,
        dossier=None,
        payee=back.payee,
        bank=back.bank,
        account_number=back.account_number,
        amount=back.amount,
        purpose=f"HOAN TRA {order.reference}",
        key=key,
        now=now,
    )


# --- What the bank says of it --------------------------------------------------------------------


def note_payment(payment: PaymentOrder) -> None:
    """Note what came of the payment of a return; what failed is in suspense again. Safe to run twice."""
    with transaction.atomic():
        back = _lock(OrderReturn.objects.get(pk=payment.document_id))
        paid = payment.state == PaymentOrder.State.PAID
        if back.state not in ({State.APPROVED} if paid else set(OrderReturn.OWED)):
            return
        back.state, back.reason = (State.PAID, "") if paid else (State.FAILED, payment.reason[:300])
        back.save(update_fields=["state", "reason"])
        if not paid:
            _hold_again(back, payment)
        _tell(back, "order_returned" if paid else "order_return_failed")


def _hold_again(back: OrderReturn, payment: PaymentOrder) -> None:
    """Out of what is owed, or of what the bank sent back to us."""
    came_back = payment.state == PaymentOrder.State.RETURNED
    source = Account.RETURNED if came_back else Account.REFUNDS
    lines = ledger.transfer(back.amount, debit=source, credit=Account.SUSPENSE)
    at = payment.closed_at or payment.made_at
    ledger.post(
        "held_again", lines, office=back.order.office, document=back, key=f"held_again:{back.pk}", now=at
    )


def _tell(back: OrderReturn, kind: str) -> None:
    order = back.order
    facts = {"page": "contribution", "paid": dong(back.amount)}
    notices.notify(order.payer, kind, about=order.reference, facts=facts, key=f"{kind}:{back.pk}")


payouts.outcomes[str(OrderReturn._meta.model_name)] = note_payment
