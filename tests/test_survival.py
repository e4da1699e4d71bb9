"""What passes the form survives: filed, shown, exported and printed, it is what was typed.

Answers are drawn for any published definition, with the letters and signs that break forms.
"""

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import msgspec
import pypdfium2
import pytest
from django.db import transaction
from django.utils import timezone, translation
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from portal import text
from procedures import books, deadlines, desk, documents, dossiers, intake, papers
from procedures.definition import Definition, Field, Question
from procedures.models import Dossier
from tests import answers, reference
from tests.conftest import file_draft
from tests.test_journeys import filer_of

DEFINITIONS = {d.slug: d for d in reference.shipped()}
SIGNS = "aáàảãạăâbcdđeêệghiklmnoôơờpqrstuưữvxyỹ ABCĐƠƯ0123456789 =+-@'\"<>&%#$[]*_`~\\/,.;:()"


def few(examples: int) -> settings:
    """The same few examples each time: the suite is neither slow nor fickle."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
        ],
    )


words = st.text(SIGNS, min_size=1, max_size=60).map(text.clean).filter(bool)
days = st.dates(date(1990, 1, 1), date(2019, 12, 31))
BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "text": words,
    "long_text": st.lists(words, min_size=1, max_size=3).map("\n".join),
    "money": st.integers(1, 10**9).map(str),
    "email": st.from_regex(r"[a-z]{1,12}@example\.com", fullmatch=True),
    "phone": st.from_regex(r"09[0-9]{8}", fullmatch=True),
    "identity_paper": st.from_regex(r"[0-9]{9}", fullmatch=True),
    "bank_account": st.from_regex(r"[0-9]{8,14}", fullmatch=True).filter(lambda n: not n.startswith("9704")),
    "unit_code": st.from_regex(r"[A-Z0-9]{7}", fullmatch=True),
    "date_or_year": st.one_of(days.map("{:%d/%m/%Y}".format), st.integers(1940, 2002).map(str)),
    "years_months": st.tuples(st.integers(0, 40), st.integers(1, 11)).map(lambda p: f"{p[0]}/{p[1]}"),
}


def generated(asked: Question) -> st.SearchStrategy[Any] | None:
    """Any valid answer to ``asked``; None where the made one does, because others depend on it."""
    if getattr(asked, "rules", ()):
        return None
    match asked.kind:
        case "choice":
            return st.sampled_from([choice.value for choice in asked.choices])
        case "multiple":
            values = [choice.value for choice in asked.choices]
            return st.lists(st.sampled_from(values), min_size=1, unique=True)
        case "integer":
            return st.integers(asked.minimum or 1, asked.maximum or 60).map(str)
        case "group" if isinstance(asked, Field):
            return st.lists(
                st.fixed_dictionaries(_cells(asked)), min_size=max(1, asked.minimum or 0), max_size=4
            )
        case kind:
            return BY_KIND.get(kind)


def _cells(asked: Field) -> dict[str, st.SearchStrategy[Any]]:
    cells = {}
    for column in asked.columns:
        found = generated(column)
        cells[column.name] = st.just(answers.answer(column, "yes")) if found is None else found
    return cells


# Two answers that must agree: the made ones do.
PAIRED = {"account_number", "account_again", "email", "books_count"}


def drawn(data: st.DataObject, definition: Definition) -> dict[str, Any]:
    found: dict[str, Any] = {}
    deciding = {name for case in definition.cases if case.when for name in case.when.fields()}
    for asked in definition.fields:
        strategy = generated(asked)
        if asked.name not in PAIRED | deciding and strategy is not None:
            found[asked.name] = data.draw(strategy, label=asked.name)
    return found


def strings(content: Any) -> str:
    """Every text in ``content``, one after the other."""
    if isinstance(content, str):
        return content
    inner = (
        content.values()
        if isinstance(content, dict)
        else content
        if isinstance(content, list | tuple)
        else ()
    )
    return "\n".join(strings(part) for part in inner)


def check_the_export(dossier: Dossier, today: date) -> None:
    """The line of the daily list says what the dossier says, signs that spreadsheets run included."""
    assert dossier.office is not None
    closed = intake.close_list(
        dossier.office, today, actor=None, now=deadlines.closing(today) + timedelta(hours=8)
    )
    out = io.BytesIO()
    books.write(books.Scope(closed.office, closed.day, closed.day), "csv", out)
    line = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"))))[-1]
    assert line["Mã hồ sơ"] == dossier.code
    assert dossier.applicant in line["Tên cá nhân, tổ chức"]
    address = papers.filer_address(dossier)
    assert line["Địa chỉ, số điện thoại"].removeprefix("'").startswith(address)


def on_the_desk(dossier: Dossier) -> list[str]:
    """Every answer as the clerk reads it; of a correction both the old one and the new one."""
    pages = desk.answers(dossier, {}, whole=True)
    rows = [row["value"] for page in pages for row in page["rows"]]
    return rows + [change[which] for page in pages for change in page["changes"] for which in ("old", "new")]


def check_it_survives(dossier: Dossier, definition: Definition) -> None:
    today = timezone.localdate()
    kept = Dossier.objects.get(pk=dossier.pk)
    assert kept.answers == dossier.answers
    cleaned = dossiers.answered(definition, {**kept.answers, "case": kept.case}, today, whole=True)
    shown = {field.name: value for _step, rows in cleaned for field, value in rows}
    assert shown.keys() == kept.answers.keys() | {"case"}
    assert all(shown.values())
    for name in kept.answers:
        field = definition.field(name)
        assert field is not None
        if field.kind in {"text", "long_text", "email", "name"}:
            assert shown[name] == kept.answers[name]
    assert sorted(on_the_desk(kept)) == sorted(shown.values())
    check_the_export(kept, today)
    making = papers.Issue(kept, timezone.now(), "token")
    if papers.form_of(kept) and definition.slug != "lump-sum":
        printed = strings(msgspec.to_builtins(papers.content("form", making)))
        for name, value in shown.items():
            field = definition.field(name)
            if field is not None and field.kind not in {"group", "multiple", "choice", "case", "yes_no"}:
                assert value in printed, name


@pytest.mark.django_db
@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=lambda d: d.slug)
@few(4)
@given(data=st.data())
def test_generated_answers_survive_filing_display_export_and_print(
    definition: Definition, data: st.DataObject
) -> None:
    case = data.draw(st.sampled_from([c.slug for c in definition.cases]), label="case")
    extra = drawn(data, definition)
    with transaction.atomic(), translation.override("vi"):
        who = filer_of(definition, case)
        draft = answers.make_draft(definition, case, who, timezone.localdate(), **extra)
        review = dossiers.review(draft, timezone.localdate())
        assume(review.complete)  # a rule may object: who is too young has no right yet
        check_it_survives(file_draft(draft), definition)
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "case"),
    [
        ("voluntary-insurance", "register"),
        ("survivor-benefit", ""),
        ("sickness", "inpatient"),
        ("bhyt-direct-reimbursement", ""),
    ],
)
@few(2)
@given(data=st.data())
def test_what_was_typed_can_be_read_in_the_pdf(slug: str, case: str, data: st.DataObject) -> None:
    definition = DEFINITIONS[slug]
    case = case if definition.case(case) else definition.cases[0].slug
    extra = drawn(data, definition)
    with transaction.atomic(), translation.override("vi"):
        who = filer_of(definition, case)
        filed = file_draft(answers.make_draft(definition, case, who, timezone.localdate(), **extra))
        assert papers.form_of(filed)
        content = papers.content("form", papers.Issue(filed, timezone.now(), "token"))
        printed = _read(documents.render(content, made_at=timezone.now()))
        for name, value in filed.answers.items():
            field = definition.field(name)
            if field is not None and field.kind in {"text", "long_text", "name", "insurance_number"}:
                assert _bare(str(value)) in printed, name
        transaction.set_rollback(True)


def _read(pdf: bytes) -> str:
    pages = pypdfium2.PdfDocument(pdf)
    return _bare("".join(page.get_textpage().get_text_bounded() for page in pages))


def _bare(said: str) -> str:
    """Without white space: lines break anywhere."""
    return re.sub(r"\s+", "", said)
