"""Lists within a part as rows of inputs: notes, answers to choose from, questions of a row."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import text
from procedures import vocabulary
from procedures.admin.editor import changes
from procedures.definition import Choice, Question, Text
from procedures.forms import KINDS, NOT_IN_ROWS

VIETNAMESE, ENGLISH = gettext_lazy("Vietnamese"), gettext_lazy("English")
Values = dict[str, Any]


class TextRow(forms.Form):
    vi = forms.CharField(label=VIETNAMESE, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    en = forms.CharField(label=ENGLISH, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))


class _NamedRow(forms.Form):
    """What stands in a list under a short name, with help in both languages or none."""

    vi = forms.CharField(label=VIETNAMESE, max_length=300)
    en = forms.CharField(label=ENGLISH, max_length=300)
    hint_vi = forms.CharField(label=gettext_lazy("Help (Vietnamese)"), max_length=500, required=False)
    hint_en = forms.CharField(label=gettext_lazy("Help (English)"), max_length=500, required=False)
    name = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("made from the words")}),
    )

    def clean(self) -> Values:
        row: Values = super().clean() or {}
        for one, other in (("vi", "en"), ("en", "vi")):
            if row.get(f"hint_{one}") and not row.get(f"hint_{other}"):
                self.add_error(f"hint_{other}", _("Words are needed in both languages."))
        return row


class ChoiceRow(_NamedRow):
    counter = forms.BooleanField(label=gettext_lazy("Needs an open counter"), required=False)


class ColumnRow(_NamedRow):
    """A question asked in every row of a list."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of answer"))
    required = forms.BooleanField(label=gettext_lazy("Must be answered"), required=False)
    answers = forms.CharField(
        label=gettext_lazy("Answers to choose from"),
        help_text=gettext_lazy("One a line: Vietnamese | English"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=4000,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = {name: vocabulary.KINDS.get(name, name) for name in KINDS if name not in NOT_IN_ROWS}
        standing = self.initial.get("kind", "")
        kinds |= {standing: vocabulary.KINDS.get(standing, standing)} if standing else {}
        self.fields["kind"].choices = list(kinds.items())  # type: ignore[attr-defined]
        self.fields["kind"].initial = next(iter(kinds))

    def clean_answers(self) -> str:
        lines = text.clean(self.cleaned_data["answers"])
        if any(len(_two(line)) != 2 for line in lines.split("\n") if line):
            raise forms.ValidationError(_("Words are needed in both languages."))
        return lines


def _two(line: str) -> list[str]:
    return [word for word in map(str.strip, line.split("|")) if word]


def _rows(form: type[forms.Form], *, extra: int, most: int) -> Any:
    return formset_factory(
        form, extra=extra, can_order=True, can_delete=True, max_num=most, absolute_max=most + 20
    )


_FORMS = {
    "texts": _rows(TextRow, extra=1, most=60),
    "choices": _rows(ChoiceRow, extra=2, most=150),
    "columns": _rows(ColumnRow, extra=1, most=40),
}


def bound(kind: str, value: Any, *, prefix: str, data: Any) -> "BaseFormSet[Any]":
    """The rows of a list of notes, choices or columns, and empty ones behind them."""
    shown: dict[str, Callable[[Any], Values]] = {
        "texts": _of_text,
        "choices": _of_choice,
        "columns": _of_column,
    }
    rows: BaseFormSet[Any] = _FORMS[kind](
        data, prefix=prefix, initial=[shown[kind](one) for one in value or []]
    )
    return rows


def _of_text(line: Text) -> Values:
    return {"vi": line.vi, "en": line.en}


def _named(name: str, label: Text, hint: Text | None) -> Values:
    hints = {"hint_vi": hint.vi, "hint_en": hint.en} if hint else {}
    return {"name": name, **_of_text(label), **hints}


def _of_choice(choice: Choice) -> Values:
    return _named(choice.value, choice.label, choice.hint) | {"counter": choice.counter}


def _of_column(column: Question) -> Values:
    answers = "\n".join(f"{c.label.vi} | {c.label.en}" for c in column.choices)
    own = {"kind": column.kind, "required": column.required, "answers": answers}
    return _named(column.name, column.label, column.help) | own


# --- What the rows say ---------------------------------------------------------------------------


def said(kind: str, rows: "BaseFormSet[Any]", old: list[Any]) -> list[Any]:
    """The list that ``rows`` say, in their order, without those taken out."""
    kept = [cleaned(row.cleaned_data) for row in rows.ordered_forms]
    if kind == "texts":
        return [{"vi": row["vi"], "en": row["en"]} for row in kept]
    named = list(_with_names(kept))
    if kind == "choices":
        known = {choice.value: choice for choice in old}
        return [_choice(row, known.get(row["name"])) for row in named]
    standing = {column.name: column for column in old}
    return [_column(row, standing.get(row["name"])) for row in named]


def cleaned(values: Values) -> Values:
    return {name: text.clean(v) if isinstance(v, str) else v for name, v in values.items()}


def _with_names(rows: list[Values]) -> Iterator[Values]:
    taken = {row["name"] for row in rows}
    for row in rows:
        name = row["name"] or changes.not_among(taken, changes.name_from(row["vi"]))
        taken.add(name)
        yield {**row, "name": name}


def _hint(row: Values) -> Values | None:
    return {"vi": row["hint_vi"], "en": row["hint_en"]} if row["hint_vi"] else None


def _choice(row: Values, standing: Choice | None) -> Values:
    content: Values = msgspec.to_builtins(standing) if standing else {"value": row["name"]}
    content |= {"label": {"vi": row["vi"], "en": row["en"]}, "hint": _hint(row)}
    return content | {"counter": row["counter"]}


def _column(row: Values, standing: Question | None) -> Values:
    """The question of ``row``; what the row does not ask stays as it was."""
    content: Values = msgspec.to_builtins(standing) if standing else {"name": row["name"]}
    content |= {"label": {"vi": row["vi"], "en": row["en"]}, "help": _hint(row)}
    content |= {"kind": row["kind"], "required": row["required"]}
    return content | {"choices": _answers(row["answers"], standing)}


def _answers(lines: str, standing: Question | None) -> list[Values]:
    """Answers a line each; one whose Vietnamese words stay keeps its short name and its help."""
    known: dict[str, Values] = (
        {c.label.vi: msgspec.to_builtins(c) for c in standing.choices} if standing else {}
    )
    taken = {c["value"] for c in known.values()}
    made = []
    for line in filter(None, lines.split("\n")):
        vi, en = _two(line)
        value = known[vi]["value"] if vi in known else changes.not_among(taken, changes.name_from(vi))
        taken.add(value)
        made.append({**known.get(vi, {}), "value": value, "label": {"vi": vi, "en": en}})
    return made
