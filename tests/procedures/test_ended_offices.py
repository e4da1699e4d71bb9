"""An office ends: its parcels lie at the successor, its staff are placed, and nothing closed changes."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import outbox
from portal.models import User
from procedures import demo, dispatches, dossiers, handovers, offices, packing, parcels, undelivered, workflow
from procedures.areas import files, orders, plan, staffing
from procedures.models import (
    AreaChange,
    AreaOutcome,
    Dossier,
    HandoverRow,
    Office,
    Parcel,
    Shipment,
    StaffMember,
    StaffMove,
)
from tests.conftest import _staff, file_draft, make_draft
from tests.posting import STICKERS, WAITING, approved, batch_of, packed, sent
from tests.procedures.test_areas import ENDS, hidden, ordered, table, upload

SignIn = Callable[[User], Client]
SCAN = "/quan-tri/procedures/dossier/quet/"
MOVES = "/quan-tri/procedures/staffmove/"
PAGE = "/quan-tri/procedures/areachange/nhap/"
# The wards go to Diên Khánh, all else to Cam Lâm.
TWO = (("phu-trach", "569", "", "", "", "dien-khanh", ""), ENDS[1])
# Everything goes to the province office.
UP = (
    ("phu-trach", "569", "", "", "", "khanh-hoa", ""),
    ("bo-co-quan", "cam-ranh", "khanh-hoa", "", "", "", ""),
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(administrator: User) -> User:
    """Who orders: the first of the staff the tests know."""
    return administrator


def received(code: str, actor: User, key: str) -> Parcel:
    return parcels.receive(code, actor=actor, key=key, now=timezone.now(), another=True)[0]


def another(seed: int, ward: str = "22429") -> Dossier:
    chance = Random(seed)
    return file_draft(make_draft(demo.citizen(demo.person(chance, ward)), chance))


def again() -> None:
    """Everything once more, as a second worker or a later look would."""
    now = timezone.now()
    for minutes in (1, 2):
        orders.take_effect(now + timedelta(minutes=minutes))
        outbox.drain()


def lies(parcel: Parcel) -> tuple[str, str]:
    parcel.refresh_from_db()
    return parcel.office.slug, parcel.state


# --- Parcels -------------------------------------------------------------------------------------


@pytest.fixture
def mailroom(filed: Dossier, clerk: User) -> dict[str, Parcel]:
    """One parcel of every kind at Cam Ranh."""
    gone, counted = another(31), another(32)
    found = {
        "open": received(str(filed.code), clerk, "1"),
        "return": received(str(gone.code), clerk, "2"),
        "forward": received(str(another(33, "22561").code), clerk, "3"),
        "unknown": received("RA000000059VN", clerk, "4"),
        "counted": received(str(counted.code), clerk, "5"),
    }
    workflow.move(gone, "withdraw", actor=gone.owner, key="w")
    Parcel.objects.filter(pk=found["return"].pk).update(state="return")
    parcels.count(found["counted"], [], actor=clerk, now=timezone.now(), note="Thư cảm ơn")
    return found


def test_the_dry_run_counts_parcels_and_names_the_staff_and_writes_nothing(
    mailroom: dict[str, Parcel], clerk: User, boss: User, sign_in: SignIn
) -> None:
    before = list(Parcel.objects.order_by("pk").values())
    page = upload(sign_in(boss), table(*ENDS)).content.decode()
    assert "4 bưu phẩm" in page and "1 bưu phẩm trong số đó" in page
    assert f"{clerk.full_name}, " in page and "1 cán bộ" in page
    assert list(Parcel.objects.order_by("pk").values()) == before
    assert StaffMember.objects.get(user=clerk).office.slug == "cam-ranh"
    several = upload(sign_in(boss), table(*TWO)).content.decode()
    assert "BHXH huyện Cam Lâm, BHXH huyện Diên Khánh" in several


def test_parcels_lie_at_the_successor_and_nothing_done_with_changes(
    mailroom: dict[str, Parcel], boss: User, sign_in: SignIn, other_clerk: User
) -> None:
    ordered(*ENDS, actor=boss)
    expected = {"open": "open", "return": "return", "forward": "forward", "unknown": "unknown"}
    for kind, state in expected.items():
        assert lies(mailroom[kind]) == ("cam-lam", state), kind
        last = mailroom[kind].steps.last()
        assert last is not None and (last.office.slug, last.actor) == ("cam-lam", boss)
        assert "NQ 1234" in last.note and mailroom[kind].steps.count() == 2
    assert lies(mailroom["counted"]) == ("cam-ranh", "counted")
    successor = _staff("cam-lam", "clerk", "Lê Văn Kế")
    for parcel in mailroom.values():
        page = f"{SCAN}?buu={parcel.pk}"
        assert sign_in(other_clerk).get(page).status_code == 404 or lies(parcel)[1] == "forward"
    for kind in expected:
        assert sign_in(successor).get(f"{SCAN}?buu={mailroom[kind].pk}").status_code == 200
    dossier = mailroom["open"].dossier
    assert dossier is not None and workflow.verify_history(Dossier.objects.get(pk=dossier.pk)) == []


def test_the_successor_counts_what_came_to_the_office_that_ended(
    mailroom: dict[str, Parcel], boss: User
) -> None:
    ordered(*ENDS, actor=boss)
    successor, now = _staff("cam-lam", "clerk", "Lê Văn Kế"), timezone.now()
    wanted = [parcels.Paper("form"), parcels.Paper("insurance_book")]
    assert parcels.count(Parcel.objects.get(pk=mailroom["open"].pk), wanted, actor=successor, now=now)
    parcels.send_back(mailroom["return"], actor=successor, now=now, words="Người gửi đến lấy")
    assert lies(mailroom["return"]) == ("cam-lam", "returned")


def test_run_twice_nothing_moves_twice(mailroom: dict[str, Parcel], boss: User) -> None:
    ordered(*ENDS, actor=boss)
    steps = [parcel.steps.count() for parcel in mailroom.values()]
    again()
    ordered(*ENDS, actor=boss)
    assert [parcel.steps.count() for parcel in mailroom.values()] == steps
    assert AreaChange.objects.count() == 1 and StaffMove.objects.count() == 1


def test_with_several_successors_a_parcel_follows_its_dossier_the_rest_who_the_file_names(
    mailroom: dict[str, Parcel], boss: User
) -> None:
    ordered(*TWO, actor=boss)
    assert lies(mailroom["open"]) == ("dien-khanh", "open")
    assert {lies(mailroom[kind])[0] for kind in ("unknown", "return", "forward")} == {"cam-lam"}


def test_a_parcel_that_comes_late_for_a_closed_dossier_goes_back_from_the_successor(
    filed: Dossier, boss: User
) -> None:
    workflow.move(filed, "withdraw", actor=filed.owner, key="w")
    ordered(*ENDS, actor=boss)
    late = received(str(filed.code), _staff("cam-lam", "clerk", "Lê Văn Kế"), "k")
    assert lies(late) == ("cam-lam", "return")


def test_a_parcel_scanned_while_the_office_ended_is_found_at_a_later_look(
    filed: Dossier, clerk: User, boss: User
) -> None:
    parcel = received(str(filed.code), clerk, "1")
    Parcel.objects.filter(pk=parcel.pk).update(state="counted")  # not to be seen yet
    ordered(*ENDS, actor=boss)
    assert lies(parcel)[0] == "cam-ranh"
    Parcel.objects.filter(pk=parcel.pk).update(state="open")
    again()
    assert lies(parcel) == ("cam-lam", "open") and parcel.steps.count() == 2


def test_offices_that_end_one_into_the_other_leave_all_to_the_last(
    mailroom: dict[str, Parcel], filed: Dossier, boss: User
) -> None:
    ordered(
        ("phu-trach", "569", "", "", "", "dien-khanh", ""),
        ("phu-trach", "570", "", "", "", "dien-khanh", ""),
        ENDS[1],
        ("bo-co-quan", "cam-lam", "dien-khanh", "", "", "", ""),
        actor=boss,
    )
    assert {lies(mailroom[kind])[0] for kind in ("open", "unknown", "return")} == {"dien-khanh"}
    assert Dossier.objects.get(pk=filed.pk).office.slug == "dien-khanh"  # type: ignore[union-attr]
    assert StaffMember.objects.get(user__username="clerk.cam-ranh").office.slug == "dien-khanh"


# --- Handover lists ------------------------------------------------------------------------------


def office(slug: str) -> Office:
    return Office.objects.get(slug=slug)


@pytest.mark.parametrize("left", [False, True])
def test_a_list_to_the_office_that_ended(left: bool, filed: Dossier, other_clerk: User, boss: User) -> None:
    now, parcel = timezone.now(), received(str(filed.code), other_clerk, "1")
    made = handovers.close(office("cam-ranh"), actor=other_clerk, now=now)
    if left:
        handovers.leave(made, actor=other_clerk, now=now)
    ordered(*ENDS, actor=boss)
    row = HandoverRow.objects.get()
    assert (row.taken_off_at is None) is left
    gathered = [one.to.slug for one in handovers.gathered(office("ninh-hoa"))]
    assert gathered == ([] if left else ["cam-lam"])
    successor = _staff("cam-lam", "clerk", "Lê Văn Kế")
    assert handovers.visible_to(successor).filter(pk=made.pk).exists()
    assert parcels.visible_to(successor).filter(pk=parcel.pk).exists()
    assert received(str(filed.code), successor, "2") == parcel
    assert lies(parcel) == ("cam-lam", "open")
    row.refresh_from_db()
    assert (row.arrived_office == office("cam-lam")) is left


@pytest.mark.parametrize("left", [False, True])
def test_a_list_of_the_office_that_ended(left: bool, clerk: User, other_clerk: User, boss: User) -> None:
    now, dossier = timezone.now(), another(33, "22561")
    parcel = received(str(dossier.code), clerk, "1")
    made = handovers.close(office("ninh-hoa"), actor=clerk, now=now)
    if left:
        handovers.leave(made, actor=clerk, now=now)
    ordered(*ENDS, actor=boss)
    assert lies(parcel) == ("cam-lam", "forward")
    assert (handovers.gathered(office("cam-lam")) == []) is left
    assert handovers.visible_to(_staff("cam-lam", "clerk", "Lê Văn Kế")).filter(pk=made.pk).exists()
    assert received(str(dossier.code), other_clerk, "2") == parcel
    assert lies(parcel) == ("ninh-hoa", "open")


@pytest.mark.parametrize("left", [False, True])
def test_a_list_of_the_successor_to_the_office_that_ended(left: bool, filed: Dossier, boss: User) -> None:
    successor, now = _staff("cam-lam", "clerk", "Lê Văn Kế"), timezone.now()
    parcel = received(str(filed.code), successor, "1")
    made = handovers.close(office("cam-ranh"), actor=successor, now=now)
    if left:
        handovers.leave(made, actor=successor, now=now)
    ordered(*ENDS, actor=boss)
    assert lies(parcel) == ("cam-lam", "forward" if left else "open")
    assert handovers.gathered(office("cam-lam")) == []
    assert parcels.receive(str(filed.code), actor=successor, key="2", now=now)[0] == parcel
    assert lies(parcel) == ("cam-lam", "open")
    assert not HandoverRow.objects.filter(handovers.UNDER_WAY).exists()


# --- Results -------------------------------------------------------------------------------------


def test_results_not_with_the_post_wait_on_the_successors_desk(
    clerk: User, boss: User, sign_in: SignIn
) -> None:
    listed, ready, waiting = approved(41), approved(42), approved(43)
    batch = batch_of(clerk, listed, ready)
    packed(batch, clerk, ready, STICKERS[0])
    ordered(*ENDS, actor=boss)
    assert not Shipment.objects.filter(state__in=dispatches.OPEN).exists()
    successor = _staff("cam-lam", "clerk", "Lê Văn Kế")
    page = sign_in(successor).get(WAITING).content.decode()
    assert all(str(dossier.code) in page for dossier in (listed, ready, waiting))
    fresh = batch_of(successor, listed, ready, key="n")
    assert packed(fresh, successor, ready, STICKERS[0]).office.slug == "cam-lam"
    old = Shipment.objects.get(batch=batch, dossier=ready)
    assert (old.state, old.office.slug) == ("left", "cam-ranh")
    assert [step.state for step in old.steps.all()] == ["listed", "packed", "left"]


def test_results_with_the_post_come_back_to_the_successor_and_their_manifest_stays(
    clerk: User, boss: User, other_clerk: User
) -> None:
    row = sent(clerk, approved(44))[0]
    ordered(*ENDS, actor=boss)
    again()
    row.refresh_from_db()
    assert (row.office.slug, row.state, row.steps.count()) == ("cam-lam", "sent", 4)
    assert row.manifest is not None and packing.verify(row.manifest)
    successor = _staff("cam-lam", "clerk", "Lê Văn Kế")
    assert packing.by_number(successor, row.tracking) == row
    undelivered.came_back(row, "absent", actor=successor, key="k", now=timezone.now())
    assert list(undelivered.on_desk(successor)) == [row]
    assert not undelivered.on_desk(other_clerk).exists()


# --- Staff ---------------------------------------------------------------------------------------


def test_staff_go_to_the_only_office_that_takes_over_and_the_change_says_so(
    filed: Dossier, clerk: User, boss: User, sign_in: SignIn
) -> None:
    client = sign_in(boss)
    fields = hidden(upload(client, table(*ENDS)).content.decode())
    done = client.post(PAGE, {**fields, "apply": "1", "document": "NQ 1/2026"})
    outbox.drain()
    member, move = StaffMember.objects.get(user=clerk), StaffMove.objects.get()
    assert (member.office.slug, member.role) == ("cam-lam", "clerk")
    assert (move.office.slug, move.to.slug, move.by) == ("cam-ranh", "cam-lam", None)  # type: ignore[union-attr]
    assert clerk.full_name in client.get(done["Location"]).content.decode()
    assert not staffing.without_office().exists()
    assert dossiers.visible_to(User.objects.get(pk=clerk.pk)).filter(pk=filed.pk).exists()


def test_with_several_successors_staff_read_nothing_until_they_are_placed(
    filed: Dossier, clerk: User, boss: User, sign_in: SignIn
) -> None:
    StaffMember.objects.filter(user=clerk).update(away_until="2099-01-01")
    parcel = received(str(filed.code), clerk, "1")
    ordered(*TWO, actor=boss)
    theirs = sign_in(clerk)
    for page in (f"/quan-tri/procedures/dossier/{filed.pk}/change/", f"{SCAN}?buu={parcel.pk}"):
        assert theirs.get(page).status_code in {403, 404}
    assert not dossiers.visible_to(User.objects.get(pk=clerk.pk)).exists()
    client, left = sign_in(boss), StaffMove.objects.get()
    page = client.get(MOVES).content.decode()
    assert clerk.full_name in page and f"{MOVES}{left.pk}/xep/" in page
    client.post(f"{MOVES}{left.pk}/xep/", {"office": "cam-ranh", "key": "abcdefghijkl"})
    assert not StaffMember.objects.filter(user=clerk).exists()  # that office is no more
    for _twice in range(2):
        answer = client.post(f"{MOVES}{left.pk}/xep/", {"office": "dien-khanh", "key": "abcdefghijkl"})
        assert answer.status_code == 303
    placed = StaffMove.objects.get(to__isnull=False)
    assert (placed.to.slug, placed.by, placed.user) == ("dien-khanh", boss, clerk)  # type: ignore[union-attr]
    member = StaffMember.objects.get(user=clerk)
    assert (member.office.slug, member.role, str(member.away_until)) == ("dien-khanh", "clerk", "2099-01-01")
    assert theirs.get(f"/quan-tri/procedures/dossier/{filed.pk}/change/").status_code == 200
    assert "xep/" not in client.get(MOVES).content.decode()


def test_whoever_is_placed_already_is_not_placed_elsewhere(clerk: User, boss: User, sign_in: SignIn) -> None:
    ordered(*TWO, actor=boss)
    client, left = sign_in(boss), StaffMove.objects.get()
    for slug in ("dien-khanh", "cam-lam"):
        client.post(f"{MOVES}{left.pk}/xep/", {"office": slug, "key": f"key-of-{slug}"})
    assert StaffMember.objects.get(user=clerk).office.slug == "dien-khanh"
    assert StaffMove.objects.count() == 2


def test_only_an_administrator_of_the_province_places(
    clerk: User, boss: User, director: User, supervisor: User, citizen: User, client: Client, sign_in: SignIn
) -> None:
    ordered(*TWO, actor=boss)
    left = StaffMove.objects.get(user=clerk)
    district = _staff("ninh-hoa", "administrator", "Quản trị huyện")
    for visitor in (*map(sign_in, (clerk, supervisor, director, citizen, district)), client):
        assert visitor.post(f"{MOVES}{left.pk}/xep/", {"office": "cam-lam"}).status_code in {302, 403}
        assert visitor.get(MOVES).status_code in {302, 403}
    assert sign_in(boss).post(f"{MOVES}999999/xep/", {"office": "cam-lam"}).status_code == 404
    assert not StaffMember.objects.filter(user=clerk).exists()


def test_nobody_comes_to_see_every_office_by_a_change(clerk: User, boss: User) -> None:
    leader = _staff("cam-ranh", "director", "Trần Giám Đốc")
    ordered(*UP, actor=boss)
    assert StaffMember.objects.get(user=clerk).office.slug == "khanh-hoa"
    assert not StaffMember.objects.filter(user=leader).exists()
    assert [row.user for row in staffing.without_office()] == [leader]
    assert not dossiers.visible_to(User.objects.get(pk=leader.pk)).exists()


def test_a_superuser_does_not_become_more_by_losing_an_office(clerk: User, boss: User) -> None:
    User.objects.filter(pk=clerk.pk).update(is_superuser=True)
    ordered(*TWO, actor=boss)
    assert StaffMember.objects.get(user=clerk).office.slug == "cam-ranh"
    assert staffing.without_office().get().user == clerk


def test_what_was_written_of_staff_is_never_changed(clerk: User, boss: User) -> None:
    ordered(*ENDS, actor=boss)
    moves = StaffMove.objects.all()
    for change in (lambda: moves.update(to=None), lambda: moves._raw_delete("default")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    outcome = AreaOutcome.objects.get()
    own: dict[str, Any] = {"outcome": outcome, "user": boss, "role": "clerk", "office": office("cam-ranh")}
    with pytest.raises(IntegrityError, match="nobody_places_themselves"), transaction.atomic():
        StaffMove.objects.create(**own, to=office("cam-lam"), by=boss, at=timezone.now(), key="x")


def test_counts_of_the_dry_run_are_what_moves(mailroom: dict[str, Parcel], other_clerk: User) -> None:
    waiting = received(str(mailroom["open"].dossier), other_clerk, "9")
    found = plan.make(files.read(table(*ENDS)), timezone.localdate(), timezone.localdate())
    counts = plan.counts(found)
    names = ("parcels", "unidentified", "coming", "results", "staff")
    assert [counts[name] for name in names] == [4, 1, 1, 0, 1]
    assert waiting.state == "forward"


def test_the_list_of_those_who_wait_takes_as_many_queries_for_many_as_for_one(
    clerk: User, boss: User, sign_in: SignIn
) -> None:
    def asked() -> int:
        offices.forget_closures()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(MOVES).status_code == 200
        return len(queries)

    client = sign_in(boss)
    ordered(*TWO, actor=boss)
    client.get(MOVES)
    one, left = asked(), StaffMove.objects.get()
    for n in range(5):
        user = User.objects.create(username=f"cho.{n}", full_name=f"Người chờ {n}", is_staff=True)
        own: dict[str, Any] = {"outcome": left.outcome, "user": user, "role": "clerk", "office": left.office}
        StaffMove.objects.create(**own, at=left.at, key=f"x{n}")
    assert staffing.without_office().count() == 6
    assert asked() == one
