"""The command line: ``run`` and ``exec``."""

import argparse
import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from portal.standalone.places import claim, secret_key
from portal.standalone.postgres import postgres_url, start_postgres, without_libpq_settings
from portal.standalone.processes import (
    HOST,
    PROCESSES,
    ROOT,
    Unavailable,
    end_with_parent,
    follow_parent,
    is_ready,
    start_process,
)
from portal.standalone.supervisor import Supervisor, say, shown
from portal.standalone.valkey import start_valkey, valkey_url

_LARGEST_LOG = 10 * 1024 * 1024


def _data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or ROOT / "var").resolve()


# --- run -----------------------------------------------------------------------------------------


def run() -> int:
    """Serve the portal until told to stop; the exit code."""
    if "MAKELEVEL" in os.environ:
        follow_parent()
    port = _port()
    data_dir = _data_dir()
    with claim(data_dir, note=f"at http://{HOST}:{port}/") as crashed:
        # What a killed run left behind is about to let go of the port.
        _require_free(port, patience=10 if crashed else 0)
        supervisor = Supervisor()
        supervisor.stop_on_signals()
        try:
            return _serve(supervisor, _environment(data_dir, port), port)
        finally:
            supervisor.stop_all()


def _serve(supervisor: Supervisor, env: dict[str, str], port: int) -> int:
    data_dir = Path(env["DATA_DIR"])
    _rotate_logs(data_dir / "log")
    if "DATABASE_URL" not in env:
        env = without_libpq_settings(env)
        env["DATABASE_URL"] = supervisor.add_server("postgres", partial(start_postgres, data_dir))
    if "REDIS_URL" not in env:
        env["REDIS_URL"] = supervisor.add_server("valkey", partial(start_valkey, data_dir))
    for step in _preparations(env):
        code = supervisor.run_to_end([sys.executable, "manage.py", *step], env)
        if code != 0:
            return 0 if supervisor.stopping else code
    for name in PROCESSES:
        supervisor.add(name, partial(start_process, name, env, port=port), is_ready)
    supervisor.watch(until=lambda: supervisor.all_ready)
    if not supervisor.stopping:
        say(f"\nData: {shown(data_dir)}/, logs: {shown(data_dir / 'log')}/*.log")
        say(f"Open {env['SITE_URL']}/ (Ctrl-C stops everything and keeps the data)\n")
    supervisor.watch()
    return 0


def _environment(data_dir: Path, port: int) -> dict[str, str]:
    """What the processes see: the caller's environment over the defaults of a try-out."""
    env = {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATA_DIR": str(data_dir),
        "DEBUG": "1",
        "SITE_URL": f"http://{HOST}:{port}",
        "SECRET_KEY": secret_key(data_dir),
        **_given(),
    }
    if env["SITE_URL"].startswith("http://"):
        env.setdefault("SECURE_COOKIES", "0")
    return env


def _given() -> dict[str, str]:
    """The caller's environment; one of these that is empty counts as not set."""
    ours = {"DATABASE_URL", "REDIS_URL", "DATA_DIR", "DEBUG", "SECRET_KEY", "SITE_URL", "SECURE_COOKIES"}
    return {name: value for name, value in os.environ.items() if value or name not in ours}


def _preparations(env: Mapping[str, str]) -> list[list[str]]:
    debug = env["DEBUG"].lower() in {"1", "true", "yes", "on"}
    # With DEBUG on, static files are served from where they lie.
    collect = [] if debug else [["collectstatic", "--noinput", "--verbosity", "0"]]
    return [["prepare"], *collect]


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Unavailable(f"PORT={text} is not a port number: use one from 1024 to 65535.")
    return int(text)


def _require_free(port: int, *, patience: float) -> None:
    """Raise ``Unavailable`` when ``port`` is taken, still after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while (problem := _cannot_listen(port)) is not None:
        if problem.errno == errno.EACCES:
            raise Unavailable(f"Port {port} needs administrator's rights: use make run PORT=8000.")
        if time.monotonic() >= deadline:
            raise Unavailable(f"Port {port} is taken: stop what uses it, or use make run PORT={port + 1}.")
        time.sleep(0.2)


def _cannot_listen(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError as error:
            return error
    return None


def _rotate_logs(directory: Path) -> None:
    for log in directory.glob("*.log"):
        if log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))


# --- exec ----------------------------------------------------------------------------------------


def execute(command: list[str], *, data_dir: Path, keep: bool = False) -> int:
    """Run ``command`` with both servers up; its exit code, 128 + the number of a signal that ended it.

    Without ``keep`` the servers are fast and their data may be thrown away. With it the data is
    that of ``run``; when ``run`` is up, its servers are used.
    """
    data_dir = data_dir.resolve()
    env = {
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": secret_key(data_dir),
        **({"DEBUG": "1"} if keep else {}),
        **_given(),
    }
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(claim(data_dir))
        except Unavailable:
            if not keep:
                raise
            env = _with_servers_of_run(data_dir, env)
        else:
            env = stack.enter_context(_with_servers(data_dir, env, durable=keep))
        return _call(command, env)


def _with_servers_of_run(data_dir: Path, env: dict[str, str]) -> dict[str, str]:
    urls = {"DATABASE_URL": postgres_url(data_dir)} if (data_dir / "postgres").exists() else {}
    return {"REDIS_URL": valkey_url(data_dir), **urls, **env}


@contextlib.contextmanager
def _with_servers(data_dir: Path, env: dict[str, str], *, durable: bool) -> Iterator[dict[str, str]]:
    """``env`` with both addresses: those it has, else of servers that run until we leave."""
    with contextlib.ExitStack() as stack:
        if "DATABASE_URL" not in env:
            postgres = start_postgres(data_dir, durable=durable)
            stack.callback(postgres.stop)
            env = {**without_libpq_settings(env), "DATABASE_URL": postgres.url}
        if "REDIS_URL" not in env:
            valkey = start_valkey(data_dir, durable=durable)
            stack.callback(valkey.stop)
            env = {**env, "REDIS_URL": valkey.url}
        yield env


def _call(command: list[str], env: Mapping[str, str]) -> int:
    try:
        process = subprocess.Popen(command, env=dict(env), preexec_fn=end_with_parent())
    except OSError as error:
        raise Unavailable(f"{command[0]}: {error.strerror}.") from error
    # The terminal sends Ctrl-C to both; what it means is for the command to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, frame: process.send_signal(received))
    code = process.wait()
    return code if code >= 0 else 128 - code


# --- The command line ----------------------------------------------------------------------------


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m portal.standalone",
        description="The portal with servers of its own: nothing to install.",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("run", help="serve the portal until Ctrl-C; PORT and DATA_DIR are read")
    one = actions.add_parser("exec", help="run one command with both servers up")
    one.add_argument("--data", type=Path, help="data directory (default: var/test; with --keep var)")
    one.add_argument("--keep", action="store_true", help="work on the lasting data of run")
    one.add_argument("command", nargs="+", metavar="-- COMMAND")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """The exit code; what a person can put right is one line on standard error."""
    arguments = _arguments(argv)
    try:
        if arguments.action == "run":
            return run()
        default = _data_dir() if arguments.keep else ROOT / "var" / "test"
        return execute(arguments.command, data_dir=arguments.data or default, keep=arguments.keep)
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
