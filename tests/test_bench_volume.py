"""The parts of ``make bench ARGS=volume`` run; what they measure is not judged here."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from bench import growth, volume, xlsx
from bench.report import Findings, write
from procedures.demo_volume import load
from procedures.models import IntakeList
from tests.test_bench import findings  # noqa: F401 (a fixture)


@pytest.fixture
def subject(db: None, monkeypatch: pytest.MonkeyPatch) -> volume.Subject:
    last = timezone.localdate() - timedelta(days=1)
    load.build(dossiers=120, seed="bench", until=last, say=lambda words: None, many=False)
    return volume.Subject(connection.settings_dict["NAME"], 120)


def test_pages_are_asked_and_their_queries_explained(
    subject: volume.Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"queue, first page", "queue, some pages on", "search, a whole name", "a dossier, at the desk"}
    monkeypatch.setattr(volume, "PAGES", [page for page in volume.PAGES if page.name in wanted])
    lists = IntakeList.objects.count()
    found = volume.compare((subject, subject), rounds=1, times=1)
    measured = {page.name for page in found if page.costs}
    assert {"queue, first page", "a dossier, at the desk", volume.CLOSING} <= measured
    assert all(page.costs[1].queries > 0 for page in found if page.costs)
    assert IntakeList.objects.count() == lists
    rows = volume.rows(found)
    assert {row.goal is None for row in rows if row.name.startswith("queue")} == {False}
    plans = volume.explained(subject, most=1)
    assert "## Search, a whole name" in plans
    assert "Execution Time" in plans


def test_every_page_names_what_it_asks_for(subject: volume.Subject) -> None:
    missing = {page.name for page in volume.PAGES if volume._missing(page, (subject,))}  # type: ignore[arg-type]
    assert "an intake list" not in missing
    assert "a dossier, its citizen" not in missing


def test_a_page_that_is_not_there_is_named() -> None:
    found = [volume.Compared("figures", skipped="there is no such address")]
    assert volume.skipped(found) == "Not measured: figures: there is no such address."
    assert volume.rows(found) == []


def test_both_writers_write_the_same_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(number, f"BHXH056.02-210715-{number:04d}", *["Cam Ranh"] * 11) for number in range(1, 30)]
    cells = tmp_path / "cells.jsonl"
    assert xlsx.write_cells(cells, iter(rows)) == 29
    for writer in (xlsx.ours, xlsx.floor):
        writer(cells, tmp_path / "out.xlsx")
        assert (tmp_path / "out.xlsx").stat().st_size > 3000


def test_each_part_of_the_report_leaves_the_other(
    tmp_path: Path,
    findings: Findings,  # noqa: F811
) -> None:
    path = tmp_path / "bench.json"
    book = {"cpu": 1.0, "seconds": 1.0, "mb": 60.0}
    page = volume.Compared("queue", (volume.Cost(10, 2, 9), volume.Cost(10, 3, 9)))
    grown = growth.Growth(growth.QUICK, [page], 29, {"ours": book, "export": book, "floor": book})
    write(path, findings, {"cores": 2})
    growth.write(path, grown, {"cores": 2})
    write(path, findings, {"cores": 2})
    kept = json.loads(path.read_text())
    assert kept["figures"]["page_cpu"] == 5.0
    assert kept["volume"]["pages"][0]["ratio"] == pytest.approx(13 / 12)
    assert [row["met"] for row in kept["volume"]["rows"] if row["name"] == "queue"] == [True]
