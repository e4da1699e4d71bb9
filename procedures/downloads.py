"""Exports as jobs: asked for on a page, made by a worker, kept for some days, read by few.

The file is written aside and appears whole. A worker that was killed leaves a message that falls due
again; one that was overtaken finds that out and leaves nothing behind: there is one result.
"""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.crypto import get_random_string

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import books
from procedures.books import Scope
from procedures.exports import Row
from procedures.models import Export
from procedures.offices import of_office

State = Export.State
OPEN = (State.WAITING, State.RUNNING)
_EVERY = 1000  # rows between two looks at whether to go on


class Stopped(Exception):
    """The export was cancelled, or another worker makes it."""


def visible_to(user: User) -> QuerySet[Export]:
    """The exports of the office of ``user``; all of them for who oversees the province."""
    return of_office(Export.objects.select_related("office", "asked_by"), user)


def get_for(user: User, pk: int) -> Export:
    """The export if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), pk=pk)


def scope_of(export: Export) -> Scope:
    return Scope(export.office, export.from_day, export.to_day)


def ask(scope: Scope, kind: str, *, actor: User, key: str, now: datetime) -> Export:
    """Let a worker make the file of ``scope``; the same ``key`` gives the same export."""
    with transaction.atomic():
        export, new = Export.objects.get_or_create(
            key=f"{actor.pk}:{key}"[:100],
            defaults={
                "office": scope.office,
                "from_day": scope.from_day,
                "to_day": scope.to_day,
                "format": kind,
                "asked_by": actor,
                "asked_at": now,
                "total": scope.count(),
            },
        )
        if new:
            outbox.enqueue("exports.make", key=str(export.pk), export=export.pk)
    return export


def cancel(export: Export, *, now: datetime) -> bool:
    """Stop an export that is not ready; the worker notices. False when there was nothing to stop."""
    waiting = Export.objects.filter(pk=export.pk, state__in=OPEN)
    return bool(waiting.update(state=State.CANCELLED, finished_at=now))


# --- The worker ----------------------------------------------------------------------------------


@outbox.handler("exports.make", remote=True)
def make(message: OutboxMessage) -> None:
    """Write the file of one export, from the beginning each time."""
    export = Export.objects.select_related("office").get(pk=message.payload["export"])
    begun = Export.objects.filter(pk=export.pk, state__in=OPEN).update(
        state=State.RUNNING, done=0, total=scope_of(export).count()
    )
    if not begun:
        return
    try:
        _make(export, message)
    except Stopped:
        if Export.objects.filter(pk=export.pk, state__in=OPEN).exists():
            raise  # overtaken: the message belongs to the other worker
    except Exception:
        last = message.attempts >= settings.OUTBOX_MAX_ATTEMPTS
        Export.objects.filter(pk=export.pk, state=State.RUNNING).update(
            state=State.FAILED if last else State.WAITING
        )
        raise


def _make(export: Export, message: OutboxMessage) -> None:
    def told(rows: Iterator[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows):
            if number % _EVERY == 0:
                _go_on(export, message, number)
            yield row

    with tempfile.TemporaryFile() as out:
        books.write(scope_of(export), export.format, out, told=told)
        _keep(export, message, out)


def _go_on(export: Export, message: OutboxMessage, done: int) -> None:
    """Say how far it is; raises ``Stopped`` when nobody wants it from this worker any more."""
    wanted = Export.objects.filter(pk=export.pk, state=State.RUNNING).update(done=done)
    if not wanted or not outbox.still_mine(message):
        raise Stopped


def _keep(export: Export, message: OutboxMessage, out: IO[bytes]) -> None:
    size, digest = out.seek(0, io.SEEK_END), _digest(out)
    _go_on(export, message, export.total)
    path = default_storage.save(f"exports/{get_random_string(32)}.{export.format}", File(out))
    kept = False
    try:
        kept = _put_down(export, message, path, size, digest)
    finally:
        if not kept:
            default_storage.delete(path)
    if not kept:
        raise Stopped


def _put_down(export: Export, message: OutboxMessage, path: str, size: int, digest: str) -> bool:
    """Say that the file is ready; False when nobody wants it from this worker any more."""
    now = timezone.now()
    with transaction.atomic():
        locked = Export.objects.select_for_update(no_key=True).get(pk=export.pk)
        if locked.state != State.RUNNING or not outbox.still_mine(message):
            return False
        locked.state, locked.file, locked.size, locked.sha256 = State.DONE, path, size, digest
        locked.done, locked.finished_at = locked.total, now
        locked.expires_at = now + timedelta(days=settings.EXPORT_DAYS)
        locked.save()
    return True


def _digest(out: IO[bytes]) -> str:
    out.seek(0)
    digest = hashlib.file_digest(out, "sha256").hexdigest()  # type: ignore[arg-type]
    out.seek(0)
    return digest


# --- After its time ------------------------------------------------------------------------------


def tidy(now: datetime) -> int:
    """Delete files whose time is over, and give up exports no worker will finish; how many."""
    given_up = Q(state__in=OPEN, asked_at__lt=now - timedelta(days=1))
    count = Export.objects.filter(given_up).update(state=State.FAILED, finished_at=now)
    for export in Export.objects.filter(state=State.DONE, expires_at__lte=now):
        default_storage.delete(str(export.file))
        Export.objects.filter(pk=export.pk, state=State.DONE).update(state=State.EXPIRED, file="")
        count += 1
    return count
