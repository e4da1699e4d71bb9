"""Moves that commit while figures are counted are in them at the next look, whatever their number."""

import random
import threading
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from portal.models import User
from procedures import demo, dossiers, workflow
from procedures.figures import counting, mark
from procedures.models import CountedDossier, Dossier, FiguresMark, MonthFigures
from tests.conftest import make_draft
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def _draft(seed: int) -> Dossier:
    return make_draft(demo.citizen(demo.person(random.Random(seed), "22429")), random.Random(seed))


def _file(draft: Dossier) -> None:
    mine = Dossier.objects.get(pk=draft.pk)
    dossiers.file(mine, actor=User.objects.get(pk=draft.owner_id), key="f")


def _slow_filing_among_looks() -> list[Any]:
    """A filing takes its number first and commits last; figures are counted before and after."""
    slow, quick = _draft(1), _draft(2)
    numbered, counted = threading.Event(), threading.Event()

    def file_slowly() -> None:
        with transaction.atomic():
            _file(slow)
            numbered.set()
            assert counted.wait(20)

    def file_and_count() -> None:
        assert numbered.wait(20)
        Dossier.objects.filter(pk=quick.pk).update(office=None)
        with transaction.atomic():  # another office's numbers are not waited for
            locked = Dossier.objects.get(pk=quick.pk)
            workflow.record(locked, "noted", actor=None, key="n")
        for _look in range(3):
            counting.catch_up(timezone.now())
        counted.set()

    results = at_once(file_slowly, file_and_count)
    counting.catch_up(timezone.now())
    return [*results, CountedDossier.objects.filter(pk=slow.pk).exists()]


def test_a_filing_that_commits_after_later_ones_were_counted_is_counted() -> None:
    assert _slow_filing_among_looks() == [None, None, True]
    assert MonthFigures.objects.get(office=None, procedure=None).received == 1


def test_without_waiting_for_who_is_under_way_it_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    look = mark.look

    def careless() -> mark.Look:
        seen = look()
        return mark.Look(seen.newest, seen.next_to_begin, seen.next_to_begin)

    monkeypatch.setattr(mark, "look", careless)
    assert _slow_filing_among_looks() == [None, None, False]


@pytest.mark.parametrize(("oldest_running", "passed"), [(49, 0), (50, 7), (60, 7)])
def test_the_mark_passes_on_when_all_who_were_under_way_are_done(oldest_running: int, passed: int) -> None:
    kept = FiguresMark(seen=0, reached=7, horizon=50)
    mark.pass_on(kept, mark.Look(9, oldest_running, 60), timezone.now())
    assert (kept.seen, kept.reached) == (passed, 9 if passed else 7)


def test_of_two_counts_at_once_one_stands_back() -> None:
    _file(_draft(1))
    counting.catch_up(timezone.now())
    _file(_draft(2))
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            FiguresMark.objects.select_for_update().get()
            locked.set()
            assert done.wait(20)

    def count() -> int | None:
        assert locked.wait(20)
        try:
            return counting.catch_up(timezone.now())
        finally:
            done.set()

    assert at_once(hold, count) == [None, None]
    assert counting.catch_up(timezone.now()) == 1
