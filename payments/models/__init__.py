"""Money in and out: constraints, no flow."""

from payments.models.accounts import OfficeAccount
from payments.models.batches import BatchDownload, BatchFile, BatchRelease, PayoutBatch
from payments.models.cash import CashDay, CashSupply, CashVoucher, Place
from payments.models.cash_lists import CashOrder
from payments.models.checks import LedgerCheck
from payments.models.drafts import ContributionDraft
from payments.models.ledger import Account, Entry, Posting
from payments.models.lump_sums import LumpSum
from payments.models.orders import ContributionOrder, CoveredPerson, Product
from payments.models.payouts import PaymentOrder
from payments.models.receipts import Receipt, ReceiptPaper, ReceiptSeries
from payments.models.refunds import Refund
from payments.models.results import ResultFile, ResultRow
from payments.models.returns import OrderReturn
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
    "BatchDownload",
    "BatchFile",
    "BatchRelease",
    "CashDay",
    "CashOrder",
    "CashSupply",
    "CashVoucher",
    "ContributionDraft",
    "ContributionOrder",
    "CoveredPerson",
    "CsvMapping",
    "Entry",
    "LedgerCheck",
    "LumpSum",
    "OfficeAccount",
    "OrderReturn",
    "PaymentOrder",
    "PayoutBatch",
    "Place",
    "Posting",
    "Product",
    "Receipt",
    "ReceiptPaper",
    "ReceiptSeries",
    "Refund",
    "ResultFile",
    "ResultRow",
    "Settlement",
    "StatementFile",
    "StatementLine",
    "SuspenseItem",
    "SuspenseReturn",
    "SuspenseStep",
    "WebhookCall",
]
