"""Codes on envelopes that are no dossier yet: an app above tells them and makes the dossier.

The mailroom asks here for whatever it does not know itself, so a code of any kind goes through the same
field of the scanner.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.models import User
from procedures.hooks import Advice
from procedures.models import Dossier
from procedures.workflow import MoveRefused


@dataclass(frozen=True)
class Kind:
    """One kind of code.

    ``reads``: the code as it is kept, "" for what is none of this kind; raises ``MoveRefused`` for one
    that was misread. ``take``: the dossier of the code, made now if there is none, None where nothing is
    kept under it (any more); the same code gives the same dossier. ``says``: why there is none, and what
    can be done.
    """

    reads: Callable[[str], str]
    take: Callable[[str, User, datetime], Dossier | None]
    says: Callable[[str], Advice]


kinds: list[Kind] = []


def _found(scanned: str) -> tuple[Kind | None, str]:
    for kind in kinds:
        if code := kind.reads(scanned):
            return kind, code
    return None, ""


def reads(scanned: str) -> str:
    """``scanned`` as the code that it is, "" where it is none of these; raises ``MoveRefused``."""
    return _found(scanned)[1]


def take(code: str, *, actor: User, now: datetime) -> Dossier | None:
    """The dossier that ``code`` stands for; None where it stands for none. In the caller's transaction."""
    kind, code = _found(code)
    return kind.take(code, actor, now) if kind else None


def says(code: str) -> Advice | None:
    """What staff read of a kept ``code`` that has no dossier; None where it is none of these."""
    try:
        kind, code = _found(code)
    except MoveRefused:
        return None
    return kind.says(code) if kind else None
