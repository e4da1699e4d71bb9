"""Words, times and characters as papers print them."""

import re
import unicodedata
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

TIME_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

Data = dict[str, Any]


class RenderError(Exception):
    """The paper could not be set. The message says why, in one line fit for the log."""


# Dates


def local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise RenderError(f"time without a zone: {moment}")
    return moment.astimezone(TIME_ZONE)


def day(value: date) -> str:
    return f"{value:%d/%m/%Y}"


def moment(value: datetime) -> str:
    return f"{local(value):%H giờ %M phút, ngày %d/%m/%Y}"


def day_in_words(moment: datetime) -> str:
    """As the place and date line has it: a nought before days under 10 and months 1 and 2."""
    then = local(moment)
    month = f"{then.month:02}" if then.month < 3 else str(then.month)
    return f"ngày {then:%d} tháng {month} năm {then.year}"


# Text

# What Be Vietnam Pro has a shape for, control and invisible characters aside.
_SHAPES = (
    "\x20-\x7e\xa1-\xac\xae-\u0107\u010a-\u0113\u0116-\u011b\u011e-\u0121\u0126-\u012b"
    "\u012e-\u0131\u0139\u013a\u013d\u013e\u0141-\u0144\u0147\u0148\u014c\u014d\u0150-\u0155"
    "\u0158-\u015b\u015e-\u016b\u016e-\u017e\u01a0\u01a1\u01af\u01b0\u01e6\u01e7\u02c6\u02c7"
    "\u02d8-\u02dc\u0300-\u0304\u0306-\u030c\u0312\u031b\u0323\u0326-\u0328\u1e20\u1e21"
    "\u1e80-\u1e85\u1e9e\u1ea0-\u1ef9\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022"
    "\u2026\u2030\u2039\u203a\u2044\u2070\u2074-\u2079\u2080-\u2089\u20ab\u20ac\u2122"
    "\u215b-\u215e\u2212\u2215\u2248\u2260\u2264\u2265"
)
_PRINTABLE = re.compile(f"[{_SHAPES}]*")
_BREAK = "\u200b"

# The widest word, in ems, that fits the narrowest column of a paper (the receipt's table).
_WIDEST_WORD = 12


def cleaned(content: msgspec.Struct) -> Data:
    data: Data = clean(msgspec.to_builtins(content))
    return data


def clean(value: Any, longest: int | None = None) -> Any:
    """Every string inside ``value`` made printable; an empty one becomes None."""
    match value:
        case str():
            return printed(value, longest)
        case dict():
            return {key: clean(inner, longest) for key, inner in value.items()}
        case list() | tuple():
            return [clean(inner, longest) for inner in value]
        case _:
            return value


def printed(value: str, longest: int | None = None) -> str | None:
    value = unicodedata.normalize("NFC", value)
    if not _PRINTABLE.fullmatch(value):
        value = "".join(map(_printable, value))
    if longest and len(value) > longest:
        value = value[: longest - 1] + "…"
    return " ".join(_breakable(word) for word in value.split()) or None


def _printable(char: str) -> str:
    """The character, its nearest printable relation, nothing for an invisible one, or ``?``."""
    if _PRINTABLE.fullmatch(char):
        return char
    if char.isspace():
        return " "
    if unicodedata.category(char)[0] in "CM":
        return ""
    relation = unicodedata.normalize("NFKC", char)
    return relation if _PRINTABLE.fullmatch(relation) else "?"


def _breakable(word: str) -> str:
    """Marks where too wide a word may be broken, never before a combining mark."""
    if len(word) <= 10 or sum(map(_width, word)) <= _WIDEST_WORD:
        return word
    return _BREAK.join(re.findall("(?:.[\u0300-\u036f]*){1,4}", word))


def _width(char: str) -> float:
    """About how wide a character of the widest sort is in bold type, in ems."""
    letter = unicodedata.normalize("NFD", char)[0]
    if letter in "MWmwÆŒæœ@%‰…—™":
        return 1.1
    return 0.72 if letter.islower() or letter.isdigit() else 0.88
