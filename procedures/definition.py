"""What a procedure is: the content of one version, as read from TOML and kept in rows.

These structures are immutable values. The same ``Definition`` comes out of a TOML file, out of the
rows of a published version and out of a draft, so everything else works on it alone.
"""

import hashlib
from collections.abc import Container, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

import msgspec
from django.utils.translation import get_language

ConfidenceMark = Literal["sure", "likely", "unsure"]
Role = Literal["citizen", "agent", "clerk", "supervisor", "director", "administrator", "system"]
Mode = Literal["generated", "generated_then_post", "upload", "upload_then_original", "post_original"]
Clock = Literal["waiting", "running", "paused", "stopped"]


class Part(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of every piece of a definition: immutable, strict about unknown keys."""


class Text(Part, frozen=True):
    """Words in both languages; ``str()`` gives the one the page is in."""

    vi: str
    en: str

    def __str__(self) -> str:
        return self.en if get_language() == "en" else self.vi


class Condition(Part, frozen=True):
    """When something applies: one test of a field, or several joined by ``all`` or ``any``."""

    field: str = ""
    equals: str | bool | int | None = None
    one_of: list[str] = []
    filled: bool | None = None
    all: list["Condition"] = []
    any: list["Condition"] = []

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Whether ``answers`` (raw or cleaned, ``case`` included) satisfy the condition."""
        if self.all:
            return all_of(part.holds(answers) for part in self.all)
        if self.any:
            return any_of(part.holds(answers) for part in self.any)
        value = answers.get(self.field)
        if self.filled is not None:
            return _filled(value) is self.filled
        if self.one_of:
            given = value if isinstance(value, list) else [value]
            return any_of(answer in self.one_of for answer in given)
        return _same(value, self.equals)

    def can_hold(self, answers: Mapping[str, Any], open_fields: Container[str]) -> bool:
        """Whether some answer to the ``open_fields``, beside the other ``answers``, could satisfy it."""
        if self.all:
            return all_of(part.can_hold(answers, open_fields) for part in self.all)
        if self.any:
            return any_of(part.can_hold(answers, open_fields) for part in self.any)
        return self.field in open_fields or self.holds(answers)

    def fields(self) -> Iterator[str]:
        """Names of the fields the condition looks at."""
        if self.field:
            yield self.field
        for part in (*self.all, *self.any):
            yield from part.fields()


# ``all`` and ``any`` are keys of the condition language, so the built-ins go by other names here.
all_of, any_of = all, any


def _filled(value: Any) -> bool:
    """Whether anything stands in an answer; a row of a group counts when one of its cells does."""
    if isinstance(value, list):
        return any_of(_filled(one) for one in value)
    if isinstance(value, dict):
        return any_of(_filled(cell) for cell in value.values())
    return value not in (None, "", False)


def _same(value: Any, wanted: Any) -> bool:
    """Compare an answer with a condition's value; raw forms say "yes" where data says true.

    Of several answers to one question, one must be the wanted.
    """
    if isinstance(value, list):
        return any_of(_same(one, wanted) for one in value)
    if isinstance(wanted, bool):
        value = {"yes": True, "no": False, "on": True}.get(value, value) if isinstance(value, str) else value
        return bool(value) is wanted if value not in (None, "") else wanted is False
    return value is not None and str(value) == str(wanted)


class TimeLimit(Part, frozen=True):
    """How long the office may take. ``cases`` empty: for all cases not named elsewhere.

    A limit with ``when`` goes before one without: it is for some answers only.
    """

    days: int
    unit: Literal["working", "calendar"]
    source: str
    confidence: ConfidenceMark
    note: Text | None = None
    cases: list[str] = []
    when: Condition | None = None


class Case(Part, frozen=True):
    """One of the situations a procedure distinguishes, with its own needs and legal basis.

    ``synonyms``: what people call it, for the search. ``when``: offered only after these answers.
    ``filers`` empty: whoever may file the procedure may file the case.
    """

    slug: str
    label: Text
    legal: str = ""
    needs: Text | None = None
    confidence: ConfidenceMark = "sure"
    synonyms: list[str] = []
    when: Condition | None = None
    filers: list[str] = []


class Step(Part, frozen=True):
    """A page of the form."""

    slug: str
    title: Text
    intro: Text | None = None
    notes: list[Text] = []
    rules: list[str] = []
    when: Condition | None = None


class Choice(Part, frozen=True):
    """An answer to choose; ``counter``: it needs an office that is open for visits."""

    value: str
    label: Text
    hint: Text | None = None
    counter: bool = False


class Question(Part, frozen=True, kw_only=True):
    """What is asked. ``kind`` names its widget and validation (``procedures.forms.KINDS``).

    ``minimum`` and ``maximum`` bound a number, the length of ``digits`` or the rows of a ``group``.
    """

    name: str
    kind: str
    label: Text
    help: Text | None = None
    required: bool = True
    choices: list[Choice] = []
    minimum: int | None = None
    maximum: int | None = None
    latest: Literal["", "today"] = ""


class Field(Question, frozen=True, kw_only=True):
    """A question of a page. ``replaces`` names the question whose answer this one corrects: both are
    shown side by side. A ``group`` asks its ``columns`` in every row; ``row`` is what one is called.
    """

    step: str
    when: Condition | None = None
    prefill: str = ""
    rules: list[str] = []
    replaces: str = ""
    row: Text | None = None
    columns: list[Question] = []


class Document(Part, frozen=True):
    """A paper of the dossier and how it is handed in; ``proves`` names the page it is evidence for."""

    slug: str
    label: Text
    mode: Mode
    when: Condition | None = None
    required: bool = True
    form: str = ""
    help: Text | None = None
    confidence: ConfidenceMark = "sure"
    proves: str = ""

    @property
    def uploaded(self) -> bool:
        return self.mode in {"upload", "upload_then_original"}

    @property
    def generated(self) -> bool:
        return self.mode in {"generated", "generated_then_post"}

    @property
    def posted(self) -> bool:
        return self.mode in {"post_original", "generated_then_post", "upload_then_original"}


class State(Part, frozen=True):
    """A station of the dossier; ``code`` is the national status code (1 to 10, 0 for a draft)."""

    slug: str
    label: Text
    code: int
    clock: Clock = "waiting"
    final: bool = False
    tone: Literal["grey", "blue", "green", "yellow", "red"] = "grey"
    hint: Text | None = None


class Transition(Part, frozen=True):
    """An action: from where to where, who may, which rules hold, which side effects follow.

    ``four_eyes`` names earlier actions: who did the last of them may not do this one.
    ``note_public``: the citizen reads the note; all others stay inside the office. An action whose
    ``target`` is empty leaves the dossier where it is.
    """

    action: str
    label: Text
    sources: list[str]
    target: str
    roles: list[Role]
    rules: list[str] = []
    topics: list[str] = []
    four_eyes: list[str] = []
    note: Literal["none", "optional", "required"] = "none"
    note_public: bool = False
    prompt: Text | None = None
    tone: Literal["primary", "secondary", "warning"] = "secondary"

    def leads_to(self, state: str) -> str:
        """Where the action brings a dossier that is in ``state``."""
        return self.target or state


class Result(Part, frozen=True):
    label: Text
    medium: str
    returned: Text | None = None


class Definition(Part, frozen=True, dict=True, weakref=True):
    """One version of a procedure, complete.

    ``synonyms``: what people call it, for the search. ``urgent_when``: answers that put a dossier on
    top of the desk's queue.
    """

    slug: str
    group: Literal["A", "B", "C", "D", "E", "F"]
    order: int
    title: Text
    summary: Text
    who: Text
    filers: list[str]
    handled_by: Literal["district", "province"]
    where: Text
    result: Result
    fee: int
    legal: list[str]
    confidence: ConfidenceMark
    envelope: str
    cases: list[Case]
    time_limits: list[TimeLimit]
    steps: list[Step]
    fields: list[Field]
    documents: list[Document]
    states: list[State]
    transitions: list[Transition]
    notes: list[Text] = []
    form_code: str = ""
    declaration: Text | None = None
    synonyms: list[str] = []
    urgent_when: Condition | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: equal content, equal digest, wherever it came from."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @cached_property
    def _by_name(self) -> dict[str, dict[str, Any]]:
        return {
            "case": {c.slug: c for c in self.cases},
            "step": {s.slug: s for s in self.steps},
            "field": {f.name: f for f in self.fields},
            "document": {d.slug: d for d in self.documents},
            "state": {s.slug: s for s in self.states},
            "transition": {t.action: t for t in self.transitions},
        }

    def open_to(self, filer: str) -> "Definition":
        """This definition with only the cases that ``filer`` may file."""
        mine = [c for c in self.cases if not c.filers or filer in c.filers]
        if len(mine) == len(self.cases):
            return self
        if filer not in self._narrowed:
            self._narrowed[filer] = msgspec.structs.replace(self, cases=mine)
        return self._narrowed[filer]

    @cached_property
    def _narrowed(self) -> dict[str, "Definition"]:
        return {}

    def case(self, slug: str) -> Case | None:
        return self._by_name["case"].get(slug)

    def step(self, slug: str) -> Step | None:
        return self._by_name["step"].get(slug)

    def field(self, name: str) -> Field | None:
        return self._by_name["field"].get(name)

    def document(self, slug: str) -> Document | None:
        return self._by_name["document"].get(slug)

    def state(self, slug: str) -> State:
        """Raises ``KeyError``: a dossier is never in a state its version does not know."""
        state: State = self._by_name["state"][slug]
        return state

    def transition(self, action: str) -> Transition | None:
        return self._by_name["transition"].get(action)

    def filers_of(self, case: Case | None) -> list[str]:
        """Who may file ``case``, or the procedure where none is chosen."""
        return case.filers if case and case.filers else self.filers

    def limits_of(self, case: str) -> list[TimeLimit]:
        """The limits that can hold for ``case``, depending on the answers."""
        own = [limit for limit in self.time_limits if case in limit.cases]
        if any(limit.when is None for limit in own):
            return own
        return [*own, *(limit for limit in self.time_limits if not limit.cases)]

    def time_limit(self, case: str, answers: Mapping[str, Any]) -> TimeLimit:
        """The limit of ``case``: one for just these answers, else its own, else the general one."""
        answers = {**answers, "case": case}
        fitting = [limit for limit in self.limits_of(case) if applies(limit, answers)]
        return next((limit for limit in fitting if limit.when), fitting[0])

    def is_urgent(self, answers: Mapping[str, Any]) -> bool:
        """Whether a dossier with these answers goes before all others."""
        return self.urgent_when is not None and self.urgent_when.holds(answers)

    def fields_of(self, step: Step, answers: Mapping[str, Any]) -> list[Field]:
        """The questions of ``step`` that apply to ``answers``."""
        return [f for f in self.fields if f.step == step.slug and applies(f, answers)]

    def steps_for(self, answers: Mapping[str, Any]) -> list[Step]:
        """The pages that apply to ``answers``, in order."""
        return [s for s in self.steps if applies(s, answers)]

    def documents_for(self, answers: Mapping[str, Any]) -> list[Document]:
        """The papers that ``answers`` ask for."""
        return [d for d in self.documents if applies(d, answers)]


def applies(part: Case | TimeLimit | Field | Step | Document, answers: Mapping[str, Any]) -> bool:
    return part.when is None or part.when.holds(answers)
