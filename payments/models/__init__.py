"""Money in and out: constraints, no flow."""

from payments.models.accounts import OfficeAccount
from payments.models.ledger import Account, Entry, Posting
from payments.models.orders import ContributionOrder, CoveredPerson
from payments.models.payouts import PaymentOrder
from payments.models.statements import (
    CsvMapping,
    Settlement,
    StatementFile,
    StatementLine,
    SuspenseItem,
    SuspenseReturn,
    SuspenseStep,
    WebhookCall,
)

__all__ = [
    "Account",
    "ContributionOrder",
    "CoveredPerson",
    "CsvMapping",
    "Entry",
    "OfficeAccount",
    "PaymentOrder",
    "Posting",
    "Settlement",
    "StatementFile",
    "StatementLine",
    "SuspenseItem",
    "SuspenseReturn",
    "SuspenseStep",
    "WebhookCall",
]
