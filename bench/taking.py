"""``python -m bench.taking N``: a statement taken in, in a process of its own whose memory is measured."""

import json
import resource
import sys
import time

import django


def _take(pk: int) -> dict[str, float]:
    django.setup()
    from django.utils import timezone

    from payments.models import StatementFile
    from payments.statements import taking

    file = StatementFile.objects.get(pk=pk)
    idle, started = _peak(), time.monotonic()
    taken = taking.take(file, now=timezone.now())
    seconds = time.monotonic() - started
    if taken.state != "taken":
        raise RuntimeError(taken.outcome)
    return {
        "seconds": seconds,
        "memory": _peak() - idle,
        "settled": taken.outcome["settled"],
        "suspense": taken.outcome["suspense"],
    }


def _peak() -> float:
    """The most memory this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    print(json.dumps(_take(int(sys.argv[1]))))
