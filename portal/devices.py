"""Which browsers somebody signs in from: a change from one never seen before asks for a second look."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal import sealing
from portal.models import Device, User

_COOKIE = "thiet-bi"
_YEAR = timedelta(days=365)


def remember(request: HttpRequest, user: User, response: HttpResponse, *, now: datetime) -> None:
    """Note at sign-in that ``user`` uses this browser, and give it a name if it has none."""
    name = request.COOKIES.get(_COOKIE, "")
    if not 20 <= len(name) <= 80:
        name = secrets.token_urlsafe(24)
    Device.objects.get_or_create(user=user, fingerprint=_print(name), defaults={"first_seen": now})
    response.set_cookie(
        _COOKIE, name, max_age=_YEAR, secure=settings.SECURE_COOKIES, httponly=True, samesite="Lax"
    )


def _print(name: str) -> str:
    return sealing.fingerprint(f"device:{name}")


def first_seen(request: HttpRequest, user: User) -> datetime | None:
    """When ``user`` first signed in from this browser; None where it is not known."""
    name = request.COOKIES.get(_COOKIE, "")
    found = Device.objects.filter(user=user, fingerprint=_print(name)).first() if name else None
    return found.first_seen if found else None


def had_another(user: User, before: datetime) -> bool:
    """Whether ``user`` had signed in from some browser before then."""
    return Device.objects.filter(user=user, first_seen__lt=before).exists()
