"""Staff change a procedure without an engineer: from the draft to the citizen who files."""

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import User
from procedures.catalogue import definition_of
from procedures.definition import Definition
from procedures.models import ProcedureVersion
from tests import answers
from tests.editing import (
    ALL,
    VERSIONS,
    SignIn,
    Status,
    begin,
    content,
    current,
    form_of,
    page_of,
    publish,
    save,
)
from tests.html_forms import untouched
from tests.test_journeys import filer_of

pytestmark = pytest.mark.django_db


# --- From draft to filing -----------------------------------------------------------------------


@ALL
def test_a_supervisor_adds_a_page_and_a_question_a_colleague_publishes_and_a_citizen_files(
    shipped: Definition, editor: Client, colleague: Client, sign_in: SignIn
) -> None:
    draft = begin(editor, shipped.slug)
    made = save(
        editor, draft, "steps/", title_vi="Việc riêng", title_en="One more thing", short_name="viec-rieng"
    )
    assert made.status_code == 303
    made = save(
        editor,
        draft,
        "fields/?trang=viec-rieng",
        label_vi="Tên thường gọi",
        label_en="What people call you",
        kind="text",
        required="on",
    )
    assert made.status_code == 303
    assert content(draft).fields[-1].name == "ten_thuong_goi"
    assert content(draft).fields[-1].step == "viec-rieng"
    assert publish(colleague, draft).status_code == 303
    assert current(shipped.slug).pk == draft.pk

    definition = definition_of(current(shipped.slug))
    case = definition.cases[0].slug
    who = filer_of(definition, case)
    dossier = answers.make_draft(definition, case, who, timezone.localdate())
    filed = sign_in(who).post(f"/ho-so/{dossier.draft_code}/kiem-tra/", {"declaration": "on", "key": "k"})
    assert filed.status_code == 303, filed.content.decode()
    dossier.refresh_from_db()
    assert dossier.version_id == draft.pk
    assert dossier.answers["ten_thuong_goi"] == answers.BY_KIND["text"]


def test_a_question_added_to_a_page_is_asked_there_at_once(
    editor: Client, colleague: Client, citizen: User, sign_in: SignIn
) -> None:
    draft = begin(editor)
    save(editor, draft, "fields/?trang=ly-do", label_vi="Vì sao lúc này?", label_en="Why now?", kind="text")
    publish(colleague, draft)
    client = sign_in(citizen)
    first = client.get(client.post("/thu-tuc/lump-sum/bat-dau/")["Location"])
    assert "Vì sao lúc này?" in first.content.decode()


# --- Who may ------------------------------------------------------------------------------------


def test_nobody_publishes_a_draft_of_which_they_wrote_some(
    editor: Client, colleague: Client, administrator: User, sign_in: SignIn
) -> None:
    draft = begin(editor)
    save(colleague, draft, "fields/phone/", label_vi="Số điện thoại di động")
    for client in (editor, colleague):
        refused = publish(client, draft)
        assert refused.status_code == 403
        assert "Người công bố phải là người khác" in refused.content.decode()
    assert current().pk != draft.pk
    assert publish(sign_in(administrator), draft).status_code == 303
    assert current().pk == draft.pk


