"""The staff desk in the Django admin."""

from procedures.admin import catalogue, desk, intake, mailroom, organisations, reference, texts

__all__ = ["catalogue", "desk", "intake", "mailroom", "organisations", "reference", "texts"]
