"""Conditions as rows: a question, is or is answered, answers to tick; rows joined by and, or."""

import itertools
from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import text
from procedures.definition import Condition, Definition
from procedures.wording import answers_of, values_of

Row = dict[str, Any]
IS, FILLED, EMPTY = "is", "filled", "empty"


class TestRow(forms.Form):
    """One test. Which answers can be ticked depends on the question chosen."""

    join = forms.ChoiceField(
        label=gettext_lazy("joined by"),
        choices=[("and", gettext_lazy("and")), ("or", gettext_lazy("or"))],
        initial="and",
        required=False,
    )
    field = forms.ChoiceField(label=gettext_lazy("Question"), required=False)
    operator = forms.ChoiceField(
        label=gettext_lazy("test"),
        choices=[
            (IS, gettext_lazy("is one of")),
            (FILLED, gettext_lazy("is answered")),
            (EMPTY, gettext_lazy("is not answered")),
        ],
        initial=IS,
        required=False,
    )

    def __init__(self, *args: Any, definition: Definition, without: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = definition
        chosen = self.data.get(self.add_prefix("field")) if self.is_bound else self.initial.get("field")
        self._offer_questions(without, str(self.initial.get("field", "")))
        if chosen:
            self._offer_answers(str(chosen))

    def _offer_questions(self, without: str, standing: str) -> None:
        groups: list[Any] = [("", _("– no question –"))]
        known = set()
        for step in self.definition.steps:
            asked = [f for f in self.definition.fields if f.step == step.slug and f.name != without]
            known |= {f.name for f in asked}
            groups.append((str(step.title), [(f.name, str(f.label)) for f in asked]))
        if standing and standing not in known:
            groups.append((standing, standing))
        self.fields["field"].choices = groups  # type: ignore[attr-defined]

    def _offer_answers(self, chosen: str) -> None:
        answers = answers_of(self.definition.field(chosen), self.definition)
        if not answers:
            self.fields["text"] = forms.CharField(label=_("Answer"), required=False, max_length=200)
            return
        standing = self.initial.get("ticked", []) if chosen == self.initial.get("field") else []
        unknown = [(value, value) for value in standing if value not in answers]
        self.fields["ticked"] = forms.MultipleChoiceField(
            label=_("these answers"),
            choices=[*answers.items(), *unknown],
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )

    def clean(self) -> Row:
        row: Row = super().clean() or {}
        if not row.get("field") or row.get("operator") != IS:
            return row
        if "ticked" in self.fields and not row.get("ticked"):
            self.add_error("ticked", _("Please tick the answers this waits for."))
        if "text" in self.fields and not text.clean(str(row.get("text", ""))):
            self.add_error("text", _("Please type the answer this waits for."))
        if self._yes_and_no(row):
            self.add_error("ticked", _("Please tick one: with both, choose “is answered”."))
        return row

    def _yes_and_no(self, row: Row) -> bool:
        return _asks_yes_no(self.definition, row["field"]) and len(row.get("ticked", [])) > 1


TestRows = formset_factory(TestRow, extra=1, max_num=60, absolute_max=80)


def bound_rows(
    prefix: str, definition: Definition, condition: Condition | None, data: Any, *, without: str = ""
) -> "BaseFormSet[TestRow]":
    """The rows of ``condition`` and an empty one; ``without``: a question does not ask itself."""
    return TestRows(
        data=data,
        prefix=prefix,
        initial=rows_of(condition),
        form_kwargs={"definition": definition, "without": without},
    )


# --- Conditions <-> rows -------------------------------------------------------------------------

Test = tuple[str, str, tuple[str, ...]]


def _groups(condition: Condition) -> list[list[Test]]:
    """``condition`` as groups of tests: in one group all must hold, one group is enough."""
    if condition.any:
        return [group for part in condition.any for group in _groups(part)]
    if condition.all:
        ways = itertools.product(*(_groups(part) for part in condition.all))
        return [[test for group in way for test in group] for way in ways]
    if condition.filled is not None:
        return [[(condition.field, FILLED if condition.filled else EMPTY, ())]]
    return [[(condition.field, IS, tuple(values_of(condition)))]]


def rows_of(condition: Condition | None) -> list[Row]:
    """The rows that say ``condition``."""
    rows: list[Row] = []
    for group in _groups(condition) if condition else []:
        for number, (field, operator, values) in enumerate(group):
            row = {"join": "and" if number or not rows else "or", "field": field, "operator": operator}
            rows.append(row | {"ticked": list(values), "text": ", ".join(values)})
    return rows


def condition_of(rows: Iterable[Row], definition: Definition, old: Condition | None) -> Condition | None:
    """The condition that ``rows`` say; ``old`` itself where they say the same."""
    groups: list[list[Condition]] = []
    for row in rows:
        if not row.get("field"):
            continue
        if not groups or row.get("join") == "or":
            groups.append([])
        groups[-1].append(_test(row, definition))
    parts = [group[0] if len(group) == 1 else Condition(all=group) for group in groups]
    if not parts:
        return None
    made = parts[0] if len(parts) == 1 else Condition(any=parts)
    return old if old and _meaning(old) == _meaning(made) else made


def _meaning(condition: Condition) -> list[list[Test]]:
    return [[(f, o, tuple(sorted(v))) for f, o, v in group] for group in _groups(condition)]


def _test(row: Row, definition: Definition) -> Condition:
    name = row["field"]
    if row["operator"] != IS:
        return Condition(field=name, filled=row["operator"] == FILLED)
    values = row.get("ticked") or [text.clean(str(row.get("text", "")))]
    if _asks_yes_no(definition, name):
        return Condition(field=name, equals=values[0] == "yes")
    if len(values) == 1:
        return Condition(field=name, equals=values[0])
    return Condition(field=name, one_of=list(values))


def _asks_yes_no(definition: Definition, name: str) -> bool:
    field = definition.field(name)
    return field is not None and field.kind in {"yes_no", "confirm"}
