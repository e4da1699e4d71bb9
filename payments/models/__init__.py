"""Money in and out: constraints, no flow."""

from payments.models.accounts import OfficeAccount
from payments.models.ledger import Account, Entry, Posting
from payments.models.orders import ContributionOrder, CoveredPerson
from payments.models.payouts import PaymentOrder
from payments.models.refunds import Refund

__all__ = [
    "Account",
    "ContributionOrder",
    "CoveredPerson",
    "Entry",
    "OfficeAccount",
    "PaymentOrder",
    "Posting",
    "Refund",
]
