"""The staff desk in the Django admin."""

from procedures.admin import assigning, catalogue, desk, intake, mailroom, organisations, reference

__all__ = ["assigning", "catalogue", "desk", "intake", "mailroom", "organisations", "reference"]
