"""Normal forms of what people type, and of what they read: one place, so that nothing disagrees."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

_DIGITS = re.compile(r"\d(?:[ .\-]?\d)+")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000]+")
# Soft hyphen, zero-width characters and bidi controls arrive by copy and paste and break matching.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean(text: str) -> str:
    """``text`` in NFC without control or invisible characters; line breaks are kept as ``\\n``."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _INVISIBLE.sub("", text)
    text = "".join(c for c in text if c == "\n" or c == "\t" or unicodedata.category(c) != "Cc")
    return "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n")).strip()


def without_marks(text: str) -> str:
    """``text`` lower-case in ASCII letters: what names are compared and searched by."""
    decomposed = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.lower().split())


def bank_name(text: str) -> str:
    """``text`` as banks print an account holder: upper-case ASCII."""
    return without_marks(text).upper()


def grouped(amount: int | Decimal) -> str:
    """``1.490.000``: in whole đồng, rounded half up."""
    whole = amount if isinstance(amount, int) else amount.quantize(Decimal(1), ROUND_HALF_UP)
    return f"{whole:,}".replace(",", ".")


def dong(amount: int | Decimal) -> str:
    """``1.490.000 đ``, in whole đồng."""
    return f"{grouped(amount)} đ"


def masked(number: str) -> str:
    """An account number as it is shown to who need not know it; its length stays hidden, too."""
    return f"•••• {number[-4:]}" if len(number) > 4 else "••••"


def masked_digits(text: str) -> str:
    """``text`` with the numbers in it ``masked``, its words as they are."""
    return _DIGITS.sub(lambda number: masked(number[0]), text)
