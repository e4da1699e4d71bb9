"""What the papers of a dossier say, read back from the PDFs the worker made."""

import re
from collections.abc import Callable

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import User
from portal.sealing import opened
from procedures import closures, mailroom
from procedures.models import Dossier, IssuedDocument, Office

SignIn = Callable[[User], Client]


def _bytes(issued: IssuedDocument) -> bytes:
    with issued.file.open("rb") as stored:
        return bytes(stored.read())


def _read(issued: IssuedDocument) -> str:
    return _text(_bytes(issued))


def _text(data: bytes) -> str:
    pdf = pypdfium2.PdfDocument(data)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in pdf)
    pdf.close()
    return " ".join(text.split())


def _codes(data: bytes) -> list[str]:
    pdf = pypdfium2.PdfDocument(data)
    found = zxingcpp.read_barcodes(pdf[0].render(scale=200 / 72).to_pil())
    pdf.close()
    return [code.text for code in found]


@pytest.fixture
def papers(filed: Dossier) -> dict[str, IssuedDocument]:
    outbox.drain()
    return {issued.kind: issued for issued in filed.documents.all()}


def test_the_first_receipt_promises_no_date(filed: Dossier, papers: dict[str, IssuedDocument]) -> None:
    said = _read(papers["receipt"])
    assert "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ" in said
    assert filed.applicant in said
    assert "5 ngày làm việc" in said
    assert "chưa hẹn ngày" in said
    assert not re.search(r"trả kết quả giải quyết hồ sơ: \d", said)


def test_the_second_receipt_names_the_day_and_the_one_it_replaces(
    filed: Dossier, papers: dict[str, IssuedDocument], clerk: User
) -> None:
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    outbox.drain()
    filed.refresh_from_db()
    second = filed.documents.get(kind="receipt", replaced_at=None)
    assert second.number == 2
    assert f"{timezone.localtime(filed.due_at):%d/%m/%Y}" in _read(second)
    assert "thay thế giấy tiếp nhận số 1" in _read(second)


def test_the_receipt_carries_the_dossier_code_and_its_verification(
    filed: Dossier, papers: dict[str, IssuedDocument], client: Client
) -> None:
    receipt = papers["receipt"]
    assert set(_codes(_bytes(receipt))) == {filed.code, f"{settings.SITE_URL}/xac-thuc/{receipt.token}/"}
    page = client.get(f"/xac-thuc/{receipt.token}/").content.decode()
    assert filed.code is not None
    assert filed.code in page
    assert filed.applicant not in page
    assert client.get("/xac-thuc/" + "x" * 24 + "/").status_code == 404


@pytest.mark.parametrize("kind", ["form", "label"])
def test_what_goes_by_post_can_be_scanned(
    kind: str, filed: Dossier, papers: dict[str, IssuedDocument]
) -> None:
    assert _codes(_bytes(papers[kind])) == [filed.code]


def test_the_label_is_drawn_four_times_on_a4_when_asked_for(filed: Dossier, sign_in: SignIn) -> None:
    client, page = sign_in(filed.owner), f"/ho-so/{filed.code}/"
    assert client.get(f"{page}giay-to/nhan-a4.pdf").status_code == 404
    assert "nhan-a4" not in client.get(page).content.decode()
    outbox.drain()
    (address,) = re.findall(r'href="([^"]*/nhan-a4\.pdf)"', client.get(page).content.decode())
    response = client.get(address)
    assert response["Content-Type"] == "application/pdf"
    assert _codes(b"".join(response.streaming_content)) == [filed.code] * 4
    assert filed.documents.filter(kind="label_sheet").count() == 0


def test_a_sheet_shows_where_the_papers_go_now(filed: Dossier, sign_in: SignIn) -> None:
    outbox.drain()
    elsewhere = Office.objects.get(slug="dien-khanh")
    closures.send_papers_to(filed, elsewhere, actor=filed.owner, key="k", now=timezone.now())
    response = sign_in(filed.owner).get(f"/ho-so/{filed.code}/giay-to/nhan-a4.pdf")
    assert elsewhere.name in _text(b"".join(response.streaming_content))


def test_the_label_says_what_the_envelope_needs(filed: Dossier, papers: dict[str, IssuedDocument]) -> None:
    said = _read(papers["label"])
    assert "HỒ SƠ ĐỀ NGHỊ HƯỞNG BHXH MỘT LẦN" in said
    assert "BHXH thành phố Cam Ranh" in said
    assert "Sổ BHXH (bản chính)" in said


def test_a_postal_code_nobody_confirmed_is_not_printed(filed: Dossier) -> None:
    office = Office.objects.get(slug="cam-ranh")
    assert (office.postal_code, office.postal_code_confidence) == ("57800", "unsure")
    outbox.drain()
    label = filed.documents.get(kind="label")
    assert "5 7 8 0 0" not in _read(label)


def test_the_form_is_filled_in_from_the_answers(filed: Dossier, papers: dict[str, IssuedDocument]) -> None:
    said = _read(papers["form"])
    assert "14-HSB" in said
    assert filed.insurance_number in said
    assert opened(filed.answers["account_number"]) in said


def test_a_result_by_post_gets_a_return_label_with_its_tracking_number(
    draft: Dossier, clerk: User, supervisor: User
) -> None:
    from procedures import workflow
    from tests.conftest import file_draft

    draft.typed["result_delivery"] = "post"
    draft.save()
    dossier = file_draft(draft)
    mailroom.receive(dossier, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    for action, actor in (("accept", clerk), ("propose", clerk), ("approve", supervisor)):
        workflow.move(dossier, action, actor=actor, key=action)
    mailroom.dispatch(dossier, "EA123456785VN", actor=clerk, key="d", now=timezone.now())
    outbox.drain()
    label = dossier.documents.get(kind="return_label", replaced_at=None)
    assert "EA123456785VN" in _read(label)
    assert dossier.code in _codes(_bytes(label))
