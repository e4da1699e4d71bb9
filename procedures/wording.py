"""What the pieces of a definition are called, and their values in words.

One table serves the catalogue editor, the comparison of two versions and the history of changes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from portal import outbox
from portal.models import Confidence
from procedures import definition as pieces
from procedures import hooks, vocabulary
from procedures.definition import Choice, Condition, Definition, Field, Question, Text
from procedures.vocabulary import Words

Options = Callable[[Definition], Mapping[str, Words]]
Kind = Literal[
    "words", "line", "number", "yes_no", "pick", "ticks", "lines", "texts", "choices", "columns", "condition"
]


@dataclass(frozen=True)
class Aspect:
    """One thing to say about a piece: its attribute (``result.label``: one of a piece within)."""

    name: str
    label: Words
    kind: Kind
    options: Options | None = None
    help: Words = ""
    long: bool = False
    rare: bool = False

    def of(self, piece: Any) -> Any:
        """What ``piece`` says of this."""
        return reduce(getattr, self.name.split("."), piece)


@dataclass(frozen=True)
class Part:
    """A list of a definition; with ``many`` empty, the definition's own facts."""

    many: str
    key: str
    struct: type[pieces.Part]
    one: Words
    several: Words
    aspects: tuple[Aspect, ...]

    def of(self, definition: Definition) -> list[Any]:
        return list(getattr(definition, self.many)) if self.many else [definition]

    def keys(self, definition: Definition) -> list[str]:
        """The names of the members; time limits go by their place."""
        if not self.many:
            return [""]
        return [str(getattr(m, self.key)) if self.key else str(i) for i, m in enumerate(self.of(definition))]

    def find(self, definition: Definition, key: str) -> Any | None:
        """The member called ``key``; None where there is none."""
        return dict(zip(self.keys(definition), self.of(definition), strict=True)).get(key)

    def aspect(self, name: str) -> Aspect | None:
        return next((aspect for aspect in self.aspects if aspect.name == name), None)


def _fixed(words: Mapping[str, Words]) -> Options:
    return lambda _definition: words


def _members(many: str, key: str, text: str = "label") -> Options:
    """The members of a list of the definition, by name."""
    return lambda definition: {
        getattr(member, key): str(getattr(member, text)) for member in getattr(definition, many)
    }


def _none_or(many: str, key: str, text: str = "label") -> Options:
    members = _members(many, key, text)
    return lambda definition: {"": _("none"), **members(definition)}


def _form_rules(_definition: Definition) -> Mapping[str, Words]:
    """What can be checked of answers."""
    known = sorted({*hooks.rules, *hooks.doubt_rules} - set(vocabulary.ACTION_RULES))
    return {name: vocabulary.RULES.get(name, name) for name in known}


def _action_rules(_definition: Definition) -> Mapping[str, Words]:
    """What can be checked when staff or a citizen take an action."""
    known = sorted(set(hooks.rules) - set(vocabulary.RULES))
    return {name: vocabulary.ACTION_RULES.get(name, name) for name in known}


def _topics(_definition: Definition) -> Mapping[str, Words]:
    known = sorted(set(outbox.handlers) - vocabulary.INNER_TOPICS)
    return {name: vocabulary.TOPICS.get(name, name) for name in known}


def _targets(definition: Definition) -> Mapping[str, Words]:
    return {"": _("it stays as it is"), **_members("states", "slug")(definition)}


_LABEL = Aspect("label", gettext_lazy("Name"), "words")
_SYNONYMS = Aspect(
    "synonyms",
    gettext_lazy("What people call it"),
    "lines",
    help=gettext_lazy("For the search: one word or phrase a line."),
    rare=True,
)
_CONFIDENCE = Aspect(
    "confidence",
    gettext_lazy("How sure we are"),
    "pick",
    _fixed(dict(Confidence.choices)),
    gettext_lazy("Citizens read “expected” beside what is not sure."),
)
_WHEN = Aspect("when", gettext_lazy("Only when"), "condition")
_RULES = Aspect("rules", gettext_lazy("Checks"), "ticks", _form_rules, rare=True)

