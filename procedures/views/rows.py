"""Adding and taking away rows of a group: ordinary submit buttons, in place with htmx."""

import re
from typing import NamedTuple

from django.http import QueryDict

from portal import drawing, groups
from procedures.definition import Definition, Field, Step
from procedures.forms import StepForm, typed_values


class Changed(NamedTuple):
    """Which group was changed, and the row to go on in, or ``drawing.GROUP`` for the group itself."""

    group: str
    focus: int

    def anchor(self, form: StepForm) -> str:
        """The id of the place to go on from."""
        field = form.field(self.group)
        if self.focus == drawing.GROUP:
            return f"{self.group}-rows"
        assert isinstance(field, groups.GroupField)
        column = next(iter(field.columns))
        return drawing.first_input(field.columns[column], f"{self.group}-{self.focus}-{column}")


def changed(posted: QueryDict, definition: Definition, step: Step) -> tuple[QueryDict, Changed | None]:
    """What was ``posted``, with the row more or less that its button asked for, and where that was."""
    group, number = _asked(posted)
    field = definition.field(group)
    if field is None or field.step != step.slug or field.kind != "group":
        return posted, None
    typed = typed_values(definition, step, posted).get(group, [])
    if number is None:
        now = groups.with_row(typed, fewest=_fewest(field))
        change = Changed(group, len(now) - 1)
    else:
        now, change = groups.without_row(typed, number), Changed(group, drawing.GROUP)
    copied = posted.copy()
    copied.setlist(group, [now])  # type: ignore[list-item]
    return copied, change


def _asked(posted: QueryDict) -> tuple[str, int | None]:
    """The group to add a row to, or the group and the number of the row to take away."""
    if "them" in posted:
        return posted.get("them", ""), None
    found = re.fullmatch(r"(\w+)-([0-9]{1,3})", posted.get("bo", ""))
    return (found[1], int(found[2])) if found else ("", None)


def _fewest(field: Field) -> int:
    return max(field.minimum or 0, int(field.required))


def change_in_place(form: StepForm, url: str) -> None:
    """Let htmx change the rows of every group of the page without drawing the rest of it anew."""
    for name, field in form.fields.items():
        if isinstance(field, groups.GroupField):
            form.attributes[name] = {
                "hx-post": url,
                "hx-target": f"#{name}-rows",
                "hx-swap": "outerHTML",
                "hx-sync": "#step-form:queue last",
            }
