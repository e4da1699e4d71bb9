"""The clerk's day in the admin: queue and actions."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import OutboxMessage, User
from portal.text import without_marks
from procedures import mailroom, workflow
from procedures.models import Dossier

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"


def _page(dossier: Dossier) -> str:
    return f"{QUEUE}{dossier.pk}/change/"


def _act(client: Client, dossier: Dossier, action: str, **data: str) -> int:
    response = client.post(f"{QUEUE}{dossier.pk}/hanh-dong/{action}/", {"key": f"k-{action}", **data})
    dossier.refresh_from_db()
    return response.status_code


def _arrive(dossier: Dossier, clerk: User) -> None:
    mailroom.receive(dossier, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    dossier.refresh_from_db()


def test_one_missing_paper_keeps_the_clock_standing(filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    sign_in(clerk).post(f"{QUEUE}{filed.pk}/ban-goc/", {"arrived": ["form"], "key": "s"})
    filed.refresh_from_db()
    assert filed.state == "waiting_originals"
    assert list(filed.originals.filter(received_at=None).values_list("document", flat=True)) == [
        "insurance_book"
    ]


@pytest.mark.parametrize("query", ["TUYET", "tuyết", "anh tuyet", "5612345678", "261", "bhxh056.02"])
def test_the_queue_is_searched_by_name_with_or_without_marks_number_and_code(
    query: str, draft: Dossier, clerk: User, sign_in: SignIn
) -> None:
    from tests.conftest import file_draft

    draft.typed.update(
        full_name="Nguyễn Thị Ánh Tuyết",
        insurance_number="5612345678",
        account_holder="NGUYEN THI ANH TUYET",
    )
    draft.save()
    filed = file_draft(draft)
    found = (
        sign_in(clerk).get(QUEUE, {"q": query if query != "261" else str(filed.code)[11:17]}).content.decode()
    )
    assert filed.code is not None
    assert filed.code in found
    assert filed.code not in sign_in(clerk).get(QUEUE, {"q": "không có ai"}).content.decode()


def test_a_whole_name_finds_who_is_called_so_and_else_whose_name_holds_it(
    citizen: User, clerk: User, sign_in: SignIn
) -> None:
    from tests.conftest import file_draft, make_draft

    codes = {}
    for seed, name in enumerate(("Trần Thị Anh Thư", "Lê Trần Thị Anh")):
        draft = make_draft(citizen, random.Random(seed))
        draft.typed.update(full_name=name, account_holder=without_marks(name).upper())
        draft.save()
        codes[name] = str(file_draft(draft).code)

    def found(words: str) -> list[str]:
        page = sign_in(clerk).get(QUEUE, {"q": words}).content.decode()
        return [name for name, code in codes.items() if code in page]

    assert found("tran thi anh") == ["Trần Thị Anh Thư"]
    assert found("thị ánh thư") == ["Trần Thị Anh Thư"]
    assert found("thi anh") == [*codes]


def test_the_whole_way_to_the_returned_result(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    desk, head = sign_in(clerk), sign_in(supervisor)
    _arrive(filed, clerk)
    assert _act(desk, filed, "accept") == 303
    assert _act(desk, filed, "propose", note="Đủ điều kiện.") == 303
    assert _act(desk, filed, "approve") == 422
    assert _act(head, filed, "approve") == 303
    assert filed.state == "approved"
    assert _act(desk, filed, "dispatch", tracking="EA123456784VN") == 422
    assert _act(desk, filed, "dispatch", tracking="EA123456785VN") == 303
    assert _act(desk, filed, "close") == 303
    assert filed.final
    assert [e.action for e in filed.events.all()] == [
        "file", "record_originals", "accept", "propose", "approve", "dispatch", "close",
    ]  # fmt: skip
    outbox.drain()
    assert not OutboxMessage.objects.exclude(state=OutboxMessage.State.DONE).exists()


def test_what_was_typed_stays_when_an_action_is_refused(filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    _arrive(filed, clerk)
    response = sign_in(clerk).post(
        f"{QUEUE}{filed.pk}/hanh-dong/ask_supplement/", {"missing": "", "note": "Xin gửi trong 10 ngày."}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "Xin gửi trong 10 ngày." in page


def test_the_citizen_reads_what_is_missing_and_answers_with_a_file(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from procedures import demo

    _arrive(filed, clerk)
    _act(sign_in(clerk), filed, "ask_supplement", missing="Sổ BHXH thứ hai\nGiấy khai sinh", note="Gửi sớm.")
    citizen = sign_in(filed.owner)
    page = citizen.get(f"/ho-so/{filed.code}/").content.decode()
    for words in ("Sổ BHXH thứ hai", "Giấy khai sinh", "Gửi sớm."):
        assert words in page
    response = citizen.post(f"/ho-so/{filed.code}/bo-sung/", {
        "file_supplement": SimpleUploadedFile("so2.jpg", demo.photo("book 2")), "message": "", "key": "a",
    })  # fmt: skip
    assert response.status_code == 303
    filed.refresh_from_db()
    assert filed.state == "processing"
    assert filed.attachments.filter(document="supplement").count() == 1


def test_notes_inside_the_office_stay_there(filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    _arrive(filed, clerk)
    _act(sign_in(clerk), filed, "accept")
    _act(sign_in(clerk), filed, "propose", note="Nghi trùng hồ sơ, cần xem kỹ.")
    page = sign_in(filed.owner).get(f"/ho-so/{filed.code}/").content.decode()
    assert "Nghi trùng hồ sơ" not in page
    assert clerk.full_name not in page
    assert "Nghi trùng hồ sơ" in sign_in(clerk).get(_page(filed)).content.decode()


def test_deadlines_have_their_colour(filed: Dossier, clerk: User) -> None:
    from procedures.admin.queue import deadline_tone

    now = timezone.now()
    assert deadline_tone(filed) == "grey"
    for left, tone in (
        (timedelta(hours=-1), "red"),
        (timedelta(days=1), "yellow"),
        (timedelta(days=4), "green"),
    ):
        filed.due_at = now + left
        assert deadline_tone(filed) == tone


def test_nothing_of_a_dossier_can_be_edited_or_deleted_in_the_admin(
    filed: Dossier, clerk: User, administrator: User, sign_in: SignIn
) -> None:
    for user in (clerk, administrator):
        client = sign_in(user)
        assert client.get(f"{QUEUE}add/").status_code == 403
        assert client.post(f"{QUEUE}{filed.pk}/delete/", {"post": "yes"}).status_code in {403, 404}
        client.post(_page(filed), {"state": "approved", "applicant": "AI KHÁC"})
    filed.refresh_from_db()
    assert filed.state == "waiting_originals"
    assert workflow.verify_history(filed) == []


def test_a_failed_side_effect_is_tried_again_or_set_aside_with_a_reason(
    filed: Dossier, administrator: User, sign_in: SignIn
) -> None:
    message = OutboxMessage.objects.filter(topic="documents.form").get()
    client, url = sign_in(administrator), f"/quan-tri/portal/outboxmessage/{message.pk}/xu-ly/"
    OutboxMessage.objects.filter(pk=message.pk).update(state="dead", last_error="RenderError: no font")
    assert (
        "RenderError" in client.get(f"/quan-tri/portal/outboxmessage/{message.pk}/change/").content.decode()
    )
    client.post(url, {"bury": "1", "reason": ""})
    message.refresh_from_db()
    assert message.state == "dead"
    client.post(url, {"retry": "1"})
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("pending", 0)
    OutboxMessage.objects.filter(pk=message.pk).update(state="dead")
    client.post(url, {"bury": "1", "reason": "Đã in tay."})
    message.refresh_from_db()
    assert (message.state, message.closed_by) == ("buried", administrator)


def test_the_queue_is_narrowed_to_a_procedure_and_then_to_one_of_its_cases(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    assert filed.code is not None
    assert "case=emigration" not in client.get(QUEUE).content.decode()
    for query, found in (
        ({"procedure": "lump-sum"}, True),
        ({"procedure": "maternity"}, False),
        ({"procedure": "lump-sum", "case": "stopped_1_year"}, True),
        ({"procedure": "lump-sum", "case": "emigration"}, False),
    ):
        page = client.get(QUEUE, query).content.decode()
        assert (filed.code in page) is found, query
        assert ("Ra nước ngoài để định cư" in page) is (query["procedure"] == "lump-sum")
