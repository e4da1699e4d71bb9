"""Why a definition cannot be published, each reason at its place and in both languages."""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from portal import outbox, text
from procedures import hooks
from procedures.definition import Condition, Definition, Field, Question, Text, Transition
from procedures.forms import KINDS, NOT_IN_ROWS
from procedures.vocabulary import ACTION_RULES, OWN_PAPERS
from procedures.wording import PARTS, answers_of, values_of


@dataclass(frozen=True)
class Problem:
    """A reason, and its place: a list of the definition (or "" for its facts), a member, an attribute."""

    part: str
    key: str
    aspect: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return ".".join(name for name in (self.part, self.key, self.aspect) if name)

    @property
    def words(self) -> str:
        """The reason in the language of the page."""
        return gettext(self.message) % self.facts

    def __str__(self) -> str:
        return f"{self.place}: {self.message % self.facts}"


def problems_of(definition: Definition) -> list[Problem]:
    """Why ``definition`` cannot be published; none when it can."""
    return [
        *_name_problems(definition),
        *_question_problems(definition),
        *_condition_problems(definition),
        *_taken_names(definition),
        *_paper_problems(definition),
        *_case_problems(definition),
        *_flow_problems(definition),
        *_code_problems(definition),
        *_text_problems(definition),
    ]


# --- Names ---------------------------------------------------------------------------------------

# Inputs that the pages of a filing, and its preview, have besides the questions.
_TAKEN = {"revision", "lui", "them", "bo", "da_xem", "key", "csrfmiddlewaretoken", "page", "typed", "again"}


def _name_problems(definition: Definition) -> Iterator[Problem]:
    yield from doubles(definition)
    for question in definition.fields:
        if question.name in _TAKEN:
            yield Problem("fields", question.name, "", _("The portal uses this name itself."))


def doubles(definition: Definition) -> Iterator[Problem]:
    """Names that stand twice in their list."""
    for many, part in PARTS.items():
        for key, count in Counter(part.keys(definition)).items():
            if count > 1:
                yield Problem(many, key, "", _("This name stands twice."))


_MOST_PARTS, _MOST_WAYS = 400, 200


def too_large(definition: Definition) -> Iterator[Problem]:
    """What no procedure needs, and no page could show."""
    for many, part in PARTS.items():
        pieces = part.of(definition)
        if len(pieces) > _MOST_PARTS:
            yield Problem(many if part.many else "", "", "", _("There are too many of them."))
        for aspect in (a for a in part.aspects if a.kind == "condition"):
            for key, piece in zip(part.keys(definition), pieces, strict=True):
                if _ways(aspect.of(piece)) > _MOST_WAYS:
                    yield Problem(part.many, key, aspect.name, _("The condition has too many tests."))


def _ways(condition: Condition | None) -> int:
    """In how many ways ``condition`` can be met: as many groups of tests the editor shows."""
    if condition is None:
        return 0
    if condition.any:
        return sum(map(_ways, condition.any))
    return math.prod(map(_ways, condition.all))


# --- Questions -----------------------------------------------------------------------------------


def _question_problems(definition: Definition) -> Iterator[Problem]:
    if not any(step.when is None for step in definition.steps):
        yield Problem("steps", "", "", _("At least one page must be there in every case."))
    if definition.handled_by == "district" and not definition.field("ward"):
        yield Problem("fields", "", "", _("The ward must be asked (question “ward”): it decides the office."))
    for asked in definition.fields:
        place = ("fields", asked.name)
        if not definition.step(asked.step):
            yield Problem(*place, "step", _("There is no page “%(name)s”."), {"name": asked.step})
        if asked.kind not in KINDS:
            yield Problem(*place, "kind", _("There is no kind of answer “%(name)s”."), {"name": asked.kind})
        corrected = definition.field(asked.replaces) if asked.replaces else asked
        if corrected is None or corrected.step != asked.step:
            yield Problem(
                *place,
                "replaces",
                _("There is no question “%(name)s” on the same page."),
                {"name": asked.replaces},
            )
        if None not in (asked.minimum, asked.maximum) and asked.minimum > asked.maximum:  # type: ignore[operator]
            yield Problem(*place, "minimum", _("The least is more than the most."))
        yield from _choice_problems(asked)
        yield from _column_problems(asked)


def _column_problems(asked: Field) -> Iterator[Problem]:
    place = ("fields", asked.name, "columns")
    if asked.kind == "group" and not asked.columns:
        yield Problem(*place, _("A list needs questions to ask in each row."))
    if asked.kind != "group" and (asked.columns or asked.row):
        yield Problem(*place, _("Only a list has rows."))
    for name, count in Counter(column.name for column in asked.columns).items():
        if count > 1:
            yield Problem(*place, _("The question “%(name)s” stands twice in a row."), {"name": name})
    for column in asked.columns:
        if column.kind not in KINDS or column.kind in NOT_IN_ROWS:
            yield Problem(*place, _("A row cannot ask for “%(name)s”."), {"name": column.kind})
        yield from (Problem(*place, p.message, p.facts) for p in _choice_problems(column))
    if any(not t.vi.strip() or not t.en.strip() for t in _texts([asked.row, asked.columns])):
        yield Problem(*place, _("Words are needed in both languages."))


