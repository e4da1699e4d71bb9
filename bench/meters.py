"""What processes cost: CPU time and memory as the kernel counts them, statements as PostgreSQL does."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

_STATEMENT = re.compile(rb"\[(\d+)\] LOG:  (?:statement|execute [^:]*): (\w+)")
_CONTROL = {b"BEGIN", b"COMMIT", b"ROLLBACK", b"SAVEPOINT", b"RELEASE", b"SET"}


class CpuMeter:
    """CPU seconds of trees of processes, by name; what has ended counts with who waited for it."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = dict(roots)

    def pid(self, name: str) -> int:
        return self._roots[name]

    def read(self) -> dict[str, float]:
        """Seconds since each tree began, user and system; resolution 10 ms a process."""
        return {name: sum(map(_seconds, _family(pid))) for name, pid in self._roots.items()}


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """CPU milliseconds between two readings."""
    return {name: (after[name] - before[name]) * 1000 for name in before}


def _family(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


@dataclass(frozen=True)
class Memory:
    """The largest process of a tree that does the work, in MB: resident, and its share of what is shared."""

    rss: float
    pss: float


def memory_of(pid: int) -> Memory:
    """The largest child of ``pid``: parents only watch over those who work."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            usage = child.memory_full_info()
            found.append(Memory(usage.rss / 1e6, usage.pss / 1e6))
    return max(found, key=lambda memory: memory.rss)


@dataclass
class Statements:
    """What PostgreSQL was sent: queries, and the BEGIN and COMMIT around them."""

    queries: int = 0
    control: int = 0

    def add(self, log: bytes, *, but_for: int) -> None:
        """Count the statements in ``log`` of all sessions except ``but_for``, a process id."""
        for session, verb in _STATEMENT.findall(log):
            if int(session) != but_for and verb.upper() in _CONTROL:
                self.control += 1
            elif int(session) != but_for:
                self.queries += 1


@contextmanager
def counted_statements(connection: psycopg.Connection, log: Path) -> Iterator[Statements]:
    """Count what all sessions but ``connection`` send, by way of the server's log."""
    found = Statements()
    _log_statements(connection, "all")
    start = log.stat().st_size
    try:
        yield found
    finally:
        _log_statements(connection, "none")
    with log.open("rb") as lines:
        lines.seek(start)
        found.add(lines.read(), but_for=connection.info.backend_pid)


def _log_statements(connection: psycopg.Connection, level: str) -> None:
    connection.execute(f"ALTER SYSTEM SET log_statement = '{level}'")  # type: ignore[call-overload]
    connection.execute("SELECT pg_reload_conf(), pg_sleep(0.3)")
