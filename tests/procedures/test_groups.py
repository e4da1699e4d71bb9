"""Lists of people: rows are added, taken away, checked, kept and shown."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from portal.models import User
from procedures import catalogue, dossiers, papers
from procedures.definition import Condition
from procedures.differences import differences
from procedures.models import Dossier
from procedures.papers import forms as paper_forms
from procedures.validator import problems_of
from tests import answers, reference
from tests.conftest import file_draft

HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "relatives-rows"}
MOTHER = {
    "full_name": "Trần Thị Lan",
    "date_of_birth": "//1950",
    "relation": "mẹ",
    "income": "0",
    "residence": "Cam Ranh",
}
SON = {**MOTHER, "full_name": "Nguyễn Văn Tí", "date_of_birth": "2/3/2012", "relation": "con"}


@pytest.fixture
def definition() -> catalogue.Definition:
    return next(d for d in reference.shipped() if d.slug == "survivor-benefit")


@pytest.fixture
def draft(definition: catalogue.Definition, citizen: User) -> Dossier:
    """A complete draft but for the relatives."""
    return answers.make_draft(definition, "monthly", citizen, timezone.localdate(), relatives=[])


@pytest.fixture
def browser(draft: Dossier) -> Client:
    client = Client()
    client.force_login(draft.owner)
    return client


def _url(draft: Dossier) -> str:
    return f"/ho-so/{draft.draft_code}/buoc/than-nhan/"


def _page(*rows: dict[str, str], **more: str) -> dict[str, str]:
    """The page as a browser sends it."""
    sent = {"relatives": str(len(rows)), "relative_disabled": "no", "funeral_payer": "Nguyễn Thị Hoa", **more}
    for number, row in enumerate(rows):
        for name, cell in row.items():
            if name == "date_of_birth":
                parts = zip(("day", "month", "year"), cell.split("/"), strict=True)
                sent |= {f"relatives-{number}-{name}_{suffix}": part for suffix, part in parts}
            else:
                sent[f"relatives-{number}-{name}"] = cell
    return {**sent, "choice": "monthly"}


def _typed(draft: Dossier) -> Any:
    return Dossier.objects.get(pk=draft.pk).typed["relatives"]


def test_a_row_is_added_by_an_ordinary_button_and_nothing_typed_is_lost(
    browser: Client, draft: Dossier
) -> None:
    half = {"full_name": "123", "date_of_birth": "31/2/", "relation": "", "income": "?", "residence": ""}
    answer = browser.post(_url(draft), _page(half, them="relatives"))
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{_url(draft)}#relatives-1-full_name"
    assert _typed(draft) == [half, {}]
    page = browser.get(_url(draft)).content.decode()
    assert 'name="relatives" value="2"' in page
    assert 'value="123"' in page
    assert page.count('<fieldset class="row">') == 2


def test_a_row_is_taken_away(browser: Client, draft: Dossier) -> None:
    answer = browser.post(f"{_url(draft)}?kiem-tra=1", _page(MOTHER, SON, bo="relatives-0"))
    assert answer.headers["Location"] == f"{_url(draft)}?kiem-tra=1#relatives-rows"
    assert [row["full_name"] for row in _typed(draft)] == ["Nguyễn Văn Tí"]


@pytest.mark.parametrize("button", [{"bo": "relatives-9"}, {"bo": "full_name-0"}, {"them": "full_name"}])
def test_a_button_that_is_not_there_changes_no_rows(
    browser: Client, draft: Dossier, button: dict[str, str]
) -> None:
    browser.post(_url(draft), _page(MOTHER, **button))
    assert [row["full_name"] for row in _typed(draft)] == ["Trần Thị Lan"]


def test_htmx_gets_the_rows_alone_and_the_place_to_go_on(browser: Client, draft: Dossier) -> None:
    added = browser.post(_url(draft), _page(MOTHER, them="relatives"), **HTMX)
    page = added.content.decode()
    assert added.status_code == 200
    assert page.startswith('<div class="field" id="relatives-rows">')
    assert "<h1" not in page
    assert page.count("data-focus") == 1
    assert page.index("data-focus") > page.index('id="relatives-1-full_name"')
    assert 'id="revision"' in page
    removed = browser.post(_url(draft), _page(MOTHER, {}, bo="relatives-1"), **HTMX).content.decode()
    assert '<fieldset class="group" data-focus>' in removed


def test_errors_stand_at_their_row_and_the_summary_links_there(browser: Client, draft: Dossier) -> None:
    wrong = {**SON, "full_name": "12", "date_of_birth": "31/2/2012", "residence": ""}
    answer = browser.post(_url(draft), _page(MOTHER, {}, wrong), HTTP_ACCEPT_LANGUAGE="vi")
    page = answer.content.decode()
    assert answer.status_code == 422
    for place in ("relatives-2-full_name", "relatives-2-date_of_birth_day", "relatives-2-residence"):
        assert f'href="#{place}"' in page
        assert f'id="{place}"' in page
    assert page.count("Thân nhân 3 – ") == 3
    assert 'id="relatives-0-full_name-error"' not in page


def test_empty_rows_do_not_count_and_one_row_is_needed(browser: Client, draft: Dossier) -> None:
    answer = browser.post(_url(draft), _page({}, {}))
    assert answer.status_code == 422
    assert 'href="#relatives-0-full_name"' in answer.content.decode()
    assert browser.post(_url(draft), _page({}, MOTHER, {})).status_code == 303


def test_no_more_rows_than_the_definition_allows(browser: Client, draft: Dossier) -> None:
    answer = browser.post(_url(draft), _page(*[SON] * 21))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "nhiều nhất 20" in page
    assert 'name="them"' not in page
    assert len(_typed(draft)) == 21


@pytest.mark.parametrize("count", ["", "-1", "x", "1000", "٣"])
def test_a_number_of_rows_no_page_sends_is_no_row(browser: Client, draft: Dossier, count: str) -> None:
    browser.post(_url(draft), {**_page(MOTHER), "relatives": count})
    assert _typed(draft) == []


def test_rows_are_filed_cleaned_and_read_by_everybody(
    browser: Client, draft: Dossier, definition: catalogue.Definition
) -> None:
    browser.post(_url(draft), _page(MOTHER, {}, SON))
    check = browser.get(f"/ho-so/{draft.draft_code}/kiem-tra/").content.decode()
    assert "Thân nhân 2<br>Họ và tên: NGUYỄN VĂN TÍ<br>Ngày sinh: 02/03/2012" in check
    filed = file_draft(Dossier.objects.get(pk=draft.pk))
    assert filed.answers["relatives"] == [
        {
            "full_name": "TRẦN THỊ LAN",
            "date_of_birth": "1950",
            "relation": "mẹ",
            "income": 0,
            "residence": "Cam Ranh",
        },
        {
            "full_name": "NGUYỄN VĂN TÍ",
            "date_of_birth": "2012-03-02",
            "relation": "con",
            "income": 0,
            "residence": "Cam Ranh",
        },
    ]
    assert "Thu nhập mỗi tháng: 0 đ" in browser.get(f"/ho-so/{filed.code}/").content.decode()
    with translation.override("vi"):
        printed = paper_forms._any_form(filed, definition)
    items = [item for section in printed.sections for item in section.items]
    at = next(i for i, item in enumerate(items) if item.label == "Danh sách thân nhân")
    assert items[at].value == "02"
    assert items[at + 2].label == "Thân nhân 2"
    assert str(items[at + 2].value).startswith("Họ và tên: NGUYỄN VĂN TÍ; Ngày sinh: 02/03/2012; ")


def test_rows_typed_elsewhere_are_shown_in_words(browser: Client, draft: Dossier) -> None:
    Dossier.objects.filter(pk=draft.pk).update(
        revision=7, saved_by="another", typed={**draft.typed, "relatives": [SON, {"full_name": "12"}]}
    )
    answer = browser.post(_url(draft), {**_page(MOTHER), "revision": "3"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Họ và tên: NGUYỄN VĂN TÍ" in page
    assert "Họ và tên: 12" in page


def test_a_group_is_filled_when_something_stands_in_a_row() -> None:
    filled = Condition(field="relatives", filled=True)
    assert filled.holds({"relatives": [{}, {"full_name": "x"}]})
    assert not filled.holds({"relatives": [{"full_name": "", "several": []}]})
    assert not filled.holds({"relatives": []})


def test_the_validator_names_what_is_wrong_with_columns(definition: catalogue.Definition) -> None:
    text = catalogue.to_toml(definition)
    doubled = text.replace('name = "residence"\nkind = "text"', 'name = "relation"\nkind = "case"')
    assert doubled != text
    assert [str(problem) for problem in problems_of(catalogue.from_toml(doubled))] == [
        "fields.relatives.columns: The question “relation” stands twice in a row.",
        "fields.relatives.columns: A row cannot ask for “case”.",
    ]
    plain = catalogue.from_toml(text.replace('kind = "group"', 'kind = "text"'))
    assert "fields.relatives.columns: Only a list has rows." in map(str, problems_of(plain))


def test_a_changed_column_is_told_in_words(definition: catalogue.Definition) -> None:
    column = 'name = "residence"\n'
    text = catalogue.to_toml(definition).replace(column, f"{column}required = false\n")
    with translation.override("en"):
        (told,) = differences(definition, catalogue.from_toml(text))
    assert told.startswith("Question “The relatives”: Questions of a row: Full name (name of a person")
    assert told.endswith("Where the relative lives (a line of text, optional)")


def test_the_form_of_a_dossier_with_rows_is_made(draft: Dossier, browser: Client) -> None:
    browser.post(_url(draft), _page(MOTHER, SON))
    filed = file_draft(Dossier.objects.get(pk=draft.pk))
    definition = catalogue.definition_for(filed)
    assert dossiers.answered(definition, filed.answers, timezone.localdate(), whole=False)
    assert papers.issue(filed, "form", now=timezone.now()).size > 1000
