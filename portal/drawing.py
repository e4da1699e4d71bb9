"""Draws a question: label, hint, error and control as HTML.

Written in Python because a page holds up to a hundred questions, and a template costs ten times as
much for each. Everything that comes from outside passes ``escape``.

An error summary links to the id of a single control, or of the first choice or part.
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.fields import PortalField
from portal.groups import GroupField, RowErrors, drawn_rows
from portal.options import Options

Attributes = Mapping[str, object]
Wrong = Mapping[tuple[int, str], ValidationError]
GROUP = -1

_HTML_TYPES = {"email": "email", "password": "password", "tel": "tel", "url": "url"}


class Question(NamedTuple):
    """A field as it stands on a page.

    ``attributes`` are more of its inputs' (of a group: of its buttons), for htmx. ``wrong``: messages
    inside a group, by row and column; ``focus``: its row to go on in, or ``GROUP`` for the group itself;
    ``warnings``: what is doubtful on the page, by the id of the input.
    """

    field: forms.Field
    name: str
    ident: str
    label: str
    value: Any
    error: str = ""
    attributes: Attributes = {}
    wrong: Wrong = {}
    focus: int | None = None
    warnings: Mapping[str, str] = {}

    @property
    def warning(self) -> str:
        return self.warnings.get(self.ident, "")

    @property
    def hint(self) -> str:
        return str(self.field.help_text)

    @property
    def described(self) -> str:
        """Ids of what explains the question to a screen reader."""
        said = {"hint": self.hint, "error": self.error, "warning": self.warning}
        return " ".join([f"{self.ident}-{name}" for name, words in said.items() if words])

    @property
    def invalid(self) -> str:
        return "true" if self.error else ""


def bound(field: forms.BoundField) -> SafeString:
    """The whole of a form's field."""
    form = field.form
    error, wrong = _refused(field)
    value = field.value()
    question = Question(
        field.field,
        field.html_name,
        field.id_for_label or f"id_{field.html_name}",
        str(field.label),
        "" if value is None else value,
        error,
        getattr(form, "attributes", {}).get(field.name, {}),
        wrong,
        getattr(form, "focus", {}).get(field.name),
        getattr(form, "warnings", {}),
    )
    return mark_safe(drawn(question))  # noqa: S308 (escaped here)


def _refused(field: forms.BoundField) -> tuple[str, Wrong]:
    """What is wrong with an answer as a whole, and inside the rows of a group."""
    errors = field.errors
    if not errors:
        return "", {}
    first = errors.as_data()[0]
    return ("", first.wrong) if isinstance(first, RowErrors) else (str(errors[0]), {})


def drawn(question: Question) -> str:
    """The whole of a question; the rows of a group have an id of their own, for htmx to change them."""
    field, ident = question.field, ""
    draw = _KINDS[field.kind] if isinstance(field, PortalField) else _foreign
    if isinstance(field, GroupField):
        ident = f' id="{question.ident}-rows"'
    return f'<div class="field{" field--error" if question.error else ""}"{ident}>{draw(question)}</div>\n'


def first_input(field: forms.Field, ident: str) -> str:
    """The id of the input that an error of ``field`` links to."""
    if isinstance(field, GroupField):
        column = next(iter(field.columns))
        return first_input(field.columns[column], f"{ident}-0-{column}")
    if isinstance(field, PortalField) and field.kind in {"date", "parts"}:
        return f"{ident}_{field.parts('')[0][0]}"
    return ident


# --- Around the control --------------------------------------------------------------------------


def html(attributes: Attributes) -> str:
    """Attributes of a tag, with a blank before each; empty ones are left out, True stands alone."""
    return "".join(
        [
            f" {name}" if value is True else f' {name}="{escape(str(value))}"'
            for name, value in attributes.items()
            if value
        ]
    )


def _words(question: Question) -> str:
    if question.field.required:
        return escape(question.label)
    optional = _("(optional)")
    return f'{escape(question.label)} <span class="optional">{optional}</span>'


def _hint(question: Question) -> str:
    if not question.hint:
        return ""
    return f'<div class="hint" id="{question.ident}-hint">{escape(question.hint)}</div>'


def _error(question: Question) -> str:
    if question.warning:
        return f'<p class="caution" id="{question.ident}-warning">{escape(question.warning)}</p>'
    if not question.error:
        return ""
    spoken = _("Error:")
    said = f'<span class="visually-hidden">{spoken}</span> {escape(question.error)}'
    return f'<p class="error" id="{question.ident}-error">{said}</p>'


def _labelled(question: Question, control: str) -> str:
    label = f'<label class="label" for="{question.ident}">{_words(question)}</label>'
    return f"{label}{_hint(question)}{_error(question)}{control}"


