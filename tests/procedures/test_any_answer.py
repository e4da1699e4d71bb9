"""Whatever is typed into any kind of question: it is kept or refused with words, and never breaks a page."""

import json
import unicodedata
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import drawing, fields, text
from procedures import forms
from procedures.definition import Choice, Definition, Field, Question, Text
from procedures.forms import KINDS, NOT_IN_ROWS
from tests import reference

pytestmark = pytest.mark.django_db
often = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
WORDS = Text(vi="Câu hỏi", en="Question")
CHOICES = [Choice(value=v, label=Text(vi=f"Lời {v}", en=f"Answer {v}")) for v in ("a", "b", "c")]
DIGITS = st.text("0123456789 .-/", max_size=24)
LIKELY = st.one_of(
    DIGITS,
    st.from_regex(r"[0-9]{1,2}/[0-9]{1,2}/(19|20)[0-9]{2}", fullmatch=True),
    st.from_regex(r"(19|20)[0-9]{2}(-[0-9]{2}(-[0-9]{2})?|-Q[1-4])?", fullmatch=True),
    st.from_regex(r"0(90|258)[0-9]{7,8}", fullmatch=True),
    st.from_regex(r"0(56|01)[0-3][0-9]{8}", fullmatch=True),
    st.from_regex(r"[A-Z]{2}[0-9]{9}VN", fullmatch=True),
    st.sampled_from(
        ["yes", "no", "on", "a", "c", "22429", "970436", "RA000000014VN", "DN4565612345678", "TZH490L"]
    ),
    st.sampled_from(
        ["an@example.com", "Nguyễn Thị Ánh Tuyết", "1.500.000 đ", "0", "5/3", "3//2021", "𝟘", "²"]
    ),
)
# What browsers send: no surrogates; line breaks only in a textarea.
ANYTHING = st.one_of(LIKELY, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0")))


def _definition() -> Definition:
    return next(d for d in reference.shipped() if d.slug == "lump-sum")


DEFINITION = _definition()
SIMPLE = sorted(set(KINDS) - {"group"})


def _asked(kind: str, *, required: bool = False) -> fields.PortalField:
    common: dict[str, Any] = {"name": "q", "kind": kind, "label": WORDS, "required": required}
    choices = CHOICES if kind in {"choice", "multiple"} else []
    columns = [
        Question(
            name=column,
            kind=column,
            label=WORDS,
            required=False,
            choices=CHOICES if column in {"choice", "multiple"} else [],
        )
        for column in (sorted(set(KINDS) - NOT_IN_ROWS) if kind == "group" else [])
    ]
    question = Field(**common, step="ly-do", choices=choices, columns=columns)
    return forms._make(question, DEFINITION, timezone.localdate())


class Page(fields.PageForm):
    def __init__(self, asked: fields.PortalField, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["q"] = asked


class Inputs(HTMLParser):
    """What a browser sends of the inputs in a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.sent = QueryDict(mutable=True)
        self._select = self._textarea = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name, value = found.get("name") or "", found.get("value") or ""
        if tag == "input" and (found.get("type") not in {"radio", "checkbox"} or "checked" in found):
            self.sent.appendlist(name, value)
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in found:
            self.sent[self._select] = value
        elif tag == "textarea":
            self._textarea = name
            self.sent[name] = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.sent[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.sent[self._textarea] = self.sent[self._textarea].removeprefix("\n")
            self._textarea = ""


def _sent(asked: fields.PortalField, value: Any) -> QueryDict:
    """What a browser sends of a page that shows ``value``, untouched."""
    return Inputs(drawing.bound(Page(asked, initial={"q": value})["q"])).sent


def _raw(asked: fields.PortalField, sent: QueryDict) -> Any:
    return asked.widget.value_from_datadict(sent, {}, "q")


def _outcome(asked: fields.PortalField, raw: Any) -> tuple[Any, list[str]]:
    """The cleaned answer, or the messages that refuse it."""
    try:
        return asked.clean(raw), []
    except ValidationError as refused:
        return None, refused.messages or [""]


def _typed(kind: str, given_text: str) -> Any:
    return given_text.split("/") if kind == "multiple" else given_text


@pytest.mark.parametrize("kind", SIMPLE)
@often
@given(typed=ANYTHING)
def test_an_answer_is_kept_or_refused_with_words(kind: str, typed: str) -> None:
    asked = _asked(kind)
    raw = _typed(kind, typed)
    assert isinstance(asked.shown(raw), str)
    drawing.bound(Page(asked, data={"q": raw})["q"])
    cleaned, refused = _outcome(asked, raw)
    assert all(message.strip() for message in refused)
    if refused:
        return
    assert json.loads(json.dumps(cleaned)) == cleaned
    assert isinstance(asked.display(cleaned), str)
    if isinstance(cleaned, str):
        assert unicodedata.is_normalized("NFC", cleaned)
        assert cleaned == "" or text.clean(typed)


@pytest.mark.parametrize("kind", SIMPLE)
@often
@given(typed=ANYTHING)
def test_a_kept_answer_comes_back_from_the_page_as_it_was(kind: str, typed: str) -> None:
    asked = _asked(kind)
    try:
        cleaned = asked.clean(_typed(kind, typed))
    except ValidationError:
        return
    again = asked.clean(_raw(asked, _sent(asked, cleaned)))
    assert again == cleaned
    assert asked.display(again) == asked.display(cleaned)


@pytest.mark.parametrize(
    "kind", ["text", "long_text", "name", "phone", "money", "identity_paper", "facility"]
)
@often
@given(typed=ANYTHING)
def test_what_was_typed_stands_on_the_page_again(kind: str, typed: str) -> None:
    asked = _asked(kind)
    assert _raw(asked, _sent(asked, typed)) == typed


@often
@given(rows=st.lists(st.dictionaries(st.sampled_from(sorted(set(KINDS) - NOT_IN_ROWS)), LIKELY), max_size=3))
def test_rows_are_kept_or_refused_at_their_place_and_come_back(rows: list[dict[str, str]]) -> None:
    asked = _asked("group")
    raw = [{name: _typed(name, cell) for name, cell in row.items()} for row in rows]
    page = Page(asked, data={"q": raw})
    if not page.is_valid():
        drawn = drawing.bound(page["q"])
        first = page.errors["q"].as_data()[0]
        for (number, column), refused in first.wrong.items():
            assert refused.messages[0].strip()
            assert f'id="q-{number}-{column}-error"' in drawn
        return
    cleaned = page.cleaned_data["q"]
    assert isinstance(asked.display(cleaned), str)
    assert asked.clean(_raw(asked, _sent(asked, cleaned))) == cleaned


@often
@given(first=ANYTHING)
def test_marks_and_capitals_do_not_count_in_comparisons(first: str) -> None:
    bare = text.without_marks(first)
    decomposed = unicodedata.normalize("NFD", first)
    assert text.without_marks(decomposed) == bare
    assert text.without_marks(bare) == bare
