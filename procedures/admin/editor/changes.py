"""Changes to the content of a draft, as functions from one definition to the next."""

import hashlib
import re
from collections.abc import Callable, Collection
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from portal.text import without_marks
from procedures.catalogue import Changed
from procedures.definition import Definition, Field
from procedures.wording import FIELDS, Part

Change = Callable[[Definition], Definition]


class Gone(Changed):
    """A part that somebody has removed in the meantime."""


def mark(piece: Any) -> str:
    """A mark of what ``piece`` says, to see whether somebody has changed it since; "" for none."""
    return "" if piece is None else hashlib.sha256(msgspec.json.encode(piece, order="sorted")).hexdigest()


def put(part: Part, key: str, make: Callable[[Definition, Any], Any], *, seen: str) -> Change:
    """Put what ``make`` gives in the place of ``key`` (last, where there is none).

    Refuses with ``Changed`` when what stands there is not what the person saw.
    """

    def change(definition: Definition) -> Definition:
        standing = part.find(definition, key)
        if mark(standing) != seen:
            raise Gone if standing is None else Changed
        made = make(definition, standing)
        if not part.many:
            return made  # type: ignore[no-any-return]
        pieces = part.of(definition)
        if standing is None:
            return _with(definition, part, [*pieces, made])
        return _with(definition, part, [made if piece is standing else piece for piece in pieces])

    return change


def remove(part: Part, key: str, *, seen: str) -> Change:
    def change(definition: Definition) -> Definition:
        standing = part.find(definition, key)
        if mark(standing) != seen:
            raise Gone if standing is None else Changed
        return _with(definition, part, [piece for piece in part.of(definition) if piece is not standing])

    return change


def move(part: Part, key: str, *, up: bool) -> Change:
    """Change places with the one before or after; a question stays on its page."""

    def change(definition: Definition) -> Definition:
        pieces, piece = part.of(definition), _standing(part, key, definition)
        here = pieces.index(piece)
        order = range(here - 1, -1, -1) if up else range(here + 1, len(pieces))
        there = next((i for i in order if _same_list(piece, pieces[i])), here)
        pieces[here], pieces[there] = pieces[there], pieces[here]
        return _with(definition, part, pieces)

    return change


def _same_list(one: Any, other: Any) -> bool:
    return not isinstance(one, Field) or one.step == other.step


def copy(part: Part, key: str) -> Change:
    """Put a copy right behind the original, under a name of its own."""

    def change(definition: Definition) -> Definition:
        pieces, piece = part.of(definition), _standing(part, key, definition)
        copied = _renamed(part, piece, free_name(part, definition, key)) if part.key else piece
        here = pieces.index(piece)
        return _with(definition, part, [*pieces[: here + 1], copied, *pieces[here + 1 :]])

    return change


def copy_field(field: Field, *, step: str) -> Change:
    """Bring a question of another procedure onto the page ``step``; conditions do not come along."""

    def change(definition: Definition) -> Definition:
        name = free_name(FIELDS, definition, field.name)
        own = msgspec.structs.replace(field, name=name, step=step, when=None, replaces="")
        return _with(definition, FIELDS, [*definition.fields, own])

    return change


def _standing(part: Part, key: str, definition: Definition) -> Any:
    piece = part.find(definition, key)
    if piece is None:
        raise Gone(_("This part has been removed in the meantime."))
    return piece


def _renamed(part: Part, piece: Any, name: str) -> Any:
    return msgspec.structs.replace(piece, **{part.key: name})


def _with(definition: Definition, part: Part, pieces: list[Any]) -> Definition:
    return msgspec.structs.replace(definition, **{part.many: pieces})


def free_name(part: Part, definition: Definition, wanted: str) -> str:
    """``wanted``, or with a number behind it: a name that is not taken yet."""
    return not_among(set(part.keys(definition)), wanted)


def not_among(taken: Collection[str], wanted: str) -> str:
    if wanted not in taken:
        return wanted
    stem = re.sub(r"_\d+$", "", wanted)[:50]
    return next(name for i in range(2, 1000) if (name := f"{stem}_{i}") not in taken)


def name_from(words: str) -> str:
    """A short name made of what people read: ``Số điện thoại`` becomes ``so_dien_thoai``."""
    return re.sub(r"[^a-z0-9]+", "_", without_marks(words)).strip("_")[:40].strip("_") or "muc"
