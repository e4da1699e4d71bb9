"""Tags and filters of every page."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms, template
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal import drawing, notices, text
from portal.fields import ConfirmField, PhoneField
from portal.groups import GroupField, RowErrors
from portal.models import Confidence, Notice

register = template.Library()


@register.simple_tag
def field(bound: forms.BoundField) -> SafeString:
    """The whole of a form field: label, hint, error and input."""
    return drawing.bound(bound)


@register.simple_tag
@cache
def address(name: str) -> str:
    """``url`` for a page without arguments: the frame names a dozen on every page, and they never change."""
    return reverse(name)


@register.filter
def form_errors(form: forms.BaseForm) -> list[dict[str, str]]:
    """Errors for the summary on top of a page, each with the id of the input to go to."""
    found = []
    for name, errors in form.errors.items():
        first = errors.as_data()[0]
        if name not in form.fields:
            found.append({"id": "", "message": str(errors[0])})
        elif isinstance(first, RowErrors):
            found += _row_errors(form[name], first)
        else:
            found.append(_error(form.fields[name], _ident(form[name]), str(form[name].label), first))
    return found


def _row_errors(bound: forms.BoundField, refused: RowErrors) -> list[dict[str, str]]:
    """What is wrong inside a group, each told by its row."""
    group = bound.field
    assert isinstance(group, GroupField)
    found = []
    for (number, name), error in refused.wrong.items():
        column, ident = group.columns[name], f"{_ident(bound)}-{number}-{name}"
        told = _error(column, ident, str(column.label), error)
        found.append({**told, "message": f"{group.named(number)} – {told['message']}"})
    return found


def _error(asked: forms.Field, ident: str, label: str, error: ValidationError) -> dict[str, str]:
    """One line; where an answer is missing it says of what."""
    message = error.messages[0]
    if error.code == "required" and not isinstance(asked, ConfirmField):
        message = f"{label}{'' if label.endswith('?') else ':'} {message}"
    return {"id": drawing.first_input(asked, ident), "message": message}


def _ident(bound: forms.BoundField) -> str:
    return bound.id_for_label or f"id_{bound.html_name}"


@register.filter
def when(value: datetime | date | None) -> str:
    """A moment or a day the way it is written here: ``17:00 15/07/2021``."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        from django.utils.timezone import localtime

        return f"{localtime(value):%H:%M %d/%m/%Y}"
    return f"{value:%d/%m/%Y}"


@register.filter
def file_size(size: int) -> str:
    """``size`` in bytes as people read it."""
    return f"{size / 1_000_000:.1f} MB".replace(".", ",") if size >= 100_000 else f"{max(1, size // 1000)} kB"


@register.filter
def dong(amount: int | Decimal | None) -> str:
    """An amount in whole đồng: ``1.490.000 đ``; nothing where there is none."""
    return "" if amount in (None, "") else text.dong(int(amount))


@register.filter
def masked(number: str) -> str:
    """An account number as it is shown to who need not know it."""
    return text.masked(number)


@register.filter
def phone(number: str) -> str:
    """A phone number in groups of digits."""
    return PhoneField().display(number)


@register.filter
def expected(fact: Any) -> SafeString | str:
    """“(expected)” after what is not established for sure; ``fact`` carries its confidence."""
    confidence = fact.get("confidence") if isinstance(fact, Mapping) else getattr(fact, "confidence", fact)
    if confidence in {"sure", "", None}:
        return ""
    return format_html('<span class="muted">({})</span>', _("expected"))


@register.filter
def confidence(mark: str) -> str:
    """How sure a fact is, in the words of the page."""
    return str(dict(Confidence.choices).get(mark, mark))


@register.filter
def notice_words(notice: Notice) -> str:
    """What a notice says, in the language of the page."""
    return notices.words(notice)


@register.filter
def notice_address(notice: Notice) -> str:
    """The page a notice leads to."""
    return notices.address(notice)


@register.filter
def label(row: Any) -> str:
    """The label of a row that has one in each language."""
    return str(row.label_en if get_language() == "en" else row.label_vi)


@register.filter
def slug(name: str) -> str:
    """A name as it stands in addresses."""
    return str(name).replace("_", "-")