def _choice_problems(asked: Question) -> Iterator[Problem]:
    place = ("fields", asked.name, "choices")
    if asked.kind in {"choice", "multiple"} and not asked.choices:
        yield Problem(*place, _("There is no answer to choose from."))
    for value, count in Counter(choice.value for choice in asked.choices).items():
        if count > 1:
            yield Problem(*place, _("The answer “%(name)s” stands twice."), {"name": value})


# --- Conditions ----------------------------------------------------------------------------------


def _condition_problems(definition: Definition) -> Iterator[Problem]:
    edges = {asked.name: set(_condition_fields(asked.when)) for asked in definition.fields}
    for part in PARTS.values():
        for aspect in (a for a in part.aspects if a.kind == "condition"):
            for key, piece in zip(part.keys(definition), part.of(definition), strict=True):
                for test in _tests(aspect.of(piece)):
                    yield from _test_problems((part.many, key, aspect.name), test, definition)
    for name in edges:
        if _in_circle(name, edges):
            yield Problem("fields", name, "when", _("The condition depends on the question itself."))


def _test_problems(place: tuple[str, str, str], test: Condition, definition: Definition) -> Iterator[Problem]:
    asked = definition.field(test.field)
    if asked is None:
        yield Problem(*place, _("There is no question “%(name)s”."), {"name": test.field})
        return
    answers = answers_of(asked, definition)
    for value in values_of(test):
        if answers and value not in answers:
            facts = {"name": value, "question": test.field}
            yield Problem(*place, _("“%(name)s” is not an answer of “%(question)s”."), facts)


def _tests(condition: Condition | None) -> Iterator[Condition]:
    """The single tests ``condition`` is made of."""
    if condition is None:
        return
    if not condition.all and not condition.any:
        yield condition
    for part in (*condition.all, *condition.any):
        yield from _tests(part)


def _condition_fields(condition: Condition | None) -> Iterator[str]:
    return condition.fields() if condition else iter(())


def _in_circle(start: str, edges: dict[str, set[str]]) -> bool:
    reached: set[str] = set()
    ahead = set(edges[start])
    while ahead:
        name = ahead.pop()
        if name == start:
            return True
        if name not in reached:
            reached.add(name)
            ahead |= edges.get(name, set())
    return False


# --- Cases and papers ----------------------------------------------------------------------------


def _case_problems(definition: Definition) -> Iterator[Problem]:
    if not definition.filers:
        yield Problem("", "", "filers", _("Nobody may file it."))
    yield from _filer_problems(definition)
    if all(limit.cases or limit.when for limit in definition.time_limits):
        yield Problem("time_limits", "", "", _("One limit must hold for all other cases."))
    known = {case.slug for case in definition.cases}
    for place, limit in enumerate(definition.time_limits):
        for name in limit.cases:
            if name not in known:
                yield Problem(
                    "time_limits", str(place), "cases", _("There is no case “%(name)s”."), {"name": name}
                )
    for asked in definition.fields:
        if asked.kind == "case" and not definition.cases:
            yield Problem("cases", "", "", _("There is no case to choose."))
        if asked.kind == "case" and asked.name != "case":
            yield Problem("fields", asked.name, "kind", _("The question for the case must be called “case”."))


def _filer_problems(definition: Definition) -> Iterator[Problem]:
    for filer in definition.filers:
        if definition.cases and not definition.open_to(filer).cases:
            yield Problem("", "", "filers", _("There is no case for “%(name)s”."), {"name": filer})
    for case in definition.cases:
        for filer in case.filers:
            if filer not in definition.filers:
                facts = {"name": filer}
                yield Problem("cases", case.slug, "filers", _("“%(name)s” does not file this."), facts)


def _taken_names(definition: Definition) -> Iterator[Problem]:
    """Papers called what the portal calls files of its own."""
    for document in definition.documents:
        if document.slug in OWN_PAPERS:
            facts = {"name": document.slug}
            yield Problem(
                "documents", document.slug, "slug", _("The portal uses the name “%(name)s” itself."), facts
            )


