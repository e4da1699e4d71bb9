"""Notes the people of an office leave each other on a dossier, and whom they mean by them.

A note goes where its dossier goes: whoever of the staff may open the dossier reads it, the office it was
handed over to as well. It stands in no paper, no list and on no page of a citizen.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from portal import text
from portal.models import User
from procedures import dossiers, workflow
from procedures.models import Dossier, Mention, Note
from procedures.workflow import MoveRefused

LONGEST = 4000
# Who works on dossiers; others look on.
WRITERS = frozenset({"clerk", "supervisor"})
_UNREAD = ExpressionWrapper(Q(read_at=None), BooleanField())
Piece = tuple[str, bool]
"""A bit of a note, and whether it is the name of somebody meant."""


def may_write(dossier: Dossier, user: User) -> bool:
    """Whether ``user`` works at the office of ``dossier``."""
    return workflow.role_of(user) in WRITERS and user.staff.office_id == dossier.office_id


def colleagues(dossier: Dossier, user: User) -> list[User]:
    """Everybody else who works at the office of ``dossier``, by name."""
    at_work = User.objects.filter(staff__office=dossier.office_id, is_active=True, is_staff=True)
    return list(at_work.exclude(pk=user.pk).order_by("full_name", "pk"))


def write(
    dossier: Dossier,
    words: str,
    *,
    author: User,
    to: Iterable[int],
    key: str,
    now: datetime,
    kind: str = Note.Kind.NOTE,
) -> Note:
    """Keep a note and tell the colleagues in ``to`` and those named ``@Full Name`` in it.

    The same ``key`` of the same person gives the same note. Raises ``MoveRefused``.
    """
    if not may_write(dossier, author):
        raise MoveRefused(_("You may not do this with this dossier."))
    words = text.clean(words)
    if not words:
        raise MoveRefused(_("Please write the note."), field="note")
    if len(words) > LONGEST:
        raise MoveRefused(_("A note has at most %(n)d letters.") % {"n": LONGEST}, field="note")
    chosen, here = set(to), colleagues(dossier, author)
    meant = [c for c in here if c.pk in chosen or _names([c.full_name]).search(words)]
    with transaction.atomic():
        given = {"kind": kind, "text": words, "at": now}
        note, fresh = Note.objects.get_or_create(dossier=dossier, author=author, key=key, defaults=given)
        if fresh:
            Mention.objects.bulk_create(Mention(note=note, user=user) for user in meant)
    return note


def _names(names: Iterable[str]) -> re.Pattern[str]:
    """``@`` and one of ``names``, the longest first: who is called like the beginning of another."""
    longest_first = sorted((re.escape(name) for name in names), key=len, reverse=True)
    return re.compile(rf"(@(?:{'|'.join(longest_first) or '(?!)'}))(?!\w)", re.IGNORECASE)


def of(dossier: Dossier) -> list[Note]:
    """The notes on ``dossier``, the newest first, with their authors and those meant."""
    return list(dossier.notes.select_related("author").prefetch_related("mentions__user").order_by("-id"))


def pieces(note: Note) -> list[Piece]:
    """The words of ``note``, with the names in it apart: plain text, to be escaped like any other."""
    found = _names(mention.user.full_name for mention in note.mentions.all()).split(note.text)
    return [(words, bool(number % 2)) for number, words in enumerate(found) if words]


# --- Mentions ------------------------------------------------------------------------------------


def mentions_of(user: User) -> QuerySet[Mention]:
    """What others told ``user`` on dossiers that ``user`` may still open, unread ones first."""
    visible = dossiers.visible_to(user).filter(pk=OuterRef("note__dossier"))
    mine = Mention.objects.filter(Exists(visible), user=user)
    return mine.select_related("note__author", "note__dossier").order_by(_UNREAD.desc(), "-note_id")


def unread(user: User) -> int:
    """How many of them wait; counted on every page of the desk."""
    if not Mention.objects.filter(user=user, read_at=None).exists():
        return 0
    return mentions_of(user).filter(read_at=None).count()


def mark_read(user: User, number: int | None, *, now: datetime) -> Mention | None:
    """Take the mention ``number`` as read, or all of them; gives the one, if it is theirs."""
    waiting = mentions_of(user).order_by("pk").filter(read_at=None)
    if number is not None:
        waiting = waiting.filter(pk=number)
    Mention.objects.filter(pk__in=list(waiting.values_list("pk", flat=True)), read_at=None).update(
        read_at=now
    )
    return mentions_of(user).filter(pk=number).first() if number is not None else None
