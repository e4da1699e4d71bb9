"""“Which procedure do I need?”: a few questions, each with an address of its own."""

import re
from html import unescape
from typing import Any

import msgspec
import pytest
from django.test import Client

from portal.models import User
from procedures import guide
from procedures.guide import Guide
from procedures.models import Dossier
from tests import reference

DEFINITIONS = {d.slug: d for d in reference.shipped()}
START = "/chon-thu-tuc/"


def _ways(client: Client, address: str = START) -> dict[str, str]:
    """Every page reached by following the answers, by its address."""
    pages, ahead = {}, [address]
    while ahead:
        here = ahead.pop()
        response = client.get(here)
        assert response.status_code == 200, here
        pages[here] = unescape(response.content.decode())
        ahead += re.findall(rf'<li><a href="({re.escape(here)}[a-z0-9-]+/)">', pages[here])
    return pages


@pytest.mark.django_db
def test_every_way_ends_at_a_procedure_after_four_questions_at_most(client: Client) -> None:
    pages = _ways(client)
    ends = {here: page for here, page in pages.items() if 'class="ways"' not in page}
    assert len(ends) > 50
    for here, page in ends.items():
        assert here.removeprefix(START).count("/") <= guide.MOST_QUESTIONS
        assert re.search(r'href="/thu-tuc/[a-z0-9-]+/', page)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("way", "slug", "case"),
    [
        ("nhan-tien/rut-mot-lan/nghi-mot-nam", "lump-sum", "stopped_1_year"),
        ("the-so/the/mat", "book-and-card", "card_lost"),
        ("the-so/the/sai", "book-and-card", "card_correct_info"),
        ("the-so/so/mat", "book-and-card", "book_lost"),
        ("luong-huu/roi/cach-nhan/qua-tai-khoan", "change-payment-method", "cash_to_account"),
        ("luong-huu/roi/nho-linh-thay", "authorize-recipient", "authorize"),
        ("luong-huu/chua/dang-dong", "pension", "working"),
        ("nhan-tien/thai-san/sinh-con", "maternity", "birth"),
        ("nhan-tien/om-dau", "sickness", ""),
        ("tham-gia/bhyt/tre-em", "health-insurance-only", "child_under_6"),
        ("tham-gia/bhxh-tu-nguyen/dang-ky", "voluntary-insurance", "register"),
        ("nhan-tien/vien-phi/chua-xuat-trinh", "bhyt-direct-reimbursement", "papers_incomplete"),
        ("nguoi-than-mat/mai-tang", "survivor-benefit", "funeral"),
    ],
)
def test_the_commonest_needs_are_met(client: Client, way: str, slug: str, case: str) -> None:
    page = unescape(client.get(f"{START}{way}/").content.decode())
    chosen = f"?truong-hop={case}" if case else ""
    assert f'href="/thu-tuc/{slug}/{chosen}"' in page


@pytest.mark.django_db
def test_answers_can_be_taken_back_one_by_one(client: Client) -> None:
    page = client.get(f"{START}the-so/the/mat/").content.decode()
    assert f'class="back" href="{START}the-so/the/"' in page
    for earlier in (START, f"{START}the-so/"):
        assert f'<a href="{earlier}">' in page
    assert 'class="back" href="/thu-tuc/"' in client.get(START).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["dance", "the-so/dance", "the-so/the/mat/dance", "the-so//the", "../.."])
def test_ways_that_do_not_exist_are_not_there(client: Client, way: str) -> None:
    assert client.get(f"{START}{way}/").status_code == 404


@pytest.mark.django_db
def test_what_is_only_likely_is_called_expected_at_the_end_of_the_way(client: Client) -> None:
    page = unescape(client.get(f"{START}the-so/the/hong/").content.decode())
    assert re.search(r"Trong ngày tiếp nhận.*?\(dự kiến\)", page, re.DOTALL)


