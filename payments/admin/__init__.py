"""The money desks in the Django admin."""

from payments.admin import accounts, journal, orders

__all__ = ["accounts", "journal", "orders"]
