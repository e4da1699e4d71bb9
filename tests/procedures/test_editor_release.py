"""Files in and out, preview, roll back, retire, and the drafts of citizens."""

import random
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from procedures import catalogue
from procedures.catalogue import definition_of
from procedures.definition import Definition
from procedures.models import Dossier, ProcedureVersion, VersionChange
from tests import answers
from tests.conftest import make_draft
from tests.editing import (
    ALL,
    SHIPPED,
    VERSIONS,
    SignIn,
    Status,
    begin,
    content,
    current,
    page_of,
    publish,
    save,
    upload,
)
from tests.html_forms import untouched

pytestmark = pytest.mark.django_db


# --- TOML ---------------------------------------------------------------------------------------


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


# --- In force and out of it ---------------------------------------------------------------------


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


# --- Preview ------------------------------------------------------------------------------------


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


def test_the_preview_adds_rows_to_a_list(editor: Client) -> None:
    version = current("survivor-benefit")
    address = f"{VERSIONS}{version.pk}/xem-truoc/"
    group = next(field for field in definition_of(version).fields if field.kind == "group")
    once = editor.post(address, {"page": group.step, "them": group.name})
    assert once.status_code == 200
    rows = set(re.findall(rf'name="({group.name}-\d+)-', once.content.decode()))
    again = _next(editor, version, once, them=group.name)
    assert set(re.findall(rf'name="({group.name}-\d+)-', again.content.decode())) > rows
    tampered = editor.post(address, {"page": "", "typed": '{"case": 1}'})
    assert tampered.status_code == 200


def test_answers_that_look_wrong_are_asked_about_once_in_the_preview(editor: Client) -> None:
    version = current()
    definition = definition_of(version)
    somebody = User(username="5612345679", full_name="TRẦN VĂN BÌNH")
    given = {"id_number": "056199000123", "gender": "male", "date_of_birth": "1/2/1960"}
    typed = answers.typed(definition, "emigration", somebody, timezone.localdate(), **given)
    page = editor.get(f"{VERSIONS}{version.pk}/xem-truoc/")
    for step in definition.steps_for(typed):
        here = {f.name: typed[f.name] for f in definition.fields_of(step, typed)}
        page = _next(editor, version, page, **here)
        if page.status_code == 422:
            break
    assert 'name="da_xem"' in page.content.decode()
    assert _next(editor, version, page).status_code == 200


# --- Figures ------------------------------------------------------------------------------------


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
