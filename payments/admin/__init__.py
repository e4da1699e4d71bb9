"""The money desks in the Django admin."""

from payments.admin import accounts, files, journal, orders, receipts

__all__ = ["accounts", "files", "journal", "orders", "receipts"]
