"""Keeps several processes running under one parent, with a line on the terminal for every change."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from portal.standalone.processes import ROOT, Child, Unavailable, end_with_parent

_LONGEST_PAUSE = 30.0
_TRIES = 5


@dataclass
class _Service:
    """How to start a child, how to tell that it works, and what became of it."""

    name: str
    start: Callable[[], Child]
    works: Callable[[Child], bool]
    is_server: bool
    child: Child | None = None
    ready: bool = False
    failures: int = 0
    retry_at: float = 0.0


class Supervisor:
    """Starts services in order, restarts what dies, stops everything when told to."""

    def __init__(self) -> None:
        self._services: list[_Service] = []
        self.stopping = False

    @property
    def all_ready(self) -> bool:
        return all(service.ready for service in self._services)

    def stop_on_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal begin an orderly stop; a second one hurries."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Under nohup a closed terminal is no reason to end.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        for service in self._services:
            if self.stopping and service.child and not service.is_server:
                service.child.shoot()
        self.stopping = True

    def add_server(self, name: str, start: Callable[[], Child]) -> str:
        """Start what others depend on, and keep it running; ``start`` returns when it is ready."""
        service = _Service(name, start, works=lambda child: True, is_server=True)
        self._services.append(service)
        return self._launch(service).url

    def add(self, name: str, start: Callable[[], Child], works: Callable[[Child], bool]) -> None:
        """Start a process and keep it running."""
        service = _Service(name, start, works, is_server=False)
        self._services.append(service)
        self._launch(service)

    def run_to_end(self, command: list[str], env: Mapping[str, str]) -> int:
        """Run one command now; its exit code."""
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )
        while process.poll() is None:
            if self.stopping:
                process.terminate()
            time.sleep(0.05)
        return process.returncode

    def watch(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Restart what dies, until told to stop or ``until`` holds.

        Raises ``Unavailable`` when something dies again and again without ever getting ready.
        """
        while not self.stopping and not until():
            for service in self._services:
                self._look_after(service)
            time.sleep(0.1)

    def stop_all(self) -> None:
        """Stop the processes together, then their servers, the newest first."""
        self.stopping = True
        processes = [service for service in self._services if not service.is_server]
        for service in processes:
            if service.child:
                service.child.ask_to_stop()
        for service in processes + [other for other in reversed(self._services) if other.is_server]:
            if service.child:
                service.child.stop()
                _show(service.name, "stopped", service.child)

    def _launch(self, service: _Service) -> Child:
        _show(service.name, "starting")
        service.ready = False
        service.child = service.start()
        self._note_if_ready(service, service.child)
        return service.child

    def _note_if_ready(self, service: _Service, child: Child) -> None:
        if service.works(child):
            service.ready, service.failures = True, 0
            _show(service.name, "ready", child)

    def _look_after(self, service: _Service) -> None:
        child = service.child
        if child is None:
            self._try_again(service)
        elif not child.alive:
            self._note_death(service, child)
        elif not service.ready:
            self._note_if_ready(service, child)

    def _try_again(self, service: _Service) -> None:
        if time.monotonic() < service.retry_at:
            return
        try:
            self._launch(service)
        except Unavailable as error:
            say(f"  {error}")
            self._plan_restart(service)

    def _note_death(self, service: _Service, child: Child) -> None:
        child.kill()
        code = child.process.returncode
        why = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        _show(service.name, "died", child, f"{why}, see {shown(child.log)}")
        if not service.ready:
            for line in child.output().strip().splitlines()[-12:]:
                say(f"    | {line}")
        self._plan_restart(service)

    def _plan_restart(self, service: _Service) -> None:
        service.child = None
        service.failures += 1
        if service.failures >= _TRIES:
            raise Unavailable(f"{service.name} did not get ready in {service.failures} tries: giving up.")
        pause = min(2.0 ** (service.failures - 1), _LONGEST_PAUSE)
        service.retry_at = time.monotonic() + pause
        _show(service.name, "waiting", None, f"starts again in {pause:.0f} s")


def say(line: str) -> None:
    """One line to the terminal; a reader that went away is no reason to fail."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def shown(path: Path) -> str:
    """``path`` as somebody in the current directory would write it."""
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)


def _show(name: str, state: str, child: Child | None = None, note: str = "") -> None:
    pid = f"pid {child.pid}" if child else ""
    address = child.url if child and state == "ready" else ""
    say(f"  {name:<9} {state:<9} {pid:<12} {note or address}".rstrip())