def _grouped(question: Question, attributes: Attributes, controls: str) -> str:
    legend = f'<legend class="label">{_words(question)}</legend>'
    inside = f"{legend}{_hint(question)}{_error(question)}{controls}"
    return f"<fieldset{html(attributes)}>{inside}</fieldset>"


# --- Controls ------------------------------------------------------------------------------------


def _control(question: Question, field: PortalField) -> dict[str, object]:
    """What every single control has."""
    return {
        "id": question.ident,
        "name": question.name,
        "class": f"w-{field.width}",
        "autocomplete": field.autocomplete,
        "aria-required": "true" if field.required else "",
        "aria-describedby": question.described,
        "aria-invalid": question.invalid,
        **question.attributes,
    }


def _input(question: Question) -> str:
    field = question.field
    assert isinstance(field, PortalField)
    own = {"type": field.input_type, "value": str(question.value), "inputmode": field.inputmode}
    return f"<input{html({**own, **_control(question, field), 'maxlength': field.max_length})}>"


def _text(question: Question) -> str:
    return _labelled(question, _input(question))


def _money(question: Question) -> str:
    return _labelled(
        question, f'<div class="affix">{_input(question)}<span aria-hidden="true">đ</span></div>'
    )


def _textarea(question: Question) -> str:
    field = question.field
    assert isinstance(field, PortalField)
    attributes = html({"rows": 5, **_control(question, field), "maxlength": field.max_length})
    return _labelled(question, f"<textarea{attributes}>\n{escape(str(question.value))}</textarea>")


def _select(question: Question) -> str:
    field: Any = question.field
    inside = inside_select(field.source(), str(question.value))
    return _labelled(question, f"<select{html(_control(question, field))}>{inside}</select>")


def inside_select(options: Options, chosen: str) -> str:
    """The inside of a select that may be left open."""
    first = _("Choose")
    return f'<option value="">{first}</option>{options.drawn(chosen)}'


def _ward(question: Question) -> str:
    """The district first, which is not an answer: choosing one makes the list of wards short."""
    field: Any = question.field
    options: Options = field.source()
    here, ident = options.heading_of(str(question.value)), f"{question.ident}-district"
    districts = options.of_headings.drawn(here)
    narrow = {
        "id": ident,
        "name": "quan_huyen",
        "hx-get": reverse("wards"),
        "hx-target": f"#{question.ident}",
        "hx-include": f"#{question.ident}",
        "hx-swap": "innerHTML",
    }
    words, every = _("District, town or city"), _("All")
    label = f'<label class="label" for="{ident}">{words}</label>'
    select = f'<select{html(narrow)}><option value="">{every}</option>{districts}</select>'
    return f'<div class="scripted district">{label}{select}</div>{_select(question)}'


def _checkbox(question: Question) -> str:
    ours = isinstance(question.field, PortalField)
    attributes = {
        "type": "checkbox",
        "id": question.ident,
        "name": question.name,
        "value": "on",
        "checked": str(question.value).lower() in {"yes", "true", "on", "1"},
        "aria-required": "true" if question.field.required else "",
        "aria-describedby": question.described,
        "aria-invalid": question.invalid,
        **question.attributes,
    }
    words = _words(question) if ours else escape(question.label)
    label = f'<label for="{question.ident}">{words}</label>'
    box = f'<div class="choice"><input{html(attributes)}>{label}{_hint(question)}</div>'
    return f"{_error(question)}{box}"


def _parts(question: Question) -> str:
    """Several inputs that make up one answer."""
    field: Any = question.field
    parts = "".join(
        f'<div><label for="{question.ident}_{suffix}">{escape(label)}</label>'
        f"<input{html(_part(question, suffix, value, width))}></div>"
        for suffix, label, value, width in field.parts(question.value)
    )
    group = {"aria-describedby": question.described}
    return _grouped(question, group, f'<div class="parts">{parts}</div>')


def _part(question: Question, suffix: str, value: str, width: str) -> Attributes:
    birthday = getattr(question.field, "autocomplete", "") == "bday"
    return {
        "class": f"w-{width}",
        "id": f"{question.ident}_{suffix}",
        "name": f"{question.name}_{suffix}",
        "inputmode": "numeric",
        "value": value,
        "autocomplete": f"bday-{suffix}" if birthday else "",
        "aria-invalid": question.invalid,
        **question.attributes,
    }


def _radios(question: Question) -> str:
    value = question.value
    given = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    group = {"role": "radiogroup", "aria-required": "true" if question.field.required else ""}
    described = {"aria-describedby": question.described}
    return _grouped(question, {**group, **described}, _choices(question, "radio", [given]))


def _boxes(question: Question) -> str:
    group = {"aria-required": "true" if question.field.required else ""}
    described = {"aria-describedby": question.described}
    return _grouped(question, {**group, **described}, _choices(question, "checkbox", question.value or []))


