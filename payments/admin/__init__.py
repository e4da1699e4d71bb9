"""The staff desk in the Django admin: money."""

from payments.admin import receipts

__all__ = ["receipts"]
