"""Two clerks post results at the same moment: each race is shown without its lock first."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from portal.models import OutboxMessage, User
from procedures import deliveries, dispatches, packing, workflow
from procedures.models import DeliveryFile, DispatchBatch, DispatchManifest, Dossier, Shipment
from procedures.workflow import MoveRefused
from tests.posting import STICKERS, approved, batch_of, packed, staff_of
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())


@pytest.fixture
def batch(transactional_db: None) -> DispatchBatch:
    """Two parcels, packed for one route."""
    rows, clerk = [approved(1), approved(2)], staff_of("cam-ranh")[0]
    made = batch_of(clerk, *rows)
    for dossier, sticker in zip(rows, STICKERS, strict=False):
        packed(made, clerk, dossier, sticker)
    return made


@pytest.fixture
def slow_manifest(batch: DispatchBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold two hand-overs between their look and their write until both are there."""
    meeting, look = Meeting(), packing._of_route

    def slow(*args: Any) -> Any:
        rows = look(*args)
        meeting.wait()
        return rows

    monkeypatch.setattr(packing, "_of_route", slow)


def _hand_over_twice(batch: DispatchBatch) -> list[Any]:
    route = batch.shipments.all()[0].route
    return at_once(
        *[
            lambda who=who: packing.hand_over(
                DispatchBatch.objects.get(pk=batch.pk),
                route,
                actor=User.objects.get(pk=who.pk),
                now=timezone.now(),
            )
            for who in staff_of("cam-ranh")
        ]
    )


@pytest.mark.usefixtures("no_locks", "slow_manifest")
def test_without_the_lock_two_clerks_both_begin_to_hand_over(batch: DispatchBatch) -> None:
    assert any(isinstance(result, IntegrityError) for result in _hand_over_twice(batch))


@pytest.mark.usefixtures("slow_manifest")
def test_of_two_clerks_who_hand_over_at_once_one_does_and_both_get_the_manifest(batch: DispatchBatch) -> None:
    results = _hand_over_twice(batch)
    assert all(isinstance(result, packing.HandOver) for result in results), results
    manifest = DispatchManifest.objects.get()
    assert [result.manifest for result in results] == [manifest, manifest]
    for row in batch.shipments.select_related("dossier"):
        assert (row.state, row.manifest) == ("sent", manifest)
        assert row.dossier.events.filter(action="dispatch").count() == 1
        assert workflow.verify_history(row.dossier) == []
    assert OutboxMessage.objects.filter(topic="notices.event", payload__has_key="event").exists()


def _two_batches(dossiers: list[Dossier]) -> list[Any]:
    return at_once(
        *[
            lambda who=who: dispatches.make_batch(
                [d.pk for d in dossiers], actor=User.objects.get(pk=who.pk), key="k", now=timezone.now()
            )
            for who in staff_of("cam-ranh")
        ]
    )


@pytest.fixture
def slow_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting, make = Meeting(), dispatches._made

    def slow(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return make(*args, **kwargs)

    monkeypatch.setattr(dispatches, "_made", slow)


@pytest.mark.usefixtures("no_locks", "slow_batch")
def test_without_the_lock_two_clerks_take_the_same_result() -> None:
    assert any(isinstance(result, IntegrityError) for result in _two_batches([approved(1)]))


@pytest.mark.usefixtures("slow_batch")
def test_of_two_clerks_who_take_the_same_results_one_gets_them_and_numbers_have_no_gap() -> None:
    results = _two_batches([approved(1), approved(2)])
    assert {type(result) for result in results} == {tuple, MoveRefused}, results
    assert Shipment.objects.filter(state="listed").count() == 2
    assert list(DispatchBatch.objects.values_list("number", flat=True)) == [1]


def test_the_same_file_uploaded_twice_at_once_is_read_once(batch: DispatchBatch) -> None:
    clerk = staff_of("cam-ranh")[0]
    packing.hand_over(batch, batch.shipments.all()[0].route, actor=clerk, now=timezone.now())
    today = timezone.localdate()
    data = f"Mã vận đơn,Trạng thái,Ngày\n{STICKERS[0]},Đã phát,{today:%d/%m/%Y}\n".encode()
    results = at_once(
        *[lambda: deliveries.read_in("a.csv", data, actor=User.objects.get(pk=clerk.pk), now=timezone.now())]
        * 2
    )
    assert sorted(new for _file, new in results) == [False, True]
    assert DeliveryFile.objects.get().rows.get().outcome == "done"
