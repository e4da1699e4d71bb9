"""Run functions at the same time, each with a database connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*functions: Callable[[], Any]) -> list[Any]:
    """The result of each function, or the exception it raised."""
    results: list[Any] = [None] * len(functions)

    def run(index: int) -> None:
        try:
            results[index] = functions[index]()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive(), "a thread hangs"
    return results


class Meeting:
    """Where two threads wait for each other, for a while: opens the window a race needs."""

    def __init__(self, parties: int = 2, patience: float = 0.7) -> None:
        self._barrier = threading.Barrier(parties)
        self._patience = patience

    def wait(self) -> None:
        try:
            self._barrier.wait(timeout=self._patience)
        except threading.BrokenBarrierError:
            return
