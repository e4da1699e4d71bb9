"""The portal as in production, on a database of its own, while it is measured."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql
from redis import Redis

from bench.load import Task, encoded
from bench.meters import CpuMeter
from portal.standalone import Child, Unavailable, start_process, wait_until_ready
from portal.standalone.processes import HOST, PROCESSES, ROOT, spawn

_DATABASE = "bench"


@dataclass
class Place:
    """Where everything of a run lies; ``env`` is the environment of every process of it."""

    data_dir: Path
    env: dict[str, str]
    connection: psycopg.Connection

    @property
    def postgres_log(self) -> Path:
        return self.data_dir.parent / "log" / "postgres.log"

    @cached_property
    def postgres_pid(self) -> int:
        return int(psutil.Process(self.connection.info.backend_pid).ppid())

    @cached_property
    def broker_pid(self) -> int:
        with Redis.from_url(self.env["REDIS_URL"]) as broker:
            return int(broker.info("server")["process_id"])  # type: ignore[index]

    def database_seconds(self) -> float:
        """CPU time of all of PostgreSQL so far."""
        return CpuMeter({"database": self.postgres_pid}).read()["database"]

    def manage(self, *arguments: str) -> None:
        self.python(str(ROOT / "manage.py"), *arguments)

    def load(self, task: Task) -> dict[str, Any]:
        """What came of ``task`` in a process of its own; raises ``Unavailable`` when a client failed."""
        found: dict[str, Any] = json.loads(self.python("-m", "bench.load", given=encoded(task)))
        if found["errors"]:
            raise Unavailable(f"{task.kind} with {task.clients} clients: {found['errors'][0]}")
        return found

    def python(self, *arguments: str, given: str = "") -> str:
        """What a Python process prints; raises ``Unavailable`` with its complaint when it fails."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.env,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Unavailable(f"{' '.join(arguments)} failed: {done.stderr.strip()[-2000:]}")
        return done.stdout


@contextmanager
def place() -> Iterator[Place]:
    """An empty database with its reference data, an empty broker, collected static files."""
    given = Path(os.environ["DATA_DIR"]).resolve()
    data_dir = given / "site"
    shutil.rmtree(data_dir, ignore_errors=True)
    data_dir.mkdir(parents=True)
    env = {
        **{name: value for name, value in os.environ.items() if name not in {"PORT", "SITE_URL"}},
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATA_DIR": str(data_dir),
        "STATIC_ROOT": str(given / "static"),
        "DATABASE_URL": _new_database(os.environ["DATABASE_URL"]),
        "DEBUG": "0",
        "SECURE_COOKIES": "0",
        "ALLOWED_HOSTS": HOST,
    }
    with Redis.from_url(env["REDIS_URL"]) as broker:
        broker.flushdb()
    with psycopg.connect(env["DATABASE_URL"], autocommit=True) as connection:
        found = Place(data_dir, env, connection)
        _require_local(found)
        found.manage("prepare")
        found.manage("collectstatic", "--noinput", "--verbosity", "0")
        yield found
    shutil.rmtree(data_dir / "media", ignore_errors=True)


def _new_database(url: str) -> str:
    """The address of an empty database beside the one at ``url``."""
    name = sql.Identifier(_DATABASE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    return urlsplit(url)._replace(path=f"/{_DATABASE}").geturl()


def _require_local(found: Place) -> None:
    """CPU time and log of the database are read from this machine."""
    try:
        name = psutil.Process(found.postgres_pid).name()
    except psutil.Error:
        name = ""
    if name != "postgres" or not found.postgres_log.exists():
        raise Unavailable("The benchmark reads what PostgreSQL costs: leave DATABASE_URL unset.")


@dataclass
class Site:
    """The portal, running."""

    place: Place
    port: int
    children: dict[str, Child]

    @property
    def meter(self) -> CpuMeter:
        """Of the whole server; ``database`` has all sessions in it."""
        roots = {name: child.pid for name, child in self.children.items()}
        return CpuMeter({**roots, "database": self.place.postgres_pid, "broker": self.place.broker_pid})


@contextmanager
def running(found: Place) -> Iterator[Site]:
    """Web server, worker and beat, the very commands of ``make run``, until the block ends."""
    port = free_port()
    env = {**found.env, "SITE_URL": f"http://{HOST}:{port}"}
    with ExitStack() as stack:
        children = {}
        for name in PROCESSES:
            children[name] = start_process(name, env, port=port)
            stack.callback(children[name].stop)
        for child in children.values():
            wait_until_ready(child)
        yield Site(found, port, children)


@contextmanager
def serving(found: Place, application: str, settings: str) -> Iterator[tuple[int, CpuMeter]]:
    """Another application under the same server: its port, and a meter of it and the database."""
    port = free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", application, "--bind", f"{HOST}:{port}", "--preload"]
    size = ["--workers", "2", "--threads", "8"]
    web = spawn(
        "web",
        [*gunicorn, *size, "--no-control-socket", "--access-logfile", "-"],
        log=found.data_dir / "log" / "bare.log",
        env={**found.env, "DJANGO_SETTINGS_MODULE": settings},
        cwd=ROOT,
    )
    web.url = f"http://{HOST}:{port}"
    try:
        wait_until_ready(web)
        yield port, CpuMeter({"web": web.pid, "database": found.postgres_pid})
    finally:
        web.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
