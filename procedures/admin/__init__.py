"""The staff desk in the Django admin."""

from procedures.admin import (
    areas,
    assigning,
    catalogue,
    desk,
    dispatches,
    exports,
    handovers,
    intake,
    legal_figures,
    mailroom,
    organisations,
    reconciling,
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
    "exports",
    "handovers",
    "intake",
    "legal_figures",
    "mailroom",
    "organisations",
    "reconciling",
    "reference",
    "texts",
    "undelivered",
    "waiting",
]