def _paper_problems(definition: Definition) -> Iterator[Problem]:
    """Papers that nothing waits for, and documents that are made of nothing."""
    for document in definition.documents:
        if document.proves and not definition.step(document.proves):
            facts = {"name": document.proves}
            yield Problem("documents", document.slug, "proves", _("There is no page “%(name)s”."), facts)
    if not definition.transition("record_originals"):
        for document in definition.documents:
            if document.posted and document.required:
                yield Problem("documents", document.slug, "mode", _("Nothing receives the original."))
    if not any(document.generated for document in definition.documents):
        for transition in definition.transitions:
            if "documents.form" in transition.topics:
                yield Problem(
                    "transitions", transition.action, "topics", _("No document is made by the portal.")
                )


# --- States and actions --------------------------------------------------------------------------


def _flow_problems(definition: Definition) -> Iterator[Problem]:
    filing = definition.transition("file")
    if filing is None or "draft" not in filing.sources:
        yield Problem("transitions", "", "", _("There is no action “file” that leads out of the draft."))
    for transition in definition.transitions:
        yield from _transition_problems(transition, definition)
    yield from _dead_ends(definition)


def _transition_problems(transition: Transition, definition: Definition) -> Iterator[Problem]:
    place = ("transitions", transition.action)
    states = {state.slug for state in definition.states}
    for aspect, names in (("sources", transition.sources), ("target", [transition.target])):
        for name in names:
            if name and name not in states:
                yield Problem(*place, aspect, _("There is no state “%(name)s”."), {"name": name})
    for action in transition.four_eyes:
        if not definition.transition(action):
            yield Problem(*place, "four_eyes", _("There is no action “%(name)s”."), {"name": action})
    if not transition.sources:
        yield Problem(*place, "sources", _("It starts from no state."))
    if not transition.roles:
        yield Problem(*place, "roles", _("Nobody may take it."))


def _dead_ends(definition: Definition) -> Iterator[Problem]:
    """States nothing leads to, and open states nothing leads out of."""
    reached, found = {"draft"}, 0
    while len(reached) != found:
        found = len(reached)
        reached |= {t.target for t in definition.transitions if t.target and reached & set(t.sources)}
    for state in definition.states:
        if state.slug not in reached:
            yield Problem("states", state.slug, "", _("This state cannot be reached: no action leads to it."))
        if not state.final and not any(t.target and state.slug in t.sources for t in definition.transitions):
            yield Problem("states", state.slug, "", _("There is no way out of this state."))
    if not any(state.slug == "draft" for state in definition.states):
        yield Problem("states", "", "", _("There is no state “draft”."))


def _code_problems(definition: Definition) -> Iterator[Problem]:
    """Names of rules and side effects that no code has registered."""
    for many in ("steps", "fields", "transitions"):
        part = PARTS[many]
        for key, piece in zip(part.keys(definition), part.of(definition), strict=True):
            for name in piece.rules:
                if name not in hooks.rules and name not in hooks.doubt_rules:
                    yield Problem(many, key, "rules", _("There is no check “%(name)s”."), {"name": name})
                elif many != "transitions" and name in ACTION_RULES:
                    yield Problem(
                        many, key, "rules", _("The check “%(name)s” is for actions only."), {"name": name}
                    )
    for transition in definition.transitions:
        for topic in transition.topics:
            if topic not in outbox.handlers:
                yield Problem(
                    "transitions",
                    transition.action,
                    "topics",
                    _("There is no side effect “%(name)s”."),
                    {"name": topic},
                )


# --- Texts ---------------------------------------------------------------------------------------


def _text_problems(definition: Definition) -> Iterator[Problem]:
    for many, part in PARTS.items():
        for key, piece in zip(part.keys(definition), part.of(definition), strict=True):
            for aspect in part.aspects:
                if any(not t.vi.strip() or not t.en.strip() for t in _texts(aspect.of(piece))):
                    yield Problem(
                        many if part.many else "", key, aspect.name, _("Words are needed in both languages.")
                    )


def _texts(value: Any) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


# --- What the tables cannot hold -----------------------------------------------------------------


def row_problems(part: str, key: str, row: models.Model) -> Iterator[Problem]:
    """Values that do not fit the columns of ``row``: too long, out of range, no name."""
    try:
        row.clean_fields(exclude={"version", "procedure", "published_by", "drafted_by"})
    except ValidationError as refused:
        for column, errors in refused.error_dict.items():
            for error in errors:
                if error.code not in {"blank", "null"}:
                    words = str(error.messages[0])
                    yield Problem(part, key, column, "%(words)s", {"words": words})


def control_characters(part: str, key: str, piece: msgspec.Struct) -> Iterator[Problem]:
    """Characters nobody sees and the tables refuse."""
    content = {k: v for k, v in msgspec.to_builtins(piece).items() if k not in PARTS}
    for value in _strings(content):
        if any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in value):
            words = _("There is an invisible control character in “%(words)s”.")
            yield Problem(part, key, "", words, {"words": text.clean(value)})


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
