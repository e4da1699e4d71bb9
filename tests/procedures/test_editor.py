"""Staff change a procedure without an engineer: draft, compare, preview, publish, retire."""

import random
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from portal import outbox
from portal.models import User
from procedures import catalogue, forms, hooks, vocabulary
from procedures.admin.editor.forms import PartForm
from procedures.catalogue import definition_of
from procedures.definition import Condition, Definition
from procedures.models import Dossier, ProcedureVersion, VersionChange
from procedures.wording import PARTS
from tests import answers
from tests.conftest import make_draft
from tests.html_forms import untouched

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
Status = ProcedureVersion.Status
VERSIONS = "/quan-tri/procedures/procedureversion/"
SHIPPED = list(catalogue.shipped())
ALL = pytest.mark.parametrize("shipped", SHIPPED, ids=lambda d: d.slug)


@pytest.fixture
def editor(supervisor: User, sign_in: SignIn) -> Client:
    return sign_in(supervisor)


@pytest.fixture
def colleague(director: User, sign_in: SignIn) -> Client:
    return sign_in(director)


def current(slug: str = "lump-sum") -> ProcedureVersion:
    version = catalogue.published(slug)
    assert version is not None
    return version


def begin(client: Client, slug: str = "lump-sum") -> ProcedureVersion:
    response = client.post(f"{VERSIONS}{current(slug).pk}/nhap/")
    assert response.status_code == 303
    draft = ProcedureVersion.objects.get(procedure__slug=slug, status=Status.DRAFT)
    assert response["Location"] == f"{VERSIONS}{draft.pk}/change/"
    return draft


def form_of(client: Client, draft: ProcedureVersion, place: str) -> dict[str, Any]:
    response = client.get(f"{VERSIONS}{draft.pk}/phan/{place}")
    assert response.status_code == 200
    return untouched(response)


def save(client: Client, draft: ProcedureVersion, place: str, **typed: Any) -> HttpResponse:
    """Open the form of a part, type, and press Save."""
    path = place.split("?")[0]
    return client.post(f"{VERSIONS}{draft.pk}/phan/{path}", {**form_of(client, draft, place), **typed})  # type: ignore[return-value]


def publish(client: Client, draft: ProcedureVersion) -> HttpResponse:
    seen = definition_of(ProcedureVersion.objects.select_related("procedure").get(pk=draft.pk)).digest
    return client.post(f"{VERSIONS}{draft.pk}/cong-bo/", {"seen": seen})  # type: ignore[return-value]


def content(draft: ProcedureVersion) -> Definition:
    return definition_of(ProcedureVersion.objects.select_related("procedure").get(pk=draft.pk))


def page_of(client: Client, version: ProcedureVersion) -> str:
    response = client.get(f"{VERSIONS}{version.pk}/change/")
    assert response.status_code == 200
    return response.content.decode()


# --- From draft to filing ------------------------------------------------------------------------


