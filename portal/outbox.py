"""Durable side effects: PostgreSQL holds the work, Celery only wakes a worker to look for it.

``enqueue`` joins the caller's transaction, so a side effect exists exactly when what caused it
does. ``drain`` claims the oldest due row, counts the attempt and schedules the next *before*
running the handler: a worker killed half-way leaves a row that falls due again by itself.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from portal.logs import discreet
from portal.models import OutboxMessage, User

logger = logging.getLogger(__name__)

State = OutboxMessage.State
Handler = Callable[[OutboxMessage], None]

handlers: dict[str, Handler] = {}
_remote: set[str] = set()

# A claimed row falls due again after this; long enough for the slowest handler, see CELERY_TASK_TIME_LIMIT.
_LEASE = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)


def handler(topic: str, *, remote: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of ``topic``.

    A handler must be safe to run twice. Its writes and the row's "done" commit together. A
    ``remote`` handler talks to another machine: it runs outside any transaction.
    """

    def register(function: Handler) -> Handler:
        if topic in handlers:
            raise ValueError(f"outbox topic {topic} has two handlers")
        handlers[topic] = function
        if remote:
            _remote.add(topic)
        return function

    return register


def enqueue(*topics: str, key: str, about: str = "", **ids: int | str) -> None:
    """Queue each topic once for ``key`` inside the open transaction; a known key is left alone.

    Raises ``RuntimeError`` outside a transaction: the cause and the effect must commit together.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue() belongs inside the transaction that causes the side effect")
    for topic in topics:
        if topic not in handlers:
            raise LookupError(f"no handler for outbox topic {topic}")
    OutboxMessage.objects.bulk_create(
        [OutboxMessage(topic=topic, key=key, about=about, payload=ids) for topic in topics],
        ignore_conflicts=True,
    )
    if not any(entry[1] is _nudge for entry in connection.run_on_commit):
        transaction.on_commit(_nudge, robust=True)


def enqueue_selected(topic: str, select: str, values: Sequence[Any]) -> None:
    """``enqueue`` for each row of the query ``select``: key, about, payload (jsonb)."""
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue_selected() belongs inside the transaction that causes the side effect")
    if topic not in handlers:
        raise LookupError(f"no handler for outbox topic {topic}")
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE.format(select=select), [topic, now, now, *values])
    if not any(entry[1] is _nudge for entry in connection.run_on_commit):
        transaction.on_commit(_nudge, robust=True)


_ENQUEUE = """
INSERT INTO portal_outboxmessage
    (topic, key, about, payload, state, attempts, due_at, created_at, last_error, closed_reason)
SELECT %s, chosen.key, chosen.about, chosen.payload, 'pending', 0, %s, %s, '', ''
    FROM ({select}) AS chosen (key, about, payload)
ON CONFLICT (topic, key) DO NOTHING
"""


def drain(*, limit: int | None = None) -> int:
    """Run due rows until none is left (or ``limit`` ran); return how many were run."""
    count = 0
    while limit is None or count < limit:
        message = _claim(timezone.now())
        if message is None:
            break
        if message.state == State.PENDING:
            _run(message)
        count += 1
    return count


def retry(message: OutboxMessage, *, now: datetime) -> bool:
    """Give a dead row another round of attempts; return False when it was not dead."""
    updated = OutboxMessage.objects.filter(pk=message.pk, state=State.DEAD).update(
        state=State.PENDING, attempts=0, due_at=now
    )
    return bool(updated)


def bury(message: OutboxMessage, *, actor: User, reason: str) -> bool:
    """Set a dead row aside with a reason; return False when it was not dead."""
    if not reason.strip():
        raise ValueError("burying needs a reason")
    updated = OutboxMessage.objects.filter(pk=message.pk, state=State.DEAD).update(
        state=State.BURIED, closed_by=actor, closed_reason=reason.strip()[:300]
    )
    return bool(updated)


def _claim(now: datetime) -> OutboxMessage | None:
    """The oldest due row, its attempt counted and its next one scheduled, committed.

    One statement, because every side effect begins with it. A row beyond its last attempt is dead:
    only a worker that died without a word gets there, for failures are recorded.
    """
    claimed = OutboxMessage.objects.raw(
        _CLAIM, {"now": now, "last": settings.OUTBOX_MAX_ATTEMPTS, "leases": _leases()}
    )
    return next(iter(claimed), None)


def _leases() -> list[timedelta]:
    """After how long a claimed row falls due again, by the attempt."""
    return [max(_LEASE, _wait(attempt)) for attempt in range(1, settings.OUTBOX_MAX_ATTEMPTS + 1)]


_CLAIM = """
UPDATE portal_outboxmessage SET
    attempts = attempts + 1,
    due_at = %(now)s + (%(leases)s::interval[])[least(attempts + 1, %(last)s)],
    state = CASE WHEN attempts < %(last)s THEN state ELSE 'dead' END,
    last_error = CASE WHEN attempts < %(last)s OR last_error <> '' THEN last_error
                      ELSE 'the worker died while running this' END
WHERE id = (
    SELECT id FROM portal_outboxmessage WHERE state = 'pending' AND due_at <= %(now)s
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, topic, key, about, payload, state, attempts, due_at, last_error
"""


def _run(message: OutboxMessage) -> None:
    try:
        if message.topic in _remote:
            handlers[message.topic](message)
            _finish(message)
        else:
            _run_in_transaction(message)
    except Exception as error:
        logger.exception("outbox %s %s failed, attempt %d", message.topic, message.pk, message.attempts)
        _record_failure(message, error)


def _run_in_transaction(message: OutboxMessage) -> None:
    with transaction.atomic():
        # No skipping: another worker's claim may hold the row for the moment in which it finds it taken.
        mine = OutboxMessage.objects.filter(pk=message.pk, state=State.PENDING, attempts=message.attempts)
        if mine.update(**_done()):
            handlers[message.topic](message)


def still_mine(message: OutboxMessage) -> bool:
    """Whether a remote handler still holds ``message``; if so nobody else takes it for a while longer.

    A handler that works longer than the lease asks now and then, and stops when it was overtaken.
    """
    mine = OutboxMessage.objects.filter(pk=message.pk, state=State.PENDING, attempts=message.attempts)
    return bool(mine.update(due_at=timezone.now() + _LEASE))


def _finish(message: OutboxMessage) -> None:
    OutboxMessage.objects.filter(pk=message.pk, state=State.PENDING).update(**_done())


def _done() -> dict[str, Any]:
    return {"state": State.DONE, "done_at": timezone.now(), "last_error": ""}


def _record_failure(message: OutboxMessage, error: Exception) -> None:
    dead = message.attempts >= settings.OUTBOX_MAX_ATTEMPTS
    OutboxMessage.objects.filter(pk=message.pk, state=State.PENDING).update(
        state=State.DEAD if dead else State.PENDING,
        last_error=discreet(f"{type(error).__name__}: {error}")[:2000],
        due_at=timezone.now() + _wait(message.attempts),
    )


def _wait(attempts: int) -> timedelta:
    return min(timedelta(seconds=5 * 3 ** (attempts - 1)), _LONGEST_WAIT)


# --- Waking a worker -----------------------------------------------------------------------------

_silent_until = 0.0


def _nudge() -> None:
    """Ask a worker to look now; without a broker its next regular look finds the row."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    from portal.tasks import drain_outbox

    try:
        drain_outbox.apply_async(retry=False, ignore_result=True, expires=60)
    except Exception as error:
        _silent_until = time.monotonic() + 5
        logger.warning("broker unreachable, the outbox waits for it: %s", type(error).__name__)
