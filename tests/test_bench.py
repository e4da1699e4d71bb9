"""The parts of ``make bench`` run and its report is whole; what they measure is not judged here."""

import json
import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo
from pytest_django.live_server_helper import LiveServer

from bench import calculator, filing, floors, load, measure, meters, pages, pdf, people, report
from bench.browser import Browser, File
from bench.site import Place
from portal import drawing, outbox
from procedures import demo
from procedures.forms import StepForm
from procedures.models import Dossier
from tests.conftest import make_draft

PAPERS = filing.Papers(
    File("IMG_1.jpg", "image/jpeg", demo.photo("id")), File("so.jpg", "image/jpeg", demo.photo("book"))
)


@pytest.fixture
def browser(transactional_db: None, live_server: LiveServer) -> Browser:
    """Somebody who has signed in, as the benchmark makes them."""
    return Browser(
        live_server.thread.host, live_server.thread.port, people.cookies(people.citizens(1, "test"))[0]
    )


def counts(browser: Browser) -> Counter[str]:
    return Counter(exchange.what for exchange in browser.traffic)


def test_a_whole_filing_request_by_request(browser: Browser) -> None:
    filed = filing.file_claim(browser, PAPERS)
    outbox.drain()
    filing.collect(filed, wait=lambda seconds: setattr(filed, "ask_at", 0.0))
    assert Dossier.objects.get(code=filed.code).state == "waiting_originals"
    done = counts(browser)
    assert (done["start"], done["upload"], done["file"], done["receipt"]) == (1, 2, 1, 1)
    assert done["poll"] >= 1
    # Nothing is saved that is filled in at once, asked anew, or loaded back to be looked at.
    assert (done["save"], done["redraw"], done["preview"]) == (0, 0, 0)
    assert all(exchange.received > 100 for exchange in browser.traffic)


def test_who_types_slowly_saves_every_answer(browser: Browser) -> None:
    filing.file_claim(browser, PAPERS, slowly=True)
    done = counts(browser)
    assert done["save"] == len(filing.ANSWERS)


def test_a_burst_files_every_draft(transactional_db: None, live_server: LiveServer) -> None:
    users = people.citizens(2, "burst")
    drafts = [make_draft(user, random.Random(user.pk)) for user in users]
    paths = [f"/ho-so/{draft.draft_code}/kiem-tra/" for draft in drafts]
    host, port = live_server.thread.host, live_server.thread.port
    done = load.burst(load.Task("burst", host, port, 2, people.cookies(users), paths=paths))
    assert done["errors"] == []
    assert Dossier.objects.filter(state="waiting_originals").count() == 2


