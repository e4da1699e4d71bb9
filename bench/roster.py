"""A roster of 200,000 benefits taken in, and the payment lists of its month, beside a bare COPY of the file.

``python -m bench.roster ours|floor FILE`` does one of them in a process of its own and prints what it cost.
"""

import csv
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bench.report import Row
from bench.site import Place

FULL, QUICK = 200_000, 2_000
ACCOUNT_SHARE = 0.6
MONTHS = (date(2021, 7, 1), date(2021, 8, 1))
# Our dry run may take so many times what the bare COPY takes per row; each number is also sealed.
GOAL_MB = 250.0


def everything(found: Place, *, quick: bool) -> dict[str, Any]:
    """What the portal and the bare COPY cost, each measured in a fresh process."""
    found.manage("prepare", "--no-demo")
    path = found.data_dir / "roster.csv"
    write(path, QUICK if quick else FULL)
    return {
        part: json.loads(found.python("-m", "bench.roster", part, str(path))) for part in ("floor", "ours")
    }


def rows(findings: dict[str, Any]) -> list[Row]:
    """A line a step, in rows a second; the bare COPY stands beside the dry run."""
    ours, floor = findings["ours"], findings["floor"]
    count = ours["rows"]
    made = [Row("bare COPY of the file", count / floor["copy"], "rows/s", at_least=True)]
    words = {
        "check": "dry run: read, seal, COPY, compare with the month before",
        "take": "take the roster over",
        "close": "close the payment lists of all offices",
        "verify": "prove their digests",
    }
    made += [
        Row(name, count / ours[step], "rows/s", count / floor["copy"], at_least=True)
        for step, name in words.items()
    ]
    made.append(Row("largest memory of the process", ours["mb"], "MB", floor["mb"], GOAL_MB))
    return made


# --- The file ------------------------------------------------------------------------------------


def write(path: Path, count: int) -> None:
    """A roster of ``count`` invented people, the same each time."""
    from pension.roster_files import TITLES

    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(TITLES)
        writer.writerows(_people(count))


def _people(count: int) -> Iterator[list[str]]:
    import django

    django.setup()
    from portal.models import Ward
    from procedures import demo

    chance, wards = random.Random(1), list(Ward.objects.values_list("code", flat=True))
    for number in range(count):
        who = demo.person(chance, chance.choice(wards))
        paid = chance.random() < ACCOUNT_SHARE
        yield [
            f"56{number:08d}",
            who.full_name,
            f"{who.born:%d/%m/%Y}",
            who.phone,
            "Lương hưu",
            str(chance.randint(1_500, 15_000) * 1000),
            "Tài khoản" if paid else "Tiền mặt",
            who.ward,
            "" if paid else f"Bưu cục {who.ward}",
            "970405" if paid else "",
            f"4700{number:09d}" if paid else "",
            who.full_name if paid else "",
        ]


# --- In a process of its own ---------------------------------------------------------------------


def floor(path: Path) -> dict[str, float]:
    """The file as it lies into a table without index, by the database's own COPY."""
    from django.db import connection

    connection.ensure_connection()
    columns = ", ".join(f"c{n} text" for n in range(12))
    with connection.connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE bare ({columns})")
        begun = time.perf_counter()
        with path.open("rb") as file, cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy:
            while data := file.read(1 << 16):
                copy.write(data)
        return {"copy": time.perf_counter() - begun}


def ours(path: Path) -> dict[str, float]:
    """Two months of the file, so that the second is compared; then every office's list of the second."""
    from procedures import demo
    from procedures.models import Office

    offices = list(Office.objects.order_by("pk"))
    staff = [demo.staff(f"bench.{o.slug}", "Người đo", o, "clerk", password=demo.PASSWORD) for o in offices]
    _check(path, MONTHS[0], staff[0])
    cost = _check(path, MONTHS[1], staff[0])
    from django.utils import timezone

    from pension import pay_lists
    from pension.models import BenefitEntry, PaymentList

    paying = set(BenefitEntry.objects.values_list("office", flat=True).distinct())

    def close() -> None:
        for user in staff:
            if user.staff.office_id in paying:
                pay_lists.close(MONTHS[1], actor=user, key="bench", now=timezone.now())

    _timed(cost, "close", close)
    lists = list(PaymentList.objects.select_related("office"))
    _timed(cost, "verify", lambda: [pay_lists.verify(made) for made in lists])
    return {**cost, "rows": sum(made.rows for made in lists)}


def _check(path: Path, month: date, user: Any) -> dict[str, float]:
    from django.db import transaction
    from django.utils import timezone

    from pension import roster
    from pension.models import RosterImport

    made = RosterImport.objects.create(
        month=month, uploaded_by=user, uploaded_at=timezone.now(), key=f"bench {month}"
    )
    cost: dict[str, float] = {}

    def check() -> None:
        with transaction.atomic(), path.open("rb") as file:
            roster.look(made, roster.stage(made, file))  # type: ignore[arg-type]
            made.save()

    def take() -> None:
        with transaction.atomic():
            roster.take_rows(made)
            made.state, made.taken_by, made.taken_at = "taken", user, timezone.now()
            made.staged.all().delete()
            made.save()

    _timed(cost, "check", check)
    if made.wrong:
        raise RuntimeError(str(made.errors[:3]))
    _timed(cost, "take", take)
    return cost


def _timed(cost: dict[str, float], name: str, do: Callable[[], object]) -> None:
    begun = time.perf_counter()
    do()
    cost[name] = time.perf_counter() - begun


if __name__ == "__main__":
    import django

    django.setup()
    found = {"ours": ours, "floor": floor}[sys.argv[1]](Path(sys.argv[2]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({**found, "mb": peak}))
