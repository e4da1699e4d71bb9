"""Borders and tiers change: a file is tried out, ordered, and carried out on its day; nothing is lost."""

import base64
import csv
import io
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
import xlsxwriter
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import FormerPlace, Notice, User, Ward
from procedures import closures, demo, dossiers, intake, offices, tasks, workflow
from procedures.areas import files, orders, plan
from procedures.models import AreaChange, AreaOutcome, Closure, Dossier, Office, OfficeArea
from tests.conftest import _staff, file_draft, make_draft

SignIn = Callable[[User], Client]
PAGE = "/quan-tri/procedures/areachange/nhap/"
# Cam Ranh (569) goes to Cam Lâm's office, and its own office ends.
ENDS = (
    ("phu-trach", "569", "", "", "", "cam-lam", ""),
    ("bo-co-quan", "cam-ranh", "cam-lam", "", "", "", ""),
)
MERGE = ("gop-xa", "22429", "22432", "", "", "", "")
SPLIT = (
    ("chia-xa", "22429", "22429", "Phường Cam Lợi", "569", "", ""),
    ("chia-xa", "22429", "22990", "Phường Cam Lợi Đông", "569", "", ""),
)

pytestmark = pytest.mark.django_db


def table(*rows: Sequence[str]) -> bytes:
    return files.example(rows)


def ordered(*rows: Sequence[str], day: date | None = None, actor: User | None = None) -> AreaChange:
    """Order ``rows`` for today, and run what follows."""
    actor = actor or User.objects.filter(is_staff=True).first()
    change = orders.order(
        table(*rows),
        day=day or timezone.localdate(),
        document="NQ 1234/NQ-UBTVQH",
        file_name="dia-ban.csv",
        actor=actor
        or User.objects.filter(is_staff=True).first()
        or _staff("khanh-hoa", "administrator", "A"),
        key=str(rows)[:80],
        now=timezone.now(),
    )
    orders.forget()
    offices.forget_closures()
    outbox.drain()
    return change


def problems(*rows: Sequence[str], day: date | None = None) -> str:
    today = timezone.localdate()
    found = plan.make(files.read(table(*rows)), day or today, today)
    return "\n".join([*found.problems, *(f"{r.number}: {r.problem}" for r in found.rows if r.problem)])


# --- The page ------------------------------------------------------------------------------------


