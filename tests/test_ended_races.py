"""An office ends while somebody works on what it leaves, and two administrators place one person."""

import random
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import demo, parcels
from procedures.areas import orders, post, staffing
from procedures.models import Office, Parcel, StaffMember, StaffMove
from procedures.workflow import MoveRefused
from tests.conftest import _staff, file_draft, make_draft
from tests.procedures.test_areas import ENDS, table
from tests.procedures.test_ended_offices import TWO
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def _order(*rows: Any) -> User:
    boss, now = _staff("khanh-hoa", "administrator", "Đặng Hữu Phước"), timezone.now()
    day = timezone.localdate(now)
    orders.order(table(*rows), day=day, document="NQ", file_name="x", actor=boss, key="k", now=now)
    return boss


def _without_lock(monkeypatch: pytest.MonkeyPatch, model: type) -> None:
    lock = QuerySet.select_for_update

    def free(rows: Any, *args: Any, **kwargs: Any) -> Any:
        return rows.all() if rows.model is model else lock(rows, *args, **kwargs)

    monkeypatch.setattr(QuerySet, "select_for_update", free)


# --- A parcel ------------------------------------------------------------------------------------


def _count_while_it_goes(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Parcel]:
    """A clerk of the old office counts a parcel as its dossier is handed over; each has just read it."""
    clerk, now = _staff("cam-ranh", "clerk", "Lê Thị Hạnh"), timezone.now()
    filed = file_draft(make_draft(demo.citizen(demo.person(random.Random(9), "22429")), random.Random(9)))
    parcel, _fresh = parcels.receive(str(filed.code), actor=clerk, key="1", now=now)
    clerk = User.objects.select_related("staff__office").get(pk=clerk.pk)
    assert clerk.staff.office.slug == "cam-ranh"  # as the page knows it that is open on the desk
    _order(*ENDS)
    meeting, hold, locked = Meeting(), post.hold, parcels._locked

    def slow(read: Any) -> Any:
        def reading(*args: Any, **kwargs: Any) -> Any:
            found = read(*args, **kwargs)
            meeting.wait()
            return found

        return reading

    monkeypatch.setattr(post, "hold", slow(hold))
    monkeypatch.setattr(parcels, "_locked", slow(locked))
    results = at_once(
        lambda: parcels.count(parcel, [], actor=clerk, now=now, note="Một tờ khai"), outbox.drain
    )
    outbox.drain()
    return results[0], Parcel.objects.select_related("office").get(pk=parcel.pk)


def _undone() -> bool:
    return OutboxMessage.objects.filter(topic="areas.dossier").exclude(state="done").exists()


def test_a_parcel_is_counted_at_the_old_office_or_goes_over_never_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted, parcel = _count_while_it_goes(monkeypatch)
    went = isinstance(counted, MoveRefused)
    assert went or counted is False, counted
    expected = ("cam-lam", "open") if went else ("cam-ranh", "counted")
    assert (parcel.office.slug, parcel.state) == expected
    assert not _undone()


def test_without_the_lock_counting_and_handing_over_get_in_each_others_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _without_lock(monkeypatch, Parcel)
    counted, parcel = _count_while_it_goes(monkeypatch)
    assert isinstance(counted, OperationalError) or _undone() or parcel.office.slug == "cam-lam"


# --- Staff ---------------------------------------------------------------------------------------


def _place_twice(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Two administrators who both see that somebody waits choose two offices."""
    clerk, boss = _staff("cam-ranh", "clerk", "Lê Thị Hạnh"), _order(*TWO)
    other = _staff("khanh-hoa", "director", "Bùi Thị Mơ")
    left, now = StaffMove.objects.get(user=clerk), timezone.now()
    meeting, look = Meeting(), staffing.without_office

    def slow() -> Any:
        found = list(look().values_list("pk", flat=True))
        meeting.wait()
        return StaffMove.objects.filter(pk__in=found)

    monkeypatch.setattr(staffing, "without_office", slow)
    return at_once(
        *[
            lambda u=u, o=o: staffing.place(
                left, Office.objects.get(slug=o), actor=User.objects.get(pk=u.pk), key="k", now=now
            )
            for u, o in ((boss, "cam-lam"), (other, "dien-khanh"))
        ]
    )


def test_of_two_who_place_somebody_at_once_the_second_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    results = _place_twice(monkeypatch)
    assert {type(found) for found in results} == {StaffMove, MoveRefused}, results
    placed = StaffMove.objects.get(to__isnull=False)
    assert StaffMember.objects.get(user=placed.user_id).office_id == placed.to_id


def test_without_the_lock_the_database_stops_the_second_placing(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_lock(monkeypatch, StaffMove)
    results = _place_twice(monkeypatch)
    assert any(isinstance(found, IntegrityError) for found in results), results
    assert StaffMove.objects.filter(to__isnull=False).count() == 1
