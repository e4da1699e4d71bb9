"""The staff desk in the Django admin."""

from procedures.admin import (
    areas,
    assigning,
    catalogue,
    desk,
    dispatches,
    handovers,
    intake,
    mailroom,
    organisations,
    reference,
    texts,
    undelivered,
    waiting,
)

__all__ = [
    "areas",
    "assigning",
    "catalogue",
    "desk",
    "dispatches",
    "handovers",
    "intake",
    "mailroom",
    "organisations",
    "reference",
    "texts",
    "undelivered",
    "waiting",
]
