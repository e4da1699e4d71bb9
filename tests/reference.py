"""The province's reference data, put back in a moment after a test that commits."""

from collections.abc import Iterable
from functools import cache

from django.db import connection, transaction
from psycopg.sql import SQL, Composable, Identifier, Literal

from procedures import catalogue
from procedures.definition import Definition

_VERSIONS = "procedures_procedureversion"
_kept: dict[str, bytes] = {}
_found: dict[str, tuple[str, int, int]] = {}


@cache
def shipped() -> list[Definition]:
    """The definitions the project ships; read once a process, as nobody changes them."""
    return list(catalogue.shipped())


def keep() -> None:
    """Remember every row there is now, and what the published versions say, which never changes."""
    for table in _tables():
        if rows := _copied_out(table):
            _kept[table] = rows
    _found.update(_states())
    _keep_definitions()


def _keep_definitions() -> None:
    read = catalogue._kept
    known = {version.pk: definition for version, definition in catalogue.all_published()}

    def kept(pk: int) -> Definition:
        return known.get(pk) or read(pk)

    kept.cache_clear = read.cache_clear  # type: ignore[attr-defined]
    catalogue._kept = kept  # type: ignore[assignment]


def put_back() -> None:
    """Every table as ``keep`` found it; what a test committed is gone."""
    now = _states()
    changed = [table for table in _tables() if now[table] != _found[table]]
    with transaction.atomic():
        # A few rows are deleted far sooner than a hundred tables that refer to each other are truncated.
        _execute(SQL("SET LOCAL session_replication_role = replica"))
        for table in changed:
            _execute(SQL("DELETE FROM {}").format(Identifier(table)))
        bring({table: _kept[table] for table in changed if table in _kept})
    if any(table in _kept for table in changed):
        _found.update(_states())


def _states() -> dict[str, tuple[str, int, int]]:
    """A line for each table that is another one after anything was committed to it."""
    line = SQL("SELECT {}, count(*), coalesce(sum(xmin::text::bigint), 0) FROM {}")
    lines = [line.format(Literal(table), Identifier(table)) for table in _tables()]
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        rows = cursor.execute(SQL(" UNION ALL ").join(lines)).fetchall()
    return {row[0]: row for row in rows}


def added() -> dict[str, bytes]:
    """The rows there are beside those of ``keep``, by table: what a test has made so far.

    Raises ``ValueError`` when the test changed a row of ``keep``: that cannot be brought again.
    """
    made = {}
    for table in _tables():
        rows, kept = _lines(_copied_out(table)), set(_lines(_kept.get(table)))
        new = [row for row in rows if row not in kept]
        if len(rows) - len(new) != len(kept):
            raise ValueError(f"{table}: rows that every test starts with were changed")
        if new:
            made[table] = b"".join(new)
    return made


def bring(made: dict[str, bytes]) -> None:
    """Put what ``added`` found into the open transaction."""
    for table, rows in made.items():
        with connection.connection.cursor() as cursor, cursor.copy(_copy(table, "FROM STDIN")) as copy:
            copy.write(rows)


def _lines(rows: bytes | None) -> list[bytes]:
    return (rows or b"").splitlines(keepends=True)


def writes(tables: Iterable[str]) -> int:
    """How many rows of ``tables`` this transaction has written so far, undone ones too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)"
            " + pg_stat_get_xact_tuples_deleted(oid)) FROM pg_class WHERE relname = ANY(%s)",
            [list(tables)],
        )
        return int(cursor.fetchone()[0])


@cache
def _tables() -> list[str]:
    """Every table of a model; versions after their rows, which take no more once theirs is published."""
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    return sorted(names, key=lambda name: (name == _VERSIONS, name))


def _copied_out(table: str) -> bytes:
    connection.ensure_connection()
    with connection.connection.cursor() as cursor, cursor.copy(_copy(table, "TO STDOUT")) as copy:
        return b"".join(copy)


def _copy(table: str, where: str) -> Composable:
    return SQL("COPY {} {}").format(Identifier(table), SQL(where))


def _execute(statement: Composable) -> None:
    with connection.connection.cursor() as cursor:
        cursor.execute(statement)
