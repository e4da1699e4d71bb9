"""Results that the post brought back: what the office does with them, what the citizen is told and does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import AccessLog, User
from procedures import dispatches, packing, undelivered, workflow
from procedures.models import Dossier, Shipment
from tests.posting import STICKERS, WAITING, approved, batch_of, packed, sent

SignIn = Callable[[User], Client]
SHIPMENTS = "/quan-tri/procedures/shipment/"
DESK = f"{SHIPMENTS}khong-phat-duoc/"
ADDRESS = "12 Trần Phú, phường Lộc Thọ, thành phố Nha Trang, Khánh Hòa"

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcel(clerk: User, supervisor: User) -> Shipment:
    """A result with the post."""
    return sent(clerk, approved(1))[0]


@pytest.fixture
def back(parcel: Shipment, clerk: User) -> Shipment:
    """The same, brought back."""
    undelivered.came_back(parcel, "absent", actor=clerk, key="back", now=timezone.now())
    parcel.refresh_from_db()
    outbox.drain()
    return parcel


def do(client: Client, parcel: Shipment, doing: str, status: int = 303, **data: Any) -> str:
    answer = client.post(f"{SHIPMENTS}{parcel.pk}/viec/{doing}/", {"key": doing, **data})
    assert answer.status_code == status, answer.content.decode()
    parcel.refresh_from_db()
    return answer.content.decode()


def test_a_scanned_parcel_that_came_back_is_on_the_desk_and_its_citizen_told(
    parcel: Shipment, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    for code, reason, words in (
        ("RA000000028VN", "absent", "không có bưu gửi nào"),
        (STICKERS[0], "x", "chọn lý do"),
    ):
        refused = client.post(DESK, {"ma": code, "ly-do": reason, "key": "a"})
        assert refused.status_code == 422
        assert words in refused.content.decode()
        assert f'value="{code}"' in refused.content.decode()
    for _press in range(2):
        client.post(DESK, {"ma": "ra000000014vn", "ly-do": "unclaimed", "key": "b"})
    assert parcel.dossier.events.filter(action="undelivered").count() == 1
    parcel.refresh_from_db()
    assert (parcel.state, parcel.reason) == ("failed", "unclaimed")
    page = client.get(DESK).content.decode()
    assert str(parcel.dossier.code) in page
    assert "quá hạn không đến nhận" in page
    assert AccessLog.objects.filter(user=clerk, about=parcel.dossier.code, what="returned results").exists()
    outbox.drain()
    assert parcel.dossier.owner.notices.filter(kind="undelivered").exists()
    mine = sign_in(parcel.dossier.owner).get(f"/ho-so/{parcel.dossier.code}/").content.decode()
    assert "Bưu điện đã chuyển hoàn kết quả của bạn" in mine
    assert "CCCD" in mine


def test_a_corrected_address_needs_its_source_and_goes_on_the_next_label(
    back: Shipment, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    page = do(client, back, "gui-lai", 422, **{"dia-chi": ADDRESS})
    assert ADDRESS in page
    assert back.state == "failed"
    do(client, back, "gui-lai", **{"dia-chi": ADDRESS}, note="Gọi điện cho chị Hoa.")
    assert (back.state, back.new_address) == ("again", ADDRESS)
    waiting = client.get(WAITING).content.decode()
    assert ADDRESS in waiting
    assert "chờ gửi lại" in waiting
    batch = batch_of(clerk, back.dossier, key="again")
    new = batch.shipments.get()
    back.refresh_from_db()
    assert (new.address, new.route_id, new.guessed, back.state) == (ADDRESS, "568", True, "resent")
    packed(batch, clerk, back.dossier, STICKERS[1])
    packing.hand_over(batch, new.route, actor=clerk, now=timezone.now())
    new.refresh_from_db()
    assert new.state == "sent"
    dossier = Dossier.objects.get(pk=back.dossier_id)
    assert dossier.state == "dispatched"
    assert dossier.events.get(action="dispatched_again").facts == {"tracking": STICKERS[1]}
    assert workflow.verify_history(dossier) == []
    outbox.drain()
    assert dossier.owner.notices.filter(kind="dispatched", facts__tracking=STICKERS[1]).exists()


def test_a_second_try_that_is_not_scanned_waits_again(back: Shipment, clerk: User) -> None:
    now, other = timezone.now(), approved(2)
    undelivered.send_again(back, "", actor=clerk, key="g", now=now, note="")
    batch = batch_of(clerk, back.dossier, other, key="again")
    packed(batch, clerk, other, STICKERS[1])
    packing.hand_over(batch, back.route, actor=clerk, now=now)
    assert batch.shipments.get(dossier=back.dossier).state == "again"
    rows, count = dispatches.waiting(clerk)
    assert (count, rows[0].dossier, rows[0].address) == (1, back.dossier, back.address)


def test_the_citizen_is_asked_and_gives_the_address(back: Shipment, clerk: User, sign_in: SignIn) -> None:
    do(sign_in(clerk), back, "hoi-dia-chi")
    assert back.state == "asked"
    outbox.drain()
    owner = back.dossier.owner
    assert owner.notices.filter(kind="address_asked").exists()
    client, here = sign_in(owner), f"/ho-so/{back.dossier.code}/"
    refused = client.post(f"{here}dia-chi-nhan/", {"address": "Nha Trang", "key": "c"})
    assert refused.status_code == 422
    assert 'value="Nha Trang"' in refused.content.decode()
    for _press in range(2):
        assert client.post(f"{here}dia-chi-nhan/", {"address": ADDRESS, "key": "c"}).status_code == 303
    back.refresh_from_db()
    assert (back.state, back.new_address) == ("again", ADDRESS)
    assert back.dossier.events.filter(action="address_given").count() == 1
    page = client.get(here).content.decode()
    assert "Bưu điện đã chuyển hoàn" not in page
    assert ADDRESS in page
    assert ADDRESS in sign_in(clerk).get(WAITING).content.decode()


def test_nobody_but_the_owner_says_where_a_result_goes(
    back: Shipment, stranger: User, clerk: User, sign_in: SignIn
) -> None:
    address = f"/ho-so/{back.dossier.code}/dia-chi-nhan/"
    assert sign_in(stranger).post(address, {"address": ADDRESS}).status_code == 404
    assert sign_in(clerk).post(address, {"address": ADDRESS}).status_code == 403
    back.refresh_from_db()
    assert back.new_address == ""


def test_a_result_is_kept_for_collection_and_leaves_the_desk_when_it_is_collected(
    back: Shipment, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    do(client, back, "giu-lai")
    assert back.state == "kept"
    outbox.drain()
    assert back.dossier.owner.notices.get(kind="kept_for_you").facts["office"] == "BHXH thành phố Cam Ranh"
    mine = sign_in(back.dossier.owner).get(f"/ho-so/{back.dossier.code}/").content.decode()
    assert "đến nhận trong giờ làm việc" in mine
    assert str(back.dossier.code) in client.get(DESK).content.decode()
    workflow.move(back.dossier, "close", actor=clerk, key="c", note="Nhận tại quầy.")
    assert str(back.dossier.code) not in client.get(DESK).content.decode()


def test_a_note_stays_in_the_office(back: Shipment, clerk: User, sign_in: SignIn) -> None:
    do(sign_in(clerk), back, "ghi-chu", 422, note=" ")
    do(sign_in(clerk), back, "ghi-chu", note="Không nghe máy.")
    assert "Không nghe máy." in sign_in(clerk).get(f"{SHIPMENTS}{back.pk}/change/").content.decode()
    assert (
        "Không nghe máy."
        not in sign_in(back.dossier.owner).get(f"/ho-so/{back.dossier.code}/").content.decode()
    )


def test_of_two_clerks_who_decide_differently_the_second_is_told(
    back: Shipment, clerk: User, sign_in: SignIn
) -> None:
    do(sign_in(clerk), back, "giu-lai")
    page = do(sign_in(clerk), back, "hoi-dia-chi", 422)
    assert "vừa được người khác thay đổi" in page
    assert back.state == "kept"


def test_who_looks_on_and_who_is_elsewhere_do_nothing_with_it(
    back: Shipment, director: User, other_clerk: User, sign_in: SignIn
) -> None:
    assert str(back.dossier.code) in sign_in(director).get(DESK).content.decode()
    do(sign_in(director), back, "giu-lai", 403)
    assert str(back.dossier.code) not in sign_in(other_clerk).get(DESK).content.decode()
    do(sign_in(other_clerk), back, "giu-lai", 404)
    assert sign_in(other_clerk).get(f"{SHIPMENTS}{back.pk}/change/").status_code == 404
    assert sign_in(director).post(DESK, {"ma": STICKERS[0], "ly-do": "absent"}).status_code == 403
    assert back.state == "failed"
