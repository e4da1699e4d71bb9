"""The money desks in the Django admin."""

from payments.admin import statements, suspense

__all__ = ["statements", "suspense"]
