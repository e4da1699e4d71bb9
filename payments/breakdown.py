"""A frozen quote of an order as the desk shows it: how the amount came about, and on which figures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from portal.text import dong
from procedures.legal_words import named


@dataclass(frozen=True)
class Shown:
    """One line: ``words``, what they come to, and for a figure where it stands and how sure it is."""

    words: str
    result: str = ""
    source: str = ""
    confidence: str = ""


_WORDS = ("words", "text", "label", "title", "name")
_RESULT = ("amount", "result", "value")
_AMOUNTS = ("amount", "result")


def steps(quote: Mapping[str, Any]) -> list[Shown]:
    """The steps of the calculation, in order."""
    return [_shown(step) for step in _rows(quote.get("steps"))]


def figures(quote: Mapping[str, Any]) -> list[Shown]:
    """The legal figures used, each with source and confidence."""
    shown = [_shown(figure) for figure in _rows(quote.get("figures"))]
    return [replace(f, words=named(f.words), result=_value(f.result)) for f in shown]


def _value(told: str) -> str:
    """A figure as people write it: amounts with dots, several of them in a row."""
    if told.isdecimal() and int(told) >= 1000:
        return dong(int(told))
    return told[1:-1] if told.startswith("[") and told.endswith("]") else told


def _rows(found: Any) -> list[Any]:
    if isinstance(found, Mapping):
        return [
            {"name": name, **(row if isinstance(row, Mapping) else {"value": row})}
            for name, row in found.items()
        ]
    return list(found) if isinstance(found, list | tuple) else []


def _shown(row: Any) -> Shown:
    if isinstance(row, Mapping):
        return Shown(
            _first(row, _WORDS), _first(row, _RESULT), _first(row, ("source",)), _first(row, ("confidence",))
        )
    if isinstance(row, list | tuple):
        words, result = (*map(str, row), "", "")[:2]
        return Shown(words, _money(result))
    return Shown(str(row))


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        if row.get(name) not in (None, ""):
            return _money(row[name]) if name in _AMOUNTS else str(row[name])
    return ""


def _money(found: Any) -> str:
    """A whole number as money is written here; anything else as it stands."""
    words = str(found)
    return dong(int(words)) if words.lstrip("-").isdecimal() else words
