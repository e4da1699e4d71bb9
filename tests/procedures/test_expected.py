"""What is only likely or unsure: citizens read “dự kiến”, staff read the mark."""

import re
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from portal import outbox
from portal.models import Notice, User
from procedures import papers
from procedures.definition import Definition
from procedures.models import Dossier, ProcedureVersion
from procedures.papers import Issue
from tests import answers, reference
from tests.conftest import file_draft

DEFINITIONS = {d.slug: d for d in reference.shipped()}
ALL = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=lambda d: d.slug)
MARK = "(dự kiến)"


def _words(page: str) -> str:
    """What stands on a page, tags and their attributes taken out."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def _draft(definition: Definition, who: User, case: str = "", **given: Any) -> Dossier:
    case = case or definition.cases[0].slug
    return answers.make_draft(definition, case, who, timezone.localdate(), **given)


@ALL
@pytest.mark.django_db
def test_the_page_of_a_procedure_calls_every_doubtful_fact_expected(
    definition: Definition, client: Client
) -> None:
    page = _words(client.get(f"/thu-tuc/{definition.slug}/").content.decode())
    for part in (*definition.cases, *definition.documents):
        if part.confidence != "sure":
            assert f"{' '.join(part.label.vi.split())} {MARK}" in page
    with translation.override("vi"):
        for limit in definition.time_limits:
            marked = f"{papers.limit_words(limit)} {MARK}"
            assert (marked in page) or limit.confidence == "sure"
    assert not re.search(r"\b(likely|unsure)\b", page)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "case", "doubtful"),
    [
        ("lump-sum", "stopped_1_year", True),
        ("book-and-card", "card_lost", True),
        ("bhyt-direct-reimbursement", "papers_incomplete", False),
    ],
)
def test_dossier_receipt_and_notice_promise_only_what_is_sure(
    slug: str, case: str, doubtful: bool, citizen: User, clerk: User, client: Client
) -> None:
    from procedures import mailroom

    filed = file_draft(_draft(DEFINITIONS[slug], citizen, case))
    every = list(filed.originals.values_list("document", flat=True))
    if every:
        mailroom.receive(filed, every, actor=clerk, key="o", now=timezone.now())
    filed.refresh_from_db()
    outbox.drain()
    assert filed.due_at is not None
    due = f"{timezone.localtime(filed.due_at):%H:%M %d/%m/%Y}"
    client.force_login(citizen)
    for path in (f"/ho-so/{filed.code}/", "/ho-so/"):
        page = _words(client.get(path).content.decode())
        assert due in page
        assert (f"{due} {MARK}" in page) is doubtful
        assert page.count(due) == page.count(f"{due} {MARK}") or not doubtful
    with translation.override("vi"):
        receipt: Any = papers.content("receipt", Issue(filed, timezone.now(), "token"))
        assert (MARK in receipt.statutory_time) is doubtful
        assert receipt.return_expected is doubtful
        told = [str(notice.facts.get("expected")) for notice in Notice.objects.all()]
    assert set(told) == {str(doubtful)}


@pytest.mark.django_db
def test_the_printed_day_of_return_says_it_is_expected(citizen: User) -> None:
    from procedures.documents import sheets

    filed = file_draft(
        _draft(DEFINITIONS["book-and-card"], citizen, "card_lost", urgent="yes"),
        now=timezone.make_aware(datetime(2021, 7, 15, 9, 30)),
    )
    with translation.override("vi"):
        for kind in ("receipt", "card_slip"):
            content: Any = papers.content(kind, Issue(filed, timezone.now(), "token"))
            assert sheets._promise(content) == f"17 giờ 00 phút, ngày 15/07/2021 {MARK}"


@pytest.mark.django_db
def test_verification_and_tracking_call_the_day_expected(citizen: User, client: Client) -> None:
    filed = file_draft(_draft(DEFINITIONS["book-and-card"], citizen, "card_lost", urgent="no"))
    outbox.drain()
    token = filed.documents.get(kind="receipt").token
    verified = _words(client.get(f"/xac-thuc/{token}/").content.decode())
    tracked = client.post("/tra-cuu/", {"code": filed.code, "phone": filed.phone[-4:]})
    assert filed.due_at is not None
    due = f"{timezone.localtime(filed.due_at):%H:%M %d/%m/%Y}"
    for page in (verified, _words(tracked.content.decode())):
        assert f"{due} {MARK}" in page


@pytest.mark.django_db
def test_the_form_calls_doubtful_cases_and_papers_expected(citizen: User, client: Client) -> None:
    definition = DEFINITIONS["survivor-benefit"]
    client.force_login(citizen)
    draft = _draft(definition, citizen)
    first = _words(client.get(f"/ho-so/{draft.draft_code}/buoc/{definition.steps[0].slug}/").content.decode())
    doubtful_cases = [case for case in definition.cases if case.confidence != "sure"]
    assert doubtful_cases
    assert first.count(MARK) >= len(doubtful_cases)
    for page in ("giay-to-kem", "kiem-tra"):
        words = _words(client.get(f"/ho-so/{draft.draft_code}/{page}/").content.decode())
        for paper in definition.documents_for(draft.typed):
            if paper.uploaded and paper.confidence != "sure":
                assert f"{paper.label.vi} {MARK}" in words, (page, paper.slug)


@pytest.mark.django_db
def test_what_is_to_be_posted_is_called_expected_where_it_is_not_sure(citizen: User, client: Client) -> None:
    filed = file_draft(_draft(DEFINITIONS["book-and-card"], citizen, "book_damaged"))
    client.force_login(citizen)
    assert f"Sổ BHXH cũ {MARK}" in _words(client.get(f"/ho-so/{filed.code}/").content.decode())


@ALL
@pytest.mark.django_db
def test_staff_see_how_sure_every_fact_is(definition: Definition, clerk: User, client: Client) -> None:
    version = ProcedureVersion.objects.get(procedure__slug=definition.slug, status="published")
    client.force_login(clerk)
    page = client.get(f"/quan-tri/procedures/procedureversion/{version.pk}/change/").content.decode()
    marks = [
        part.confidence for part in (*definition.time_limits, *definition.cases, *definition.documents)
    ] + [definition.confidence]
    for mark in ("likely", "unsure"):
        assert page.count(f"desk-mark--{mark}") >= marks.count(mark)


@pytest.mark.django_db
def test_the_desk_shows_how_sure_limit_and_case_are(citizen: User, clerk: User, client: Client) -> None:
    filed = file_draft(_draft(DEFINITIONS["book-and-card"], citizen, "book_damaged"))
    client.force_login(clerk)
    page = client.get(f"/quan-tri/procedures/dossier/{filed.pk}/change/").content.decode()
    assert "desk-mark--likely" in page
