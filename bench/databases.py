"""Databases that hold so many invented dossiers, made once and used again."""

import os
import subprocess
import sys
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.site import Place
from portal.standalone import Unavailable
from portal.standalone.processes import ROOT

_SEED = "bench"


def name_of(dossiers: int) -> str:
    return f"volume_{dossiers}"


def prepared(found: Place, dossiers: int, *, anew: bool) -> str:
    """The name of the database with ``dossiers``: loaded now if it is not there yet, or ``anew``."""
    name = name_of(dossiers)
    if anew or not _is_there(found, name):
        _make(found, name)
        _manage(found, name, "prepare", "--no-demo")
        _manage(found, name, "demo_data", "--dossiers", str(dossiers), "--seed", _SEED)
    else:
        _manage(found, name, "prepare", "--no-demo")
    if _has_command("rebuild_figures"):
        _manage(found, name, "rebuild_figures")
    with psycopg.connect(_url(found, name), autocommit=True) as session:
        session.execute("VACUUM ANALYZE")
    return name


def _is_there(found: Place, name: str) -> bool:
    here = found.connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return here.fetchone() is not None


def _make(found: Place, name: str) -> None:
    database = sql.Identifier(name)
    found.connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
    found.connection.execute(sql.SQL("CREATE DATABASE {}").format(database))


def _url(found: Place, name: str) -> str:
    return urlsplit(found.env["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def beside(found: Place, dossiers: int) -> Place:
    """``found`` with the database of ``dossiers`` in place of its own."""
    return replace(found, env={**found.env, "DATABASE_URL": _url(found, name_of(dossiers))})


def _has_command(name: str) -> bool:
    return any((ROOT / app / "management" / "commands" / f"{name}.py").exists() for app in _APPS)


_APPS = ("portal", "procedures", "payments", "pension")


def _manage(found: Place, name: str, *arguments: str) -> None:
    """Run a command on the database ``name``; it tells the terminal itself how far it is."""
    env = {**found.env, "DATABASE_URL": _url(found, name), "DEBUG": "1"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(arguments)} failed for {name}")
