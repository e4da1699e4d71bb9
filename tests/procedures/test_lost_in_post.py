"""A posted parcel is lost: it is said, seen, and every way on is open."""

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import User
from procedures import parcels, workflow
from procedures.models import Dossier, DossierEvent, PostalItem

SignIn = Callable[[User], Client]
FIRST, SECOND = "RA000000014VN", "RA000000028VN"

pytestmark = pytest.mark.django_db


def page(client: Client, dossier: Dossier) -> str:
    return unescape(client.get(f"/ho-so/{dossier.code}/").content.decode())


def post(client: Client, dossier: Dossier, what: str, status: int = 303, **data: str) -> str:
    response = client.post(f"/ho-so/{dossier.code}/{what}/", data)
    assert response.status_code == status, response.content.decode()
    dossier.refresh_from_db()
    return unescape(response.content.decode())


@pytest.fixture
def owner(filed: Dossier, sign_in: SignIn) -> Client:
    """The browser of the owner of a dossier whose parcel is under way."""
    client = sign_in(filed.owner)
    post(client, filed, "van-don", tracking=FIRST, key="t1")
    return client


@pytest.fixture
def lost(filed: Dossier, owner: Client) -> Dossier:
    post(owner, filed, "that-lac", key="l", note="Bưu cục Ba Ngòi không tìm thấy.")
    assert filed.state == "lost_in_post"
    return filed


def test_the_citizen_says_so_and_reads_what_can_be_done(lost: Dossier, owner: Client) -> None:
    told = page(owner, lost)
    assert "Bưu phẩm thất lạc" in told
    assert "Bưu cục Ba Ngòi không tìm thấy." in told
    assert "/thu-tuc/book-and-card/?truong-hop=book_lost" in told
    assert FIRST in told
    assert 'name="tracking"' in told
    assert f"/ho-so/{lost.code}/rut/" in told
    assert owner.get("/thu-tuc/book-and-card/?truong-hop=book_lost").status_code == 200
    assert lost.due_at is None
    assert lost.clock_started_on is None
    assert not workflow.verify_history(lost)


def test_it_is_noted_once_however_often_the_button_is_pressed(lost: Dossier, owner: Client) -> None:
    post(owner, lost, "that-lac", key="l")
    post(owner, lost, "that-lac", 422, key="l2")
    assert lost.events.filter(action="note_lost").count() == 1


def test_a_clerk_notes_it_and_the_citizen_is_told(
    filed: Dossier, owner: Client, clerk: User, sign_in: SignIn
) -> None:
    act = f"/quan-tri/procedures/dossier/{filed.pk}/hanh-dong/"
    desk = sign_in(clerk)
    assert desk.post(f"{act}note_lost/", {"key": "d", "note": "Bưu điện tỉnh báo mất."}).status_code == 303
    filed.refresh_from_db()
    assert filed.state == "lost_in_post"
    outbox.drain()
    assert filed.owner.notices.filter(kind="parcel_lost").count() == 1
    assert "Bưu điện tỉnh báo mất." in page(owner, filed)
    assert desk.post(f"{act}post_again/", {"key": "e", "tracking": "RA000000013VN"}).status_code == 422
    assert desk.post(f"{act}post_again/", {"key": "e", "tracking": SECOND}).status_code == 303
    filed.refresh_from_db()
    assert filed.state == "waiting_originals"
    assert filed.postal_items.filter(direction="in", tracking=SECOND).exists()


def test_another_tracking_number_means_the_papers_were_posted_again(lost: Dossier, owner: Client) -> None:
    refused = post(owner, lost, "van-don", 422, tracking=FIRST, key="t2")
    assert "số hiệu của bưu phẩm đã thất lạc" in refused
    assert lost.state == "lost_in_post"
    post(owner, lost, "van-don", tracking=SECOND, key="t3")
    post(owner, lost, "van-don", tracking=SECOND, key="t3")
    assert lost.state == "waiting_originals"
    assert lost.events.filter(action="post_again").count() == 1
    assert set(PostalItem.objects.values_list("tracking", flat=True)) == {FIRST, SECOND}


def test_the_papers_that_come_after_all_start_the_clock(lost: Dossier, clerk: User, sign_in: SignIn) -> None:
    desk = sign_in(clerk)
    desk.post("/quan-tri/procedures/dossier/quet/", {"ma": FIRST, "key": "k"})
    parcel = lost.parcels.get()
    assert parcel.state == "open"
    papers = [parcels.Paper("form"), parcels.Paper("insurance_book")]
    assert parcels.count(parcel, papers, actor=clerk, now=timezone.now())
    lost.refresh_from_db()
    assert lost.state == "originals_received"
    assert lost.due_at is not None


def test_a_dossier_whose_parcel_is_lost_can_be_withdrawn(lost: Dossier, owner: Client) -> None:
    post(owner, lost, "rut", key="w")
    assert (lost.state, lost.final) == ("withdrawn", True)


def test_nobody_else_says_so(
    filed: Dossier, stranger: User, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    path = f"/ho-so/{filed.code}/that-lac/"
    assert Client().post(path).status_code == 302
    assert sign_in(stranger).post(path).status_code == 404
    assert sign_in(clerk).post(path).status_code == 403
    desk = f"/quan-tri/procedures/dossier/{filed.pk}/hanh-dong/note_lost/"
    assert sign_in(other_clerk).post(desk).status_code == 404
    assert not DossierEvent.objects.filter(action="note_lost").exists()


def test_looking_at_the_address_changes_nothing_and_leads_to_the_dossier(
    filed: Dossier, owner: Client
) -> None:
    answer = owner.get(f"/ho-so/{filed.code}/that-lac/")
    assert (answer.status_code, answer["Location"]) == (302, f"/ho-so/{filed.code}/")
    filed.refresh_from_db()
    assert filed.state == "waiting_originals"