@ALL
def test_a_supervisor_adds_a_page_and_a_question_a_colleague_publishes_and_a_citizen_files(
    shipped: Definition, editor: Client, colleague: Client, citizen: User, sign_in: SignIn
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
    dossier = answers.make_draft(definition, definition.cases[0].slug, citizen, timezone.localdate())
    filed = sign_in(citizen).post(f"/ho-so/{dossier.draft_code}/kiem-tra/", {"declaration": "on", "key": "k"})
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


# --- Who may -------------------------------------------------------------------------------------


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


# --- Together ------------------------------------------------------------------------------------


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


# --- Forms ---------------------------------------------------------------------------------------


@ALL
def test_a_part_that_is_opened_and_saved_untouched_stays_as_it_is(shipped: Definition) -> None:
    for part in PARTS.values():
        for key, piece in zip(part.keys(shipped), part.of(shipped), strict=True):
            form = PartForm(part, shipped, piece)
            sent = PartForm(part, shipped, piece, data=_sent(form))
            assert sent.is_valid(), (part.many, key, sent.errors)
            assert sent.made(shipped, piece) == piece, (part.many, key)


def _sent(form: PartForm) -> Any:
    drawn = "".join(str(bound) for bound in form)
    for rows in form.rows.values():
        drawn += str(rows.management_form) + "".join(str(bound) for row in rows for bound in row)
    fields = untouched(HttpResponse(f'<form><input name="seen" value="x">{drawn}</form>'))
    query = QueryDict(mutable=True)
    for name, values in fields.items():
        query.setlist(name, values)
    return query


@pytest.mark.parametrize(
    "part",
    [
        "facts",
        "cases/emigration",
        "time_limits/0",
        "steps/dieu-kien",
        "fields/gender",
        "documents/service",
        "states/draft",
        "transitions/approve",
    ],
)
def test_the_page_of_a_part_saved_untouched_changes_nothing_and_leaves_no_trace(
    part: str, editor: Client
) -> None:
    draft = begin(editor)
    before = content(draft)
    assert save(editor, draft, f"{part}/").status_code == 303
    assert content(draft) == before
    assert draft.changes.count() == 1


def test_a_condition_is_made_of_rows_without_a_line_of_code(editor: Client) -> None:
    draft, place = begin(editor), "fields/phone/"
    first = {**form_of(editor, draft, place), "when-0-field": "case"}
    asked = editor.post(f"{VERSIONS}{draft.pk}/phan/{place}", {**first, "more": "when"})
    assert "Ra nước ngoài để định cư" in asked.content.decode()
    data = {**untouched(asked), "when-0-ticked": ["emigration", "serious_illness"]}  # type: ignore[arg-type]
    data |= {"when-1-join": "or", "when-1-field": "contributing_now", "when-1-operator": "is"}
    refused = editor.post(f"{VERSIONS}{draft.pk}/phan/{place}", data)
    assert refused.status_code == 422
    assert "Hãy đánh dấu những câu trả lời cần có." in refused.content.decode()
    data |= {
        "when-1-ticked": ["yes"],
        "when-2-field": "email",
        "when-2-operator": "empty",
        "when-2-join": "and",
    }
    assert editor.post(f"{VERSIONS}{draft.pk}/phan/{place}", data).status_code == 303
    assert content(draft).field("phone").when == Condition(  # type: ignore[union-attr]
        any=[
            Condition(field="case", one_of=["emigration", "serious_illness"]),
            Condition(
                all=[Condition(field="contributing_now", equals=True), Condition(field="email", filled=False)]
            ),
        ]
    )
    again = save(editor, draft, place, **{f"when-{row}-field": "" for row in range(3)})
    assert again.status_code == 303
    assert content(draft).field("phone").when is None  # type: ignore[union-attr]


def test_answers_to_choose_from_are_rows_that_can_be_added_ordered_and_taken_out(editor: Client) -> None:
    draft = begin(editor)
    rows = {
        "choices-0-ORDER": "9",
        "choices-1-DELETE": "on",
        "choices-3-vi": "Không rõ",
        "choices-3-en": "Unknown",
    }
    assert save(editor, draft, "fields/scheme/", **rows).status_code == 303
    chosen = content(draft).field("scheme").choices  # type: ignore[union-attr]
    assert [c.value for c in chosen] == ["both", "compulsory", "khong_ro"]


def test_words_in_one_language_alone_are_sent_back(editor: Client) -> None:
    draft = begin(editor)
    refused = save(editor, draft, "fields/phone/", help_vi="Số đang dùng", help_en="")
    assert refused.status_code == 422
    assert "Cần ghi bằng cả tiếng Việt và tiếng Anh." in refused.content.decode()


def test_a_part_is_moved_copied_and_deleted(editor: Client) -> None:
    draft = begin(editor)
    path = f"{VERSIONS}{draft.pk}/phan/fields/"
    names = [f.name for f in content(draft).fields if f.step == "nguoi-de-nghi"]
    editor.post(f"{path}{names[1]}/len/")
    editor.post(f"{path}{names[-1]}/xuong/")  # the last one stays the last
    editor.post(f"{path}{names[0]}/chep/")
    shown = untouched(editor.get(f"{path}{names[2]}/xoa/"))  # type: ignore[arg-type]
    assert editor.post(f"{path}{names[2]}/xoa/", shown).status_code == 303
    now = [f.name for f in content(draft).fields if f.step == "nguoi-de-nghi"]
    assert now == [names[1], names[0], f"{names[0]}_2", *names[3:]]


def test_deleting_a_question_says_which_conditions_rest_on_it(editor: Client) -> None:
    draft = begin(editor)
    page = editor.get(f"{VERSIONS}{draft.pk}/phan/fields/gender/xoa/").content.decode()
    assert "Không có câu hỏi “gender”." in page
    assert content(draft).field("gender") is not None


def test_a_question_is_copied_from_another_procedure(editor: Client) -> None:
    draft, path = begin(editor), "chep-cau-hoi/?tu=bhyt-direct-reimbursement"
    assert "admit_date" in editor.get(f"{VERSIONS}{draft.pk}/{path}").content.decode()
    copied = editor.post(f"{VERSIONS}{draft.pk}/{path}", {"cau-hoi": "admit_date", "trang": "ly-do"})
    assert copied["Location"] == f"{VERSIONS}{draft.pk}/phan/fields/admit_date/"
    assert content(draft).field("admit_date").step == "ly-do"  # type: ignore[union-attr]


# --- What is wrong, at its place -----------------------------------------------------------------


def _article(page: str, anchor: str) -> str:
    found = re.search(rf'<article[^>]* id="{anchor}">.*?</article>', page, re.DOTALL)
    assert found, anchor
    return found[0]


@pytest.mark.parametrize(
    ("old", "new", "anchor", "words"),
    [
        ('field = "gender"', 'field = "sex"', "fields-commune_part_time", "Không có câu hỏi “sex”."),
        (
            'equals = "female"',
            'equals = "robot"',
            "fields-commune_part_time",
            "“robot” không phải là câu trả lời",
        ),
        ('kind = "years_months"', 'kind = "dance"', "fields-total_months", "Không có kiểu trả lời “dance”."),
        ('"pension.lump_sum_entitlement"', '"nope"', "steps-dieu-kien", "Không có phép kiểm tra “nope”."),
        ('"pension.lump_sum_entitlement"', '"supplement_once"', "steps-dieu-kien", "chỉ dùng cho thao tác"),
        ('target = "withdrawn"', 'target = "approved"', "states-withdrawn", "Không thể đến trạng thái này"),
        ('target = "withdrawn"', 'target = "moon"', "transitions-withdraw", "Không có trạng thái “moon”."),
    ],
)
def test_what_hinders_publishing_is_told_beside_the_part_it_concerns(
    old: str, new: str, anchor: str, words: str, editor: Client, colleague: Client
) -> None:
    draft = begin(editor)
    toml = catalogue.to_toml(content(draft))
    assert old in toml
    assert upload(editor, draft, toml.replace(old, new)).status_code == 303
    page = page_of(editor, draft)
    assert words in _article(page, anchor)
    many, key = anchor.split("-", 1)
    link = f"{VERSIONS}{draft.pk}/phan/{many}/{key}/"
    assert link in page[page.index('id="problems"') : page.index('id="differences"')]
    refused = publish(colleague, draft)
    assert refused.status_code == 422
    assert words in refused.content.decode()
    assert ProcedureVersion.objects.get(pk=draft.pk).status == Status.DRAFT
    assert editor.get(f"{VERSIONS}{draft.pk}/xem-truoc/").status_code == 200
    with translation.override("en"):
        assert words not in "".join(problem.words for problem in catalogue.problems_of(content(draft)))


# --- TOML ----------------------------------------------------------------------------------------


def upload(client: Client, draft: ProcedureVersion, toml: str | bytes) -> HttpResponse:
    path = f"{VERSIONS}{draft.pk}/nhap-toml/"
    data = toml if isinstance(toml, bytes) else toml.encode()
    file = SimpleUploadedFile("thu-tuc.toml", data)
    return client.post(path, {**untouched(client.get(path)), "file": file})  # type: ignore[arg-type,return-value]


@ALL
def test_a_version_that_is_downloaded_and_uploaded_is_the_same(shipped: Definition, editor: Client) -> None:
    draft = begin(editor, shipped.slug)
    toml = editor.get(f"{VERSIONS}{current(shipped.slug).pk}/toml/").content
    save(editor, draft, "facts/", title_vi="Tên khác")
    assert content(draft) != shipped
    assert upload(editor, draft, toml).status_code == 303
    assert content(draft) == shipped
    assert content(draft).digest == current(shipped.slug).digest
    assert draft.changes.latest("id").action == VersionChange.Action.IMPORTED


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("fee = 0", "fee = ", "dòng"),
        ("fee = 0", 'fee = "nothing"', "fee"),
        ("fee = 0", "fee = 99999999999", "fee"),
        ('kind = "case"', 'kind = "case"\ncolour = "red"', "không có mục “colour” ở đây"),
        ('slug = "lump-sum"', 'slug = "pension"', "của thủ tục “pension”"),
        ('mode = "post_original"', 'mode = "by_pigeon"', "“by_pigeon” không phải là giá trị được phép"),
        ('name = "stop_date"', 'name = "gender"', "gender"),
        ('envelope = "', 'envelope = "' + "x" * 121, "envelope"),
        ('envelope = "', 'envelope = "\\u0000', "ký tự điều khiển"),
        ('use = []', "", ""),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_where_and_leaves_the_draft(
    old: str, new: str, words: str, editor: Client
) -> None:
    draft = begin(editor)
    before = content(draft)
    toml = catalogue.to_toml(before)
    toml = toml.replace(old, new, 1) if words else "\x00"
    refused = upload(editor, draft, toml)
    assert refused.status_code == 422
    assert words in refused.content.decode()
    assert content(draft) == before


def test_a_file_does_not_wipe_out_what_somebody_has_just_changed(editor: Client, colleague: Client) -> None:
    draft = begin(editor)
    opened = untouched(editor.get(f"{VERSIONS}{draft.pk}/nhap-toml/"))  # type: ignore[arg-type]
    toml = catalogue.to_toml(content(draft)).encode()
    save(colleague, draft, "fields/phone/", label_vi="Máy")
    refused = editor.post(
        f"{VERSIONS}{draft.pk}/nhap-toml/", {**opened, "file": SimpleUploadedFile("a.toml", toml)}
    )
    assert refused.status_code == 422
    assert content(draft).field("phone").label.vi == "Máy"  # type: ignore[union-attr]


# --- In force and out of it ----------------------------------------------------------------------


def test_rolling_back_publishes_the_old_content_as_a_new_version(
    editor: Client, colleague: Client, supervisor: User
) -> None:
    old, shipped = current(), definition_of(current())
    draft = begin(editor)
    save(editor, draft, "facts/", fee="5000")
    publish(colleague, draft)
    assert definition_of(current()).fee == 5000
    assert editor.post(f"{VERSIONS}{old.pk}/nhap/").status_code == 303
    back = ProcedureVersion.objects.get(status=Status.DRAFT)
    assert back.drafted_by == supervisor
    assert publish(editor, back).status_code == 403
    assert publish(colleague, back).status_code == 303
    assert current().number == 3
    assert definition_of(current()) == shipped
    assert current().digest == old.digest


def test_a_retired_procedure_says_so_and_takes_nothing_new(
    editor: Client, filed: Dossier, chance: random.Random, citizen: User, sign_in: SignIn
) -> None:
    draft = make_draft(citizen, chance)
    version = current()
    assert editor.post(f"{VERSIONS}{version.pk}/ngung/", {"reason": " "}).status_code == 422
    assert current() == version
    assert editor.post(f"{VERSIONS}{version.pk}/ngung/", {"reason": "Luật mới"}).status_code == 303
    assert catalogue.published("lump-sum") is None
    client = sign_in(citizen)
    page = client.get("/thu-tuc/lump-sum/")
    assert page.status_code == 200
    assert "không còn được thực hiện" in page.content.decode()
    assert "bat-dau" not in page.content.decode()
    assert client.post("/thu-tuc/lump-sum/bat-dau/")["Location"] == "/thu-tuc/lump-sum/"
    refused = client.post(f"/ho-so/{draft.draft_code}/kiem-tra/", {"declaration": "on", "key": "k"})
    assert refused.status_code == 422
    assert "không còn được thực hiện" in refused.content.decode()
    assert client.get(f"/ho-so/{filed.code}/").status_code == 200
    assert catalogue.load(SHIPPED[11]).slug == "lump-sum"
    assert catalogue.published("lump-sum") is None
    assert "Luật mới" in page_of(editor, version)


def test_a_citizens_draft_is_carried_over_and_the_citizen_reads_what_has_changed(
    filed: Dossier, chance: random.Random, editor: Client, colleague: Client, sign_in: SignIn
) -> None:
    old = current()
    mine = make_draft(filed.owner, chance)
    work = begin(editor)
    save(editor, work, "fields/?trang=ly-do", label_vi="Vì sao lúc này?", label_en="Why now?", kind="text",
         required="on")  # fmt: skip
    save(editor, work, "time_limits/0/", days="3")
    publish(colleague, work)
    mine.refresh_from_db()
    filed.refresh_from_db()
    assert (mine.version_id, mine.begun_with_id, filed.version_id) == (work.pk, old.pk, old.pk)
    client = sign_in(mine.owner)
    for page in ("", "buoc/ly-do/", "kiem-tra/"):
        shown = client.get(f"/ho-so/{mine.draft_code}/{page}").content.decode()
        assert "Câu hỏi mới: “Vì sao lúc này?”" in shown
        assert "Thời hạn giải quyết nay là: 3 ngày làm việc" in shown
    refused = client.post(f"/ho-so/{mine.draft_code}/kiem-tra/", {"declaration": "on", "key": "k"})
    assert refused.status_code == 422
    assert mine.typed["case"] == "stopped_1_year"


def test_a_page_that_the_new_version_lacks_leads_to_the_draft(
    draft: Dossier, editor: Client, colleague: Client, sign_in: SignIn
) -> None:
    work = begin(editor)
    toml = catalogue.to_toml(content(work)).replace('"ly-do"', '"vi-sao"')
    assert upload(editor, work, toml).status_code == 303
    assert publish(colleague, work).status_code == 303
    client = sign_in(draft.owner)
    gone = client.get(f"/ho-so/{draft.draft_code}/buoc/ly-do/")
    assert (gone.status_code, gone["Location"]) == (302, f"/ho-so/{draft.draft_code}/")


# --- Trace ---------------------------------------------------------------------------------------


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


# --- Preview -------------------------------------------------------------------------------------


def _next(client: Client, draft: ProcedureVersion, shown: Any, **typed: Any) -> Any:
    data = {**untouched(shown, having="typed"), **typed}
    return client.post(f"{VERSIONS}{draft.pk}/xem-truoc/", data)


def test_the_preview_goes_through_the_form_with_conditions_and_messages_and_saves_nothing(
    editor: Client,
) -> None:
    draft = begin(editor)
    before = dict(editor.session)
    shown = editor.get(f"{VERSIONS}{draft.pk}/xem-truoc/")
    refused = _next(editor, draft, shown)
    assert refused.status_code == 422
    assert 'href="#case"' in refused.content.decode()
    second = _next(editor, draft, shown, case="emigration")
    assert 'name="gender"' in second.content.decode()
    assert "stop_date" not in second.content.decode()
    back = _next(editor, draft, second, lui="1")
    assert re.search(r'value="emigration" checked', back.content.decode())
    definition = content(draft)
    somebody = User(username="5612345679", full_name="TRẦN VĂN BÌNH")
    typed = answers.typed(definition, "emigration", somebody, timezone.localdate())
    page = second
    for step in definition.steps_for(typed)[1:]:
        here = {f.name: typed[f.name] for f in definition.fields_of(step, typed)}
        page = _next(editor, draft, page, **here)
        assert page.status_code == 200, page.content.decode()
    papers = page.content.decode()
    assert "hộ chiếu nước ngoài" in papers
    check = _next(editor, draft, page).content.decode()
    assert "Ra nước ngoài để định cư" in check
    assert "chưa điền xong" not in check.lower()
    assert not Dossier.objects.exists()
    assert dict(editor.session) == before


# --- Figures -------------------------------------------------------------------------------------


def test_a_filing_page_takes_six_queries_however_many_questions_it_has(
    citizen: User, sign_in: SignIn
) -> None:
    client = sign_in(citizen)
    counts = {}
    for definition in SHIPPED:
        if "citizen" not in definition.filers:
            continue
        started = client.post(f"/thu-tuc/{definition.slug}/bat-dau/")
        code = started["Location"].split("/")[2]
        for step in definition.steps_for({}):
            path = f"/ho-so/{code}/buoc/{step.slug}/"
            client.get(path)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            counts[definition.slug, step.slug] = len(captured)
    assert max(counts.values()) <= 6, counts


# --- Words ---------------------------------------------------------------------------------------


def test_everything_a_definition_may_name_has_words() -> None:
    assert set(forms.KINDS) == set(vocabulary.KINDS)
    assert {*hooks.rules, *hooks.doubt_rules} == set(vocabulary.RULES) | set(vocabulary.ACTION_RULES)
    assert set(outbox.handlers) == set(vocabulary.TOPICS) | vocabulary.INNER_TOPICS


def test_every_attribute_of_a_part_can_be_edited() -> None:
    lists = {part.many for part in PARTS.values()}
    for part in PARTS.values():
        asked = {aspect.name.split(".")[0] for aspect in part.aspects}
        assert set(part.struct.__struct_fields__) - asked - lists <= {part.key, "slug"}, part.many


def test_equal_content_is_one_definition_in_the_process(editor: Client, colleague: Client) -> None:
    old = definition_of(current())
    begin_again = begin(editor)
    publish(colleague, begin_again)
    assert definition_of(current()) is old
    assert msgspec.to_builtins(old)["slug"] == "lump-sum"
