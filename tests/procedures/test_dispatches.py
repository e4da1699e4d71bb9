"""Results that leave by post: batches, labels, packing by scanner, manifests, handing over."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
import python_calamine
import zxingcpp
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import outbox
from portal.models import AccessLog, District, OutboxMessage, User
from procedures import dispatches, documents, packing, routes, workflow
from procedures.models import DispatchBatch, DispatchManifest, Dossier, PostalItem, PostOffice, Shipment
from procedures.papers import dispatch as papers
from procedures.workflow import MoveRefused
from tests.posting import BATCHES, STICKERS, WAITING, approved, batch_of, packed, scan, sent, staff_of

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def results(clerk: User, supervisor: User) -> list[Dossier]:
    return [approved(1), approved(2)]


def pages(pdf: bytes) -> list[Any]:
    document = pypdfium2.PdfDocument(pdf)
    images = [page.render(scale=200 / 72).to_pil() for page in document]
    document.close()
    return images


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    said = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(said.split())


def barcodes(pdf: bytes) -> list[str]:
    return [found.text for image in pages(pdf) for found in zxingcpp.read_barcodes(image)]


def read(client: Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[arg-type]


# --- What waits, and the batch -------------------------------------------------------------------


def test_a_clerk_makes_a_numbered_batch_of_the_results_that_wait(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    page = client.get(WAITING).content.decode()
    assert all(str(dossier.code) in page and dossier.applicant in page for dossier in results)
    assert "Thành phố Cam Ranh" in page
    answer = client.post(WAITING, {"chon": [results[0].pk], "key": "k"})
    batch = DispatchBatch.objects.get()
    assert (batch.number, batch.year, batch.office.slug) == (1, timezone.localdate().year, "cam-ranh")
    assert answer["Location"] == f"{BATCHES}{batch.pk}/change/"
    shipment = batch.shipments.get()
    assert (shipment.dossier, shipment.recipient) == (results[0], results[0].applicant)
    assert shipment.address.endswith("Thành phố Cam Ranh, Khánh Hòa")
    left = client.get(WAITING).content.decode()
    assert str(results[0].code) not in left
    assert str(results[1].code) in left
    assert AccessLog.objects.filter(user=clerk, what="dispatch batch").exists() is False
    client.get(answer["Location"])
    assert AccessLog.objects.filter(user=clerk, what="dispatch batch").exists()


def test_pressing_twice_makes_one_batch_and_numbers_have_no_gaps(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    for _press in range(2):
        assert client.post(WAITING, {"chon": [results[0].pk], "key": "k"}).status_code == 303
    refused = client.post(WAITING, {"chon": [results[0].pk], "key": "k2"})
    assert refused.status_code == 422
    assert "chưa ai lấy" in refused.content.decode()
    client.post(WAITING, {"chon": [d.pk for d in results], "key": "k3"})
    assert list(DispatchBatch.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert Shipment.objects.count() == 2


def test_only_approved_results_that_go_by_post_wait(clerk: User, filed: Dossier, sign_in: SignIn) -> None:
    by_hand = approved(5)
    Dossier.objects.filter(pk=by_hand.pk).update(answers={**by_hand.answers, "result_delivery": "office"})
    assert dispatches.waiting(clerk) == ([], 0)
    refused = sign_in(clerk).post(WAITING, {"chon": [by_hand.pk, filed.pk], "key": "k"})
    assert refused.status_code == 422
    assert not DispatchBatch.objects.exists()


def test_the_database_lets_a_dossier_into_one_open_batch_only(results: list[Dossier], clerk: User) -> None:
    batch = batch_of(clerk, results[0])
    again = Shipment(dossier=results[0], office=batch.office, batch=batch, position=2, recipient="x")
    with pytest.raises(IntegrityError, match="one_open_batch"), transaction.atomic():
        again.save()


def test_a_dossier_of_another_office_gets_into_no_batch(
    results: list[Dossier], other_clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(other_clerk)
    assert str(results[0].code) not in client.get(WAITING).content.decode()
    assert client.post(WAITING, {"chon": [results[0].pk], "key": "k"}).status_code == 422
    assert not Shipment.objects.exists()


def test_the_list_of_what_waits_costs_the_same_for_one_and_for_many(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    client, counts = sign_in(clerk), []
    approved(11)
    for seed in (12, 13):
        client.get(WAITING)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(WAITING)
        counts.append(len(asked))
        approved(seed)
    assert counts[0] == counts[1] <= 20, counts


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("12 đường Vạn Ninh, thị trấn Diên Khánh", "574"),
        ("thôn 3, xã Cam Tân, huyện CAM LÂM", "570"),
        ("5 Lê Lợi, TP. Nha Trang", "568"),
        ("Q. Ninh Kiều, Cần Thơ", None),
    ],
)
def test_the_route_is_the_district_that_the_address_names_last(
    address: str, route: str | None, clerk: User
) -> None:
    found = routes.named_in(address)
    assert (found.pk if found else None) == route


def test_where_no_district_is_named_the_clerk_chooses_the_route(clerk: User, sign_in: SignIn) -> None:
    dossier = approved(7, address="Q. Ninh Kiều, Cần Thơ")
    batch, client = batch_of(clerk, dossier), sign_in(clerk)
    row = batch.shipments.get()
    assert (row.route, row.guessed, row.address) == (None, True, "Q. Ninh Kiều, Cần Thơ")
    outbox.drain()
    act = f"{BATCHES}{batch.pk}/buu-gui/{row.pk}/sua/"
    wrong = client.post(act, {"tuyen": "568", "ban-chinh": "hai", "ban-sao": "1"})
    assert wrong.status_code == 422
    assert "từ 0 đến 99" in wrong.content.decode()
    assert 'value="hai"' in wrong.content.decode()
    assert client.post(act, {"tuyen": "568", "ban-chinh": "2", "ban-sao": "1"}).status_code == 303
    row.refresh_from_db()
    assert (row.route_id, row.originals, row.copies) == ("568", 2, 1)
    outbox.drain()
    assert batch.labels.filter(revision=2).count() == 2
    assert "tuyến Thành phố Nha Trang" in words(read(client, f"{BATCHES}{batch.pk}/nhan/a6/"))


def test_post_offices_of_the_routes_are_loaded_as_likely(clerk: User) -> None:
    assert PostOffice.objects.get(district="569").code == "654400"
    assert set(PostOffice.objects.values_list("confidence", flat=True)) == {"likely"}


# --- Labels --------------------------------------------------------------------------------------


def test_a_worker_makes_the_labels_of_the_whole_batch_and_the_page_says_when(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    batch, client = batch_of(clerk, *results), sign_in(clerk)
    page = client.get(f"{BATCHES}{batch.pk}/change/").content.decode()
    assert f'hx-get="{BATCHES}{batch.pk}/nhan/"' in page
    assert client.get(f"{BATCHES}{batch.pk}/nhan/a4/").status_code == 404
    outbox.drain()
    assert "hx-get" not in client.get(f"{BATCHES}{batch.pk}/nhan/").content.decode()
    a6, a4 = (read(client, f"{BATCHES}{batch.pk}/nhan/{size}/") for size in ("a6", "a4"))
    codes = sorted(str(dossier.code) for dossier in results)
    assert sorted(barcodes(a6)) == sorted(barcodes(a4)) == codes
    assert (len(pages(a6)), len(pages(a4))) == (2, 1)
    said = words(a6)
    for dossier in results:
        assert dossier.applicant in said
    assert "Dán nhãn mã vận đơn của bưu điện vào đây" in said
    assert "tuyến Thành phố Cam Ranh" in said
    assert AccessLog.objects.filter(user=clerk, what="dispatch labels").count() == 2


def test_the_same_batch_gives_the_same_bytes_however_often_it_is_made(
    results: list[Dossier], clerk: User
) -> None:
    batch = batch_of(clerk, *results)
    outbox.drain()
    kept = batch.labels.get(size="a4")
    content = papers.batch_labels(batch, on_a4=True)
    with kept.file.open("rb") as stored:
        assert documents.render(content, made_at=batch.made_at) == stored.read()
    papers.make_labels(batch)
    assert batch.labels.count() == 2


def test_labels_that_could_not_be_made_say_so_instead_of_asking_for_ever(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    batch = batch_of(clerk, results[0])
    OutboxMessage.objects.filter(topic="dispatches.labels").update(state="dead")
    page = sign_in(clerk).get(f"{BATCHES}{batch.pk}/nhan/").content.decode()
    assert "không tạo được" in page.lower()
    assert "hx-get" not in page


# --- Packing -------------------------------------------------------------------------------------


def test_label_then_sticker_then_the_next_label(results: list[Dossier], clerk: User, sign_in: SignIn) -> None:
    batch, client = batch_of(clerk, *results), sign_in(clerk)
    there, page, _status = scan(client, batch, f" {str(results[0].code).lower()} ")
    assert results[0].applicant in page
    assert "2. Quét" in page
    there, page, _status = scan(client, batch, "ra 000000014 vn", there)
    assert "1. Quét" in page
    row = batch.shipments.get(dossier=results[0])
    assert (row.state, row.tracking, row.checked) == ("packed", "RA000000014VN", True)
    there, page, _status = scan(client, batch, str(results[1].code))
    there, page, _status = scan(client, batch, STICKERS[1], there)
    assert "đã đóng gói xong" in page
    assert Dossier.objects.filter(state="approved").count() == 2, "nothing has left yet"


def test_what_is_scanned_out_of_turn_is_said_and_nothing_is_lost(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    batch, client = batch_of(clerk, results[0]), sign_in(clerk)
    other = approved(8)
    there, _page, _status = scan(client, batch, str(results[0].code))
    for code, where, told in (
        (STICKERS[0], "", "Hãy quét mã hồ sơ trên nhãn trước"),
        ("BHXH056.02-210101-9999", "", "Không có hồ sơ nào mang mã"),
        ("", "", "Hãy quét hoặc gõ mã"),
        (str(other.code), "", "không nằm trong lô nào"),
        (str(results[0].code), there, "Đây là nhãn hồ sơ"),
        ("AB1", there, "hai chữ cái"),
    ):
        _there, page, status = scan(client, batch, code, where)
        assert (status, told in page) == (422, True), (code, told)
    assert "RA000000014VN" in scan(client, batch, STICKERS[0])[1]
    assert not Shipment.objects.exclude(state="listed").exists()
    second = batch_of(clerk, other, key="b2")
    _there, page, _status = scan(client, batch, str(other.code))
    assert f"thuộc lô {second}" in page


def test_a_dossier_of_another_office_is_put_aside_without_saying_whose_it_is(
    results: list[Dossier], clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    batch = batch_of(clerk, results[0])
    Dossier.objects.filter(pk=results[1].pk).update(office=other_clerk.staff.office)
    _there, page, status = scan(sign_in(clerk), batch, str(results[1].code))
    assert status == 422
    assert "của cơ quan khác" in page
    assert results[1].applicant not in page


def test_a_sticker_is_used_once_and_a_wrong_check_digit_is_taken_with_a_warning(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    batch, client = batch_of(clerk, *results), sign_in(clerk)
    packed(batch, clerk, results[0], STICKERS[0])
    there, _page, _status = scan(client, batch, str(results[1].code))
    _there, page, status = scan(client, batch, STICKERS[0], there)
    assert status == 422
    assert f"của {results[0].code}" in page
    _there, page, status = scan(client, batch, "RA000000015VN", there)
    assert status == 303
    assert "không khớp" in page
    row = batch.shipments.get(dossier=results[1])
    assert (row.tracking, row.checked) == ("RA000000015VN", False)
    off = f"{BATCHES}{batch.pk}/buu-gui/{row.pk}/go/"
    assert client.post(off).status_code == 303
    assert client.post(off).status_code == 422
    row.refresh_from_db()
    assert (row.state, row.tracking) == ("listed", "")
    assert [step.state for step in row.steps.all()] == ["listed", "packed", "listed"]


def test_a_result_that_is_being_packed_does_not_leave_by_itself_too(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    batch = batch_of(clerk, results[0])
    address = f"/quan-tri/procedures/dossier/{results[0].pk}/hanh-dong/dispatch/"
    answer = sign_in(clerk).post(address, {"tracking": STICKERS[0], "key": "x"})
    assert answer.status_code == 422
    assert str(batch) in answer.content.decode()
    sign_in(clerk).post(
        address.replace(str(results[0].pk), str(results[1].pk)), {"tracking": STICKERS[0], "key": "x"}
    )
    alone = Shipment.objects.get(dossier=results[1])
    assert (alone.state, alone.tracking, alone.batch) == ("sent", STICKERS[0], None)


# --- Handing over --------------------------------------------------------------------------------


def test_handing_over_sends_what_is_packed_and_lets_the_rest_wait_again(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    batch, client = batch_of(clerk, *results), sign_in(clerk)
    hand = f"{BATCHES}{batch.pk}/tuyen/569/ban-giao/"
    assert client.post(hand).status_code == 422, "nothing is packed"
    packed(batch, clerk, results[0], STICKERS[0])
    draft = words(read(client, f"{BATCHES}{batch.pk}/ban-ke/569/pdf/"))
    assert "BẢN NHÁP – CHƯA BÀN GIAO" in draft
    for _press in range(2):
        assert client.post(hand, {"nguoi-nhan": "Nguyễn Văn Bưu"}).status_code == 303
    manifest = DispatchManifest.objects.get()
    first, second = batch.shipments.order_by("dossier_id")
    assert (first.state, first.manifest, second.state, second.tracking) == ("sent", manifest, "left", "")
    results[0].refresh_from_db()
    assert results[0].state == "dispatched"
    event = results[0].events.get(action="dispatch")
    assert (event.facts, event.actor) == ({"tracking": STICKERS[0]}, clerk)
    assert PostalItem.objects.get(direction="out").tracking == STICKERS[0]
    assert workflow.verify_history(results[0]) == []
    outbox.drain()
    assert results[0].owner.notices.filter(kind="dispatched", facts__tracking=STICKERS[0]).exists()
    waiting = client.get(WAITING).content.decode()
    assert str(results[1].code) in waiting
    assert f"ở lại từ lô {batch}" in waiting
    again = batch_of(clerk, results[1], key="b2")
    assert again.number == 2


def test_the_manifest_has_every_parcel_its_totals_and_two_signatures(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    rows = sent(clerk, *results)
    batch, client = rows[0].batch, sign_in(clerk)
    assert batch is not None
    manifest = DispatchManifest.objects.get()
    address = f"{BATCHES}{batch.pk}/ban-ke/569/pdf/"
    pdf = read(client, address)
    said = words(pdf)
    for part in (
        f"{batch}-569",
        "Cộng: 2 bưu gửi",
        "ĐẠI DIỆN BƯU ĐIỆN (BÊN NHẬN)",
        "ĐẠI DIỆN CƠ QUAN BHXH (BÊN GIAO)",
        clerk.full_name,
        "253 Nguyễn Trọng Kỷ",
        "bưu điện chưa xác nhận",
        *STICKERS[:2],
        *(row.recipient for row in rows),
        *(str(row.dossier.code) for row in rows),
    ):
        assert part in said, part
    assert manifest.digest in said.replace(" ", "")
    assert "NHÁP" not in said
    assert read(client, address) == pdf
    assert packing.verify(manifest)
    Shipment.objects.filter(pk=rows[0].pk).update(recipient="AI KHÁC")
    assert not packing.verify(manifest)
    assert "không khớp với mã băm" in client.get(f"{BATCHES}{batch.pk}/change/").content.decode()


def test_a_manifest_for_spreadsheets_holds_no_formula(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    Dossier.objects.filter(pk=results[0].pk).update(applicant="=CMD|'/C calc'!A1")
    batch = sent(clerk, results[0])[0].batch
    assert batch is not None
    base, client = f"{BATCHES}{batch.pk}/ban-ke/569/", sign_in(clerk)
    rows = list(csv.reader(io.StringIO(read(client, f"{base}csv/").decode("utf-8-sig"))))
    assert rows[1][1:3] == [results[0].code, "'=CMD|'/C calc'!A1"]
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(read(client, f"{base}xlsx/")))
    assert book.get_sheet_by_index(0).to_python()[1][2] == "=CMD|'/C calc'!A1"
    assert client.get(f"{base}exe/").status_code == 404
    assert client.get(f"{BATCHES}{batch.pk}/ban-ke/568/csv/").status_code == 404


def test_a_dossier_that_was_closed_meanwhile_stays_behind_with_the_reason(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    batch, client = batch_of(clerk, *results), sign_in(clerk)
    for dossier, sticker in zip(results, STICKERS, strict=False):
        packed(batch, clerk, dossier, sticker)
    workflow.move(results[1], "close", actor=clerk, key="c", note="Nhận tại quầy.")
    assert "Lấy ra" in client.get(f"{BATCHES}{batch.pk}/change/").content.decode()
    client.post(f"{BATCHES}{batch.pk}/tuyen/569/ban-giao/")
    page = client.get(WAITING).content.decode()
    assert f"{results[1].code} ở lại: " in page
    assert list(batch.shipments.order_by("dossier_id").values_list("state", flat=True)) == ["sent", "left"]
    assert dispatches.waiting(clerk) == ([], 0)


def test_a_route_that_does_not_leave_waits_again(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    batch, client = batch_of(clerk, *results), sign_in(clerk)
    packed(batch, clerk, results[0], STICKERS[0])
    assert client.post(f"{BATCHES}{batch.pk}/tuyen/569/tra-lai/").status_code == 303
    assert not DispatchManifest.objects.exists()
    assert dispatches.waiting(clerk)[1] == 2
    again = batch_of(clerk, *results, key="b2")
    packed(again, clerk, results[1], STICKERS[0])
    assert again.shipments.filter(state="packed").count() == 1


def test_a_parcel_does_not_move_to_a_route_that_has_left(results: list[Dossier], clerk: User) -> None:
    batch = batch_of(clerk, *results)
    other = batch.shipments.get(dossier=results[1])
    now, elsewhere = timezone.now(), District.objects.get(pk="568")
    packing.amend(other, route=elsewhere, originals=1, copies=0, actor=clerk, now=now)
    packed(batch, clerk, results[0], STICKERS[0])
    route = District.objects.get(pk="569")
    packing.hand_over(batch, route, actor=clerk, now=now)
    with pytest.raises(MoveRefused):
        packing.amend(other, route=route, originals=1, copies=0, actor=clerk, now=now)


# --- Who may -------------------------------------------------------------------------------------


def test_who_looks_on_sees_the_batch_and_changes_nothing(
    results: list[Dossier], clerk: User, director: User, sign_in: SignIn
) -> None:
    batch, client = batch_of(clerk, *results), sign_in(director)
    page = client.get(f"{BATCHES}{batch.pk}/change/")
    assert results[0].applicant in page.content.decode()
    assert "ban-giao" not in page.content.decode()
    row = batch.shipments.all()[0]
    for address in ("dong-goi/", "tuyen/569/ban-giao/", "tuyen/569/tra-lai/", f"buu-gui/{row.pk}/go/"):
        assert client.post(f"{BATCHES}{batch.pk}/{address}", {"ma": row.dossier.code}).status_code == 403
    assert client.post(WAITING, {"chon": [results[0].pk]}).status_code == 403
    assert set(batch.shipments.values_list("state", flat=True)) == {"listed"}


def test_another_office_finds_no_such_batch(
    results: list[Dossier], clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    batch, client = batch_of(clerk, *results), sign_in(other_clerk)
    outbox.drain()
    for address in ("change/", "dong-goi/", "nhan/", "nhan/a4/", "ban-ke/569/pdf/"):
        assert client.get(f"{BATCHES}{batch.pk}/{address}").status_code == 404, address
    assert client.post(f"{BATCHES}{batch.pk}/tuyen/569/tra-lai/").status_code == 404
    assert staff_of("cam-ranh")[0] == clerk


def test_the_page_of_a_batch_costs_the_same_for_one_parcel_and_for_two(
    results: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    client, counts = sign_in(clerk), []
    for number, rows in enumerate(([results[0]], [results[1], approved(9)])):
        batch = batch_of(clerk, *rows, key=f"b{number}")
        client.get(f"{BATCHES}{batch.pk}/change/")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"{BATCHES}{batch.pk}/change/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 24, counts
