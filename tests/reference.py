"""The province's reference data: loaded once, and put back in a moment after a test that commits."""

from django.db import connection, transaction
from psycopg.sql import SQL, Composable, Identifier

from portal import geography
from procedures import catalogue
from procedures.rates import load_figures
from procedures.reference import load_banks, load_offices, load_post_offices

_VERSIONS = "procedures_procedureversion"
_kept: dict[str, bytes] = {}


def load() -> None:
    """Wards, offices, banks, legal figures and the catalogue, as ``prepare`` loads them."""
    geography.load_wards()
    load_offices()
    load_banks()
    load_post_offices()
    load_figures()
    for definition in catalogue.shipped():
        catalogue.load(definition)


def keep() -> None:
    """Remember every row there is now."""
    for table in _tables():
        if rows := _copied_out(table):
            _kept[table] = rows


def put_back() -> None:
    """Every table as ``keep`` found it; what a test committed is gone."""
    with transaction.atomic():
        _execute(SQL("TRUNCATE {}").format(SQL(", ").join(map(Identifier, _tables()))))
        for table, rows in _kept.items():
            with connection.connection.cursor() as cursor, cursor.copy(_copy(table, "FROM STDIN")) as copy:
                copy.write(rows)


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
