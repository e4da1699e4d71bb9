"""The staff desk in the Django admin."""

from procedures.admin import (
    areas,
    assigning,
    catalogue,
    desk,
    handovers,
    intake,
    mailroom,
    organisations,
    reference,
    texts,
    waiting,
)

__all__ = [
    "areas",
    "assigning",
    "catalogue",
    "desk",
    "handovers",
    "intake",
    "mailroom",
    "organisations",
    "reference",
    "texts",
    "waiting",
]