def upload(client: Client, content: bytes, day: str = "") -> Any:
    sent = io.BytesIO(content)
    sent.name = "dia-ban.csv"
    return client.post(PAGE, {"day": day or f"{timezone.localdate():%d/%m/%Y}", "file": sent})


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that orders what was tried out."""
    form = page[page.index('name="seal"') - 400_000 if len(page) > 400_000 else 0 :]
    return {
        name: value
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
        if name in {"key", "content", "seal", "file_name"}
    }


def test_a_dry_run_says_what_happens_and_writes_nothing(
    filed: Dossier, administrator: User, sign_in: SignIn
) -> None:
    page = upload(sign_in(administrator), table(*ENDS))
    assert page.status_code == 200
    said = page.content.decode()
    for words in (
        "Thành phố Cam Ranh do BHXH huyện Cam Lâm phụ trách",
        "1 hồ sơ đang mở",
        "Chưa ghi gì",
    ):
        assert words in said
    assert not AreaChange.objects.exists()
    assert OfficeArea.objects.filter(valid_to=None).count() == OfficeArea.objects.count()


def test_the_same_bytes_are_ordered_once_however_often_the_button_is_pressed(
    filed: Dossier, administrator: User, sign_in: SignIn
) -> None:
    client = sign_in(administrator)
    fields = hidden(upload(client, table(*ENDS)).content.decode())
    for _ in range(2):
        done = client.post(PAGE, {**fields, "apply": "1", "document": "NQ 1/2026"})
        assert done.status_code == 303
    change = AreaChange.objects.get()
    assert change.outcome.what == "done"
    assert bytes(change.content) == table(*ENDS)
    kept = client.get(done["Location"]).content.decode()
    assert change.digest in kept and "NQ 1/2026" in kept and "bo-co-quan" in kept
    assert client.get(f"/quan-tri/procedures/areachange/{change.pk}/tep/").content == table(*ENDS)


def test_other_bytes_than_those_tried_out_are_not_ordered(administrator: User, sign_in: SignIn) -> None:
    client = sign_in(administrator)
    fields = hidden(upload(client, table(*ENDS)).content.decode())
    other = {**fields, "content": base64.b64encode(table(MERGE)).decode()}
    for wrong in (other, {**fields, "seal": "x"}, {**fields, "content": "%%"}):
        refused = client.post(PAGE, {**wrong, "apply": "1", "document": "NQ"})
        assert refused.status_code == 422
        assert "không phải là tệp đã chạy thử" in refused.content.decode()
    missing = client.post(PAGE, {**fields, "apply": "1", "document": " "})
    assert missing.status_code == 422 and "số văn bản" in missing.content.decode().lower()
    assert not AreaChange.objects.exists()


def test_only_an_administrator_of_the_province_imports(
    supervisor: User, director: User, citizen: User, client: Client, sign_in: SignIn
) -> None:
    district = _staff("cam-ranh", "administrator", "Quản trị huyện")
    for visitor in (*map(sign_in, (supervisor, director, citizen, district)), client):
        assert upload(visitor, table(*ENDS)).status_code in {302, 403}
        assert visitor.get("/quan-tri/procedures/areachange/").status_code in {302, 403}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "trống"),
        (b"viec;ma", "Thiếu"),
        ("việc,mã\n".encode("cp1258", "replace") + b"\xff", "UTF-8"),
        (b"PK\x03\x04 no workbook", "XLSX"),
        (files.example(()), "không có dòng nào"),
        (b"x" * (files.MOST_BYTES + 1), "256 KB"),
    ],
)
def test_what_is_no_table_is_refused_at_the_file(
    content: bytes, words: str, administrator: User, sign_in: SignIn
) -> None:
    page = upload(sign_in(administrator), content)
    assert page.status_code == 422
    assert words in page.content.decode() or not content
    assert not AreaChange.objects.exists()


def test_a_day_that_is_none_is_refused_at_the_day(administrator: User, sign_in: SignIn) -> None:
    page = upload(sign_in(administrator), table(MERGE), day="31/02/2027")
    assert page.status_code == 422
    assert "dd/mm/yyyy" in page.content.decode() or "ngày/tháng/năm" in page.content.decode()


def test_a_workbook_says_the_same_as_its_csv() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    for n, row in enumerate((files.COLUMNS, MERGE)):
        for column, cell in enumerate(row):
            if cell.isdecimal():
                sheet.write_number(n, column, int(cell))
            else:
                sheet.write_string(n, column, cell)
    book.close()
    assert files.read(out.getvalue()) == files.read(table(MERGE))


def test_the_example_on_the_page_can_be_read(administrator: User, sign_in: SignIn) -> None:
    content = sign_in(administrator).get("/quan-tri/procedures/areachange/mau/vi-du/").content
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert tuple(rows[0]) == files.COLUMNS
    assert problems(*rows[1:]) == ""


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("gop-xa", "99999", "22432", "", "", "", "")], "2: Không có xã, phường mã 99999"),
        ([("gop", "22429", "22432", "", "", "", "")], "2: Không có việc"),
        ([("gop-xa", "22429", "", "", "", "", "")], "2: Dòng này thiếu: thanh"),
        ([MERGE, ("gop-xa", "22429", "22426", "", "", "", "")], "3: Xã, phường 22429 đã có ở dòng trước"),
        ([("gop-xa", "22429", "22991", "Phường Mới", "", "", "")], "2: Xã, phường 22991 là mới"),
        ([("gop-xa", "22429", "22429", "", "", "", "")], "chính nó"),
        ([SPLIT[0]], "ít nhất hai phần"),
        ([("chuyen-xa", "22429", "", "", "569", "", "")], "đã thuộc"),
        ([("bo-huyen", "569", "", "", "", "", "")], "vẫn còn xã, phường"),
        ([ENDS[1]], "vẫn phụ trách"),
        (
            [ENDS[0], ("phu-trach", "569", "", "", "", "ninh-hoa", "")],
            "3: Thành phố Cam Ranh được giao cho hai",
        ),
        ([("bo-co-quan", "khanh-hoa", "cam-lam", "", "", "", "")], "không kết thúc"),
        ([("lap-co-quan", "moi", "", "BHXH Mới", "", "", "02")], "thuộc cơ quan khác"),
        ([("lap-huyen", "580", "", "Huyện Mới", "", "khong-co", "")], "Không có cơ quan"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason(rows: list[Sequence[str]], words: str) -> None:
    assert words in problems(*rows)


def test_a_ward_that_nobody_would_serve_and_a_day_that_is_past_are_refused() -> None:
    OfficeArea.objects.filter(district="574").delete()
    assert "22435" in problems(("chuyen-xa", "22435", "", "", "574", "", ""))
    assert "đã qua" in problems(MERGE, day=timezone.localdate() - timedelta(days=1))


# --- What follows --------------------------------------------------------------------------------


def test_open_dossiers_go_over_with_code_and_history(filed: Dossier) -> None:
    outbox.drain()
    successor, stranger = _staff("cam-lam", "clerk", "Lê Văn Kế"), _staff("ninh-hoa", "clerk", "Phan Thị Yến")
    ordered(*ENDS)
    code, handed = filed.code, Dossier.objects.get(pk=filed.pk)
    assert handed.office is not None
    assert (handed.office.slug, handed.code) == ("cam-lam", code)
    assert list(handed.events.values_list("action", flat=True)) == ["file", "handed_over"]
    assert workflow.verify_history(handed) == []
    assert Notice.objects.get(user=filed.owner, kind="handed_over").facts["office"] == "BHXH huyện Cam Lâm"
    assert handed.documents.filter(kind="label").count() == 2
    assert dossiers.visible_to(successor).filter(pk=filed.pk).exists()
    assert not dossiers.visible_to(stranger).filter(pk=filed.pk).exists()


def test_papers_that_were_to_go_to_an_office_that_ends_go_to_another(filed: Dossier) -> None:
    closed = Closure.objects.create(office=Office.objects.get(slug="cam-ranh"), reason="x", document="y")
    closures.follow_up(timezone.now())
    outbox.drain()
    assert Dossier.objects.get(pk=filed.pk).post_to.slug == "cam-lam"  # type: ignore[union-attr]
    ordered(
        ("phu-trach", "570", "", "", "", "dien-khanh", ""),
        ("bo-co-quan", "cam-lam", "dien-khanh", "", "", "", ""),
    )
    sent = Dossier.objects.get(pk=filed.pk)
    assert sent.office == closed.office
    assert sent.post_to is not None and sent.post_to.slug == "khanh-son"


def test_what_is_decided_stays_where_it_was_and_is_readable_for_the_successor(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    closed = intake.close_list(
        Office.objects.get(slug="cam-ranh"),
        timezone.localdate() - timedelta(days=1),
        actor=None,
        now=timezone.now(),
    )
    dossiers_office = filed.office
    workflow.move(filed, "withdraw", actor=filed.owner, key="w")
    ordered(*ENDS)
    filed.refresh_from_db()
    assert filed.office == dossiers_office
    successor = _staff("cam-lam", "clerk", "Lê Văn Kế")
    page = f"/quan-tri/procedures/intakelist/{closed.pk}/change/"
    assert sign_in(successor).get(page).status_code == 200
    assert sign_in(_staff("ninh-hoa", "clerk", "Phan Thị Yến")).get(page).status_code == 404
    assert dossiers.visible_to(successor).filter(pk=filed.pk).exists()


def test_an_ended_office_closes_lists_only_while_filings_stand_on_none(filed: Dossier) -> None:
    workflow.move(filed, "withdraw", actor=filed.owner, key="w")
    ordered(*ENDS)
    ended, today = Office.objects.get(slug="cam-ranh"), timezone.localdate()
    assert ended in offices.keeping_lists(today)
    intake.close_list(ended, today, actor=None, now=timezone.now() + timedelta(days=1))
    assert ended not in offices.keeping_lists(today)


def test_the_new_office_numbers_its_own_filings(citizen: User, chance: Random) -> None:
    ordered(*ENDS)
    filed = file_draft(make_draft(citizen, chance))
    assert filed.office is not None and filed.code is not None
    assert filed.office.slug == "cam-lam"
    assert filed.code.split(".")[1].startswith(filed.office.number)
    assert filed.code.endswith("-0001")


def test_a_merge_moves_people_and_what_they_have_begun(draft: Dossier) -> None:
    assert draft.typed["ward"] == "22429"
    ordered(MERGE)
    draft.refresh_from_db()
    assert User.objects.get(pk=draft.owner_id).ward_id == "22432"
    assert draft.typed["ward"] == "22432"
    old = Ward.objects.get(pk="22429")
    assert old.valid_to == timezone.localdate() - timedelta(days=1)
    assert file_draft(draft).office.slug == "cam-ranh"  # type: ignore[union-attr]


def test_people_of_a_split_ward_choose_before_they_file(draft: Dossier, sign_in: SignIn) -> None:
    ordered(*SPLIT)
    owner = User.objects.get(pk=draft.owner_id)
    draft.refresh_from_db()
    assert owner.ward_in_doubt and owner.ward_id == "22429"
    assert Notice.objects.filter(user=owner, kind="ward_asked").exists()
    client = sign_in(owner)
    assert "đã được chia" in client.get("/ho-so/").content.decode()
    assert client.post(f"/ho-so/{draft.draft_code}/kiem-tra/", {"declaration": "on"}).status_code == 422
    profile = {"phone": owner.phone, "email": "", "ward": "22990", "street": ""}
    assert client.post("/tai-khoan/", profile).status_code == 303
    owner.refresh_from_db()
    assert (owner.ward_id, owner.ward_in_doubt) == ("22990", False)


def test_a_confirmed_organisation_says_where_its_seat_is_and_changes_nothing_else(
    clerk: User, sign_in: SignIn
) -> None:
    seat = demo.organisation("employer", "HỢP TÁC XÃ SAO MAI", "TK0999K", ward="22429", confirmed_by=clerk)
    ordered(*SPLIT)
    client = sign_in(seat)
    page = client.get("/tai-khoan/").content.decode()
    assert "nơi đặt trụ sở đã được chia" in page and 'name="name"' not in page
    known = {"street": "1 Hùng Vương", "contact": "Lê Văn An", "phone": "0905123456", "code": "TK0000K"}
    assert client.post("/tai-khoan/", {**known, "ward": "22990"}).status_code == 303
    seat.refresh_from_db()
    assert (seat.ward_id, seat.ward_in_doubt, seat.organisation.code) == ("22990", False, "TK0999K")
    client.post("/tai-khoan/", {**known, "ward": "22432"})
    seat.refresh_from_db()
    assert seat.ward_id == "22990"


def test_a_renamed_and_moved_ward_keeps_its_code_and_what_it_was(filed: Dossier) -> None:
    outbox.drain()
    ordered(
        ("doi-ten-xa", "22429", "", "Phường Cam Lợi Mới", "", "", ""),
        ("chuyen-xa", "22429", "", "", "570", "", ""),
    )
    ward, was = Ward.objects.get(pk="22429"), FormerPlace.objects.get()
    assert (ward.name, ward.district_id) == ("Phường Cam Lợi Mới", "570")
    assert (was.name, was.district_id) == ("Phường Cam Lợi", "569")
    assert Dossier.objects.get(pk=filed.pk).office.slug == "cam-lam"  # type: ignore[union-attr]


def test_dossiers_of_a_merged_ward_follow_it_through_a_later_change(filed: Dossier) -> None:
    ordered(MERGE)
    ordered(("chuyen-xa", "22432", "", "", "570", "", ""))
    assert Dossier.objects.get(pk=filed.pk).office.slug == "cam-lam"  # type: ignore[union-attr]


def test_districts_begin_merge_and_end() -> None:
    ordered(
        ("lap-co-quan", "nam-khanh", "", "BHXH Nam Khánh", "", "", "77"),
        ("lap-huyen", "580", "", "Huyện Nam Khánh", "", "nam-khanh", ""),
        ("chuyen-xa", "22714", "", "", "580", "", ""),
        ("gop-huyen", "575", "569", "", "", "", ""),
        ("bo-co-quan", "khanh-son", "nam-khanh", "", "", "", ""),
    )
    today = timezone.localdate()
    assert offices.office_for("22714", today).slug == "nam-khanh"
    assert offices.office_for("22717", today).slug == "cam-ranh"
    assert not offices.in_force(timezone.now()).filter(slug="khanh-son").exists()
    ended = OfficeArea.objects.get(district="575")
    assert ended.valid_to == today - timedelta(days=1)


# --- On its day ----------------------------------------------------------------------------------


def test_a_change_of_a_future_day_waits_for_it(
    filed: Dossier, administrator: User, time_machine: Any
) -> None:
    day = timezone.localdate() + timedelta(days=3)
    change = ordered(*ENDS, day=day, actor=administrator)
    assert not AreaOutcome.objects.exists()
    assert offices.office_for("22429", timezone.localdate()).slug == "cam-ranh"
    assert "đang chờ" in problems(*ENDS)
    time_machine.move_to(timezone.now() + timedelta(days=3), tick=True)
    tasks.follow_areas()
    tasks.follow_areas()
    orders.forget()
    outbox.drain()
    assert AreaOutcome.objects.get(change=change).what == "done"
    assert Dossier.objects.get(pk=filed.pk).office.slug == "cam-lam"  # type: ignore[union-attr]
    assert Dossier.objects.get(pk=filed.pk).events.filter(action="handed_over").count() == 1


def test_what_cannot_be_any_more_on_its_day_is_kept_as_refused(
    administrator: User, time_machine: Any
) -> None:
    change = ordered(*ENDS, day=timezone.localdate() + timedelta(days=3), actor=administrator)
    Office.objects.filter(slug="cam-lam").update(valid_to=timezone.localdate())
    time_machine.move_to(timezone.now() + timedelta(days=3), tick=True)
    assert orders.take_effect(timezone.now()) == 1
    outcome = AreaOutcome.objects.get(change=change)
    assert (outcome.what, "cam-lam" in outcome.reason) == ("refused", True)


def test_a_waiting_change_is_called_off_with_a_reason(administrator: User, sign_in: SignIn) -> None:
    change = ordered(*ENDS, day=timezone.localdate() + timedelta(days=3), actor=administrator)
    client, address = sign_in(administrator), f"/quan-tri/procedures/areachange/{change.pk}/huy/"
    client.post(address, {"reason": " "})
    assert not AreaOutcome.objects.exists()
    for _ in range(2):
        assert client.post(address, {"reason": "Hoãn"}).status_code == 303
    assert AreaOutcome.objects.get().what == "off"
    assert orders.take_effect(timezone.now() + timedelta(days=4)) == 0


def test_the_record_of_a_change_is_never_changed(administrator: User) -> None:
    change = ordered(MERGE, actor=administrator)
    changes, outcomes = AreaChange.objects.filter(pk=change.pk), AreaOutcome.objects.filter(change=change)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        changes.update(document="NQ khác")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        outcomes.update(reason="khác")
    for rows in (changes, outcomes):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows._raw_delete(rows.db)  # type: ignore[attr-defined]
