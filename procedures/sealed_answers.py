"""Answers that are sealed at rest and masked on the desk: the numbers of bank accounts.

Which they are, the kinds of the questions say. Whoever writes ``typed`` or ``answers`` of a dossier seals
them here; ``portal.sealing.opened`` opens one where it is needed.
"""

from collections.abc import Mapping
from typing import Any

from portal.sealing import Sealed
from portal.text import masked, masked_digits
from procedures.definition import Definition, Question

KINDS = frozenset({"bank_account", "account_words"})
# Asked as a plain line of text before there was a kind for it; published versions do not change.
_NAMES = frozenset({"current_account"})


def is_sealed(field: Question) -> bool:
    return field.kind in KINDS or field.name in _NAMES


def sealed(definition: Definition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """``answers``, raw or cleaned, with the numbers of accounts sealed; what is sealed already stays."""
    names = {field.name for field in definition.fields if is_sealed(field)}
    return {
        name: Sealed(value) if value and name in names and isinstance(value, str) else value
        for name, value in answers.items()
    }


def has_any(answers: Mapping[str, Any]) -> bool:
    """Whether an account number is among ``answers``."""
    return any(isinstance(value, Sealed) for value in answers.values())


def masked_answer(field: Question, words: str) -> str:
    """``words`` of the answer to ``field`` for who does not decide: at most its last digits."""
    if not is_sealed(field):
        return words
    return masked(words) if field.kind == "bank_account" else masked_digits(words)
