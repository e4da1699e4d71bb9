"""What the parts cost without the portal: a page of bare Django, the rows of a filing through psycopg."""

import secrets
import statistics
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from bench import people
from bench.load import Task
from bench.meters import Memory, memory_of, spent
from bench.site import Place, serving
from portal.standalone.processes import HOST

_MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True)
class BareView:
    """Requests a second with four clients, CPU ms of each in web and database, memory of a process."""

    rate: float
    cpu: float
    memory: Memory


def bare_view(place: Place, *, rounds: int, seconds: float) -> BareView:
    """Django with a session and the user in it, one line of HTML, behind the same server."""
    cookies = people.cookies(people.citizens(4, f"bare {time.time()}"), backend=_MODEL_BACKEND)
    _copy_sessions(place)
    rates, costs = [], []
    with serving(place, "django.core.wsgi:get_wsgi_application()", "bench.bare") as (port, meter):
        for _ in range(rounds):
            before = meter.read()
            done = place.load(Task("pages", HOST, port, 4, cookies, seconds=seconds, path="/"))
            rates.append(done["requests"] / done["seconds"])
            costs.append(sum(spent(before, meter.read()).values()) / done["requests"])
        memory = memory_of(meter.pid("web"))
    return BareView(statistics.median(rates), statistics.median(costs), memory)


def _copy_sessions(place: Place) -> None:
    """The sessions in the table that Django itself has for them."""
    place.manage("migrate", "sessions", "--settings", "bench.bare", "--verbosity", "0")
    place.connection.execute(
        "INSERT INTO django_session (session_key, session_data, expire_date) "
        "SELECT session_key, session_data, expire_date FROM portal_session"
    )


# --- The rows of a filing ------------------------------------------------------------------------

# A row of each table that belongs to a dossier, and how it is found.
_ROWS = {
    "procedures_dossier": "id = %(dossier)s",
    "procedures_original": "dossier_id = %(dossier)s",
    "procedures_attachment": "dossier_id = %(dossier)s",
    "procedures_dossierevent": "dossier_id = %(dossier)s",
    "procedures_issueddocument": "dossier_id = %(dossier)s",
    "portal_outboxmessage": "about = %(code)s",
    "portal_notice": "about = %(code)s",
}
_UNIQUE = {"draft_code", "code", "token", "key"}


@dataclass(frozen=True)
class BareInsert:
    """Transactions a second on one connection, rows of each, CPU ms of each in database and client."""

    rate: float
    rows: int
    cpu: float


def bare_insert(place: Place, *, rounds: int, transactions: int) -> BareInsert:
    """The rows of the newest filing again and again, each time under new keys, in one transaction."""
    with psycopg.connect(place.env["DATABASE_URL"], row_factory=dict_row) as connection:
        filed = _rows(connection)
        rates, costs = [], []
        for _ in range(rounds):
            database, client, started = place.database_seconds(), time.process_time(), time.monotonic()
            for _ in range(transactions):
                _insert(connection, filed)
                connection.commit()
            rates.append(transactions / (time.monotonic() - started))
            used = place.database_seconds() - database + time.process_time() - client
            costs.append(used * 1000 / transactions)
    return BareInsert(statistics.median(rates), sum(map(len, filed.values())), statistics.median(costs))


Rows = dict[str, list[dict[str, Any]]]


def _rows(connection: "psycopg.Connection[dict[str, Any]]") -> Rows:
    """What one filing left behind, table by table."""
    newest = connection.execute(
        "SELECT d.id AS dossier, d.code FROM procedures_dossier d JOIN procedures_issueddocument i "
        "ON i.dossier_id = d.id WHERE i.kind = 'label' ORDER BY d.id DESC LIMIT 1"
    ).fetchone()
    assert newest is not None
    found = {}
    for table, condition in _ROWS.items():
        query = sql.SQL("SELECT * FROM {} WHERE " + condition).format(sql.Identifier(table))  # type: ignore[arg-type]
        found[table] = connection.execute(query, newest).fetchall()
    return found


def _insert(connection: "psycopg.Connection[dict[str, Any]]", filed: Rows) -> None:
    dossier: dict[str, int] = {}
    for table, rows in filed.items():
        for row in rows:
            new = {name: _new(name, value) for name, value in row.items() if name != "id"}
            new |= dossier if "dossier_id" in new else {}
            done = connection.execute(_statement(table, tuple(new)), new)
            if table == "procedures_dossier":
                dossier = {"dossier_id": done.fetchone()["id"]}  # type: ignore[index]


def _new(name: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        return Jsonb(value)
    return secrets.token_hex(8) if name in _UNIQUE else value


def _statement(table: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Placeholder, columns)),
    )
