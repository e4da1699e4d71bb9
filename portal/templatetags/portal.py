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
def field(bound: forms.BoundField) -> SafeString:
    """The whole of a form field: label, hint, error and input."""
    drawn = _field_template().render(field_context(bound))
    return mark_safe(str(drawn))  # noqa: S308 (our own template)


def field_context(bound: forms.BoundField) -> dict[str, Any]:
    """What ``components/field.html`` needs to draw ``bound``; a key that is missing there is slow."""
    errors, ident = bound.errors, bound.id_for_label or f"id_{bound.html_name}"
    context: dict[str, Any] = {
        "id": ident,
        "name": bound.html_name,
        "label": bound.label,
        "hint": bound.help_text,
        "error": errors[0] if errors else "",
        "value": bound.value() or "",
        "required": bound.field.required,
        "optional": not bound.field.required,
        "choices": (),
        "parts": (),
        "suffix": "",
    }
    hint, error = f"{ident}-hint" if bound.help_text else "", f"{ident}-error" if errors else ""
    described = {
        "aria-required": "true" if bound.field.required else "",
        "aria-describedby": f"{hint} {error}".strip(),
    }
    if isinstance(bound.field, PortalField):
        context.update(_portal_field(bound.field, context, described))
    else:
        context.update(_django_field(bound, context, described))
    return context


Attributes = Mapping[str, object]


def _html(attributes: Attributes) -> SafeString:
    """Attributes of a tag, with a blank before each; empty ones are left out, True stands alone."""
    return mark_safe(  # noqa: S308 (escaped here)
        "".join(
            f" {name}" if value is True else f' {name}="{escape(str(value))}"'
            for name, value in attributes.items()
            if value
        )
    )


def _portal_field(form_field: PortalField, context: dict[str, Any], described: Attributes) -> dict[str, Any]:
    changed: Attributes = dict(getattr(form_field, "hx", ()))
    match form_field.kind:
        case "date" | "parts":
            return _parts(form_field, context, described, changed)
        case "radio" | "checkboxes":
            return _choices(form_field, context, described, changed)
        case kind:
            invalid = {"aria-invalid": "true" if context["error"] else ""}
            control = {**_control(form_field, context), **described, **invalid, **changed}
            drawn = {"kind": kind, "attributes": _html(control)}
            if kind == "select":
                drawn["options"] = _options(form_field.groups, context["value"])  # type: ignore[attr-defined]
            return drawn | ({"suffix": "đ"} if kind == "money" else {})


def _control(form_field: PortalField, context: dict[str, Any]) -> dict[str, object]:
    """What the one control of a field is, and what stands in it."""
    value, control = context["value"], {"id": context["id"], "name": context["name"]}
    if form_field.kind == "checkbox":
        checked = str(value).lower() in {"yes", "true", "on", "1"}
        return {"type": "checkbox", **control, "value": "on", "checked": checked}
    control |= {"class": f"w-{form_field.width}", "autocomplete": form_field.autocomplete}
    if form_field.kind == "select":
        return control
    control["maxlength"] = form_field.max_length
    if form_field.kind == "textarea":
        return {"rows": 5, **control}
    return {"type": form_field.input_type, "value": value, "inputmode": form_field.inputmode, **control}


def _parts(
    form_field: PortalField, context: dict[str, Any], described: Attributes, changed: Attributes
) -> dict[str, Any]:
    """Several inputs that make up one answer."""
    parts = []
    for suffix, label, part, width in form_field.parts(context["value"]):
        ident, name = f"{context['id']}_{suffix}", f"{context['name']}_{suffix}"
        control = {"class": f"w-{width}", "id": ident, "name": name, "inputmode": "numeric", "value": part}
        control["autocomplete"] = f"bday-{suffix}" if form_field.autocomplete == "bday" else ""
        control["aria-invalid"] = "true" if context["error"] else ""
        parts.append({"id": ident, "label": label, "attributes": _html({**control, **changed})})
    group = {"aria-describedby": described["aria-describedby"]}
    return {"kind": form_field.kind, "parts": parts, "attributes": _html(group)}


def _choices(
    form_field: PortalField, context: dict[str, Any], described: Attributes, changed: Attributes
) -> dict[str, Any]:
    """Radio buttons or boxes; the first has the id of the field, so that an error can link to it."""
    many = form_field.kind == "checkboxes"
    value = context["value"]
    shown = value if many else [{True: "yes", False: "no"}.get(value, value)]
    choices = []
    for i, option in enumerate(form_field.options):  # type: ignore[attr-defined]
        ident, hint = f"{context['id']}_{i}" if i else context["id"], option.get("hint", "")
        control = {
            "type": "checkbox" if many else "radio",
            "id": ident,
            "name": context["name"],
            "value": option["value"],
        }
        control |= {"checked": option["value"] in shown, "aria-describedby": f"{ident}-hint" if hint else ""}
        attributes = _html({**control, **changed})
        choices.append({"id": ident, "label": option["label"], "hint": hint, "attributes": attributes})
    group = {"role": "" if many else "radiogroup", **described}
    return {"kind": form_field.kind, "choices": choices, "attributes": _html(group)}


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


def _django_field(bound: forms.BoundField, context: dict[str, Any], described: Attributes) -> dict[str, Any]:
    """The few fields that allauth brings itself."""
    widget, common = bound.field.widget, {"id": context["id"], "name": context["name"], **described}
    input_type = getattr(widget, "input_type", "text")
    if input_type == "checkbox":
        control = {"type": "checkbox", **common, "value": "on", "checked": bool(bound.value())}
        return {"kind": "checkbox", "optional": False, "attributes": _html(control)}
    control = {
        "type": _HTML_TYPES.get(input_type, "text"),
        "value": "" if input_type == "password" else context["value"],
        "inputmode": widget.attrs.get("inputmode", ""),
        "class": "w-20",
        "autocomplete": widget.attrs.get("autocomplete", ""),
        "aria-invalid": "true" if context["error"] else "",
        **common,
    }
    return {"kind": "password" if input_type == "password" else "text", "attributes": _html(control)}


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