FACTS = Part(
    "",
    "",
    Definition,
    gettext_lazy("Facts about the procedure"),
    gettext_lazy("Facts about the procedure"),
    (
        Aspect("title", gettext_lazy("Title"), "words"),
        Aspect("summary", gettext_lazy("Summary"), "words", long=True),
        Aspect("who", gettext_lazy("Who may file, in words"), "words", long=True),
        Aspect("filers", gettext_lazy("Who files it"), "ticks", _fixed(vocabulary.FILERS)),
        Aspect("where", gettext_lazy("Where to file"), "words", long=True),
        Aspect("handled_by", gettext_lazy("Handled by"), "pick", _fixed(vocabulary.HANDLED_BY)),
        Aspect("fee", gettext_lazy("Fee, in đồng"), "number", help=gettext_lazy("0 where it is free.")),
        Aspect("result.label", gettext_lazy("Result"), "words"),
        Aspect("result.medium", gettext_lazy("The result comes as"), "pick", _fixed(vocabulary.MEDIUMS)),
        Aspect("result.returned", gettext_lazy("What is given back"), "words", long=True),
        Aspect("notes", gettext_lazy("Notes"), "texts"),
        Aspect("legal", gettext_lazy("Legal basis"), "lines", help=gettext_lazy("One law or decree a line.")),
        _CONFIDENCE,
        Aspect("declaration", gettext_lazy("Declaration before filing"), "words", long=True),
        Aspect("form_code", gettext_lazy("Number of the official form"), "line"),
        Aspect("envelope", gettext_lazy("Words on the envelope"), "line"),
        Aspect(
            "group",
            gettext_lazy("Group in the catalogue"),
            "pick",
            _fixed(vocabulary.GROUPS),
            rare=True,
        ),
        Aspect("order", gettext_lazy("Place in the catalogue"), "number", rare=True),
        _SYNONYMS,
        Aspect(
            "urgent_when",
            gettext_lazy("Urgent when"),
            "condition",
            help=gettext_lazy("These answers put a dossier on top of the queue."),
            rare=True,
        ),
    ),
)
CASES = Part(
    "cases",
    "slug",
    pieces.Case,
    gettext_lazy("Case"),
    gettext_lazy("Cases"),
    (
        _LABEL,
        Aspect("needs", gettext_lazy("Conditions in words"), "words", long=True),
        Aspect("legal", gettext_lazy("Legal basis"), "line"),
        _CONFIDENCE,
        Aspect(
            "filers",
            gettext_lazy("Only filed by"),
            "ticks",
            _fixed(vocabulary.FILERS),
            gettext_lazy("None ticked: whoever may file the procedure."),
        ),
        _WHEN,
        _SYNONYMS,
    ),
)
TIME_LIMITS = Part(
    "time_limits",
    "",
    pieces.TimeLimit,
    gettext_lazy("Time limit"),
    gettext_lazy("Time limits"),
    (
        Aspect("days", gettext_lazy("Days"), "number", help=gettext_lazy("0: on the day of receipt.")),
        Aspect("unit", gettext_lazy("Counted in"), "pick", _fixed(vocabulary.UNITS)),
        Aspect(
            "cases",
            gettext_lazy("For the cases"),
            "ticks",
            _members("cases", "slug"),
            gettext_lazy("None ticked: for all cases without a limit of their own."),
        ),
        _WHEN,
        Aspect("source", gettext_lazy("Source"), "line"),
        _CONFIDENCE,
        Aspect("note", gettext_lazy("Note"), "words", long=True),
    ),
)
STEPS = Part(
    "steps",
    "slug",
    pieces.Step,
    gettext_lazy("Page"),
    gettext_lazy("Pages and questions"),
    (
        Aspect("title", gettext_lazy("Title"), "words"),
        Aspect("intro", gettext_lazy("Introduction"), "words", long=True),
        Aspect("notes", gettext_lazy("Notes"), "texts"),
        _WHEN,
        _RULES,
    ),
)
FIELDS = Part(
    "fields",
    "name",
    pieces.Field,
    gettext_lazy("Question"),
    gettext_lazy("Questions"),
    (
        Aspect("label", gettext_lazy("Question"), "words"),
        Aspect("help", gettext_lazy("Help below the question"), "words", long=True),
        Aspect("step", gettext_lazy("Page"), "pick", _members("steps", "slug", "title")),
        Aspect("kind", gettext_lazy("Kind of answer"), "pick", _fixed(vocabulary.KINDS)),
        Aspect("required", gettext_lazy("Must be answered"), "yes_no"),
        Aspect(
            "choices",
            gettext_lazy("Answers to choose from"),
            "choices",
            help=gettext_lazy("Only for a choice of one or several answers."),
        ),
        _WHEN,
        Aspect(
            "minimum",
            gettext_lazy("At least"),
            "number",
            help=gettext_lazy("Smallest number, or how many digits."),
            rare=True,
        ),
        Aspect(
            "maximum",
            gettext_lazy("At most"),
            "number",
            help=gettext_lazy("Greatest number, or how many digits."),
            rare=True,
        ),
        Aspect("latest", gettext_lazy("A date may be"), "pick", _fixed(vocabulary.LATEST), rare=True),
        Aspect(
            "prefill",
            gettext_lazy("Filled in from the account"),
            "pick",
            _fixed(vocabulary.PREFILLS),
            rare=True,
        ),
        _RULES,
        Aspect(
            "replaces",
            gettext_lazy("Corrects the answer to"),
            "pick",
            _none_or("fields", "name"),
            gettext_lazy("The wrong and the right answer are shown side by side."),
            rare=True,
        ),
        Aspect(
            "row",
            gettext_lazy("What a row is called"),
            "words",
            help=gettext_lazy("Only for a list, for example: relative."),
            rare=True,
        ),
        Aspect(
            "columns",
            gettext_lazy("Questions of a row"),
            "columns",
            help=gettext_lazy("Only for a list."),
            rare=True,
        ),
    ),
)
DOCUMENTS = Part(
    "documents",
    "slug",
    pieces.Document,
    gettext_lazy("Paper"),
    gettext_lazy("Papers"),
    (
        _LABEL,
        Aspect("mode", gettext_lazy("How to hand it in"), "pick", _fixed(vocabulary.MODES)),
        Aspect("required", gettext_lazy("Must be handed in"), "yes_no"),
        _WHEN,
        Aspect("form", gettext_lazy("Number of the official form"), "line"),
        Aspect("help", gettext_lazy("Help"), "words", long=True),
        Aspect(
            "proves",
            gettext_lazy("Evidence for the page"),
            "pick",
            _none_or("steps", "slug", "title"),
            rare=True,
        ),
        _CONFIDENCE,
    ),
)
STATES = Part(
    "states",
    "slug",
    pieces.State,
    gettext_lazy("State"),
    gettext_lazy("States"),
    (
        _LABEL,
        Aspect("hint", gettext_lazy("What happens now"), "words", long=True),
        Aspect("code", gettext_lazy("National status code"), "pick", _fixed(vocabulary.STATUS_CODES)),
        Aspect("clock", gettext_lazy("The clock"), "pick", _fixed(vocabulary.CLOCKS)),
        Aspect("final", gettext_lazy("The dossier is closed"), "yes_no"),
        Aspect("tone", gettext_lazy("Colour"), "pick", _fixed(vocabulary.TONES)),
    ),
)
TRANSITIONS = Part(
    "transitions",
    "action",
    pieces.Transition,
    gettext_lazy("Action"),
    gettext_lazy("Actions"),
    (
        _LABEL,
        Aspect("sources", gettext_lazy("From the states"), "ticks", _members("states", "slug")),
        Aspect("target", gettext_lazy("To the state"), "pick", _targets),
        Aspect("roles", gettext_lazy("Who may"), "ticks", _fixed(vocabulary.ROLES)),
        Aspect(
            "four_eyes",
            gettext_lazy("Not by whoever did"),
            "ticks",
            _members("transitions", "action"),
            gettext_lazy("Two persons: who took the ticked action may not take this one."),
        ),
        Aspect("rules", gettext_lazy("Checks"), "ticks", _action_rules),
        Aspect("topics", gettext_lazy("What follows by itself"), "ticks", _topics),
        Aspect("note", gettext_lazy("A reason"), "pick", _fixed(vocabulary.NOTES)),
        Aspect("note_public", gettext_lazy("The citizen reads the reason"), "yes_no"),
        Aspect("prompt", gettext_lazy("Words above the reason"), "words"),
        Aspect("tone", gettext_lazy("Button"), "pick", _fixed(vocabulary.BUTTONS)),
    ),
)
PARTS: Mapping[str, Part] = {
    part.many or "facts": part
    for part in (FACTS, TIME_LIMITS, CASES, STEPS, FIELDS, DOCUMENTS, STATES, TRANSITIONS)
}


