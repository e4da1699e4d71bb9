"""``python -m bench.taking N``: a statement taken in, in a process of its own whose memory is measured."""

import json
import re
import sys
import time
from pathlib import Path

import django


def _take(pk: int) -> dict[str, float]:
    django.setup()
    from django.utils import timezone

    from payments.models import StatementFile
    from payments.statements import taking

    file = StatementFile.objects.get(pk=pk)
    _peak()
    idle, started, worked = _peak(), time.monotonic(), time.process_time()
    taken = taking.take(file, now=timezone.now())
    seconds, cpu = time.monotonic() - started, time.process_time() - worked
    if taken.state != "taken":
        raise RuntimeError(taken.outcome)
    return {
        "seconds": seconds,
        "own_cpu": cpu,
        "memory": _peak() - idle,
        "settled": taken.outcome["settled"],
        "suspense": taken.outcome["suspense"],
    }


def _peak() -> float:
    """The most memory this process has held since it was forgotten last, in MB; forgets it."""
    held = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    Path("/proc/self/clear_refs").write_text("5")
    return int(held[1]) / 1000 if held else 0.0


if __name__ == "__main__":
    print(json.dumps(_take(int(sys.argv[1]))))
