"""Payment orders: what is owed to one person, what came of it, and another try after a failure.

The ledger hears of an order when the bank has paid it (``results``); only a new order in the place of
one that came back moves the amount from the returned payments to what is owed.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from payments import ledger
from payments.models import Account, PaymentOrder
from portal import outbox
from portal.models import OutboxMessage, User
from portal.text import masked
from procedures import paying
from procedures.models import Bank, Dossier, Office
from procedures.offices import of_office
from procedures.workflow import MoveRefused

State, Source = PaymentOrder.State, PaymentOrder.Source
FAILED = (State.REJECTED, State.RETURNED)
ANSWERED = (State.PAID, *FAILED)

outcomes: dict[str, Callable[[PaymentOrder], None]] = {}
"""By ``document_kind``: told of an order that was paid, rejected or returned; safe to be told twice."""


def order_payment(
    *,
    source: str,
    document: models.Model,
    office: Office,
    dossier: Dossier | None,
    payee: str,
    bank: Bank,
    account_number: str,
    amount: Decimal,
    purpose: str,
    key: str,
    now: datetime,
    follows: PaymentOrder | None = None,
) -> PaymentOrder:
    """Order ``amount`` for ``payee``; the same ``key`` gives the order of the first time.

    What is owed must stand in the ledger already. ``follows`` is the order that failed and that this one
    replaces; the caller holds its lock. Raises ``RuntimeError`` outside a transaction and ``ValueError``
    where ``follows`` did not fail.
    """
    return _ordered(
        {
            "source": source,
            "document_kind": str(document._meta.model_name),
            "document_id": document.pk,
            "office": office,
            "dossier": dossier,
            "payee": payee.strip()[:100],
            "bank": bank,
            "account_number": account_number,
            "amount": amount,
            "purpose": purpose.strip()[:140],
        },
        key=key,
        now=now,
        follows=follows,
    )


def _ordered(
    content: dict[str, Any], *, key: str, now: datetime, follows: PaymentOrder | None
) -> PaymentOrder:
    if not connection.in_atomic_block:
        raise RuntimeError("a payment is ordered in the transaction that decides it")
    if follows is not None and follows.state not in FAILED:
        raise ValueError(f"payment {follows} has not failed")
    order, new = PaymentOrder.objects.get_or_create(
        key=key, defaults={**content, "made_at": now, "follows": follows}
    )
    if new and follows is not None and follows.state == State.RETURNED:
        owed = ledger.transfer(order.amount, debit=Account.RETURNED, credit=owed_on(order))
        ledger.post(
            "owed_again", owed, office=order.office, document=order, key=f"payout:{order.pk}:owed", now=now
        )
    return order


def owed_on(order: PaymentOrder) -> Account:
    """The account of the ledger on which ``order`` is owed."""
    return Account.REFUNDS if order.source == Source.REFUND else Account.BENEFITS


# --- Who sees them -------------------------------------------------------------------------------


def visible_to(user: User) -> QuerySet[PaymentOrder]:
    """The payment orders ``user`` of the staff may see."""
    return of_office(PaymentOrder.objects.select_related("office", "bank", "dossier", "batch"), user)


def failed_of(user: User, dossier: Dossier) -> PaymentOrder | None:
    """The payment of the citizen's ``dossier`` that failed and that no other follows yet."""
    if dossier.owner_id != user.pk:
        raise Http404
    failed = PaymentOrder.objects.filter(dossier=dossier, state__in=FAILED, followed_by=None)
    return failed.select_related("bank").order_by("pk").first()


# --- What came of them ---------------------------------------------------------------------------


def report(order: PaymentOrder) -> None:
    """Let whoever ordered it know what came of ``order``, inside the open transaction."""
    about = str(order.dossier.code) if order.dossier else ""
    outbox.enqueue("payments.payout_result", key=f"{order.pk}:{order.state}", about=about, order=order.pk)


@outbox.handler("payments.payout_result")
def tell_result(message: OutboxMessage) -> None:
    """Tell whoever ordered the payment; nobody to be told is a fault that shows among the side effects."""
    orders = PaymentOrder.objects.select_related("office", "dossier__office", "dossier__owner", "bank")
    order = get_object_or_404(orders, pk=message.payload["order"])
    if order.state in ANSWERED:
        outcomes[order.document_kind](order)


def note_result(order: PaymentOrder) -> None:
    """Write into the history of the dossier of ``order`` what came of it; the citizen is told."""
    assert order.dossier is not None and order.closed_at is not None
    facts = {"paid_to": masked(order.account_number), "bank_reason": order.reason}
    what = paying.PAID if order.state == State.PAID else paying.FAILED
    key = f"payout:{order.pk}:{order.state}"
    shown = {name: value for name, value in facts.items() if value}
    paying.note(order.dossier, what, actor=None, key=key, facts=shown, now=order.closed_at)


# --- Another account -----------------------------------------------------------------------------


def correct(
    failed: PaymentOrder, *, bank: Bank, account_number: str, actor: User, key: str, now: datetime
) -> PaymentOrder:
    """Order the payment that ``failed`` anew, to the account that the citizen ``actor`` gives.

    The payee stays. The same ``key`` gives the order again; raises ``MoveRefused``.
    """
    assert failed.dossier_id is not None
    own_key = f"{failed.pk}:again:{key}"[:120]
    with transaction.atomic():
        dossier = Dossier.objects.select_for_update(no_key=True).get(pk=failed.dossier_id)
        locked = PaymentOrder.objects.select_for_update(no_key=True).get(pk=failed.pk)
        if made := PaymentOrder.objects.filter(follows=locked).first():
            if made.key == own_key:
                return made
            raise MoveRefused(_("The account has been corrected already; nothing more is to be done."))
        _check_other_account(locked, bank, account_number)
        outcomes[locked.document_kind](locked)  # the worker may not have come to it yet
        facts = {"paid_to": masked(account_number)}
        paying.note(
            dossier, paying.CORRECTED, actor=actor, key=f"payout:{failed.pk}:again", facts=facts, now=now
        )
        return _ordered(
            {**_content(locked), "office": dossier.office, "bank": bank, "account_number": account_number},
            key=own_key,
            now=now,
            follows=locked,
        )


def _content(order: PaymentOrder) -> dict[str, Any]:
    names = ("source", "document_kind", "document_id", "dossier_id", "payee", "amount", "purpose")
    return {name: getattr(order, name) for name in names}


def _check_other_account(failed: PaymentOrder, bank: Bank, number: str) -> None:
    if failed.state not in FAILED:
        raise MoveRefused(_("This payment has not failed."))
    if (failed.bank_id, failed.account_number) == (bank.pk, number):
        words = _("The bank could not pay to exactly this account. Please give another, or ask your bank.")
        raise MoveRefused(words, field="account_number")