# --- Words ---------------------------------------------------------------------------------------


def title_of(part: Part, piece: Any) -> str:
    """What people call ``piece``: its label, or what a time limit says."""
    if isinstance(piece, pieces.TimeLimit):
        return f"{piece.days} {vocabulary.UNITS[piece.unit]}"
    return str(getattr(piece, "title" if hasattr(piece, "title") else "label"))


def shown(aspect: Aspect, value: Any, definition: Definition) -> str:
    """``value``, as ``aspect`` of a piece of ``definition``, in words; empty for nothing."""
    match aspect.kind:
        case "condition":
            return condition_words(value, definition) if value else _("always")
        case "yes_no":
            return _("yes") if value else _("no")
        case "pick":
            return _named(aspect, definition, str(value))
        case "ticks":
            return ", ".join(_named(aspect, definition, name) for name in value)
        case "lines" | "texts":
            return "; ".join(str(line) for line in value)
        case "columns":
            return columns_words(value)
        case "choices":
            return "; ".join(map(_choice_words, value))
        case _:
            return "" if value is None else str(value)


def _choice_words(choice: Choice) -> str:
    added = [str(choice.hint)] if choice.hint else []
    added += [_("needs an open counter")] if choice.counter else []
    return f"{choice.label} ({'; '.join(added)})" if added else str(choice.label)


