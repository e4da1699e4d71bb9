"""Several people filing at once, from a process of their own.

``python -m bench.load`` reads a ``Task`` as JSON and prints what came of it as JSON.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.browser import Browser, File
from bench.filing import Filed, Papers, fetch_receipt, file_claim, look, press_file


@dataclass
class Task:
    """``kind`` names one of ``KINDS``; ``cookies`` are those of as many people."""

    kind: str
    host: str
    port: int
    clients: int
    cookies: list[dict[str, str]]
    seconds: float = 0.0
    path: str = ""
    paths: list[str] = field(default_factory=list)
    photo: str = ""
    scan: str = ""

    def browser(self, cookies: dict[str, str]) -> Browser:
        return Browser(self.host, self.port, cookies)

    def papers(self) -> Papers:
        return Papers(
            File("IMG_20210712_081502.jpg", "image/jpeg", Path(self.photo).read_bytes()),
            File("so-bhxh-trang-1.pdf", "application/pdf", Path(self.scan).read_bytes()),
        )


class Crowd:
    """Clients that take the next person from one queue, and note when each was done."""

    def __init__(self, browsers: list[Browser], seconds: float) -> None:
        self._browsers = iter(browsers)
        self._lock = threading.Lock()
        self.ends_at = time.monotonic() + seconds if seconds else float("inf")
        self.done: list[float] = []
        self.errors: list[str] = []

    def next(self) -> Browser | None:
        with self._lock:
            return next(self._browsers, None) if time.monotonic() < self.ends_at else None

    def note(self) -> None:
        self.done.append(time.monotonic())

    def run(self, clients: int, work: Callable[["Crowd"], None]) -> None:
        threads = [threading.Thread(target=self._guarded, args=[work]) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _guarded(self, work: Callable[["Crowd"], None]) -> None:
        try:
            work(self)
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}")


def filings(task: Task) -> dict[str, Any]:
    """Whole filings one after the other for each client, until the time is up.

    A client does not sit and watch: while documents are made it begins with the next person, and
    comes back when that page would have asked. A filing is done when its receipt has come.
    """
    papers, browsers = task.papers(), [task.browser(cookies) for cookies in task.cookies]
    crowd = Crowd(browsers, task.seconds)
    started = time.monotonic()
    crowd.run(task.clients, lambda crowd: _file_all(crowd, papers))
    return {"done": [at - started for at in crowd.done], "errors": crowd.errors}


def _file_all(crowd: Crowd, papers: Papers) -> None:
    waiting: list[Filed] = []
    while browser := crowd.next():
        waiting.append(file_claim(browser, papers))
        waiting = _collect_due(crowd, waiting)


def _collect_due(crowd: Crowd, waiting: list[Filed]) -> list[Filed]:
    left = []
    for filed in waiting:
        if look(filed):
            fetch_receipt(filed)
            crowd.note()
        else:
            left.append(filed)
    return left


def burst(task: Task) -> dict[str, Any]:
    """Complete drafts, one a person, all filed as fast as the clients can press the button."""
    browsers = [task.browser(cookies) for cookies in task.cookies]
    for browser, path in zip(browsers, task.paths, strict=True):
        browser.open(path)
    crowd, started = Crowd(browsers, 0), time.monotonic()
    crowd.run(task.clients, _press_all)
    return {"seconds": time.monotonic() - started, "errors": crowd.errors}


def _press_all(crowd: Crowd) -> None:
    while browser := crowd.next():
        press_file(browser)


def pages(task: Task) -> dict[str, Any]:
    """One page again and again, until the time is up."""
    browsers = [task.browser(cookies) for cookies in task.cookies]
    crowd, started = Crowd([], task.seconds), time.monotonic()

    def read(crowd: Crowd) -> None:
        browser = browsers.pop()
        while time.monotonic() < crowd.ends_at:
            browser.open(task.path)
            crowd.note()

    crowd.run(task.clients, read)
    return {"requests": len(crowd.done), "seconds": time.monotonic() - started, "errors": crowd.errors}


KINDS = {"filings": filings, "burst": burst, "pages": pages}


def encoded(task: Task) -> str:
    return json.dumps(asdict(task))


if __name__ == "__main__":
    given = Task(**json.load(sys.stdin))
    json.dump(KINDS[given.kind](given), sys.stdout)
