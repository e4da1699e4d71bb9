"""How far history has been counted.

History is followed by the numbers of its events. A move that commits late has a lower number than what was
counted before it: so the mark passes an event only when every transaction that had begun when the event was
first seen has ended. What lies after the mark is counted again each time, which changes nothing.

A move locks its dossier before its event takes a number, so by then the database knows the transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from procedures.models import FiguresMark


@dataclass(frozen=True)
class Look:
    """The newest event there is to see, the oldest transaction under way, and the next to begin."""

    newest: int
    oldest_running: int
    next_to_begin: int


def look() -> Look:
    """What can be seen now; to be taken before the events are read."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK)
        return Look(*cursor.fetchone())


_LOOK = """
SELECT coalesce((SELECT max(id) FROM procedures_dossierevent), 0),
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


def pass_on(mark: FiguresMark, seen: Look, now: datetime) -> None:
    """Move the mark up to what the look before this one saw, if nobody of then is under way any more."""
    if seen.oldest_running >= mark.horizon:
        mark.seen, mark.reached, mark.horizon = mark.reached, seen.newest, seen.next_to_begin
    mark.counted_at = now
    mark.save()