def _named(aspect: Aspect, definition: Definition, name: str) -> str:
    options = aspect.options(definition) if aspect.options else {}
    return str(options.get(name, name))


def answers_of(field: Field | None, definition: Definition) -> dict[str, str]:
    """The answers ``field`` offers, by value; none where people type what they like."""
    if field is None:
        return {}
    if field.kind == "case":
        return {case.slug: str(case.label) for case in definition.cases}
    if field.kind in {"yes_no", "confirm"}:
        return {"yes": _("yes"), "no": _("no")}
    return {choice.value: str(choice.label) for choice in field.choices}


def condition_words(condition: Condition, definition: Definition) -> str:
    """``condition`` as a sentence."""
    if condition.all or condition.any:
        joint = _("and") if condition.all else _("or")
        parts = [_inner(part, definition) for part in condition.all or condition.any]
        return f" {joint} ".join(parts)
    field = definition.field(condition.field)
    name = f"“{field.label}”" if field else condition.field
    if condition.filled is not None:
        sentence = _("%(name)s is answered") if condition.filled else _("%(name)s is not answered")
        return sentence % {"name": name}
    answers = answers_of(field, definition)
    values = [f"“{answers.get(value, value)}”" for value in values_of(condition)]
    return _("%(name)s is %(values)s") % {"name": name, "values": f" {_('or')} ".join(values)}


def _inner(condition: Condition, definition: Definition) -> str:
    words = condition_words(condition, definition)
    return f"({words})" if condition.all or condition.any else words


def columns_words(columns: list[Question]) -> str:
    """The questions of a row in words."""
    return "; ".join(
        f"{column.label} ({vocabulary.KINDS.get(column.kind, column.kind)}"
        f"{'' if column.required else ', ' + _('optional')})"
        for column in columns
    )


def values_of(condition: Condition) -> list[str]:
    """The answers a single test waits for, as the form sends them."""
    if condition.one_of:
        return list(condition.one_of)
    if isinstance(condition.equals, bool):
        return ["yes" if condition.equals else "no"]
    return [] if condition.equals is None else [str(condition.equals)]


def in_each_language(aspect: Aspect, old: Text | None, new: Text | None) -> Iterator[tuple[str, str, str]]:
    """Label, old and new words, for each language in which they differ; the page's language first."""
    languages = {"vi": _("Vietnamese"), "en": _("English")}
    for code in sorted(languages, key=lambda code: code != get_language()):
        before, after = (getattr(text, code, "") for text in (old, new))
        if before != after:
            yield f"{aspect.label} ({languages[code]})", before, after
