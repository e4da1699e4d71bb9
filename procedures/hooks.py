"""Names that definitions may use for code: rules of eligibility and of transitions.

With ``portal.outbox.handlers`` this dictionary is the whole plug-in system. A system check
stops start-up when a published definition names one that does not exist.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from procedures.definition import Definition, Field, Step

if TYPE_CHECKING:
    from portal.models import User
    from procedures.models import Dossier


@dataclass(frozen=True)
class Facts:
    """What a rule may look at. ``answers`` are cleaned; ``today`` is passed, never looked up.

    ``public``: nobody knows who asks, so a rule tells nothing of what is kept about anybody.
    """

    definition: Definition
    answers: Mapping[str, Any]
    today: date
    dossier: "Dossier | None" = None
    actor: "User | None" = None
    public: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why something may not go on: plain words, and the question they belong to, if any."""

    message: str
    field: str = ""


@dataclass(frozen=True)
class Doubt:
    """What does not fit together. People are told at the input ``ident`` (a field, or ``field-row-column``)
    and may go on all the same.
    """

    message: str
    ident: str


@dataclass(frozen=True)
class Advice:
    """What an app above has to say on the pages of a dossier, and where it leads."""

    words: str
    url: str = ""
    link: str = ""


advisers: dict[str, Callable[[Facts], list[Advice]]] = {}
"""By procedure: asked before a dossier is filed, and on its page afterwards."""


def advice(facts: Facts) -> list[Advice]:
    """What there is to say of a dossier to whom it belongs."""
    adviser = advisers.get(facts.definition.slug)
    return adviser(facts) if adviser else []


Rule = Callable[[Facts], Refusal | None]
DoubtRule = Callable[[Facts], list[Doubt]]

rules: dict[str, Rule] = {}
doubt_rules: dict[str, DoubtRule] = {}
"""Stand in definitions among the rules; their answers may be as typed."""


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a rule under ``name``; it returns None when content, else a ``Refusal``."""

    def register(function: Rule) -> Rule:
        if name in rules:
            raise ValueError(f"two rules are called {name}")
        rules[name] = function
        return function

    return register


def refusals(names: list[str], facts: Facts) -> list[Refusal]:
    """What the rules called ``names`` object to."""
    objecting = (rules[name] for name in names if name not in doubt_rules)
    return [refusal for rule in objecting if (refusal := rule(facts))]


def doubt_rule(name: str) -> Callable[[DoubtRule], DoubtRule]:
    """Register a rule under ``name`` that refuses nothing and only doubts."""

    def register(function: DoubtRule) -> DoubtRule:
        if name in rules or name in doubt_rules:
            raise ValueError(f"two rules are called {name}")
        doubt_rules[name] = function
        return function

    return register


def doubts(step: Step, asked: Sequence[Field], facts: Facts) -> list[Doubt]:
    """What the rules of a page doubt about the questions ``asked`` on it."""
    names = dict.fromkeys([*(name for field in asked for name in field.rules), *step.rules])
    found = [doubt for name in names if name in doubt_rules for doubt in doubt_rules[name](facts)]
    here = {field.name for field in asked}
    return [doubt for doubt in found if doubt.ident.split("-")[0] in here]
