"""The portal as it runs in production, on a database and a broker of its own, so that tests may kill it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from portal.standalone import Child, start_process, start_valkey, wait_until_ready
from tests.conftest import PASSWORD

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0  # the machine may be busy with other things
CLERK, SUPERVISOR = "canbo.cam-ranh", "phutrach.cam-ranh"
_PREPARE = f"""
from django.core.management import call_command
call_command("prepare", "--no-demo")
from procedures import demo
from procedures.models import Office
office = Office.objects.get(slug="cam-ranh")
demo.staff("{CLERK}", "Lê Thị Hạnh", office, "clerk", password="{PASSWORD}")
demo.staff("{SUPERVISOR}", "Trần Quốc Sơn", office, "supervisor", password="{PASSWORD}")
"""


def eventually(answer: Callable[[], T], what: str, *, within: float = PATIENCE) -> T:
    """The first true ``answer``; fails after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not (found := answer()):
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.1)
    return found


class Site:
    """Web server, worker and beat on ``database_url``; ``start_missing`` brings back what a test ended."""

    def __init__(self, data_dir: Path, database_url: str) -> None:
        self.data_dir, self.port = data_dir, _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.children: dict[str, Child] = {}
        self.start("valkey")
        self.env = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": self.children["valkey"].url,
            "DATA_DIR": str(data_dir),
            "STATIC_ROOT": str(data_dir / "static"),
            "SITE_URL": self.url,
            "SECRET_KEY": "of-the-browser-tests-" + "x" * 50,
            "DEBUG": "0",
            "SECURE_COOKIES": "0",
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        }

    def prepare(self) -> None:
        """What ``make run`` does with DEBUG off, and two members of staff."""
        with ThreadPoolExecutor() as pool:
            collected = pool.submit(self.manage, "collectstatic", "--noinput", "--verbosity", "0")
            self.shell(_PREPARE)
            collected.result()

    def manage(self, *arguments: str) -> str:
        """What a command of ``manage.py`` prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def shell(self, script: str) -> str:
        """What ``script`` prints, run in the portal's own Python: this process may not use the ORM here."""
        return self.manage("shell", "--verbosity", "0", "--command", script)

    # --- Processes -------------------------------------------------------------------------------

    def start(self, *names: str) -> None:
        for name in names:
            self.children[name] = (
                start_valkey(self.data_dir)
                if name == "valkey"
                else start_process(name, self.env, port=self.port)
            )

    def start_missing(self) -> None:
        """Everything runs and works when this returns."""
        names = ("valkey", "web", "worker", "beat")
        missing = [n for n in names if n not in self.children or not self.children[n].alive]
        self.start(*missing)
        for name in names[1:]:
            wait_until_ready(self.children[name], timeout=PATIENCE)

    def kill(self, *names: str) -> None:
        """End processes as a crash would: no clean-up, no good-bye."""
        for name in names:
            self.children[name].kill()

    @contextlib.contextmanager
    def without(self, name: str) -> Iterator[None]:
        """A process that is dead for a while."""
        self.kill(name)
        try:
            yield
        finally:
            self.start(name)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """A process that is there and does not answer."""
        os.killpg(self.children[name].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.children[name].pid, signal.SIGCONT)

    def stop(self) -> None:
        broker = self.children.pop("valkey")
        for child in self.children.values():
            child.ask_to_stop()
        for child in (*self.children.values(), broker):
            child.stop()

    # --- Looking into the database ---------------------------------------------------------------

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(self.env["DATABASE_URL"])

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def value(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
