"""The money desks in the Django admin."""

from payments.admin import (
    accounts,
    batches,
    cash_lists,
    files,
    journal,
    lump_sums,
    orders,
    payouts,
    receipts,
    refunds,
    results,
    statements,
    suspense,
)

__all__ = [
    "accounts",
    "batches",
    "cash_lists",
    "files",
    "journal",
    "lump_sums",
    "orders",
    "payouts",
    "receipts",
    "refunds",
    "results",
    "statements",
    "suspense",
]
