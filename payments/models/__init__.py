"""Money in and out: constraints, no flow."""

from payments.models.accounts import OfficeAccount
from payments.models.checks import LedgerCheck
from payments.models.drafts import ContributionDraft
from payments.models.ledger import Account, Entry, Posting
from payments.models.orders import ContributionOrder, CoveredPerson, Product
from payments.models.payouts import PaymentOrder
from payments.models.receipts import Receipt, ReceiptPaper, ReceiptSeries

__all__ = [
    "Account",
    "ContributionDraft",
    "ContributionOrder",
    "CoveredPerson",
    "Entry",
    "LedgerCheck",
    "OfficeAccount",
    "PaymentOrder",
    "Posting",
    "Product",
    "Receipt",
    "ReceiptPaper",
    "ReceiptSeries",
]
