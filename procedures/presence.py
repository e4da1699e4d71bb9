"""Who has the page of a dossier open right now, so that two clerks do not do the same work twice."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from portal.models import User
from procedures.models import Dossier, Presence

# Pages report every twenty seconds; a browser in the background may leave out a few. A page without
# JavaScript counts for this long after it was loaded.
GONE_AFTER = timedelta(seconds=75)
_FORGOTTEN_AFTER = timedelta(days=1)

_SEEN = """
INSERT INTO procedures_presence AS p (dossier_id, user_id, since, seen_at, writing)
VALUES (%(dossier)s, %(user)s, %(now)s, %(now)s, %(writing)s)
ON CONFLICT (dossier_id, user_id) DO UPDATE SET
    since = CASE WHEN p.seen_at < %(gone)s THEN excluded.since ELSE p.since END,
    seen_at = greatest(p.seen_at, excluded.seen_at),
    writing = excluded.writing
"""


def seen(dossier: Dossier, user: User, *, now: datetime, writing: str = "") -> None:
    """Note that ``user`` has the page open, and which form is being filled in: one statement."""
    given: dict[str, Any] = {"dossier": dossier.pk, "user": user.pk, "now": now, "gone": now - GONE_AFTER}
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {**given, "writing": writing[:60]})


def others(dossier: Dossier, user: User, *, now: datetime) -> QuerySet[Presence]:
    """Everybody else who has the page open, who came first on top."""
    here = dossier.presences.filter(seen_at__gte=now - GONE_AFTER).exclude(user=user)
    return here.select_related("user").order_by("since", "pk")


def left(dossier: Dossier, user: User) -> None:
    """``user`` is done here; a page that is still open reports again."""
    Presence.objects.filter(dossier=dossier, user=user).delete()


def forget(*, now: datetime) -> int:
    """Take out the rows of pages closed long ago; how many."""
    gone, _rows = Presence.objects.filter(seen_at__lt=now - _FORGOTTEN_AFTER).delete()
    return gone
