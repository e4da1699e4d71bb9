"""Copies the generated years into the database: one transaction, all of them or none."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import translation

from procedures.demo_volume import tasks
from procedures.demo_volume.filed import Task
from procedures.demo_volume.history import TABLES, written
from procedures.demo_volume.rows import Sealed
from procedures.models import DossierNumber, IntakeList

# From so many dossiers on, indexes and foreign keys are made anew at the end, and other processes write.
MANY = 20_000
_WRITERS = 2
_READY = 4  # batches that wait for the database

Told = Callable[[str], None]


class Refused(Exception):
    """The database holds something that generated years do not fit beside."""


class Failed(Exception):
    """A process that writes has come to grief; nothing was kept."""


def build(*, dossiers: int, seed: str, until: date, say: Told, many: bool | None = None) -> None:
    """Add ``dossiers`` filed up to the day ``until``, with all that belongs to them.

    Raises ``Refused`` where lists are closed already: the past of an office is written once.
    """
    if IntakeList.objects.exists():
        raise Refused("There are closed intake lists: years are written only where no list is closed yet.")
    many = dossiers >= MANY if many is None else many
    files = tasks.stored()
    with translation.override("vi"), transaction.atomic():
        _execute("SET CONSTRAINTS ALL IMMEDIATE")
        todo = tasks.for_offices(dossiers=dossiers, until=until, seed=seed, files=files)
        say(f"{len(todo)} offices, from {todo[0].shares[0].day:%d/%m/%Y} to {until:%d/%m/%Y}")
        if many:
            with _set_aside(say):
                _copy(_in_processes(todo), dossiers, say)
        else:
            _copy(_in_turn(todo), dossiers, say)
        _take_numbers(todo)
    say("statistics")
    _execute("ANALYZE " + ", ".join(lines.table for lines in TABLES))


def _copy(batches: Iterable[Sealed], dossiers: int, say: Told) -> None:
    done = told = 0
    for batch in batches:
        for lines in TABLES:
            if data := batch.data.get(lines.table):
                _copy_lines(lines.table, lines.columns, data)
        done += batch.dossiers
        if done - told >= max(dossiers // 20, 10_000) or done == dossiers:
            say(f"{done:,} dossiers")
            told = done


def _copy_lines(table: str, columns: list[str], data: bytes) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        copy.write(data)


def _take_numbers(todo: list[Task]) -> None:
    """The next filing of a generated day goes on after the last generated number."""
    rows = [
        DossierNumber(
            office_id=task.desk.pk, day=share.day, last=task.desk.taken.get(share.day, 0) + share.count
        )
        for task in todo
        for share in task.shares
        if share.count
    ]
    DossierNumber.objects.bulk_create(
        rows,
        batch_size=5000,
        update_conflicts=True,
        unique_fields=["office", "day"],
        update_fields=["last"],
    )


# --- Who writes ----------------------------------------------------------------------------------


def _in_turn(todo: list[Task]) -> Iterator[Sealed]:
    for task in todo:
        yield from written(task)


def _in_processes(todo: list[Task]) -> Iterator[Sealed]:
    """The same, from processes beside this one, which get the tasks by being forked."""
    fork = multiprocessing.get_context("fork")
    ready: Any = fork.Queue(_READY)
    writers = [fork.Process(target=_write, args=(part, ready), daemon=True) for part in _parts(todo)]
    for writer in writers:
        writer.start()
    try:
        left = len(writers)
        while left:
            batch = ready.get()
            match batch:
                case None:
                    left -= 1
                case str():
                    raise Failed(batch)
                case _:
                    yield batch
    finally:
        for writer in writers:
            writer.terminate()
            writer.join()


def _write(part: list[Task], ready: Any) -> None:
    """Put every batch of ``part`` into ``ready``, then None; a complaint when something is wrong."""
    try:
        for batch in _by_turns(part):
            ready.put(batch)
        ready.put(None)
    except Exception as error:
        ready.put(f"{type(error).__name__}: {error}")
    ready.close()
    ready.join_thread()


def _by_turns(part: list[Task]) -> Iterator[Sealed]:
    """A batch of each office in turn, so that the years of all go on together."""
    sources = [written(task) for task in part]
    while sources:
        for source in list(sources):
            batch = next(source, None)
            if batch is None:
                sources.remove(source)
            else:
                yield batch


def _parts(todo: list[Task]) -> list[list[Task]]:
    """The tasks shared out so that each writer has about as many dossiers."""
    parts: list[list[Task]] = [[] for _ in range(_WRITERS)]
    for task in todo:
        min(parts, key=lambda part: sum(s.count for t in part for s in t.shares)).append(task)
    return [part for part in parts if part]


# --- Indexes and foreign keys --------------------------------------------------------------------

_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype FROM pg_constraint
WHERE conrelid = ANY (%s::regclass[]) AND contype IN ('f', 'u')
ORDER BY contype = 'f', conrelid, conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
WHERE indrelid = ANY (%s::regclass[]) AND NOT indisprimary
AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)
ORDER BY indrelid, 1
"""


@contextmanager
def _set_aside(say: Told) -> Iterator[None]:
    """Without the indexes, unique and foreign keys of the tables, which are made and checked at the end."""
    tables = [lines.table for lines in TABLES]
    constraints, indexes = _rows(_CONSTRAINTS, tables), _rows(_INDEXES, tables)
    for table, name, _definition, _kind in reversed(constraints):
        _execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        _execute(f"DROP INDEX {name}")
    yield
    say("indexes")
    _execute("SET LOCAL maintenance_work_mem = '256MB'")
    for _name, definition in indexes:
        _execute(definition)
    say("keys")
    for table, name, definition, _kind in constraints:
        _execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def _rows(query: str, tables: list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [tables])
        return list(cursor.fetchall())


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
