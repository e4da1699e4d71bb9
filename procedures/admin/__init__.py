"""The staff desk in the Django admin."""

from procedures.admin import (
    agents,
    areas,
    assigning,
    catalogue,
    desk,
    dispatches,
    exports,
    handovers,
    intake,
    mailroom,
    organisations,
    reconciling,
    reference,
    texts,
    undelivered,
    waiting,
)

__all__ = [
    "agents",
    "areas",
    "assigning",
    "catalogue",
    "desk",
    "dispatches",
    "exports",
    "handovers",
    "intake",
    "mailroom",
    "organisations",
    "reconciling",
    "reference",
    "texts",
    "undelivered",
    "waiting",
]
