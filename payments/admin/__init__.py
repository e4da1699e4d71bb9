"""The money desks in the Django admin."""

from payments.admin import (
    accounts,
    batches,
    cash,
    cash_lists,
    files,
    journal,
    lump_sums,
    order_returns,
    orders,
    payouts,
    receipts,
    refunds,
    results,
    statements,
    suspense,
    tills,
)

__all__ = [
    "accounts",
    "batches",
    "cash",
    "cash_lists",
    "files",
    "journal",
    "lump_sums",
    "order_returns",
    "orders",
    "payouts",
    "receipts",
    "refunds",
    "results",
    "statements",
    "suspense",
    "tills",
]
