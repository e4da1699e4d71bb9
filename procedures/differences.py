"""What changed between two versions, in words: all of it for staff, what concerns them for citizens."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from portal.text import grouped
from procedures.definition import Definition
from procedures.vocabulary import UNITS
from procedures.wording import (
    CASES,
    DOCUMENTS,
    FIELDS,
    PARTS,
    Aspect,
    Part,
    in_each_language,
    shown,
    title_of,
)


def differences(old: Definition, new: Definition) -> list[str]:
    """Every difference, a line each, in the language of the page."""
    return [line for part in PARTS.values() for line in _part_lines(part, old, new)]


def _part_lines(part: Part, old: Definition, new: Definition) -> Iterator[str]:
    before, after = _keyed(part, old), _keyed(part, new)
    for key, piece in after.items():
        if key not in before:
            yield f"{_named(part, piece)}: {_('added')}"
    for key, piece in before.items():
        if key not in after:
            yield f"{_named(part, piece)}: {_('removed')}"
        elif piece != after[key]:
            yield from _piece_lines(part, piece, after[key], old, new)
    for key in _moved(list(before), list(after)):
        yield f"{_named(part, after[key])}: {_('stands in another place')}"


def _keyed(part: Part, definition: Definition) -> dict[str, Any]:
    return dict(zip(part.keys(definition), part.of(definition), strict=True))


def _named(part: Part, piece: Any) -> str:
    return f"{part.one} “{title_of(part, piece)}”" if part.many else str(part.one)


def _moved(before: list[str], after: list[str]) -> list[str]:
    """The names that left their place among those that both lists have."""
    old, new = [k for k in before if k in after], [k for k in after if k in before]
    match = SequenceMatcher(None, old, new, autojunk=False)
    stayed = {name for block in match.get_matching_blocks() for name in old[block.a : block.a + block.size]}
    return [name for name in new if name not in stayed]


def _piece_lines(part: Part, old: Any, new: Any, before: Definition, after: Definition) -> Iterator[str]:
    name = _named(part, old)
    for aspect in part.aspects:
        if aspect.of(old) != aspect.of(new):
            for label, was, now in _aspect_lines(aspect, aspect.of(old), aspect.of(new), before, after):
                yield f"{name}: {label}: {was or '–'} → {now or '–'}"
    known = (
        {aspect.name.split(".")[0] for aspect in part.aspects} | {p.many for p in PARTS.values()} | {"slug"}
    )
    for attribute in part.struct.__struct_fields__:
        was, now = getattr(old, attribute), getattr(new, attribute)
        if attribute not in known and was != now:
            yield f"{name}: {attribute}: {_plain(was)} → {_plain(now)}"


def _aspect_lines(
    aspect: Aspect, old: Any, new: Any, before: Definition, after: Definition
) -> Iterator[tuple[str, str, str]]:
    if aspect.kind == "words":
        yield from in_each_language(aspect, old, new)
        return
    was, now = shown(aspect, old, before), shown(aspect, new, after)
    if was == now:  # the other language, or names behind the same words
        was, now = _plain(old), _plain(new)
    yield str(aspect.label), was, now


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# --- For the citizen -----------------------------------------------------------------------------


def for_citizen(old: Definition, new: Definition) -> list[str]:
    """What a citizen who has begun with ``old`` must know of ``new``; nothing that does not show."""
    return [*_pieces_for_citizen(old, new), *_facts_for_citizen(old, new)]


def _pieces_for_citizen(old: Definition, new: Definition) -> Iterator[str]:
    sentences = {
        FIELDS.many: (_("New question: %s"), _("No longer asked: %s"), _("The question has changed: %s")),
        DOCUMENTS.many: (_("New paper: %s"), _("Paper no longer needed: %s"), _("The paper has changed: %s")),
        CASES.many: (
            _("New case: %s"),
            _("This case is no longer offered: %s"),
            _("The case has changed: %s"),
        ),
    }
    for part in (CASES, FIELDS, DOCUMENTS):
        before, after = _keyed(part, old), _keyed(part, new)
        added, removed, changed = sentences[part.many]
        yield from (added % _quoted(part, piece) for key, piece in after.items() if key not in before)
        yield from (removed % _quoted(part, piece) for key, piece in before.items() if key not in after)
        yield from (
            changed % _quoted(part, after[key])
            for key, piece in before.items()
            if key in after and _seen(part, piece, old) != _seen(part, after[key], new)
        )


def _quoted(part: Part, piece: Any) -> str:
    return f"“{title_of(part, piece)}”"


def _seen(part: Part, piece: Any, definition: Definition) -> list[str]:
    """What of a question, paper or case is visible to the citizen who is asked for it."""
    hidden = {"legal", "confidence", "prefill", "rules", "step"}
    return [shown(a, a.of(piece), definition) for a in part.aspects if a.name not in hidden]


def _facts_for_citizen(old: Definition, new: Definition) -> Iterator[str]:
    was, now = (
        [(limit.days, limit.unit, tuple(limit.cases)) for limit in definition.time_limits]
        for definition in (old, new)
    )
    if was != now:
        words = "; ".join(f"{days} {UNITS[unit]}" for days, unit, _cases in now)
        yield _("The office now has: %s") % words
    if old.fee != new.fee:
        yield _("The fee is now %s đồng.") % grouped(new.fee)
    if str(old.who) != str(new.who):
        yield _("Who may file has changed: %s") % new.who
