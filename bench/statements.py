"""The part of the benchmark about statements: 100,000 lines matched, beside a bare COPY of them."""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.report import Row
from bench.run import say
from bench.site import Place

NUMBERS = {"csv": "4700201000001", "camt.053": "4700201000002"}
_AMOUNT = 804_600
# Of a hundred lines so many name no order, pay too little, or are there a second time.
_UNKNOWN, _UNDER, _TWICE = 2, 2, 1


@dataclass(frozen=True)
class Taken:
    """Of one file: lines, MB of it, seconds, CPU seconds of the process and of the database, MB of memory
    above an idle process; seconds of the bare COPY."""

    kind: str
    lines: int
    megabytes: float
    seconds: float
    own_cpu: float
    database_cpu: float
    memory: float
    bare_seconds: float
    settled: int
    suspense: int


def everything(found: Place, lines: int) -> list[Taken]:
    """Both kinds of file, each on an account of its own."""
    _orders(found.connection, lines)
    return [_taken(found, kind, lines) for kind in NUMBERS]


def _orders(connection: "psycopg.Connection[Any]", lines: int) -> None:
    """An open order for each line, on each of the two accounts."""
    from procedures import demo
    from tests.payments import statements as bank

    say(f"{lines:,} orders for each kind of file")
    bank.mapping()
    payer = demo.citizen(demo.person(random.Random(1), "22429"))
    for place, number in enumerate(NUMBERS.values()):
        account = bank.account(number)
        connection.execute(_ORDERS, [account.office_id, account.pk, payer.pk, _AMOUNT, f"KH{place}", lines])
    connection.execute("VACUUM ANALYZE")


_ORDERS = """
INSERT INTO payments_contributionorder (reference, product, kind, office_id, account_id, payer_id, payer_name,
    amount, paid, quote, state, made_at, expires_at, key)
SELECT reference, 'household', 'register', %s, %s, %s, 'TRAN VAN AN', %s, 0, '{}', 'open', now(),
        now() + interval '5 days', reference
    FROM (SELECT %s || lpad(n::text, 10, '0') AS reference FROM generate_series(1, %s) AS n) AS made
"""


def _taken(found: Place, kind: str, lines: int) -> Taken:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.utils import timezone

    from payments.models import StatementFile
    from tests.payments import statements as bank

    say(f"{lines:,} lines of {kind}")
    account = bank.account(NUMBERS[kind])
    bookings = list(_bookings(list(NUMBERS).index(kind), lines))
    data = bank.csv(bookings) if kind == "csv" else bank.camt(bookings, number=account.number)
    file = StatementFile.objects.create(
        account=account,
        office=account.office,
        kind=kind,
        name=kind,
        sha256=f"bench {kind}",
        file=default_storage.save(f"statements/bench-{kind}", ContentFile(data)),
        read_at=timezone.now(),
    )
    bare = _bare(found.connection, bookings)
    before = found.database_seconds()
    measured: dict[str, Any] = json.loads(found.python("-m", "bench.taking", str(file.pk)))
    database = found.database_seconds() - before
    return Taken(
        kind=kind,
        lines=lines,
        megabytes=len(data) / 1e6,
        bare_seconds=bare,
        database_cpu=database,
        **measured,
    )


def _bookings(place: int, lines: int) -> Iterator[Any]:
    from tests.payments.statements import Paid

    for n in range(1, lines + 1):
        share, text, amount = n % 100, f"NOP TIEN KH{place}{n:010} BAO HIEM", _AMOUNT
        if share < _UNKNOWN:
            text = "CHUYEN TIEN"
        elif share < _UNKNOWN + _UNDER:
            amount -= 1000
        number = n - 1 if share >= 100 - _TWICE else n
        if number != n:
            text = f"NOP TIEN KH{place}{number:010} BAO HIEM"
        yield Paid(f"FT{place}{number:012}", amount, text, payer=f"NGUYEN VAN {n % 997}")


def _bare(connection: "psycopg.Connection[Any]", bookings: list[Any]) -> float:
    """Seconds to copy the same lines into a table without index."""
    rows = "".join(f"{b.reference}\t{b.day}\t{b.amount}\t{b.payer}\t{b.text}\n" for b in bookings).encode()
    connection.execute("DROP TABLE IF EXISTS bare_lines")
    connection.execute(
        "CREATE TABLE bare_lines (reference text, booked_on date, amount numeric, payer text, text text)"
    )
    started = time.monotonic()
    with connection.cursor() as cursor, cursor.copy("COPY bare_lines FROM STDIN") as copy:
        copy.write(rows)
    return time.monotonic() - started


# --- The report ----------------------------------------------------------------------------------


def rows(found: list[Taken]) -> list[Row]:
    made = []
    for taken in found:
        rate, bare = taken.lines / taken.seconds, taken.lines / taken.bare_seconds
        cpu = taken.own_cpu + taken.database_cpu
        name = taken.kind
        made += [
            Row(f"{name}: lines matched", rate, "lines/s", bare, goal=5000, at_least=True),
            Row(f"{name}: the same, a second of CPU", taken.lines / cpu, "lines/s", goal=5000, at_least=True),
            Row(f"{name}: memory, file of {taken.megabytes:.0f} MB", taken.memory, "MB", goal=150),
        ]
    return made


def write(path: Path, found: list[Taken], about: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": about, "statements": [asdict(taken) for taken in found]}
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