def _choices(question: Question, input_type: str, given: list[str]) -> str:
    """Radio buttons or boxes; the first has the id of the question, so that an error can link to it."""
    field: Any = question.field
    return "".join(
        _choice(question, input_type, option, f"{question.ident}_{i}" if i else question.ident, given)
        for i, option in enumerate(field.options)
    )


def _choice(
    question: Question, input_type: str, option: Mapping[str, str], ident: str, given: list[str]
) -> str:
    words = option.get("hint", "")
    attributes = {
        "type": input_type,
        "id": ident,
        "name": question.name,
        "value": option["value"],
        "checked": option["value"] in given,
        "aria-describedby": f"{ident}-hint" if words else "",
        **question.attributes,
    }
    label = f'<label for="{ident}">{escape(option["label"])}</label>'
    hint = f'<div class="hint" id="{ident}-hint">{escape(words)}</div>' if words else ""
    return f'<div class="choice"><input{html(attributes)}>{label}{hint}</div>\n'


# --- Groups --------------------------------------------------------------------------------------


def _group(question: Question) -> str:
    """The rows, each with the button that takes it away, and the one for another row."""
    field: Any = question.field
    rows = drawn_rows(question.value or [], fewest=field.fewest)
    count = {"type": "hidden", "name": question.name, "value": str(len(rows))}
    shown = "".join(_row(question, field, row, i) for i, row in enumerate(rows))
    words = _("Add %(row)s") % {"row": _within(field.named(len(rows)))}
    add = {"name": "them", "value": question.name, "class": "button button--secondary"}
    more = "" if len(rows) >= field.most else _button(question, add, words)
    focus = {"data-focus": question.focus == GROUP}
    described = {"class": "group", "aria-describedby": question.described}
    return _grouped(question, {**described, **focus}, f"<input{html(count)}>{shown}{more}")


def _row(question: Question, field: GroupField, row: Mapping[str, Any], number: int) -> str:
    named = escape(field.named(number))
    focus = next(iter(field.columns)) if question.focus == number else ""
    cells = "".join(
        drawn(_cell(question, column, name, row.get(name, ""), number, focus=name == focus))
        for name, column in field.columns.items()
    )
    take = {"name": "bo", "value": f"{question.name}-{number}", "class": "button button--quiet"}
    words = _("Remove %(row)s") % {"row": _within(field.named(number))}
    sure = {"hx-confirm": _("Remove this row? What you typed in it is lost.")} if question.attributes else {}
    remove = _button(question, take | sure, words)
    return f'<fieldset class="row"><legend>{named}</legend>{cells}{remove}</fieldset>'


def _within(name: str) -> str:
    """A name as it stands in the middle of a sentence."""
    return name[:1].lower() + name[1:]


def _cell(
    question: Question, column: PortalField, name: str, value: Any, number: int, *, focus: bool
) -> Question:
    ident = f"{question.name}-{number}-{name}"
    refused = question.wrong.get((number, name))
    error = refused.messages[0] if refused else ""
    return Question(
        column,
        ident,
        ident,
        str(column.label),
        value,
        error,
        {"data-focus": focus},
        warnings=question.warnings,
    )


def _button(question: Question, own: Attributes, words: str) -> str:
    return f'<button type="submit"{html({**own, **question.attributes})}>{escape(words)}</button>'


_KINDS: dict[str, Callable[[Question], str]] = {
    "text": _text,
    "money": _money,
    "textarea": _textarea,
    "select": _select,
    "ward": _ward,
    "checkbox": _checkbox,
    "date": _parts,
    "parts": _parts,
    "radio": _radios,
    "checkboxes": _boxes,
    "group": _group,
}


# --- The few fields that allauth brings itself ---------------------------------------------------


def _foreign(question: Question) -> str:
    widget = question.field.widget
    input_type = getattr(widget, "input_type", "text")
    if input_type == "checkbox":
        return _checkbox(question)
    control = {
        "type": _HTML_TYPES.get(input_type, "text"),
        "value": "" if input_type == "password" else question.value,
        "inputmode": widget.attrs.get("inputmode", ""),
        "class": "w-20",
        "autocomplete": widget.attrs.get("autocomplete", ""),
        "aria-invalid": question.invalid,
        "id": question.ident,
        "name": question.name,
        "aria-required": "true" if question.field.required else "",
        "aria-describedby": question.described,
    }
    drawn_input = f"<input{html(control)}>"
    return _labelled(question, _revealed(question, drawn_input) if input_type == "password" else drawn_input)


def _revealed(question: Question, password: str) -> str:
    """A password that can be looked at; the button is hidden until there is a script for it."""
    show, hide = _("Show"), _("Hide")
    button = {
        "class": "button button--secondary",
        "type": "button",
        "hidden": True,
        "aria-controls": question.ident,
        "data-show": show,
        "data-hide": hide,
    }
    return f'<div class="reveal">{password}<button{html(button)}>{show}</button></div>'
