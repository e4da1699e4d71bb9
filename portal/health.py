"""What a monitor asks: does this process answer, and can the portal do its work.

Both views are open to anybody, so they say numbers and names of checks, and nothing of anybody's
data, of addresses or of settings.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.models import Heartbeat, OutboxMessage

LONGEST_OVERDUE_SECONDS = 300
LONGEST_SILENCE_SECONDS = 120
_PATIENCE_SECONDS = 1

Report = dict[str, bool | float | str | None]


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; touches neither database nor broker."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every check passes, else 503; JSON with ``ready`` and a report for each check."""
    now = timezone.now()
    checks = {"database": _report(_database), "broker": _report(_broker)}
    for name, check in (("outbox", _outbox), ("beat", _beat)):
        # Without a database these can only wait for the same failure again.
        checks[name] = (
            _report(partial(check, now)) if checks["database"]["ok"] else {"ok": False, "error": "database"}
        )
    ready = all(report["ok"] for report in checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def _report(check: Callable[[], Report]) -> Report:
    started = time.perf_counter()
    try:
        report = check()
    except (DatabaseError, RedisError, OSError) as error:
        report = {"ok": False, "error": type(error).__name__}
    return {**report, "ms": round((time.perf_counter() - started) * 1000, 1)}


def _database() -> Report:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{_PATIENCE_SECONDS}s'")
        cursor.execute("SELECT 1")
    return {"ok": True}


def _broker() -> Report:
    with Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=_PATIENCE_SECONDS,
        socket_timeout=_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    ) as broker:
        return {"ok": bool(broker.ping())}


def _outbox(now: datetime) -> Report:
    """How long the oldest row that should have run by now has been waiting; 0 when none waits."""
    due = OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING, due_at__lte=now)
    oldest = due.aggregate(oldest=Min("due_at"))["oldest"]
    seconds = (now - oldest).total_seconds() if oldest else 0.0
    return {"ok": seconds <= LONGEST_OVERDUE_SECONDS, "oldest_due_seconds": round(seconds, 1)}


def _beat(now: datetime) -> Report:
    """How long ago beat, and a worker for it, last ran; ``None`` when they never have."""
    last = Heartbeat.objects.filter(name="beat").values_list("at", flat=True).first()
    if last is None:
        return {"ok": False, "age_seconds": None}
    seconds = (now - last).total_seconds()
    return {"ok": seconds <= LONGEST_SILENCE_SECONDS, "age_seconds": round(seconds, 1)}
