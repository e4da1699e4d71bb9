"""Shared blocks: parts that many definitions have in common, written once.

A definition, or a block, says ``use = ["person", "workflow"]``. Three rules:

1. The entries of the blocks stand before its own, in the order of ``use``. Where a list has an entry
   ``use = "person"``, the entries of that block stand there instead.
2. An own entry with the name of a block's entry changes it in place: the keys it gives replace those
   of the block, the other keys stay.
3. Two blocks may not bring the same name, nor may a file write a name twice.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Content = dict[str, Any]
Entry = dict[str, Any]

# The lists that blocks may bring, and the key that names their entries.
_LISTS = {
    "steps": "slug",
    "fields": "name",
    "documents": "slug",
    "states": "slug",
    "transitions": "action",
}


# The files of blocks lie in one folder: no name leads out of it.
_NAME = re.compile(r"[a-z0-9-]{1,60}")


class InvalidBlock(ValueError):
    """A block that does not exist, or a name that stands twice; ``str()`` says where."""


def expanded(content: Content, *, read: Callable[[str], Content]) -> Content:
    """``content`` without ``use``: the blocks it names, read by ``read``, are part of its lists."""
    _check_shape(content)
    found = {name: _expanded_block(name, read) for name in content.get("use", [])}
    whole = {key: value for key, value in content.items() if key != "use"}
    for part, key in _LISTS.items():
        entries = _merged(part, key, content.get(part, []), found)
        if entries or part in content:
            whole[part] = entries
    return whole


def _check_shape(content: Content) -> None:
    """Raise ``InvalidBlock`` for what cannot be put together; what else is wrong shows afterwards."""
    names = content.get("use", [])
    if not isinstance(names, list) or not all(isinstance(n, str) and _NAME.fullmatch(n) for n in names):
        raise InvalidBlock("use: a list of names of blocks is expected")
    for part, key in _LISTS.items():
        entries = content.get(part, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InvalidBlock(f"{part}: a list of tables is expected")
        if not all(isinstance(entry.get(name, ""), str) for entry in entries for name in (key, "use")):
            raise InvalidBlock(f"{part}: {key} and use are names")


def _expanded_block(name: str, read: Callable[[str], Content]) -> Content:
    try:
        block = read(name)
    except FileNotFoundError:
        raise InvalidBlock(f"use: there is no block {name}") from None
    unknown = sorted(set(block) - {"use", *_LISTS})
    if unknown:
        raise InvalidBlock(f"block {name}: may not have {', '.join(unknown)}")
    return expanded(block, read=read)


def _merged(part: str, key: str, own: list[Entry], found: dict[str, Content]) -> list[Entry]:
    shared: dict[str, str] = {}
    for block, content in found.items():
        for entry in content.get(part, []):
            if entry[key] in shared:
                raise InvalidBlock(f"{part}.{entry[key]}: blocks {shared[entry[key]]} and {block} bring it")
            shared[entry[key]] = block
    changes: dict[str, Entry] = {}
    for entry in own:
        if entry.get(key) in changes:
            raise InvalidBlock(f"{part}.{entry[key]}: stands twice")
        if key in entry:
            changes[entry[key]] = entry
    return [
        {**entry, **changes.get(entry[key], {})} if is_shared else entry
        for entry, is_shared in _placed(part, own, found)
        if is_shared or entry.get(key) not in shared
    ]


def _placed(part: str, own: list[Entry], found: dict[str, Content]) -> Iterator[tuple[Entry, bool]]:
    """Every entry of ``part`` in its order, and whether it comes from a block."""
    named = [entry["use"] for entry in own if "use" in entry]
    unknown = [name for name in named if name not in found]
    if unknown:
        raise InvalidBlock(f"{part}: {unknown[0]} is placed but not in use")
    for name, block in found.items():
        if name not in named:
            yield from ((entry, True) for entry in block.get(part, []))
    for entry in own:
        if "use" in entry:
            yield from ((shared, True) for shared in found[entry["use"]].get(part, []))
        else:
            yield entry, False
