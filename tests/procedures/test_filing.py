"""From the first page to a filed dossier, through the requests a browser sends."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import Notice, OutboxMessage, User
from procedures import demo
from procedures.models import Dossier, IssuedDocument, LegalFigure

SignIn = Callable[[User], Client]

PAGES = {
    "ly-do": {"case": "stopped_1_year"},
    "dieu-kien": {
        "stop_date_day": "31",
        "stop_date_month": "03",
        "stop_date_year": "2020",
        "contributing_now": "no",
        "gender": "female",
        "date_of_birth_day": "1",
        "date_of_birth_month": "2",
        "date_of_birth_year": "1980",
        "total_months_years": "8",
        "total_months_months": "3",
    },
    "nguoi-de-nghi": {
        "full_name": "Nguyễn Thị Ánh Tuyết",
        "insurance_number": "56 1234 5678",
        "id_number": "056180000123",
        "phone": "+84 905 123 456",
        "email": "",
        "ward": "22429",
        "street": "12 Hùng Vương",
        "residence_kind": "permanent",
    },
    "qua-trinh-dong": {"scheme": "compulsory", "books_count": "2", "unemployment_reserved": "yes"},
    "nhan-tien": {"pay_method": "bank_transfer", "result_delivery": "post"},
    "noi-nhan": {
        "bank": "970436",
        "bank_branch": "Khánh Hòa",
        "account_number": "0071 0012 34567",
        "account_holder": "nguyen thi anh tuyet",
        "delivery_address": "",
    },
}


def start(client: Client) -> Dossier:
    response = client.post("/thu-tuc/lump-sum/bat-dau/")
    assert response.status_code == 303
    return Dossier.objects.get(draft_code=response["Location"].split("/")[2])


def fill(client: Client, dossier: Dossier, pages: dict[str, dict[str, str]] = PAGES) -> None:
    for slug, data in pages.items():
        response = client.post(f"/ho-so/{dossier.draft_code}/buoc/{slug}/", data)
        assert response.status_code == 303, response.content.decode()


def upload(client: Client, dossier: Dossier) -> None:
    files = {
        "file_id_photo": SimpleUploadedFile("cccd.jpg", demo.photo("id")),
        "file_book_photo": SimpleUploadedFile("so.jpg", demo.photo("book")),
    }
    response = client.post(f"/ho-so/{dossier.draft_code}/giay-to-kem/", files)
    assert response.status_code == 303
    assert response["Location"].endswith("/kiem-tra/")


def test_a_citizen_files_a_lump_sum_claim_without_javascript(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    dossier = start(client)
    fill(client, dossier)
    upload(client, dossier)
    check = client.get(f"/ho-so/{dossier.draft_code}/kiem-tra/").content.decode()
    assert "NGUYỄN THỊ ÁNH TUYẾT" in check
    assert "8 năm 3 tháng" in check

    response = client.post(f"/ho-so/{dossier.draft_code}/kiem-tra/", {"declaration": "on", "key": "k1"})

    assert response.status_code == 303
    dossier.refresh_from_db()
    assert dossier.code is not None
    assert dossier.code.startswith("BHXH056.02-")
    assert dossier.state == "waiting_originals"
    assert dossier.due_at is None
    assert dossier.answers["phone"] == "0905123456"
    assert dossier.answers["account_holder"] == "NGUYEN THI ANH TUYET"
    assert dossier.answers["total_months"] == 99
    assert list(dossier.originals.values_list("document", "copies")) == [("form", 1), ("insurance_book", 2)]
    page = client.get(response["Location"]).content.decode()
    assert dossier.code in page


def test_pressing_file_twice_files_once(draft: Dossier, sign_in: SignIn) -> None:
    client = sign_in(draft.owner)
    data = {"declaration": "on", "key": "k1"}
    first = client.post(f"/ho-so/{draft.draft_code}/kiem-tra/", data)
    second = client.post(f"/ho-so/{draft.draft_code}/kiem-tra/", data)
    assert first.status_code == 303
    assert client.get(second["Location"], follow=True).status_code == 200
    assert Dossier.objects.filter(owner=draft.owner).count() == 1
    assert draft.events.count() == 1
    assert OutboxMessage.objects.filter(topic="documents.receipt").count() == 1


def test_documents_and_notice_follow_from_the_outbox(filed: Dossier) -> None:
    assert not IssuedDocument.objects.exists()
    outbox.drain()
    kinds = sorted(filed.documents.values_list("kind", flat=True))
    assert kinds == ["form", "label", "receipt"]
    assert Notice.objects.get(user=filed.owner).kind == "filed"
    outbox.drain()
    assert filed.documents.count() == 3


def test_start_pressed_twice_gives_one_draft(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    assert start(client) == start(client)
    assert Dossier.objects.filter(owner=citizen).count() == 1


def test_what_was_typed_wrongly_stays_on_the_page_with_a_message(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    dossier = start(client)
    data = {**PAGES["nguoi-de-nghi"], "phone": "0123", "insurance_number": "561234"}
    response = client.post(f"/ho-so/{dossier.draft_code}/buoc/nguoi-de-nghi/", data)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="0123"' in page
    assert 'href="#phone"' in page
    dossier.refresh_from_db()
    assert dossier.typed["insurance_number"] == "561234"
    again = client.get(f"/ho-so/{dossier.draft_code}/buoc/nguoi-de-nghi/").content.decode()
    assert 'value="0123"' in again


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contributing_now": "yes"}, "đang đóng"),
        ({"stop_date_year": "2999"}, "không"),
    ],
)
def test_who_is_not_entitled_is_told_why(
    citizen: User, sign_in: SignIn, changes: dict[str, str], words: str
) -> None:
    client = sign_in(citizen)
    dossier = start(client)
    fill(client, dossier, {"ly-do": PAGES["ly-do"]})
    response = client.post(f"/ho-so/{dossier.draft_code}/buoc/dieu-kien/", {**PAGES["dieu-kien"], **changes})
    assert response.status_code == 422
    assert words in response.content.decode()


def test_who_has_the_years_of_a_pension_is_told_why_once_staff_have_entered_the_limit(
    citizen: User, sign_in: SignIn
) -> None:
    LegalFigure.objects.create(
        name="lump_sum.years_limit",
        valid_from=timezone.localdate(),
        value=20,
        source="quyết định thử",
        confidence="sure",
    )
    client = sign_in(citizen)
    dossier = start(client)
    fill(client, dossier, {"ly-do": PAGES["ly-do"]})
    years = {"total_months_years": "20", "total_months_months": "0"}
    response = client.post(f"/ho-so/{dossier.draft_code}/buoc/dieu-kien/", {**PAGES["dieu-kien"], **years})
    assert response.status_code == 422
    assert "lương hưu" in response.content.decode()


def test_hidden_answers_are_kept_in_the_draft_and_left_out_of_the_filing(
    draft: Dossier, sign_in: SignIn
) -> None:
    client = sign_in(draft.owner)
    pages = {"nhan-tien": {"pay_method": "cash_office", "result_delivery": "office"}}
    fill(client, draft, pages)
    draft.refresh_from_db()
    assert draft.typed["bank"] == "970405"
    client.post(f"/ho-so/{draft.draft_code}/kiem-tra/", {"declaration": "on"})
    draft.refresh_from_db()
    assert draft.state == "waiting_originals"
    assert "bank" not in draft.answers
    assert "account_number" not in draft.answers


def test_an_incomplete_draft_is_not_filed(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    dossier = start(client)
    fill(client, dossier)
    response = client.post(f"/ho-so/{dossier.draft_code}/kiem-tra/", {"declaration": "on"})
    assert response.status_code == 422
    dossier.refresh_from_db()
    assert dossier.is_draft
    assert dossier.code is None
    assert not OutboxMessage.objects.exists()


def test_the_declaration_must_be_ticked(draft: Dossier, sign_in: SignIn) -> None:
    response = sign_in(draft.owner).post(f"/ho-so/{draft.draft_code}/kiem-tra/", {})
    assert response.status_code == 422
    draft.refresh_from_db()
    assert draft.is_draft


def test_htmx_gets_the_next_page_and_its_address(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    dossier = start(client)
    response = client.post(
        f"/ho-so/{dossier.draft_code}/buoc/ly-do/",
        PAGES["ly-do"],
        headers={"HX-Request": "true", "HX-Target": "page"},
    )
    assert response.status_code == 200
    assert response["HX-Push-Url"].endswith("/buoc/dieu-kien/")
    assert "<html" not in response.content.decode()
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize(
    ("case", "page"), [("emigration", "dieu-kien"), ("", "ly-do"), ("khong-co", "ly-do")]
)
def test_who_starts_with_a_case_is_not_asked_for_it(
    case: str, page: str, citizen: User, sign_in: SignIn
) -> None:
    response = sign_in(citizen).post("/thu-tuc/lump-sum/bat-dau/", {"truong-hop": case})
    assert response["Location"].endswith(f"/buoc/{page}/")
    begun = Dossier.objects.get()
    assert begun.case == begun.typed.get("case", "") == (case if page == "dieu-kien" else "")


def test_each_case_of_a_procedure_has_its_own_start(citizen: User, sign_in: SignIn) -> None:
    page = sign_in(citizen).get("/thu-tuc/lump-sum/").content.decode()
    assert page.count('form="start" name="truong-hop"') == 5


def test_questions_appear_when_an_answer_asks_for_them(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    dossier = start(client)
    fill(client, dossier, {"ly-do": {"case": "retirement_age"}})
    address = f"/ho-so/{dossier.draft_code}/buoc/dieu-kien/"
    for gender, asked in (("female", True), ("male", False)):
        response = client.post(
            f"{address}?luu=1", {"gender": gender}, headers={"HX-Request": "true", "HX-Target": "questions"}
        )
        assert ('name="commune_part_time"' in response.content.decode()) is asked


def test_a_page_that_asks_more_than_it_did_does_not_scold(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    dossier = start(client)
    fill(client, dossier, {"ly-do": {"case": "retirement_age"}})
    born = {"date_of_birth_day": "", "date_of_birth_month": "", "date_of_birth_year": "1960"}
    answers = {**born, "gender": "female", "goes_on_voluntarily": "no", "total_months_years": "8"}
    response = client.post(f"/ho-so/{dossier.draft_code}/buoc/dieu-kien/", answers)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'name="commune_part_time"' in page
    assert 'class="error"' not in page


def test_autosave_keeps_half_a_page_for_any_device(citizen: User, sign_in: SignIn) -> None:
    phone, desktop = sign_in(citizen), sign_in(citizen)
    dossier = start(phone)
    phone.post(
        f"/ho-so/{dossier.draft_code}/buoc/nguoi-de-nghi/?luu=1",
        {"street": "Thôn 3", "revision": "0"},
        headers={"HX-Request": "true", "HX-Target": "saved"},
    )
    page = desktop.get(f"/ho-so/{dossier.draft_code}/buoc/nguoi-de-nghi/").content.decode()
    assert "Thôn 3" in page


def test_two_devices_do_not_overwrite_each_other_silently(citizen: User, sign_in: SignIn) -> None:
    phone, desktop = sign_in(citizen), sign_in(citizen)
    dossier = start(phone)
    url = f"/ho-so/{dossier.draft_code}/buoc/nguoi-de-nghi/"
    page = {**PAGES["nguoi-de-nghi"], "id_number": citizen.id_number}
    phone.post(url, {**page, "street": "Thôn 3", "revision": "0"})
    response = desktop.post(url, {**page, "street": "Thôn 9", "revision": "0"})
    assert response.status_code == 422
    assert "Thôn 9" in response.content.decode()
    dossier.refresh_from_db()
    assert dossier.typed["street"] == "Thôn 3"
    revision = str(dossier.revision)
    assert desktop.post(url, {**page, "street": "Thôn 9", "revision": revision}).status_code == 303
    dossier.refresh_from_db()
    assert dossier.typed["street"] == "Thôn 9"


def test_a_second_open_dossier_of_the_same_case_is_pointed_out(filed: Dossier, sign_in: SignIn) -> None:
    client = sign_in(filed.owner)
    dossier = start(client)
    fill(client, dossier, {"ly-do": PAGES["ly-do"]})
    page = client.get(f"/ho-so/{dossier.draft_code}/buoc/dieu-kien/").content.decode()
    assert filed.code is not None
    assert filed.code in page


def test_the_office_follows_the_ward(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    dossier = start(client)
    fill(client, dossier, {**PAGES, "nguoi-de-nghi": {**PAGES["nguoi-de-nghi"], "ward": "22366"}})
    upload(client, dossier)
    client.post(f"/ho-so/{dossier.draft_code}/kiem-tra/", {"declaration": "on"})
    dossier.refresh_from_db()
    assert dossier.office is not None
    assert dossier.office.slug == "khanh-hoa"
