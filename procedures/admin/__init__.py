"""The staff desk in the Django admin."""

from procedures.admin import (
    areas,
    assigning,
    catalogue,
    desk,
    intake,
    mailroom,
    organisations,
    reference,
    texts,
)

__all__ = [
    "areas",
    "assigning",
    "catalogue",
    "desk",
    "intake",
    "mailroom",
    "organisations",
    "reference",
    "texts",
]
