"""The prepared database that every process of the tests copies.

It is made as a server is prepared, once, and made anew when anything it may depend on has changed.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("DATABASE_URL", "postgres:///portal")
_APPS = ("portal", "procedures", "payments", "pension")


def copy(server_url: str, name: str) -> str:
    """The address of the database ``name``, a fresh copy of the mould on the server of ``server_url``."""
    mould = _mould(server_url)
    drop(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(mould)))
    return _address(server_url, name)


def drop(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def is_there(server_url: str, name: str) -> bool:
    with psycopg.connect(server_url, autocommit=True) as server:
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def _mould(server_url: str) -> str:
    """Its name; of processes that come at the same time one makes it and the others wait."""
    stem = f"{_database(server_url)}_mould_"
    wanted = f"{stem}{_digest()}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [stem])
        found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [stem])
        there = {name for (name,) in found}
        if wanted not in there:
            for old in there:
                drop(server_url, old)
            _make(server, server_url, wanted)
    return wanted


def _make(server: "psycopg.Connection[tuple[object, ...]]", server_url: str, name: str) -> None:
    building = f"{name}_new"  # a half made one is not taken for it
    server.execute(SQL("CREATE DATABASE {}").format(Identifier(building)))
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare", "--no-demo"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _address(server_url, building)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The database of the tests could not be prepared:\n{done.stdout}{done.stderr}")
    server.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(building), Identifier(name)))


def _database(url: str) -> str:
    return urlsplit(url).path.lstrip("/") or "portal"


def _address(server_url: str, database: str) -> str:
    parts = urlsplit(server_url)
    return f"{parts.scheme}://{parts.netloc}/{database}?{parts.query}"


def _digest() -> str:
    """Changes with whatever the content of a prepared database may depend on."""
    digest = hashlib.sha256(os.environ.get("SECRET_KEY", "").encode())
    for path in _sources():
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    yield ROOT / "uv.lock"
    for app in _APPS:
        for path in sorted((ROOT / app).rglob("*")):
            if path.is_file() and path.suffix in {".py", ".toml", ".csv"}:
                yield path
