"""The staff desk in the Django admin."""

from procedures.admin import areas, catalogue, desk, intake, mailroom, organisations, reference

__all__ = ["areas", "catalogue", "desk", "intake", "mailroom", "organisations", "reference"]
