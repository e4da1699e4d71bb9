"""The bank accounts of the offices, kept by the administrator."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from payments.models import ContributionOrder, Entry, OfficeAccount
from portal.roles import ADMINISTRATOR, EVERYBODY, RoleAdmin

_NUMBER = re.compile(r"[0-9A-Z]{6,19}")


class _AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_number(self) -> str:
        """The number without the spaces and dots that people group it with."""
        number = re.sub(r"[\s.\-]", "", self.cleaned_data["number"]).upper()
        if not _NUMBER.fullmatch(number):
            raise forms.ValidationError(_("An account number has 6 to 19 digits or letters."))
        return number

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("valid_from"), cleaned.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", _("The last day comes before the first."))
        return cleaned


def is_used(account: OfficeAccount) -> bool:
    """Whether money has moved on it, or somebody was told to pay to it: then it stays what it is."""
    moved = Entry.objects.filter(bank_account=account).exists()
    return moved or ContributionOrder.objects.filter(account=account).exists()


@admin.register(OfficeAccount)
class OfficeAccountAdmin(RoleAdmin):
    """An account that was used is ended by its last day, and another one added."""

    viewers, editors = EVERYBODY, ADMINISTRATOR
    form = _AccountForm
    list_display = ("number", "bank", "holder", "office", "purpose", "valid_from", "valid_to")
    list_filter = ("office", "purpose")
    list_select_related = ("bank", "office")
    search_fields = ("number", "holder")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("office", "bank", "number") if obj is not None and is_used(obj) else ()
