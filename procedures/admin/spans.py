"""Rows typed together on one page: the database would refuse two that overlap, after the form said yes."""

from datetime import date
from typing import Any

from django.forms import BaseInlineFormSet
from django.utils.translation import gettext as _


class HoursRows(BaseInlineFormSet):  # type: ignore[type-arg]
    """Opening hours of an office: two new rows that overlap are told so next to the second."""

    def clean(self) -> None:
        super().clean()
        kept: list[dict[str, Any]] = []
        for form in self.forms:
            row = getattr(form, "cleaned_data", {})
            if form.errors or row.get("DELETE") or not row.get("opens"):
                continue
            if any(_overlap(row, other) for other in kept):
                form.add_error("opens", _("Two spans of one weekday overlap."))
            kept.append(row)


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (
        one["weekday"] == other["weekday"]
        and one["opens"] < other["closes"]
        and other["opens"] < one["closes"]
        and (one["valid_from"] or date.min) <= (other["valid_to"] or date.max)
        and (other["valid_from"] or date.min) <= (one["valid_to"] or date.max)
    )
