"""The staff desk in the Django admin."""

from procedures.admin import (
    catalogue,
    desk,
    dispatches,
    intake,
    mailroom,
    organisations,
    reference,
    undelivered,
)

__all__ = [
    "catalogue",
    "desk",
    "dispatches",
    "intake",
    "mailroom",
    "organisations",
    "reference",
    "undelivered",
]