@pytest.mark.django_db
def test_what_citizens_do_not_file_says_who_does(client: Client) -> None:
    page = unescape(client.get(f"{START}nhan-tien/om-dau/").content.decode())
    assert "đơn vị sử dụng lao động" in page


def test_a_procedure_no_longer_published_is_not_there(client: Client, db: None) -> None:
    from procedures.models import ProcedureVersion

    ProcedureVersion.objects.filter(procedure__slug="sickness", status="published").update(status="retired")
    assert client.get(f"{START}nhan-tien/om-dau/").status_code == 404


@pytest.mark.parametrize("case", ["card_lost", "book_merge"])
def test_the_case_is_chosen_in_the_draft(citizen: User, client: Client, case: str) -> None:
    client.force_login(citizen)
    first = client.post(f"/thu-tuc/book-and-card/bat-dau/?truong-hop={case}")
    draft = Dossier.objects.get(owner=citizen)
    assert draft.typed["case"] == case
    assert not first["Location"].endswith(("/the-hay-so/", "/truong-hop/"))
    page = client.get(f"/ho-so/{draft.draft_code}/buoc/truong-hop/").content.decode()
    assert re.search(f'value="{case}"[^>]* checked', page)


def test_the_way_to_the_sign_in_and_back_keeps_the_case(citizen: User, client: Client) -> None:
    address = "/thu-tuc/lump-sum/bat-dau/?truong-hop=emigration"
    assert "truong-hop" in client.post(address)["Location"]
    client.force_login(citizen)
    assert client.get(address)["Location"] == "/thu-tuc/lump-sum/?truong-hop=emigration"


def test_an_open_draft_keeps_its_case(citizen: User, client: Client) -> None:
    client.force_login(citizen)
    for case in ("retirement_age", "emigration"):
        client.post(f"/thu-tuc/lump-sum/bat-dau/?truong-hop={case}")
    assert Dossier.objects.get(owner=citizen).typed["case"] == "retirement_age"


# --- The data ------------------------------------------------------------------------------------


def test_the_shipped_questions_hold() -> None:
    assert list(guide.problems_of(guide.shipped(), DEFINITIONS)) == []


def _answer(**values: Any) -> dict[str, Any]:
    return {"slug": "a", "label": {"vi": "x", "en": "x"}, **values}


def _guide(**answers: list[dict[str, Any]]) -> Guide:
    questions = {
        name: {"text": {"vi": "x", "en": "x"}, "answers": listed} for name, listed in answers.items()
    }
    return msgspec.convert({"first": "q1", "questions": questions}, Guide)


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (_guide(q2=[_answer(procedure="sickness")]), "there is no question q1"),
        (_guide(q1=[_answer(asks="q9")]), "there is no question q9"),
        (_guide(q1=[_answer(procedure="dance")]), "there is no procedure dance"),
        (_guide(q1=[_answer(procedure="sickness", case="dance")]), "there is no case dance in sickness"),
        (_guide(q1=[_answer()]), "leads either to a question or to a procedure"),
        (_guide(q1=[_answer(procedure="sickness"), _answer(procedure="sickness")]), "stands twice"),
        (_guide(q1=[_answer(asks="q1")]), "is too long"),
        (_guide(q1=[_answer(procedure="sickness", label={"vi": "x", "en": ""})]), "both languages"),
        (
            _guide(q1=[_answer(procedure="sickness")], q2=[_answer(procedure="sickness")]),
            "nothing leads there",
        ),
        (
            _guide(
                **{f"q{n}": [_answer(asks=f"q{n + 1}")] for n in range(1, 5)},
                q5=[_answer(procedure="sickness")],
            ),
            "a way of 5 questions is too long",
        ),
    ],
)
def test_a_tree_that_leads_nowhere_is_refused(broken: Guide, problem: str) -> None:
    assert any(problem in line for line in guide.problems_of(broken, DEFINITIONS))
