"""A card that is needed for treatment now: asked for, on top of the queue, due the same day, announced."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import User
from procedures import mailroom, urgent, workflow
from procedures.models import Dossier
from tests import answers, reference
from tests.conftest import file_draft

SignIn = Callable[[User], Client]
ADMIN = "/quan-tri/procedures/"
QUEUE = f"{ADMIN}dossier/"
BANNER = f"{QUEUE}khan/"
DEFINITION = next(d for d in reference.shipped() if d.slug == "book-and-card")


def _file(who: User, case: str, now: datetime | None = None, **given: Any) -> Dossier:
    draft = answers.make_draft(DEFINITION, case, who, timezone.localdate(), **given)
    return file_draft(draft, now=now)


@pytest.fixture
def asked(citizen: User) -> Dossier:
    """An urgent request for a lost card, filed just now in Cam Ranh."""
    return _file(citizen, "card_lost", urgent="yes", urgent_facility="Bệnh viện đa khoa Cam Ranh")


def _moment(day: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(day))


# --- The pages of the form -----------------------------------------------------------------------


def _fill(client: Client, url: str, **data: str) -> str:
    response = client.post(url, data)
    assert response.status_code == 303, response.content.decode()
    return str(response["Location"])


def test_an_emergency_is_led_to_the_digital_card_and_still_files(citizen: User, client: Client) -> None:
    client.force_login(citizen)
    url = _fill(client, "/thu-tuc/book-and-card/bat-dau/")
    url = _fill(client, url, subject="card")
    page = client.get(url).content.decode()
    assert 'value="card_lost"' in page
    assert 'value="book_lost"' not in page
    url = _fill(client, url, case="card_lost")
    assert url.endswith("/buoc/khan-cap/")
    url = _fill(client, url, urgent="yes")
    assert url.endswith("/buoc/the-dien-tu/")
    page = unescape(client.get(url).content.decode())
    for words in ("VssID", "0592.060.307", "Nơi đang điều trị", "Ngày vào viện"):
        assert words in page
    assert 'href="https://baohiemxahoi.gov.vn/' in page
    assert client.post(url, {"urgent_facility": ""}).status_code == 422
    today = f"{timezone.localdate():%d/%m/%Y}"
    url = _fill(client, url, urgent_facility="Bệnh viện đa khoa Cam Ranh", urgent_admitted=today)
    assert url.endswith("/buoc/nguoi-de-nghi/")


def test_who_can_wait_is_not_asked_where_he_is_treated(citizen: User, client: Client) -> None:
    client.force_login(citizen)
    url = _fill(client, "/thu-tuc/book-and-card/bat-dau/?truong-hop=card_damaged")
    assert url.endswith("/buoc/khan-cap/")
    assert _fill(client, url, urgent="no").endswith("/nguoi-de-nghi/")


def test_a_book_is_never_asked_for_in_an_emergency(citizen: User, client: Client) -> None:
    client.force_login(citizen)
    url = _fill(client, _fill(client, "/thu-tuc/book-and-card/bat-dau/"), subject="book")
    page = client.get(url).content.decode()
    assert 'value="book_lost"' in page
    assert 'value="card_lost"' not in page
    assert client.post(url, {"case": "card_lost"}).status_code == 422
    assert _fill(client, url, case="book_lost").endswith("/nguoi-de-nghi/")


def test_an_answer_about_a_card_does_not_make_a_book_urgent(citizen: User) -> None:
    draft = answers.make_draft(DEFINITION, "book_lost", citizen, timezone.localdate())
    draft.typed["urgent"] = "yes"
    draft.save()
    filed = file_draft(draft)
    assert not filed.urgent
    assert "urgent" not in filed.answers


# --- Time limit, papers --------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["card_lost", "card_damaged", "card_correct_info", "card_change_facility"])
def test_an_urgent_request_is_due_the_day_it_is_filed(citizen: User, case: str) -> None:
    filed = _file(citizen, case, now=_moment("2021-07-15T09:30"), urgent="yes")
    assert (filed.urgent, filed.state) == (True, "submitted")
    assert filed.due_at == _moment("2021-07-15T17:00")
    assert not filed.originals.exists()


@pytest.mark.parametrize(
    ("filed_at", "due"),
    [("2021-07-15T17:30", "2021-07-16T17:00"), ("2021-07-17T10:00", "2021-07-19T17:00")],
)
def test_after_hours_it_is_the_next_working_day(citizen: User, filed_at: str, due: str) -> None:
    assert _file(citizen, "card_lost", now=_moment(filed_at), urgent="yes").due_at == _moment(due)


@pytest.mark.parametrize(
    ("case", "given", "days"),
    [
        ("card_correct_info", {"urgent": "yes"}, 0),
        ("card_correct_info", {"urgent": "no"}, 3),
        ("card_lost", {"urgent": "no"}, 0),
        ("book_lost", {}, 10),
        ("book_merge", {}, 5),
    ],
)
def test_every_case_has_its_limit(case: str, given: dict[str, str], days: int) -> None:
    assert DEFINITION.time_limit(case, given).days == days


@pytest.mark.parametrize(
    ("case", "given", "posted"),
    [
        ("card_damaged", {"urgent": "no"}, ["old_card"]),
        ("card_damaged", {"urgent": "yes"}, []),
        ("book_damaged", {}, ["old_book"]),
        ("card_lost", {"urgent": "no"}, []),
        ("card_correct_info", {"urgent": "no"}, ["id_proof"]),
    ],
)
def test_what_is_damaged_is_posted_with_a_label_unless_it_is_urgent(
    citizen: User, case: str, given: dict[str, str], posted: list[str]
) -> None:
    filed = _file(citizen, case, **given)
    outbox.drain()
    assert list(filed.originals.values_list("document", flat=True)) == posted
    assert filed.documents.filter(kind="label").exists() is bool(posted)
    assert filed.documents.filter(kind="card_slip").exists() is (given.get("urgent") == "yes")


def test_the_catalogue_page_tells_the_urgent_limit_as_expected(client: Client, db: None) -> None:
    page = unescape(client.get("/thu-tuc/book-and-card/").content.decode())
    assert re.search(r"cấp cứu hoặc điều trị ngay: [^<]* trong ngày tiếp nhận <span[^>]*>\(dự kiến\)", page)


def test_the_pages_of_a_case_tell_only_its_limits(client: Client, db: None) -> None:
    page = unescape(client.get("/thu-tuc/book-and-card/?truong-hop=book_lost").content.decode())
    facts = page[page.index('class="facts"') : page.index("</dl>")]
    assert "10 ngày" in facts
    assert "cấp cứu" not in facts


# --- The desk ------------------------------------------------------------------------------------


def _order(page: str) -> list[str]:
    return re.findall(r"BHXH056\.\d\d-\d{6}-\d{4}", page[page.index('id="result_list"') :])


def test_urgent_requests_stand_on_top_of_the_queue_in_their_own_colour(
    filed: Dossier, asked: Dossier, stranger: User, clerk: User, sign_in: SignIn
) -> None:
    overdue = filed
    mailroom.receive(overdue, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    Dossier.objects.filter(pk=overdue.pk).update(due_at=timezone.now() - timedelta(days=3))
    page = sign_in(clerk).get(QUEUE).content.decode()
    assert list(dict.fromkeys(_order(page))) == [asked.code, overdue.code]
    assert page.count('<span class="desk-tag desk-tag--urgent">') == 1
    only = sign_in(clerk).get(QUEUE, {"due": "urgent"}).content.decode()
    assert set(_order(only)) == {asked.code}


def test_what_is_decided_no_longer_stands_on_top(
    asked: Dossier, filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    for action in ("accept", "approve"):
        workflow.move(asked, action, actor=clerk, key=action)
    page = sign_in(clerk).get(QUEUE).content.decode()
    assert list(dict.fromkeys(_order(page))) == [filed.code]
    assert "desk-tag--urgent" not in page


@pytest.mark.parametrize("path", [QUEUE, f"{QUEUE}quet/", f"{ADMIN}intakelist/", f"{ADMIN}procedureversion/"])
def test_every_desk_page_tells_of_it_until_somebody_accepts(
    path: str, asked: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    for person in (clerk, supervisor):
        page = unescape(sign_in(person).get(path).content.decode())
        assert "Khẩn: có người cần thẻ" in page
        assert f'<a href="{QUEUE}{asked.pk}/change/">{asked.code}</a>' in page
        assert "Bệnh viện đa khoa Cam Ranh" in page
    workflow.move(asked, "accept", actor=clerk, key="accept")
    page = sign_in(clerk).get(path).content.decode()
    assert "desk-urgent" not in page
    assert 'hx-trigger="every 60s"' in page


def test_other_offices_and_citizens_do_not_hear_of_it(
    asked: Dossier, other_clerk: User, administrator: User, stranger: User, sign_in: SignIn
) -> None:
    for person in (other_clerk, administrator):
        assert "desk-urgent" not in sign_in(person).get(QUEUE).content.decode()
        assert "desk-urgent" not in sign_in(person).get(BANNER).content.decode()
    assert sign_in(stranger).get(BANNER, follow=True).status_code == 403


def test_the_open_page_asks_again_and_hears_only_news(asked: Dossier, clerk: User, sign_in: SignIn) -> None:
    client = sign_in(clerk)
    address = re.search(r'hx-get="([^"]*khan/[^"]*)"', client.get(QUEUE).content.decode())
    assert address is not None
    assert client.get(address[1]).status_code == 204
    workflow.move(asked, "accept", actor=clerk, key="accept")
    news = client.get(address[1])
    assert news.status_code == 200
    assert news.content.decode().strip().startswith('<div id="urgent" role="status"')
    assert "desk-urgent" not in news.content.decode()


def test_a_request_that_is_withdrawn_or_refused_is_no_longer_announced(asked: Dossier, clerk: User) -> None:
    assert list(urgent.waiting(clerk)) == [asked]
    workflow.move(asked, "withdraw", actor=asked.owner, key="w")
    assert list(urgent.waiting(clerk)) == []


def test_a_lump_sum_is_never_urgent(filed: Dossier, clerk: User) -> None:
    assert not filed.urgent
    assert list(urgent.waiting(clerk)) == []


# --- Corrections ---------------------------------------------------------------------------------

FIX = {
    "fix_items": ["full_name", "date_of_birth"],
    "fix_full_name_old": "Trần Văn Binh",
    "fix_full_name_new": "TRẦN VĂN BÌNH",
    "fix_date_of_birth_old": "1/2/1965",
    "fix_date_of_birth_new": "01/02/1956",
}


def test_old_and_new_stand_side_by_side_with_the_proof(citizen: User, clerk: User, sign_in: SignIn) -> None:
    given = {**FIX, "urgent": "no"}
    draft = answers.make_draft(DEFINITION, "card_correct_info", citizen, timezone.localdate(), **given)
    client = sign_in(citizen)
    check = unescape(client.get(f"/ho-so/{draft.draft_code}/kiem-tra/").content.decode())
    filed = file_draft(draft)
    mine = unescape(client.get(f"/ho-so/{filed.code}/").content.decode())
    desk = unescape(sign_in(clerk).get(f"{QUEUE}{filed.pk}/change/").content.decode())
    for page in (check, mine, desk):
        row = re.search(r"<tr><th[^>]*>Họ và tên</th>(.*?)</tr>", page, re.DOTALL)
        assert row is not None
        assert re.findall(r"<(?:del|ins)>(.*?)</", row[1]) == ["Trần Văn Binh", "TRẦN VĂN BÌNH"]
        assert re.findall(r"<(?:del|ins)>(.*?)</", page)[2:] == ["1/2/1965", "01/02/1956"]
        assert "Giấy tờ chứng minh" in page
        assert "id_proof.jpg" in page
        assert "Họ và tên: sửa thành" not in page
