"""Two closures of one office, two changes of areas, or a filing and a change, at the same moment."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from psycopg.errors import DeadlockDetected, ExclusionViolation

from portal import outbox
from portal.models import User
from procedures import demo, dossiers, offices
from procedures.areas import orders, plan
from procedures.models import AreaChange, Closure, Dossier, DossierEvent, Office
from tests.conftest import _staff, file_draft, make_draft
from tests.procedures.test_areas import ENDS, MERGE, table
from tests.procedures.test_closures import ADD, _entry
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def _close_twice(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Two leaders save a closure of one office; each looks for overlaps before the other has saved."""
    leaders = [_staff("khanh-hoa", role, "Võ Minh Khánh") for role in ("director", "administrator")]
    meeting, look = Meeting(), Closure._in_the_way

    def slow(closure: Closure) -> Closure | None:
        found = look(closure)
        meeting.wait()
        return found

    monkeypatch.setattr(Closure, "_in_the_way", slow)

    def save(user: User) -> int:
        client = Client()
        client.force_login(user)
        return client.post(ADD, _entry("cam-ranh")).status_code

    return at_once(*[lambda u=u: save(u) for u in leaders])


def test_of_two_closures_saved_at_once_one_is_told_at_the_field(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(_close_twice(monkeypatch)) == [200, 302]
    assert Closure.objects.count() == 1


def test_without_the_lock_the_database_stops_the_second_closure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())
    stops = (ExclusionViolation, DeadlockDetected)  # the latter when each waits for the other's row
    assert any(isinstance(getattr(found, "__cause__", None), stops) for found in _close_twice(monkeypatch))


@pytest.fixture
def slow_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold two orders between their check and their write until both are there."""
    meeting, make = Meeting(), plan.make

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = make(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(plan, "make", slow)


def _order_twice(*keys: str) -> list[Any]:
    boss = _staff("khanh-hoa", "administrator", "Đặng Hữu Phước")
    now = timezone.now()
    return at_once(
        *[
            lambda k=k: orders.order(
                table(MERGE),
                day=timezone.localdate(now),
                document="NQ",
                file_name="x.csv",
                actor=User.objects.get(pk=boss.pk),
                key=k,
                now=now,
            )
            for k in keys
        ]
    )


@pytest.mark.usefixtures("slow_plan")
@pytest.mark.parametrize("keys", [("same", "same"), ("one", "two")])
def test_two_orders_of_one_file_at_once_are_one_change(keys: tuple[str, str]) -> None:
    results = _order_twice(*keys)
    assert {type(found) for found in results} == {AreaChange}, results
    assert AreaChange.objects.count() == 1


@pytest.mark.usefixtures("slow_plan")
def test_without_the_lock_two_orders_both_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "_one_at_a_time", lambda: None)
    results = _order_twice("one", "two")
    assert AreaChange.objects.count() == 2 or any(isinstance(found, IntegrityError) for found in results)


def test_a_filing_that_was_under_way_is_handed_over_at_a_later_look() -> None:
    boss = _staff("khanh-hoa", "administrator", "Đặng Hữu Phước")
    user = demo.citizen(demo.person(random.Random(9), "22429"))
    draft, now = make_draft(user, random.Random(9)), timezone.now()
    filed = file_draft(draft)
    here = Office.objects.get(slug="cam-ranh")
    Dossier.objects.filter(pk=filed.pk).update(final=True)  # not to be seen yet, as one not committed
    orders.order(
        table(*ENDS), day=timezone.localdate(now), document="NQ", file_name="x", actor=boss, key="k", now=now
    )
    outbox.drain()
    assert Dossier.objects.get(pk=filed.pk).office == here
    Dossier.objects.filter(pk=filed.pk).update(final=False)
    orders.take_effect(now + timedelta(minutes=1))
    outbox.drain()
    handed = Dossier.objects.get(pk=filed.pk)
    assert handed.office is not None and handed.office.slug == "cam-lam"
    orders.take_effect(now + timedelta(minutes=2))
    outbox.drain()
    assert handed.events.filter(action="handed_over").count() == 1


def test_two_workers_hand_one_dossier_over_once() -> None:
    boss = _staff("khanh-hoa", "administrator", "Đặng Hữu Phước")
    user = demo.citizen(demo.person(random.Random(9), "22429"))
    filed, now = file_draft(make_draft(user, random.Random(9))), timezone.now()
    orders.order(
        table(*ENDS), day=timezone.localdate(now), document="NQ", file_name="x", actor=boss, key="k", now=now
    )
    at_once(*[lambda: outbox.drain()] * 2)
    outbox.drain()
    assert Dossier.objects.get(pk=filed.pk).office.slug == "cam-lam"  # type: ignore[union-attr]
    assert DossierEvent.objects.filter(dossier=filed, action="handed_over").count() == 1


def test_numbers_of_the_successor_have_no_gap_when_filings_pour_in() -> None:
    boss = _staff("khanh-hoa", "administrator", "Đặng Hữu Phước")
    now = timezone.now()
    orders.order(
        table(*ENDS), day=timezone.localdate(now), document="NQ", file_name="x", actor=boss, key="k", now=now
    )
    offices.forget_closures()
    drafts = []
    for seed in range(3):
        user = demo.citizen(demo.person(random.Random(200 + seed), "22429"))
        drafts.append(make_draft(user, random.Random(seed)))
    at_once(
        *[
            lambda d=d: dossiers.file(
                Dossier.objects.get(pk=d.pk), actor=User.objects.get(pk=d.owner_id), key="f"
            )
            for d in drafts
        ]
    )
    codes = sorted(Dossier.objects.exclude(code=None).values_list("code", flat=True))
    assert [str(code)[-4:] for code in codes] == ["0001", "0002", "0003"]
    assert set(Dossier.objects.values_list("office__slug", flat=True)) == {"cam-lam"}
