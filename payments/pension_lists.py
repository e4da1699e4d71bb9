"""Monthly lists of benefits: their rows become payment orders, and hear what the bank said.

What the bank does not pay goes back to the list, which pays it in cash. Cash of the lists is not in the
ledger, so what was owed for the row is posted back.
"""

from datetime import datetime

from django.utils import timezone

from payments import ledger, payouts
from payments.models import Account, PaymentOrder
from portal import outbox
from portal.models import OutboxMessage
from procedures import paying
from procedures.models import Bank, Office
from procedures.paying import PayRow

KIND = "pension"


@outbox.handler("payments.pay_pension_list")
def pay_list(message: OutboxMessage) -> None:
    """Order the payment of every row of the list ``list``, once; the province office pays.

    A row with a bank nobody knows stops the whole list: it stands among the failed side effects.
    """
    number, now = int(message.payload["list"]), timezone.now()
    rows = list(paying.lists[KIND](number))
    banks = Bank.objects.in_bulk({row.bank_bin for row in rows})
    office = Office.objects.get(level=Office.Level.PROVINCE, valid_to=None)
    known = set(
        PaymentOrder.objects.filter(key__startswith=f"{KIND}:{number}:").values_list("key", flat=True)
    )
    for row in rows:
        if (key := f"{KIND}:{number}:{row.row_id}") not in known:
            _order(row, office, banks[row.bank_bin], key=key, now=now)


def _order(row: PayRow, office: Office, bank: Bank, *, key: str, now: datetime) -> None:
    order = PaymentOrder.objects.create(
        source=PaymentOrder.Source.PENSION,
        document_kind=KIND,
        document_id=row.row_id,
        office=office,
        payee=row.payee[:100],
        bank=bank,
        account_number=row.account_number,
        amount=row.amount,
        purpose=row.purpose[:140],
        made_at=now,
        key=key,
    )
    owed = ledger.transfer(row.amount, debit=Account.FUND, credit=Account.BENEFITS)
    ledger.post("benefit_decided", owed, office=office, document=order, key=key, now=now)


def tell(order: PaymentOrder) -> None:
    """Tell the list what came of its row. Inside the open transaction; told twice it counts once."""
    paid = order.state == PaymentOrder.State.PAID
    if not paid:
        _give_back(order)
    paying.results[KIND](order.document_id, paid, order.reason)


def _give_back(order: PaymentOrder) -> None:
    """Nothing is owed through the bank any more: neither what was rejected nor what came back."""
    returned = order.state == PaymentOrder.State.RETURNED
    held = Account.RETURNED if returned else Account.BENEFITS
    ledger.post(
        "back_to_list",
        ledger.transfer(order.amount, debit=held, credit=Account.FUND),
        office=order.office,
        document=order,
        key=f"{order.key}:back",
        now=order.closed_at or timezone.now(),
        note=order.reason,
    )


payouts.outcomes[KIND] = tell
