"""Codes of forms that are filled in here and come by post: ``GIAY-7K3M-9QXT-R2WD-H``.

Twelve characters by chance, out of 31 that nobody takes for another, and one that checks them: a single
wrong character, or two exchanged ones, are always noticed (31 is a prime, every place has its own weight).
It begins as neither dossier codes nor tracking numbers do.
"""

import secrets

PREFIX = "GIAY"
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 12


def fresh() -> str:
    """A code that nobody can guess."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return _written(body + _check(body))


def is_one(scanned: str) -> bool:
    """Whether ``scanned`` is meant as such a code, right or wrong."""
    return _bare(scanned).startswith(PREFIX)


def read(scanned: str) -> str:
    """The code as it is kept, however it was typed; "" where it is none or a character is wrong."""
    bare = _bare(scanned).removeprefix(PREFIX)
    whole = is_one(scanned) and len(bare) == _LENGTH + 1 and set(bare) <= set(_ALPHABET)
    return _written(bare) if whole and _check(bare[:-1]) == bare[-1] else ""


def _bare(scanned: str) -> str:
    return "".join(c for c in scanned.upper() if c.isalnum())


def _check(body: str) -> str:
    total = sum(weight * _ALPHABET.index(c) for weight, c in enumerate(body, start=1))
    return _ALPHABET[total % len(_ALPHABET)]


def _written(bare: str) -> str:
    return "-".join([PREFIX, bare[:4], bare[4:8], bare[8:12], bare[12:]])
