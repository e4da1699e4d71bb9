"""Sessions in the database, each read together with whoever is signed in by it.

Every page of somebody signed in needs both rows. Where the one that was read along does not do, because
it belongs to nobody, to an inactive user or to another password, Django's own way decides.
"""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from portal.models import Session, User


class SessionStore(db.SessionStore):
    user: User | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        row.user_id = data.get(SESSION_KEY)
        return row

    def load(self) -> dict[str, Any]:
        row: Session | None = self._get_session_from_db()  # type: ignore[attr-defined]
        self.user = row.user if row else None
        return self.decode(row.session_data) if row else {}


class SignedInMiddleware(AuthenticationMiddleware):
    """``request.user`` from the session's own row."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _read_along(request) or get_user(request))  # type: ignore[assignment]


def _read_along(request: HttpRequest) -> User | None:
    session: Any = request.session
    claimed = session.get(SESSION_KEY)  # reads the row
    user: User | None = session.user
    if user is None or str(user.pk) != claimed or not user.is_active:
        return None
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    kept = session.get(HASH_SESSION_KEY) or ""
    return user if constant_time_compare(kept, user.get_session_auth_hash()) else None
