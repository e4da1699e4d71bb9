"""The staff desk in the Django admin."""

from procedures.admin import catalogue, desk, handovers, intake, mailroom, organisations, reference, waiting

__all__ = [
    "catalogue",
    "desk",
    "handovers",
    "intake",
    "mailroom",
    "organisations",
    "reference",
    "waiting",
]
