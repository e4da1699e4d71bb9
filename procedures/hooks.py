"""Names that definitions may use for code: rules of eligibility and of transitions.

With ``portal.outbox.handlers`` this dictionary is the whole plug-in system. A system check
stops start-up when a published definition names one that does not exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from procedures.definition import Definition

if TYPE_CHECKING:
    from portal.models import User
    from procedures.models import Dossier


@dataclass(frozen=True)
class Facts:
    """What a rule may look at. ``answers`` are cleaned; ``today`` is passed, never looked up."""

    definition: Definition
    answers: Mapping[str, Any]
    today: date
    dossier: "Dossier | None" = None
    actor: "User | None" = None


@dataclass(frozen=True)
class Refusal:
    """Why something may not go on: plain words, and the question they belong to, if any."""

    message: str
    field: str = ""


Rule = Callable[[Facts], Refusal | None]

rules: dict[str, Rule] = {}


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
    return [refusal for name in names if (refusal := rules[name](facts))]