def test_the_rows_of_a_filing_are_inserted_again(
    transactional_db: None, filed: Dossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.drain()
    monkeypatch.setattr(Place, "database_seconds", lambda self: 0.0)
    given = connection.get_connection_params()
    address = make_conninfo(**{k: v for k, v in given.items() if k in {"dbname", "host", "port", "user"}})
    with psycopg.connect(address) as session:
        place = Place(tmp_path, {"DATABASE_URL": address}, session)
        done = floors.bare_insert(place, rounds=1, transactions=3)
    assert done.rate > 0
    # The dossier, two originals, two files, an event, three PDFs, four side effects, a notice.
    assert done.rows == 14
    assert Dossier.objects.count() == 4


def test_a_page_of_thirty_questions(transactional_db: None) -> None:
    assert len(pages.definition().fields) == 30
    cpu, size = pages.page_cpu(rounds=1, pages=1)
    assert cpu > 0
    assert size > 15_000
    assert pages.stock_cpu(rounds=1, pages=1) > 0


def test_the_largest_form_holds_a_household_of_twelve(db: None) -> None:
    shipped, step, typed = pages.largest_form()
    form = StepForm(shipped, step, typed, timezone.localdate(), data=typed)
    assert form.field("household").clean(typed["household"])
    assert drawing.bound(form["household"]).count('<fieldset class="row">') == 12
    assert pages.largest_form_cpu(rounds=1, pages=1) > 0


def test_receipts_and_the_stock_page_carry_the_same_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_WARM_UP", 0)
    found = pdf.measured(pdf.ours, 1)
    assert [len(values) for values in found.values()] == [1, 1, 1]
    page = pdf._html(pdf.receipt(7))
    assert page.count("<svg") == 2
    assert "BHXH056.02-210715-0007" in page


def test_processor_time_and_memory_of_a_tree() -> None:
    meter = meters.CpuMeter({"here": os.getpid()})
    before, until = meter.read(), time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert meters.spent(before, meter.read())["here"] >= 50
    with subprocess.Popen(["sleep", "60"]) as child:
        assert meters.memory_of(os.getpid()).rss > 0
        child.kill()


def test_statements_are_counted_from_the_log() -> None:
    log = (
        b"2021-07-15 02:00:00.000 UTC [7] LOG:  statement: BEGIN\n"
        b"2021-07-15 02:00:00.000 UTC [7] LOG:  statement: SELECT 'LOG:  a'\n\tFROM x\n"
        b"2021-07-15 02:00:00.000 UTC [7] LOG:  execute <unnamed>: INSERT INTO x VALUES ($1)\n"
        b"2021-07-15 02:00:00.000 UTC [7] LOG:  statement: COMMIT\n"
        b"2021-07-15 02:00:00.000 UTC [8] LOG:  statement: SELECT pg_reload_conf()\n"
    )
    found = meters.Statements()
    found.add(log, but_for=8)
    assert (found.queries, found.control) == (2, 2)


# --- The report ----------------------------------------------------------------------------------


@pytest.fixture
def findings() -> report.Findings:
    made = {"cpu": [10.0], "seconds": [0.01], "bytes": [70_000.0]}
    cost = measure.Cost(
        cpu={"web": 100.0, "worker": 60.0, "beat": 1.0, "database": 40.0, "broker": 1.0},
        requests={"start": 1, "step": 5, "file": 1},
        received={"pages": 40_000, "files": 60_000},
        sent=2_000_000,
        seconds=1.5,
    )
    return report.Findings(
        filing=cost,
        slow_filing=cost,
        statements=(160.0, 30.0),
        rates={1: measure.Rate(3.0), 4: measure.Rate(9.0), 8: measure.Rate(7.5)},
        idle_seconds=[0.1, 0.2, 0.3],
        burst_seconds=[1.0, 13.0],
        web_memory=meters.Memory(120.0, 90.0),
        worker_memory=meters.Memory(150.0, 100.0),
        page_cpu=5.0,
        largest_form_cpu=2.0,
        page_bytes=29_000,
        stock_form_cpu=12.0,
        receipts=made,
        stock_receipts={"cpu": [100.0], "seconds": [0.1], "bytes": [30_000.0]},
        bare_view=floors.BareView(600.0, 1.5, meters.Memory(60.0, 40.0)),
        bare_insert=floors.BareInsert(200.0, 15, 4.0),
    )


def test_every_goal_has_its_row(findings: report.Findings) -> None:
    judged = {row.name.strip(): row.met for row in report.rows(findings) if row.goal is not None}
    assert judged == {
        "one filing, server": True,
        "requests": True,
        "page of 30 questions, in process": True,
        "TK1-TS, household of 12: build and draw": True,
        "filings, 8 clients": False,
        "filing to receipt, idle": True,
        "filing to receipt, last of 2": False,
        "receipts a worker process": True,
        "memory of a web process, RSS": True,
        "memory of a worker process, RSS": True,
    }


def test_the_table_and_the_file_hold_every_row(findings: report.Findings, tmp_path: Path) -> None:
    rows = report.rows(findings)
    table = report.table(rows)
    assert all(row.name in table for row in rows)
    assert len(table.splitlines()) == len(rows) + 1
    report.write(tmp_path / "bench.json", findings, {"cores": 2})
    written = json.loads((tmp_path / "bench.json").read_text())
    assert [row["name"] for row in written["rows"]] == [row.name for row in rows]
    assert {"measured", "unit", "floor", "goal", "met"} <= set(written["rows"][0])
    assert written["machine"] == {"cores": 2}
    assert written["figures"]["filing"]["requests"] == {"start": 1, "step": 5, "file": 1}


def test_the_calculator_is_measured_beside_its_floor(db: None) -> None:
    rows = calculator.rows(calculator.everything(quick=True))
    assert len(rows) == 2
    assert all(row.floor is not None and 0 < row.floor < row.measured for row in rows)
