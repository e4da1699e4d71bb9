"""The forms of the parts of a draft, what hinders publishing, and the words for both."""

import re
from typing import Any

import msgspec
import pytest
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.utils import translation

from portal import outbox
from procedures import catalogue, forms, hooks, vocabulary
from procedures.admin.editor.forms import PartForm
from procedures.catalogue import definition_of
from procedures.definition import Condition, Definition
from procedures.models import ProcedureVersion
from procedures.wording import PARTS
from tests.editing import (
    ALL,
    VERSIONS,
    Status,
    begin,
    content,
    current,
    form_of,
    page_of,
    publish,
    save,
    upload,
)
from tests.html_forms import untouched

pytestmark = pytest.mark.django_db


# --- Forms --------------------------------------------------------------------------------------


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


# --- What is wrong, at its place ----------------------------------------------------------------


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


# --- Words --------------------------------------------------------------------------------------


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
