"""Child processes that end with their parent, and the three that make up the portal."""

import contextlib
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
PROCESSES = ("web", "worker", "beat")

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Unavailable(Exception):
    """Why something cannot be started, as one line for the person at the terminal."""


@dataclass
class Child:
    """A running process in a session of its own, its output in ``log``; ``url`` if it serves one."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int
    stop_signals: tuple[signal.Signals, ...]
    url: str = ""
    sockets: Path | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def output(self) -> str:
        """What this process has written so far."""
        with self.log.open("rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")

    def last_line(self) -> str:
        lines = self.output().strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def ask_to_stop(self) -> None:
        """Start an orderly stop without waiting for its end."""
        if self.alive:
            self.process.send_signal(self.stop_signals[0])

    def stop(self, timeout: float = 20) -> None:
        """Stop in order; by force what has not ended after ``timeout`` seconds for each signal."""
        for number in self.stop_signals:
            if self.alive:
                self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout)
        self.kill()
        if self.sockets:
            # The last server out of the directory takes it along.
            with contextlib.suppress(OSError):
                self.sockets.rmdir()

    def kill(self) -> None:
        """End the process and all it started at once, as a crash would."""
        self.shoot()
        self.process.wait()

    def shoot(self) -> None:
        """``kill`` without waiting for the end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def spawn(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,),
    orphan_signal: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Child:
    """Start ``command``; on Linux it gets ``orphan_signal`` when this process is gone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        start = output.tell()
        process = subprocess.Popen(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent(orphan_signal),
            **options,
        )
    return Child(name, process, log, start, stop_signals)


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A ``preexec_fn``: the child gets ``number`` when the thread that forked it has ended."""
    parent = os.getpid()

    def follow() -> None:
        follow_parent(number)
        if os.getppid() != parent:
            os._exit(1)

    return follow


def follow_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Get ``number`` when the process that started this one is gone."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(number))


def end_leftover(pid_file: Path, mark: str, number: signal.Signals) -> None:
    """Make sure that no server of an earlier life, known by ``mark``, still uses this data.

    Its parent's death has already told it to stop, so it first gets time to do that. Raises
    ``Unavailable`` when it cannot be ended.
    """
    pid = _pid_in(pid_file)
    for patience, next_signal in ((5, number), (15, signal.SIGKILL), (5, None)):
        deadline = time.monotonic() + patience
        while pid and mark in _command_line(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not pid or mark not in _command_line(pid):
            pid_file.unlink(missing_ok=True)
            return
        if next_signal is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, next_signal)
    raise Unavailable(f"Process {pid} still uses {pid_file.parent} and does not end.")


def _pid_in(file: Path) -> int | None:
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _command_line(pid: int) -> str:
    """The command line of a process; empty when there is none (any more)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    listing = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout


# --- Web, worker and beat -------------------------------------------------------------------------

# Threads take memory from two common pools: one each keeps what a large upload once needed.
_MEMORY = {"MALLOC_ARENA_MAX": "2"}


def command(name: str, *, data_dir: Path, port: int = 8000) -> list[str]:
    """The command line of one of ``PROCESSES``."""
    python = [sys.executable, "-m"]
    # The log of requests is one to look at, not a record of people: no query, address or name.
    request_log = ["--access-logfile", "-", "--access-logformat", "%(t)s %(s)s %(m)s %(U)s %(M)sms"]
    request_log += ["--logger-class", "portal.web_logs.WebLogger"]
    celery = [*python, "celery", "--app", "portal"]
    return {
        "web": [
            *[*python, "gunicorn", "portal.wsgi", "--bind", f"{HOST}:{port}", "--workers", "2"],
            # Loaded once and then forked, they share what does not change.
            "--preload",
            # Browsers open connections ahead and leave them idle: threads keep none of them waiting.
            *["--threads", "8", "--no-control-socket", *request_log],
        ],
        "worker": [
            *[*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"],
            *["--without-mingle", "--without-gossip"],
        ],
        "beat": [
            *[*celery, "beat", "--loglevel", "INFO", "--schedule", str(data_dir / "beat-schedule")],
            "--pidfile=",
        ],
    }[name]


def start_process(name: str, env: Mapping[str, str], *, port: int = 8000) -> Child:
    """Start one of ``PROCESSES`` without waiting for it; see ``wait_until_ready``.

    ``env`` is its whole environment: DATABASE_URL, REDIS_URL, DATA_DIR and what else the settings
    need. ``port`` is for ``web`` alone. The log is DATA_DIR/log/NAME.log.
    """
    data_dir = Path(env["DATA_DIR"])
    worker = name == "worker"
    child = spawn(
        name,
        command(name, data_dir=data_dir, port=port),
        log=data_dir / "log" / f"{name}.log",
        env={**_MEMORY, **env},
        cwd=ROOT,
        # A worker first finishes what it is doing; what it drops is done again from the outbox.
        stop_signals=(signal.SIGTERM, signal.SIGQUIT) if worker else (signal.SIGTERM,),
        # With the parent the broker is gone, and a worker that misses it may never end by itself. Its pool
        # dies with it: Celery asks the kernel for that.
        orphan_signal=signal.SIGKILL if worker else signal.SIGTERM,
    )
    child.url = f"http://{HOST}:{port}" if name == "web" else ""
    return child


def is_ready(child: Child) -> bool:
    """Whether a process of the portal does its work: web answers, worker and beat have said so."""
    if child.name == "web":
        return _answers(child.url)
    return {"worker": " ready.", "beat": "beat: Starting"}[child.name] in child.output()


def wait_until_ready(child: Child, *, timeout: float = 30) -> Child:
    """Wait for ``is_ready``; raises ``Unavailable`` with the end of its log when that fails."""
    deadline = time.monotonic() + timeout
    while not is_ready(child):
        if not child.alive or time.monotonic() > deadline:
            child.stop()
            raise Unavailable(f"{child.name} did not start: {child.output()[-2000:]}")
        time.sleep(0.05)
    return child


def _answers(url: str) -> bool:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/healthz")
        # A refusal (ALLOWED_HOSTS may not know this address) is an answer of the portal, too.
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
