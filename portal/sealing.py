"""What is encrypted at rest, under keys that can be changed: columns, answers within JSON, files.

``DATA_KEYS`` lists secrets, the newest first: the first seals, all open. ``manage.py reseal`` seals
everything anew with the first, after which the others may go. Files: ``portal.sealed_storage``.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

MARK = "$sealed"
"""The one key of the object that stands in JSON for a sealed text; no question has such a name."""


@lru_cache(maxsize=8)
def _box(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(derived(secret, b"seal"))) for secret in secrets])


def derived(secret: str, purpose: bytes) -> bytes:
    """The key of 32 bytes that ``secret`` gives for one ``purpose``."""
    return hmac.digest(secret.encode(), b"portal.sealing." + purpose, hashlib.sha256)


def seal(plain: str) -> str:
    """``plain`` encrypted and authenticated, another text each time."""
    return _box(tuple(settings.DATA_KEYS)).encrypt(plain.encode()).decode()


def unseal(sealed: str) -> str:
    """What ``seal`` was given; raises ``cryptography.fernet.InvalidToken`` under other keys."""
    return _box(tuple(settings.DATA_KEYS)).decrypt(sealed.encode()).decode()


def fingerprint(plain: str, *, secret: str = "") -> str:
    """Alike for like values, under the key that ``FINGERPRINT_KEY`` is; tells nothing of the value."""
    key = derived(secret or settings.FINGERPRINT_KEY, b"fingerprint")
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Text that is sealed in the database and plain in Python. It cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        return seal(str(value)) if value not in (None, "") else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return unseal(value) if value else value


class SealedNumber(SealedField):
    """A whole number that is sealed in the database, a ``Decimal`` in Python."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return Decimal(unseal(value)) if value else None


class Sealed:
    """A text within JSON that is sealed at rest, and opened only when ``opened`` asks for it.

    It is no string: it cannot be printed, compared with a set, or written where nothing seals it.
    """

    __slots__ = ("_key", "_plain", "_token")

    def __init__(self, plain: str = "", *, token: str = "") -> None:
        self._plain, self._token = plain, token
        self._key = ""  # the one that has sealed it, once that is known

    def open(self) -> str:
        """The text; raises ``cryptography.fernet.InvalidToken`` where no key opens it."""
        if not self._plain:
            self._plain = unseal(self._token)
        return self._plain

    def is_current(self) -> bool:
        """Whether it is sealed, and with the newest key."""
        newest = settings.DATA_KEYS[0]
        if self._token and self._key != newest:
            try:
                _box((newest,)).decrypt(self._token.encode())
            except InvalidToken:
                return False
            self._key = newest
        return bool(self._token)

    def as_json(self) -> dict[str, str]:
        """What stands in the database, sealed with the newest key; what no key opens stays as it is.

        Whoever read a row before its keys were changed so never writes an old key back.
        """
        if not self.is_current():
            with suppress(InvalidToken):
                self._token, self._key = seal(self.open()), settings.DATA_KEYS[0]
        return {MARK: self._token}

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, str | Sealed) and self.open() == opened(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "<sealed>"

    def __str__(self) -> str:
        raise TypeError("a sealed text is opened on purpose: sealing.opened")


def opened(value: Any) -> Any:
    """``value``, in the clear where it was sealed: the one place where sealed answers are opened."""
    return value.open() if isinstance(value, Sealed) else value


class SealingEncoder(json.JSONEncoder):
    """Writes ``Sealed`` texts into a JSON column."""

    def default(self, o: Any) -> Any:
        return o.as_json() if isinstance(o, Sealed) else super().default(o)


class SealingDecoder(json.JSONDecoder):
    """Reads them back, still sealed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"object_hook": _sealed_again, **options})


def _sealed_again(found: dict[str, Any]) -> Any:
    return Sealed(token=found[MARK]) if len(found) == 1 and MARK in found else found
