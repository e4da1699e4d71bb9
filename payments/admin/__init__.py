"""The money desks in the Django admin."""

from payments.admin import refunds

__all__ = ["refunds"]
