"""Columns that are encrypted at rest, under keys that can be changed.

``DATA_KEYS`` lists secrets, the newest first: the first seals, all open. ``manage.py reseal`` seals
everything anew with the first, after which the others may go.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=8)
def _box(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(_derived(secret, b"seal"))) for secret in secrets])


def _derived(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"portal.sealing." + purpose, hashlib.sha256)


def seal(plain: str) -> str:
    """``plain`` encrypted and authenticated, another text each time."""
    return _box(tuple(settings.DATA_KEYS)).encrypt(plain.encode()).decode()


def unseal(sealed: str) -> str:
    """What ``seal`` was given; raises ``cryptography.fernet.InvalidToken`` under other keys."""
    return _box(tuple(settings.DATA_KEYS)).decrypt(sealed.encode()).decode()


def fingerprint(plain: str, *, secret: str = "") -> str:
    """Alike for like values, under the key that ``FINGERPRINT_KEY`` is; tells nothing of the value."""
    key = _derived(secret or settings.FINGERPRINT_KEY, b"fingerprint")
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Text that is sealed in the database and plain in Python. It cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        return seal(str(value)) if value not in (None, "") else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return unseal(value) if value else value