@pytest.mark.parametrize("who", ["clerk", "citizen"])
def test_clerks_look_and_citizens_do_not_and_neither_changes_anything(
    who: str, editor: Client, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    draft = begin(editor)
    client, before = sign_in(request.getfixturevalue(who)), content(draft)
    expected = 200 if who == "clerk" else 403
    page = client.get(f"{VERSIONS}{draft.pk}/change/", follow=True)
    assert page.status_code == expected
    assert client.get(f"{VERSIONS}{draft.pk}/xem-truoc/", follow=True).status_code == expected
    assert f"{draft.pk}/phan/" not in page.content.decode()
    for path in ("nhap", "phan/steps", "phan/fields/phone", "phan/fields/phone/len", "phan/fields/phone/xoa",
                 "chep-cau-hoi", "cong-bo", "gac-lai", "nhap-toml", "ngung"):  # fmt: skip
        answer = client.post(f"{VERSIONS}{draft.pk}/{path}/", {"label_vi": "x"}, follow=True)
        assert answer.status_code == 403, path
    assert content(draft) == before
    assert ProcedureVersion.objects.get(pk=draft.pk).status == Status.DRAFT


# --- Together -----------------------------------------------------------------------------------


def test_two_people_who_change_different_parts_both_keep_their_work(
    editor: Client, colleague: Client
) -> None:
    draft = begin(editor)
    mine = form_of(editor, draft, "fields/phone/")
    assert save(colleague, draft, "fields/email/", label_vi="Hộp thư").status_code == 303
    saved = editor.post(f"{VERSIONS}{draft.pk}/phan/fields/phone/", {**mine, "label_vi": "Máy"})
    assert saved.status_code == 303
    assert [str(content(draft).field(n).label) for n in ("phone", "email")] == ["Máy", "Hộp thư"]  # type: ignore[union-attr]


def test_who_saves_over_anothers_change_is_told_first_and_loses_nothing(
    editor: Client, colleague: Client, director: User
) -> None:
    draft = begin(editor)
    mine = {**form_of(editor, draft, "fields/phone/"), "label_vi": "Máy của tôi"}
    save(colleague, draft, "fields/phone/", label_vi="Máy của đồng nghiệp")
    refused = editor.post(f"{VERSIONS}{draft.pk}/phan/fields/phone/", mine)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert director.full_name in page
    assert "Máy của đồng nghiệp" in page
    assert 'value="Máy của tôi"' in page
    assert content(draft).field("phone").label.vi == "Máy của đồng nghiệp"  # type: ignore[union-attr]
    again = editor.post(
        f"{VERSIONS}{draft.pk}/phan/fields/phone/", {**untouched(refused), "label_vi": "Máy của tôi"}
    )
    assert again.status_code == 303
    assert content(draft).field("phone").label.vi == "Máy của tôi"  # type: ignore[union-attr]


def test_a_form_sent_after_publishing_changes_nothing_and_keeps_what_was_typed(
    editor: Client, colleague: Client
) -> None:
    draft = begin(editor)
    mine = {**form_of(editor, draft, "fields/phone/"), "label_vi": "Máy của tôi"}
    publish(colleague, draft)
    refused = editor.post(f"{VERSIONS}{draft.pk}/phan/fields/phone/", mine)
    assert refused.status_code == 422
    assert "đã được Võ Minh Khánh công bố" in refused.content.decode()
    assert 'value="Máy của tôi"' in refused.content.decode()
    assert content(draft).field("phone").label.vi == "Số điện thoại"  # type: ignore[union-attr]
    assert editor.post(f"{VERSIONS}{draft.pk}/phan/fields/phone/xuong/").status_code == 303
    assert content(draft) == definition_of(current())


def test_what_changed_after_the_publisher_looked_is_shown_again_before_it_is_published(
    editor: Client, colleague: Client
) -> None:
    draft = begin(editor)
    seen = untouched(colleague.get(f"{VERSIONS}{draft.pk}/cong-bo/"))  # type: ignore[arg-type]
    save(editor, draft, "facts/", fee="5000")
    refused = colleague.post(f"{VERSIONS}{draft.pk}/cong-bo/", seen)
    assert refused.status_code == 422
    assert "Lệ phí (đồng): 0 → 5000" in refused.content.decode()
    assert current().pk != draft.pk


def test_a_procedure_has_one_open_draft(editor: Client, colleague: Client, supervisor: User) -> None:
    draft = begin(editor)
    second = colleague.post(f"{VERSIONS}{current().pk}/nhap/")
    assert f"do {supervisor.full_name} bắt đầu" in colleague.get(second["Location"]).content.decode()
    assert ProcedureVersion.objects.filter(status=Status.DRAFT).get() == draft
    assert editor.post(f"{VERSIONS}{draft.pk}/gac-lai/").status_code == 303
    assert begin(colleague).pk != draft.pk


# --- Trace --------------------------------------------------------------------------------------


def test_every_change_of_staff_stands_on_the_versions_page_in_both_languages(
    editor: Client, colleague: Client, supervisor: User, director: User, clerk: User, sign_in: SignIn
) -> None:
    draft = begin(editor)
    save(editor, draft, "fields/phone/", required="")
    publish(colleague, draft)
    assert list(draft.changes.values_list("action", "actor_id")) == [
        ("published", director.pk),
        ("edited", supervisor.pk),
        ("drafted", supervisor.pk),
    ]
    page = page_of(sign_in(clerk), draft)
    history = page[page.index('id="history"') :]
    assert history.index(director.full_name) < history.index(supervisor.full_name)
    assert "Câu hỏi “Số điện thoại”: Bắt buộc trả lời: có → không" in history
    client = sign_in(clerk)
    client.cookies["ngon-ngu"] = "en"
    assert "Question “Phone”: Must be answered: yes → no" in page_of(client, draft)
