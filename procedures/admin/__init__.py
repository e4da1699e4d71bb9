"""The staff desk in the Django admin."""

from procedures.admin import catalogue, desk, exports, intake, mailroom, organisations, reconciling, reference

__all__ = ["catalogue", "desk", "exports", "intake", "mailroom", "organisations", "reconciling", "reference"]
