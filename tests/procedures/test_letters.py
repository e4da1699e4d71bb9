"""Letters of the office: from the event to the paper on the citizen's page."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import AccessLog, Notice, OutboxMessage, User
from procedures import apologies, deadlines, demo, mailroom, workflow
from procedures.models import Dossier, IssuedDocument
from tests import answers, reference
from tests.conftest import file_draft

SignIn = Callable[[User], Client]
DEFINITIONS = {d.slug: d for d in reference.shipped()}


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


# --- Supplement, refusal, rejection ---------------------------------------------------------------


def papers_here(dossier: Dossier, clerk: User) -> None:
    mailroom.receive(dossier, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())


def proposed(dossier: Dossier, clerk: User) -> None:
    papers_here(dossier, clerk)
    workflow.move(dossier, "accept", actor=clerk, key="a")
    workflow.move(dossier, "propose_rejection", actor=clerk, key="p", note="Đang đóng.")


def act(client: Client, dossier: Dossier, action: str, **data: str) -> Any:
    address = f"/quan-tri/procedures/dossier/{dossier.pk}/hanh-dong/{action}/"
    response = client.post(address, {"key": f"k-{action}", **data})
    dossier.refresh_from_db()
    return response


def letter(dossier: Dossier, kind: str, reader: Client, stranger: Client) -> str:
    """The letter the worker made, as its citizen gets it; a stranger does not."""
    drain()
    issued = dossier.documents.get(kind=kind, replaced_at=None)
    url = f"/ho-so/{dossier.code}/giay-to/{kind}-{issued.number}.pdf"
    assert url in page_of(dossier, reader)
    assert downloaded(reader, url).startswith(b"%PDF")
    assert stranger.get(url).status_code == 404
    assert codes(issued) == {dossier.code, f"{settings.SITE_URL}/xac-thuc/{issued.token}/"}
    assert reader.get(f"/xac-thuc/{issued.token}/").status_code == 200
    return read(issued)


def test_what_is_missing_is_asked_for_in_writing(
    filed: Dossier, clerk: User, stranger: User, sign_in: SignIn
) -> None:
    papers_here(filed, clerk)
    missing = "Sổ BHXH thứ hai\nẢnh mặt sau căn cước"
    assert act(sign_in(clerk), filed, "ask_supplement", missing=missing, note="Gửi sớm.").status_code == 303
    said = letter(filed, "supplement", sign_in(filed.owner), sign_in(stranger))
    for part in ("Mẫu số 02", "1. Sổ BHXH thứ hai", "2. Ảnh mặt sau căn cước", "Gửi sớm.", filed.applicant):
        assert part in said


def test_what_is_not_accepted_gets_a_refusal_with_its_reason(
    filed: Dossier, clerk: User, stranger: User, sign_in: SignIn
) -> None:
    act(sign_in(clerk), filed, "refuse", note="Hồ sơ trùng với hồ sơ đã nộp trước.")
    said = letter(filed, "refusal", sign_in(filed.owner), sign_in(stranger))
    for part in ("Mẫu số 03", "PHIẾU TỪ CHỐI TIẾP NHẬN", "không tiếp nhận", "Hồ sơ trùng", "Lê Thị Hạnh"):
        assert part in said
    assert "Căn cứ pháp lý" not in said


def test_a_rejection_says_reason_and_law(
    filed: Dossier, clerk: User, supervisor: User, stranger: User, sign_in: SignIn
) -> None:
    proposed(filed, clerk)
    desk = sign_in(supervisor)
    refused = act(desk, filed, "reject", note="Đang đóng BHXH bắt buộc.")
    assert refused.status_code == 422
    assert "căn cứ pháp lý" in refused.content.decode()
    assert filed.state == "proposed"
    law = "Nghị quyết 93/2015/QH13"
    assert act(desk, filed, "reject", note="Đang đóng BHXH bắt buộc.", legal_basis=law).status_code == 303
    reader = sign_in(filed.owner)
    said = letter(filed, "refusal", reader, sign_in(stranger))
    for part in ("từ chối giải quyết", "Đang đóng BHXH bắt buộc.", f"Căn cứ pháp lý: {law}"):
        assert part in said
    assert f"Căn cứ: {law}" in page_of(filed, reader)


# --- Apology with a new date ----------------------------------------------------------------------


@pytest.fixture
def running(filed: Dossier, clerk: User) -> Dossier:
    papers_here(filed, clerk)
    workflow.move(filed, "accept", actor=clerk, key="a")
    return filed


def later(dossier: Dossier, working_days: int) -> date:
    assert dossier.due_at is not None
    return deadlines.calendar().add(timezone.localdate(dossier.due_at), working_days)


def test_an_apology_gives_a_new_date_and_keeps_the_old_one(
    running: Dossier, supervisor: User, stranger: User, sign_in: SignIn
) -> None:
    old, day = running.due_at, later(running, 3)
    desk = sign_in(supervisor)
    page = desk.get(f"/quan-tri/procedures/dossier/{running.pk}/change/").content.decode()
    assert 'name="new_due"' in page
    done = act(desk, running, "apologise", new_due=f"{day}", note="Khu vực bị phong tỏa.")
    assert done.status_code == 303
    assert running.state == "processing"
    assert running.due_at == deadlines.closing(day)
    event = running.events.get(action="apologise")
    assert old is not None
    assert event.facts == {"due_was": old.isoformat(), "due": deadlines.closing(day).isoformat()}
    assert workflow.verify_history(running) == []
    reader = sign_in(running.owner)
    said = letter(running, "apology", reader, sign_in(stranger))
    for part in (
        "Mẫu số 04",
        "Khu vực bị phong tỏa.",
        f"{timezone.localtime(old):%d/%m/%Y}",
        f"{day:%d/%m/%Y}",
    ):
        assert part in said
    told = page_of(running, reader)
    assert f"Hẹn lại trả kết quả ngày {day:%d/%m/%Y}" in told
    assert "Khu vực bị phong tỏa." in told
    assert Notice.objects.get(user=running.owner, kind="apologised").facts["due"].endswith(f"{day:%d/%m/%Y}")
    again = act(desk, running, "apologise", key="2", new_due=f"{later(running, 2)}", note="Lần nữa.")
    assert again.status_code == 422
    assert running.due_at == deadlines.closing(day)


@pytest.mark.parametrize(
    ("new_due", "said"),
    [
        ("", "ngày hẹn mới"),
        ("hôm sau", "19/07/2021"),
        ("2021-07-01", "phải sau ngày đã hẹn"),
        ("2030-01-05", "ngày làm việc"),
    ],
)
def test_a_new_date_that_cannot_be_is_refused_at_its_field(
    new_due: str, said: str, running: Dossier, supervisor: User, sign_in: SignIn
) -> None:
    old = running.due_at
    refused = act(sign_in(supervisor), running, "apologise", new_due=new_due, note="Phong tỏa.")
    assert refused.status_code == 422
    assert said in refused.content.decode()
    assert running.due_at == old
    assert not running.documents.filter(kind="apology").exists()


def test_an_apology_needs_a_reason_and_a_supervisor(running: Dossier, clerk: User, supervisor: User) -> None:
    day = f"{later(running, 2):%d/%m/%Y}"
    for actor, reason in ((clerk, "Phong tỏa."), (supervisor, " ")):
        with pytest.raises(workflow.MoveRefused):
            apologies.apologise(running, day, actor=actor, key="x", reason=reason, now=timezone.now())
    apologies.apologise(running, day, actor=supervisor, key="x", reason="Phong tỏa.", now=timezone.now())
    assert running.due_at == deadlines.closing(later_day(day))


def later_day(typed: str) -> date:
    day, month, year = map(int, typed.split("/"))
    return date(year, month, day)


def test_after_the_deadline_it_is_too_late_for_a_new_date(running: Dossier, supervisor: User) -> None:
    assert running.due_at is not None
    day = f"{later(running, 4)}"
    with pytest.raises(workflow.MoveRefused, match="quá hạn"):
        apologies.apologise(
            running,
            day,
            actor=supervisor,
            key="x",
            reason="Phong tỏa.",
            now=running.due_at + timedelta(days=1),
        )
    last_minute = running.due_at
    apologies.apologise(running, day, actor=supervisor, key="x", reason="Phong tỏa.", now=last_minute)


def test_a_pause_after_an_apology_counts_from_the_new_date(
    running: Dossier, clerk: User, supervisor: User
) -> None:
    before = timezone.now()
    day = later(running, 3)
    apologies.apologise(running, f"{day}", actor=supervisor, key="x", reason="Phong tỏa.", now=before)
    left = deadlines.calendar().count(timezone.localdate(before), day)
    workflow.move(running, "ask_supplement", actor=clerk, key="s", facts={"missing": ["Sổ"]}, now=before)
    assert (running.due_at, running.days_left) == (None, left)


# --- The control sheet ----------------------------------------------------------------------------


def test_the_control_sheet_has_every_hand_over(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    proposed(filed, clerk)
    basis = {"legal_basis": "Luật BHXH"}
    workflow.move(filed, "reject", actor=supervisor, key="r", note="Đang đóng BHXH.", facts=basis)
    address = f"/quan-tri/procedures/dossier/{filed.pk}/phieu-kiem-soat/"
    desk = sign_in(supervisor)
    assert address in desk.get(f"/quan-tri/procedures/dossier/{filed.pk}/change/").content.decode()
    response = desk.get(address)
    assert response["Content-Type"] == "application/pdf"
    pdf = pypdfium2.PdfDocument(response.content)
    said = " ".join("".join(page.get_textpage().get_text_bounded() for page in pdf).split())
    pdf.close()
    assert "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ" in said
    assert filed.code in said
    for event in filed.events.all():
        assert f"{timezone.localtime(event.at):%H:%M %d/%m/%Y}" in said
    for part in ("Lê Thị Hạnh", "Trần Quốc Sơn", "Người nộp hồ sơ", "Đang đóng BHXH.", "Trước hạn"):
        assert part in said
    assert AccessLog.objects.filter(user=supervisor, about=filed.code, what="control sheet").count() == 1
    assert sign_in(filed.owner).get(address).status_code in {302, 403}


def test_a_new_date_stands_on_a_new_slip(who: User, supervisor: User) -> None:
    dossier = file("book-and-card", "card_lost", who, urgent="yes")
    drain()
    day = later(dossier, 2)
    now = timezone.now()
    apologies.apologise(dossier, f"{day}", actor=supervisor, key="x", reason="Phong tỏa.", now=now)
    drain()
    first, second = dossier.documents.filter(kind="card_slip").order_by("number")
    assert first.replaced_at is not None
    assert f"{day:%d/%m/%Y}" in read(second)
