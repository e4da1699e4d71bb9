"""Short messages to phones: a stub that keeps them as files, until the office has agreed on a gateway."""

import secrets

from django.conf import settings
from django.utils import timezone


def is_available() -> bool:
    """Whether short messages can be sent."""
    return settings.SMS_FOLDER is not None


def send_text(phone: str, words: str) -> None:
    """Send ``words`` to ``phone``."""
    if settings.SMS_FOLDER is None:
        raise RuntimeError("no short messages are sent here")
    settings.SMS_FOLDER.mkdir(parents=True, exist_ok=True)
    name = f"{timezone.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}.txt"
    path = settings.SMS_FOLDER / name
    path.touch(mode=0o600)
    path.write_text(f"{phone}\n{words}\n", encoding="utf-8")
