"""Words for the events that are posted to the ledger."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: Mapping[str, str | Promise] = {
    "ordered": _("Contribution ordered"),
    "withdrawn": _("Order withdrawn"),
    "received": _("Money received"),
    "settled": _("Order settled"),
    "part_held": _("Part of an order held in suspense"),
    "part_taken_up": _("Part of an order taken up again"),
    "order_returned": _("Part of an order to be given back"),
    "held_again": _("Part of an order in suspense again"),
    "sent_back": _("Sent back from suspense"),
    "suspended_again": _("Back in suspense"),
    "refund_decided": _("Refund decided"),
    "benefit_decided": _("Benefit decided"),
    "paid_out": _("Paid out"),
    "cash_drawn": _("Cash drawn"),
    "cash_paid": _("Paid in cash"),
    "returned": _("Returned by the bank"),
    "owed_again": _("Owed again"),
    "list_cash_owed": _("Cash of a payment list owed"),
    "list_cash_paid": _("Cash of a payment list paid out"),
    "list_cash_left": _("Cash of a payment list not collected"),
    "back_to_list": _("Back to the payment list, for cash"),
}


def words(kind: str) -> str:
    """What happened, in words; a kind without words stays as it is."""
    return str(KINDS.get(kind, kind))
