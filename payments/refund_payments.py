"""What becomes of the money of a refund: paid, or refused by the bank until the account is corrected."""

from django.db import transaction

from payments import payouts, refunds
from payments.models import PaymentOrder, Refund

State = Refund.State


def settle(order: PaymentOrder) -> None:
    """Note on the refund and its dossier what came of ``order``; safe to be told twice.

    A late word about an order that another has followed changes nothing.
    """
    with transaction.atomic():
        _dossier, refund = refunds.lock(Refund.objects.get(pk=order.document_id))
        if PaymentOrder.objects.filter(follows=order).exists():
            return
        refund.payment = order
        refund.state = State.PAID if order.state == PaymentOrder.State.PAID else State.FAILED
        refund.save(update_fields=["payment", "state"])
        payouts.note_result(order)


payouts.outcomes[str(Refund._meta.model_name)] = settle
