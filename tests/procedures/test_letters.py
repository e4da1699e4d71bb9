"""Letters of the office: from the event to the paper on the citizen's page."""

import random
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import catalogue, demo
from procedures.models import Dossier, IssuedDocument
from tests import answers
from tests.conftest import file_draft

DEFINITIONS = {d.slug: d for d in catalogue.shipped()}


@pytest.fixture
def who(db: None) -> User:
    return demo.citizen(demo.person(random.Random(3), "22429"))


def file(slug: str, case: str, who: User, **given: Any) -> Dossier:
    return file_draft(answers.make_draft(DEFINITIONS[slug], case, who, timezone.localdate(), **given))


def drain() -> None:
    outbox.drain()
    assert not OutboxMessage.objects.exclude(state=OutboxMessage.State.DONE).exists()


def opened(issued: IssuedDocument) -> pypdfium2.PdfDocument:
    with issued.file.open("rb") as stored:
        return pypdfium2.PdfDocument(stored.read())


def read(issued: IssuedDocument) -> str:
    pdf = opened(issued)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in pdf)
    pdf.close()
    return " ".join(text.split())


def codes(issued: IssuedDocument) -> set[str]:
    pdf = opened(issued)
    found = zxingcpp.read_barcodes(pdf[0].render(scale=200 / 72).to_pil())
    pdf.close()
    return {code.text for code in found}


def downloaded(client: Client, url: str) -> bytes:
    response = client.get(url)
    assert response["Content-Type"] == "application/pdf"
    return b"".join(response.streaming_content)  # type: ignore[arg-type]


def page_of(dossier: Dossier, client: Client) -> str:
    return client.get(f"/ho-so/{dossier.code}/").content.decode()


# --- The slip that stands in for the health card --------------------------------------------------


def test_an_urgent_card_request_gets_a_slip_on_top_of_its_page(who: User, client: Client) -> None:
    dossier = file("book-and-card", "card_lost", who, urgent="yes")
    client.force_login(who)
    waiting = page_of(dossier, client)
    assert waiting.index("Giấy hẹn") < waiting.index("Giấy tiếp nhận")
    drain()
    slip = dossier.documents.get(kind="card_slip")
    said = read(slip)
    for part in (
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Mẫu số 4",
        "DÙNG THAY THẺ BHYT",
        dossier.applicant.upper(),
        dossier.insurance_number,
        "Cấp lại thẻ BHYT do mất",
    ):
        assert part in said
    assert codes(slip) == {dossier.code, f"{settings.SITE_URL}/xac-thuc/{slip.token}/"}
    page = page_of(dossier, client)
    url = f"/ho-so/{dossier.code}/giay-to/card-slip-1.pdf"
    assert page.index('id="documents"') < page.index(url) < page.index("/giay-to/receipt-1.pdf")
    assert page.index('id="documents"') < page.index("Hồ sơ đã đến cơ quan BHXH")
    assert downloaded(client, url).startswith(b"%PDF")
    assert client.get(f"/xac-thuc/{slip.token}/").status_code == 200


def test_a_request_that_is_not_urgent_gets_no_slip(who: User) -> None:
    dossier = file("book-and-card", "card_lost", who, urgent="no")
    drain()
    assert {"receipt", "form"} <= set(dossier.documents.values_list("kind", flat=True))
    assert not dossier.documents.filter(kind="card_slip").exists()


def test_a_lost_book_gets_no_slip_for_a_card(who: User) -> None:
    dossier = file("book-and-card", "book_lost", who, yes_no="yes")
    drain()
    assert not dossier.documents.filter(kind="card_slip").exists()


def test_the_slip_of_somebody_else_is_not_there(who: User, stranger: User, client: Client) -> None:
    dossier = file("book-and-card", "card_lost", who, urgent="yes")
    drain()
    client.force_login(stranger)
    assert client.get(f"/ho-so/{dossier.code}/giay-to/card-slip-1.pdf").status_code == 404
