"""The embedded servers and the supervisor behind ``make run`` and ``make test``, for real."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis

from portal.standalone import (
    Child,
    Unavailable,
    start_postgres,
    start_process,
    start_valkey,
    wait_until_ready,
)
from portal.standalone.places import claim, socket_dir

ROOT = Path(__file__).resolve().parent.parent
linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child that its parent died"
)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

SELECT_AND_PING = (
    "import os, psycopg, redis;"
    "c = psycopg.connect(os.environ['DATABASE_URL']);"
    "print(c.execute('SELECT current_database()').fetchone()[0]);"
    "print(redis.Redis.from_url(os.environ['REDIS_URL']).ping());"
)


@pytest.fixture
def data_dir(request: pytest.FixtureRequest) -> Iterator[Path]:
    """An empty data directory; not in tmp_path, which other accounts cannot enter."""
    base = Path(os.environ.get("DATA_DIR", ROOT / "var" / "test")) / "standalone"
    path = base / f"{request.node.name[:60]} with spaces"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    yield path
    shutil.rmtree(socket_dir(path))
    shutil.rmtree(path, ignore_errors=True)


def environment(**extra: str) -> dict[str, str]:
    """Ours, without the servers that these tests themselves run on."""
    dropped = {
        "DATABASE_URL",
        "REDIS_URL",
        "DATA_DIR",
        "PORT",
        "SECRET_KEY",
        "DEBUG",
        "MAKELEVEL",
        "SITE_URL",
    }
    return {name: value for name, value in os.environ.items() if name not in dropped} | extra


def standalone(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal.standalone", *arguments],
        cwd=ROOT,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], bool], *, within: float, what: str) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.1)


def family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def names(processes: list[psutil.Process]) -> set[str]:
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found.add(process.name())
    return found


def gone(processes: list[psutil.Process]) -> bool:
    # Who adopts orphans may never bury them: a zombie is gone.
    with contextlib.suppress(psutil.NoSuchProcess):
        return all(not p.is_running() or p.status() == psutil.STATUS_ZOMBIE for p in processes)
    return False


def one_line(text: str) -> str:
    assert len(text.strip().splitlines()) == 1, text
    return text.strip()


# --- exec ----------------------------------------------------------------------------------------


def test_a_command_gets_both_servers_and_its_exit_code_comes_back(data_dir: Path) -> None:
    # PGPORT and PGHOST of the caller must not lead astray.
    done = standalone(
        "exec",
        "--data",
        str(data_dir),
        "--",
        sys.executable,
        "-c",
        SELECT_AND_PING + "exit(7)",
        PGPORT="1",
        PGHOST="nowhere",
    )
    assert done.stdout.split() == ["portal", "True"], done.stderr
    assert done.returncode == 7
    assert not list(socket_dir(data_dir).iterdir()), "a server was left"


def test_named_servers_are_used_instead(data_dir: Path) -> None:
    script = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"
    done = standalone(
        "exec",
        "--data",
        str(data_dir),
        "--",
        sys.executable,
        "-c",
        script,
        DATABASE_URL="postgres://elsewhere/x",
        REDIS_URL="redis://elsewhere",
    )
    assert done.stdout.split() == ["postgres://elsewhere/x", "redis://elsewhere"]
    assert not (data_dir / "postgres").exists()
    assert not (data_dir / "valkey").exists()


def test_a_signal_that_ends_the_command_is_told_in_the_shells_way(data_dir: Path) -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    done = standalone(
        "exec",
        "--data",
        str(data_dir),
        "--",
        sys.executable,
        "-c",
        script,
        DATABASE_URL="postgres://elsewhere/x",
        REDIS_URL="redis://elsewhere",
    )
    assert done.returncode == 128 + signal.SIGKILL


def test_an_unknown_command_is_one_line(data_dir: Path) -> None:
    done = standalone("exec", "--data", str(data_dir), "--", "no-such-command")
    assert (done.returncode, one_line(done.stderr)) == (1, "no-such-command: No such file or directory.")


@linux_only
def test_nothing_is_left_of_a_killed_exec_and_the_next_one_works(data_dir: Path) -> None:
    arguments = ["exec", "--data", str(data_dir), "--", "sleep", "600"]
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.standalone", *arguments], cwd=ROOT, env=environment()
    )
    eventually(lambda: "sleep" in names(family(process.pid)), within=30, what="the command runs")
    children = family(process.pid)
    busy = standalone("exec", "--data", str(data_dir), "--", "true")
    process.kill()
    process.wait()
    assert busy.returncode == 1
    assert f"in use by process {process.pid}" in one_line(busy.stderr)
    eventually(lambda: gone(children), within=15, what="the children end with their parent")
    assert standalone("exec", "--data", str(data_dir), "--", "true").returncode == 0


# --- The servers ---------------------------------------------------------------------------------


@pytest.fixture
def stopped_after() -> Iterator[Callable[[Child], Child]]:
    children: list[Child] = []

    def remember(child: Child) -> Child:
        children.append(child)
        return child

    yield remember
    for child in children:
        child.stop()


def test_postgres_keeps_what_was_committed_through_a_crash(
    data_dir: Path, stopped_after: Callable[[Child], Child]
) -> None:
    first = stopped_after(start_postgres(data_dir))
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    first.kill()
    second = stopped_after(start_postgres(data_dir))
    assert second.url == first.url
    with psycopg.connect(second.url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (42,)


def test_throw_away_data_start_afresh_after_a_crash_only(
    data_dir: Path, stopped_after: Callable[[Child], Child]
) -> None:
    def tables() -> int:
        server = stopped_after(start_postgres(data_dir, durable=False))
        with psycopg.connect(server.url) as connection:
            row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'").fetchone()
            connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        (server.kill if row == (1,) else server.stop)()
        return row[0] if row else -1

    assert [tables(), tables(), tables()] == [0, 1, 0]


def test_postgres_treats_vietnamese_letters_as_letters(
    data_dir: Path, stopped_after: Callable[[Child], Child]
) -> None:
    server = stopped_after(start_postgres(data_dir, durable=False))
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")
        lower, similar, plain = connection.execute(
            "SELECT lower('ĐẶNG THỊ ÁNH'), similarity('Đặng', 'Đỗ'), unaccent('Đặng Thị Ánh')"
        ).fetchone() or ("", 1, "")
    assert (lower, plain) == ("đặng thị ánh", "Dang Thi Anh")
    assert similar < 0.5, "pg_trgm dropped the letters with marks"


def test_half_made_data_of_an_interrupted_start_are_made_again(
    data_dir: Path, stopped_after: Callable[[Child], Child]
) -> None:
    (data_dir / "postgres.new" / "base").mkdir(parents=True)
    assert stopped_after(start_postgres(data_dir, durable=False)).alive


def test_a_stale_pid_file_with_the_number_of_a_stranger_does_not_stop_the_start(
    data_dir: Path, stopped_after: Callable[[Child], Child]
) -> None:
    stopped_after(start_postgres(data_dir)).kill()
    pid_file = data_dir / "postgres" / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(pid_file.read_text().split()[0], str(os.getpid()), 1))
    assert stopped_after(start_postgres(data_dir)).alive


def test_valkey_comes_back_at_its_old_address_with_its_data(
    data_dir: Path, stopped_after: Callable[[Child], Child]
) -> None:
    first = stopped_after(start_valkey(data_dir))
    with Redis.from_url(first.url) as client:
        client.set("kept", "42")
    first.kill()
    with Redis.from_url(stopped_after(start_valkey(data_dir)).url) as client:
        assert client.get("kept") == b"42"


def test_servers_are_open_to_their_owner_alone(
    data_dir: Path, stopped_after: Callable[[Child], Child]
) -> None:
    servers = [stopped_after(start_postgres(data_dir, durable=False)), stopped_after(start_valkey(data_dir))]
    for server in servers:
        assert psutil.Process(server.pid).net_connections(kind="inet") == [], (
            f"{server.name} listens on the network"
        )
    for uid in {os.geteuid(), (data_dir / "postgres").stat().st_uid}:
        assert socket_dir(data_dir, uid=uid).stat().st_mode & 0o777 == 0o700


@root_only
def test_a_socket_directory_of_somebody_else_is_refused(data_dir: Path) -> None:
    path = socket_dir(data_dir)
    os.chown(path, 1, 1)
    try:
        with pytest.raises(Unavailable, match="belongs to somebody else"):
            start_valkey(data_dir)
    finally:
        os.chown(path, 0, 0)


@root_only
def test_without_user_namespaces_root_runs_postgres_as_nobody(data_dir: Path) -> None:
    without_unshare = data_dir / "bin"
    without_unshare.mkdir()
    (without_unshare / "test").symlink_to(shutil.which("test") or "")
    done = standalone(
        "exec",
        "--data",
        str(data_dir),
        "--",
        sys.executable,
        "-c",
        SELECT_AND_PING,
        PATH=str(without_unshare),
    )
    if "cannot reach" in done.stderr:
        pytest.skip(one_line(done.stderr))
    assert done.stdout.split() == ["portal", "True"], done.stderr
    assert (data_dir / "postgres").stat().st_uid == 65534
    # And the same data go on being used when namespaces are back.
    assert standalone("exec", "--data", str(data_dir), "--", "true").returncode == 0


def test_a_data_directory_is_held_by_one_process(data_dir: Path) -> None:
    held = pytest.raises(Unavailable, match=f"process {os.getpid()} at work")
    with claim(data_dir, note="at work"), held, claim(data_dir):
        pass
    with claim(data_dir) as crashed:
        assert not crashed


# --- run -----------------------------------------------------------------------------------------


def test_a_taken_port_is_one_line_before_anything_starts(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = standalone("run", PORT=str(port), DATA_DIR=str(data_dir))
    assert done.returncode == 1
    assert f"Port {port} is taken" in one_line(done.stderr)
    assert done.stdout == ""
    assert not (data_dir / "postgres").exists()


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_one_line(data_dir: Path, port: str) -> None:
    done = standalone("run", PORT=port, DATA_DIR=str(data_dir))
    assert (done.returncode, port in one_line(done.stderr)) == (1, True)


class Run:
    """A ``run`` in progress, its output in a file."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.output = data_dir / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.standalone", "run"],
                cwd=ROOT,
                env=environment(PORT=str(self.port), DATA_DIR=str(data_dir)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        return self.output.read_text()

    def wait_for(self, pattern: str, *, within: float = 120) -> None:
        def seen() -> bool:
            assert self.process.poll() is None, self.text()
            return re.search(pattern, self.text()) is not None

        eventually(seen, within=within, what=pattern)

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    def pid(self, name: str) -> int:
        return int(re.findall(rf"{name} +ready +pid (\d+)", self.text())[-1])


@pytest.fixture
def start_run(data_dir: Path) -> Iterator[Callable[[], Run]]:
    runs: list[Run] = []

    def start() -> Run:
        runs.append(Run(data_dir))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
        run.process.wait(60)


def sql_beside_run(data_dir: Path, statement: str) -> str:
    script = (
        "import os, psycopg; c = psycopg.connect(os.environ['DATABASE_URL'], autocommit=True);"
        f"print(c.execute({statement!r}).statusmessage)"
    )
    done = standalone("exec", "--keep", "--data", str(data_dir), "--", sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@linux_only
def test_run_serves_heals_stops_cleanly_and_comes_back_with_its_data(start_run: Callable[[], Run]) -> None:
    run = start_run()
    run.wait_for(r"Open http://")
    assert run.status("/healthz") == 200
    eventually(lambda: run.status("/readyz") == 200, within=90, what="ready, with a beat")
    assert (run.data_dir / "secret-key").stat().st_mode & 0o777 == 0o600

    refused = standalone("run", PORT=str(free_port()), DATA_DIR=str(run.data_dir))
    assert f"process {run.process.pid} at http://127.0.0.1:{run.port}/" in one_line(refused.stderr)
    assert refused.returncode == 1

    first_worker = run.pid("worker")
    os.kill(first_worker, signal.SIGKILL)
    run.wait_for(rf"worker +died +pid {first_worker} +killed by SIGKILL")
    eventually(lambda: run.pid("worker") != first_worker, within=90, what="a new worker")

    assert sql_beside_run(run.data_dir, "CREATE TABLE kept()") == "CREATE TABLE"

    children = family(run.process.pid)
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 0
    for name in ("web", "worker", "beat", "valkey", "postgres"):
        assert re.search(rf"{name} +stopped", run.text())
    assert gone(children)

    again = start_run()
    again.wait_for(r"Open http://", within=60)
    assert sql_beside_run(again.data_dir, "TABLE kept") == "SELECT 0"
    children = family(again.process.pid)
    again.process.kill()
    again.process.wait()
    eventually(lambda: gone(children), within=90, what="nothing left of a killed run")


def test_a_process_of_the_portal_can_be_started_alone(data_dir: Path) -> None:
    port = free_port()
    web = start_process("web", {**os.environ, "DATA_DIR": str(data_dir)}, port=port)
    try:
        wait_until_ready(web)
        with urllib.request.urlopen(f"{web.url}/healthz", timeout=5) as response:
            assert response.read() == b"ok\n"
    finally:
        web.stop()
    assert not web.alive


def test_a_process_that_cannot_start_says_why(data_dir: Path) -> None:
    worker = start_process(
        "worker", {**os.environ, "DATA_DIR": str(data_dir), "DEBUG": "0", "SECRET_KEY": ""}
    )
    with pytest.raises(Unavailable, match="Set SECRET_KEY"):
        wait_until_ready(worker)
