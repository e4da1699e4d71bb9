"""Tags and filters of every page."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from html import escape
from typing import Any

from django import forms, template
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal import notices
from portal.fields import ConfirmField, MoneyField, PhoneField, PortalField
from portal.models import Notice

register = template.Library()

_HTML_TYPES = {"email": "email", "password": "password", "tel": "tel", "url": "url"}


@cache
def _field_template() -> Any:
    return get_template("components/field.html")


@register.simple_tag
def field(bound: forms.BoundField, *, as_heading: bool = False) -> SafeString:
    """The whole of a form field: label, hint, error and input."""
    drawn = _field_template().render(field_context(bound, as_heading=as_heading))
    return mark_safe(str(drawn))  # noqa: S308 (our own template)


def field_context(bound: forms.BoundField, *, as_heading: bool = False) -> dict[str, Any]:
    """What ``components/field.html`` needs to draw ``bound``."""
    errors = bound.errors
    context: dict[str, Any] = {
        "id": bound.id_for_label or f"id_{bound.html_name}",
        "name": bound.html_name,
        "label": bound.label,
        "hint": bound.help_text,
        "error": errors[0] if errors else "",
        "value": bound.value() or "",
        "required": bound.field.required,
        "optional": not bound.field.required,
        "label_as_heading": as_heading,
        "attrs": getattr(bound.field, "hx", ()),
    }
    if isinstance(bound.field, PortalField):
        context.update(_portal_field(bound.field, context))
    else:
        context.update(_django_field(bound))
    return context


def _portal_field(form_field: PortalField, context: dict[str, Any]) -> dict[str, Any]:
    kind, value, ident = form_field.kind, context["value"], context["id"]
    drawn: dict[str, Any] = {
        "kind": kind,
        "input_type": form_field.input_type,
        "inputmode": form_field.inputmode,
        "width": form_field.width,
        "autocomplete": form_field.autocomplete,
        "maxlength": form_field.max_length,
        "suffix": "",
    }
    if kind in {"date", "parts"}:
        drawn["parts"] = [
            {
                "id": f"{ident}_{suffix}",
                "name": f"{context['name']}_{suffix}",
                "label": label,
                "value": part,
                "width": width,
                "autocomplete": f"bday-{suffix}" if form_field.autocomplete == "bday" else "",
            }
            for suffix, label, part, width in form_field.parts(value)
        ]
    elif kind == "radio":
        shown = {True: "yes", False: "no"}.get(value, value)
        drawn["choices"] = [
            {**option, "checked": option["value"] == shown, "id": ident if i == 0 else f"{ident}_{i}"}
            for i, option in enumerate(form_field.options)  # type: ignore[attr-defined]
        ]
    elif kind == "checkboxes":
        drawn["choices"] = [
            {**option, "checked": option["value"] in value, "id": ident if i == 0 else f"{ident}_{i}"}
            for i, option in enumerate(form_field.options)  # type: ignore[attr-defined]
        ]
    elif kind == "select":
        drawn["options"] = _options(form_field.groups, value)  # type: ignore[attr-defined]
    elif kind == "checkbox":
        drawn["checked"], drawn["value"] = str(value).lower() in {"yes", "true", "on", "1"}, "on"
    return drawn


def _options(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]], value: str) -> SafeString:
    """The inside of a select; not left to the template, because there may be hundreds."""
    lines = []
    for group, options in groups:
        lines += [f'<optgroup label="{escape(group)}">'] if group else []
        for option, label in options:
            chosen = " selected" if option == value else ""
            lines.append(f'<option value="{escape(option)}"{chosen}>{escape(label)}</option>')
        lines += ["</optgroup>"] if group else []
    return mark_safe("".join(lines))  # noqa: S308 (escaped above)


def _django_field(bound: forms.BoundField) -> dict[str, Any]:
    """The few fields that allauth brings itself."""
    widget = bound.field.widget
    input_type = getattr(widget, "input_type", "text")
    if input_type == "checkbox":
        return {"kind": "checkbox", "checked": bool(bound.value()), "optional": False}
    return {
        "kind": "text",
        "input_type": _HTML_TYPES.get(input_type, "text"),
        "width": "20",
        "autocomplete": widget.attrs.get("autocomplete", ""),
        "inputmode": widget.attrs.get("inputmode", ""),
        "value": "" if input_type == "password" else bound.value() or "",
    }


@register.filter
def form_errors(form: forms.BaseForm) -> list[dict[str, str]]:
    """Errors for the summary on top of a page, each with the id of the input to go to."""
    found = []
    for name, errors in form.errors.items():
        bound = form[name] if name in form.fields else None
        message = str(errors[0])
        if bound and errors.as_data()[0].code == "required" and not isinstance(bound.field, ConfirmField):
            message = f"{bound.label}{'' if str(bound.label).endswith('?') else ':'} {message}"
        found.append({"id": _first_input(bound) if bound else "", "message": message})
    return found


def _first_input(bound: forms.BoundField) -> str:
    ident = bound.id_for_label or f"id_{bound.html_name}"
    if isinstance(bound.field, PortalField) and bound.field.kind in {"date", "parts"}:
        return f"{ident}_{bound.field.parts('')[0][0]}"
    return ident


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
def dong(amount: int) -> str:
    """An amount in whole đồng: ``1.490.000 đ``."""
    return MoneyField().display(amount)


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
def notice_words(notice: Notice) -> str:
    """What a notice says, in the language of the page."""
    return notices.words(notice)


@register.filter
def label(row: Any) -> str:
    """The label of a row that has one in each language."""
    return str(row.label_en if get_language() == "en" else row.label_vi)


@register.filter
def slug(name: str) -> str:
    """A name as it stands in addresses."""
    return str(name).replace("_", "-")
