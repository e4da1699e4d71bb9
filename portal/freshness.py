"""How long a process keeps what it has read of rows that hardly change."""

import time


def stretch(seconds: int) -> int:
    """A number that changes every ``seconds``: what is kept under it is as fresh as that."""
    return int(time.monotonic() // seconds)
