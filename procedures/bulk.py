"""The same act on many dossiers: each in a transaction of its own, each with its own outcome."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from procedures.models import Dossier
from procedures.workflow import MoveRefused

MOST = 300


@dataclass(frozen=True)
class Outcome:
    """What came of one dossier; ``refusal`` says why nothing did."""

    dossier: Dossier
    refusal: str = ""


def one_by_one(
    dossiers: Iterable[Dossier], act: Callable[[Dossier, str], object], *, key: str
) -> list[Outcome]:
    """``act`` on each, with a key that follows from the form's: sent twice, or again after half, counts once.

    What was refused leaves the others alone.
    """
    return [_outcome(dossier, act, _key(key, dossier)) for dossier in dossiers]


def _outcome(dossier: Dossier, act: Callable[[Dossier, str], object], key: str) -> Outcome:
    try:
        act(dossier, key)
    except MoveRefused as refused:
        return Outcome(dossier, str(refused))
    return Outcome(dossier)


def _key(key: str, dossier: Dossier) -> str:
    return f"bulk:{hashlib.sha256(key.encode()).hexdigest()[:32]}:{dossier.pk}"
