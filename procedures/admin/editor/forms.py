"""One form for each part of a draft, made from the table in ``procedures.wording``."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django import forms
from django.forms import BaseFormSet, BoundField
from django.utils.translation import gettext as _

from procedures.admin.editor import changes, rows
from procedures.admin.editor.conditions import bound_rows, condition_of
from procedures.admin.editor.rows import ENGLISH, VIETNAMESE
from procedures.catalogue import longest
from procedures.definition import Definition
from procedures.wording import Aspect, Part


@dataclass
class Block:
    """What the page draws for an aspect: inputs, or rows of inputs."""

    aspect: Aspect
    inputs: list[BoundField] = field(default_factory=list)
    rows: "BaseFormSet[Any] | None" = None

    @property
    def name(self) -> str:
        return _html_name(self.aspect)

    @property
    def told(self) -> bool:
        """Whether something stands or is wrong there."""
        if self.rows is not None:
            return self.rows.initial_form_count() > 0 or bool(self.rows.total_error_count())
        return any(bound.value() or bound.errors for bound in self.inputs)


class PartForm(forms.Form):
    """The form of one part: ``piece`` as it stands, or None for a new one."""

    def __init__(
        self, part: Part, definition: Definition, piece: Any = None, *, data: Any = None, **given: Any
    ) -> None:
        super().__init__(data, auto_id="%s")
        self.part, self.definition, self.piece, self.given = part, definition, piece, given
        self.rows: dict[str, BaseFormSet[Any]] = {}
        for aspect in part.aspects:
            self._add(aspect, self._standing(aspect))
        if part.key and piece is None:
            self.fields["short_name"] = forms.SlugField(
                label=_("Short name"),
                help_text=_("Letters without marks; stands in addresses. Leave empty: made from the words."),
                max_length=60,
                required=False,
            )

    def _standing(self, aspect: Aspect) -> Any:
        if self.piece is not None:
            return aspect.of(self.piece)
        return self.given.get(aspect.name, _default(self.part, aspect.name))

    # --- What is asked ---------------------------------------------------------------------------

    def _add(self, aspect: Aspect, value: Any) -> None:
        name = _html_name(aspect)
        match aspect.kind:
            case "words":
                self._add_words(aspect, value)
            case "texts" | "choices" | "columns":
                self.rows[name] = rows.bound(aspect.kind, value, prefix=name, data=self._data)
            case "condition":
                own = getattr(self.piece, "name", "") if self.part.many == "fields" else ""
                self.rows[name] = bound_rows(name, self.definition, value, self._data, without=own)
            case _:
                self.fields[name] = self._input(aspect, value)

    @property
    def _data(self) -> Any:
        return self.data if self.is_bound else None

    def _add_words(self, aspect: Aspect, value: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3}) if aspect.long else forms.TextInput()
        for code, label in (("vi", VIETNAMESE), ("en", ENGLISH)):
            name = f"{_html_name(aspect)}_{code}"
            self.fields[name] = forms.CharField(
                label=label,
                initial=getattr(value, code, ""),
                required=_required(self.part, aspect.name),
                max_length=longest(self.part.many, name) or 4000,
                widget=widget,
            )

    def _input(self, aspect: Aspect, value: Any) -> forms.Field:
        common = {"label": aspect.label, "help_text": aspect.help, "initial": value}
        options = dict(aspect.options(self.definition)) if aspect.options else {}
        required = _required(self.part, aspect.name)
        match aspect.kind:
            case "yes_no":
                return forms.BooleanField(required=False, **common)  # type: ignore[arg-type]
            case "number":
                return forms.IntegerField(min_value=0, max_value=10**9, required=required, **common)  # type: ignore[arg-type]
            case "pick":
                standing = "" if value is None else str(value)
                options |= {} if standing in options or value is None else {standing: standing}
                return forms.ChoiceField(
                    choices=list(options.items()), required=False, **common | {"initial": standing}
                )  # type: ignore[arg-type]
            case "ticks":
                options |= {name: name for name in value or [] if name not in options}
                return forms.MultipleChoiceField(
                    choices=list(options.items()),
                    widget=forms.CheckboxSelectMultiple,
                    required=required,
                    **common,  # type: ignore[arg-type]
                )
            case "lines":
                common["initial"] = "\n".join(value or [])
                box = forms.Textarea(attrs={"rows": min(10, len(value or []) + 2)})
                return forms.CharField(widget=box, required=False, **common)  # type: ignore[arg-type]
            case _:
                longest_line = longest(self.part.many, aspect.name) or 4000
                return forms.CharField(max_length=longest_line, required=required, **common)  # type: ignore[arg-type]

    def common(self) -> list[Block]:
        """What is asked of every such part."""
        return [block for block in self.blocks() if not block.aspect.rare]

    def rare(self) -> list[Block]:
        """What few need."""
        return [block for block in self.blocks() if block.aspect.rare]

    @property
    def rare_told(self) -> bool:
        return any(block.told for block in self.rare())

    def blocks(self) -> Iterator[Block]:
        """Everything to draw, in order."""
        for aspect in self.part.aspects:
            name = _html_name(aspect)
            if name in self.rows:
                yield Block(aspect, rows=self.rows[name])
            elif aspect.kind == "words":
                yield Block(aspect, [self[f"{name}_vi"], self[f"{name}_en"]])
            else:
                yield Block(aspect, [self[name]])

    # --- What was answered -----------------------------------------------------------------------

    def is_valid(self) -> bool:
        wrong = [of_one for of_one in self.rows.values() if not of_one.is_valid()]
        return super().is_valid() and not wrong

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned.update(rows.cleaned(cleaned))
        for aspect in self.part.aspects:
            if aspect.kind == "words" and not _required(self.part, aspect.name):
                self._both_or_none(_html_name(aspect), cleaned)
        name = cleaned.get("short_name")
        if name and name in self.part.keys(self.definition):
            self.add_error("short_name", _("This name stands twice."))
        return cleaned

    def _both_or_none(self, name: str, cleaned: dict[str, Any]) -> None:
        for one, other in (("vi", "en"), ("en", "vi")):
            if cleaned.get(f"{name}_{one}") and not cleaned.get(f"{name}_{other}"):
                self.add_error(f"{name}_{other}", _("Words are needed in both languages."))

    def made(self, definition: Definition, standing: Any) -> Any:
        """The part as the form says it, in the place of ``standing``."""
        content: dict[str, Any] = msgspec.to_builtins(standing) if standing is not None else {}
        if standing is None and self.part.key:
            content[self.part.key] = self._name(definition)
        for aspect in self.part.aspects:
            *outer, last = aspect.name.split(".")
            place = content
            for name in outer:
                place = place[name]
            place[last] = msgspec.to_builtins(self._value(aspect, standing, definition))
        return msgspec.convert(content, self.part.struct)

    def _name(self, definition: Definition) -> str:
        words = self.cleaned_data.get("label_vi") or self.cleaned_data.get("title_vi") or ""
        wanted = self.cleaned_data.get("short_name") or changes.name_from(words)
        return changes.free_name(self.part, definition, wanted)

    def _value(self, aspect: Aspect, standing: Any, definition: Definition) -> Any:
        name, old = _html_name(aspect), None if standing is None else aspect.of(standing)
        match aspect.kind:
            case "words":
                both = {code: self.cleaned_data[f"{name}_{code}"] for code in ("vi", "en")}
                return both if any(both.values()) else None
            case "texts" | "choices" | "columns":
                return rows.said(aspect.kind, self.rows[name], old or [])
            case "condition":
                tests = [row.cleaned_data for row in self.rows[name]]
                return condition_of(tests, definition, old)
            case "lines":
                return [line for line in self.cleaned_data[name].split("\n") if line]
            case "ticks":
                ticked = self.cleaned_data[name]
                kept = [value for value in old or [] if value in ticked]
                return [*kept, *(value for value in ticked if value not in kept)]
            case "pick":
                return _as_before(self.cleaned_data[name], _type(self.part, aspect.name))
            case _:
                return self.cleaned_data[name]


def _html_name(aspect: Aspect) -> str:
    return aspect.name.replace(".", "_")


def _info(part: Part, name: str) -> Any:
    """The structure's field behind the aspect ``name``."""
    struct: Any = part.struct
    for step in name.split("."):
        info = next(f for f in msgspec.structs.fields(struct) if f.name == step)
        struct = info.type
    return info


def _required(part: Part, name: str) -> bool:
    return bool(_info(part, name).required) and name not in {"envelope", "sources", "roles"}


def _default(part: Part, name: str) -> Any:
    info = _info(part, name)
    if info.default is not msgspec.NODEFAULT:
        return info.default
    return info.default_factory() if info.default_factory is not msgspec.NODEFAULT else None


def _type(part: Part, name: str) -> Any:
    return _info(part, name).type


def _as_before(value: str, kind: Any) -> Any:
    return int(value) if kind is int else value
