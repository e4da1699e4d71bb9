"""The queue: its order and pages, what is counted and listed, and the way from one dossier to the next."""

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.models import User
from procedures import worklist
from procedures.models import Dossier
from procedures.worklist import PARTS, TO_DO
from tests.conftest import file_draft, make_draft

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"


def copies(dossier: Dossier, count: int, **changes: object) -> list[Dossier]:
    """``count`` more dossiers like a filed one, of the same office."""
    made = []
    for number in range(count):
        made.append(Dossier.objects.get(pk=dossier.pk))
        made[-1].pk = None
        made[-1].code = f"{dossier.code}-{Dossier.objects.count()}-{number}"
        made[-1].draft_code = f"c{Dossier.objects.count()}-{number}"
        for name, value in changes.items():
            setattr(made[-1], name, value)
    return Dossier.objects.bulk_create(made)


def _codes(page: str) -> list[str]:
    return re.findall(r'<th class="field-marked_code[^>]*>.*?(BHXH056[^<]*)</a>', page, re.DOTALL)


def _links(page: str, words: str) -> list[str]:
    return [unescape(a) for a in re.findall(rf'href="([^"]*)"[^>]*{words}', page)]


# --- Pages ---------------------------------------------------------------------------------------

_MOMENTS = st.sampled_from(
    [datetime(2026, 11, d, tzinfo=timezone.get_fixed_timezone(420)) for d in (2, 3, 4)]
)
_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "urgent": st.booleans(),
            "due_at": st.none() | _MOMENTS,
            "filed_at": _MOMENTS,
            "decided_at": st.none() | _MOMENTS,
            "final": st.booleans(),
            "channel": st.sampled_from("12"),
        }
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=_ROWS,
    size=st.integers(1, 5),
    slug=st.sampled_from(sorted(PARTS)),
    channel=st.sampled_from(["", "1"]),
)
def test_pages_forth_and_back_hold_every_row_once_and_in_order(
    filed: Dossier, rows: list[dict[str, object]], size: int, slug: str, channel: str
) -> None:
    Dossier.objects.exclude(pk=filed.pk).delete()
    for row in rows:
        copies(filed, 1, **row)
    part = PARTS[slug]
    found = Dossier.objects.filter(part.rows)
    found = found.filter(channel=channel) if channel else found
    expected = sorted(found, key=part.place, reverse=part.newest_first)
    forth, page = [], worklist.page(found, part, "", size=size)
    forth += page.rows
    while page.after:
        page = worklist.page(found, part, page.after, size=size)
        forth += page.rows
    assert forth == expected
    back = list(page.rows)
    while page.before:
        page = worklist.page(found, part, page.before, size=size)
        back = [*page.rows, *back]
    assert back == expected


@pytest.mark.parametrize(
    "asked",
    [
        "2",
        "s",
        "sx",
        "s1.2.3",
        "s0.9" * 4,
        "s0.1.1.99999999999999999999",
        "s0.9999999999999999999999.1.1",
        "t1.٣.1.1",
    ],
)
def test_a_page_that_is_none_is_the_first(asked: str, filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    response = sign_in(clerk).get(QUEUE, {"p": asked})
    assert response.status_code == 200
    assert str(filed.code) in response.content.decode()


def test_the_links_of_the_queue_lead_through_it_with_its_filters(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    due = timezone.now() + timedelta(days=1)
    copies(filed, 70, due_at=due, channel="1")
    copies(filed, 3, channel="2")
    client = sign_in(clerk)
    first = client.get(QUEUE, {"channel__exact": "1"}).content.decode()
    (onward,) = _links(first, 'rel="next"')
    second = client.get(f"{QUEUE}{onward}").content.decode()
    seen = [*_codes(first), *_codes(second)]
    assert len(seen) == len(set(seen)) == 70
    assert not _links(second, 'rel="next"')
    (backward,) = _links(second, 'rel="prev"')
    assert _codes(client.get(f"{QUEUE}{backward}").content.decode()) == _codes(first)


def test_nothing_of_the_queue_is_counted_by_the_row(
    filed: Dossier, clerk: User, sign_in: SignIn, django_assert_num_queries: Callable
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = sign_in(clerk)
    asked = []
    for more in (9, 60):
        copies(filed, more)
        client.get(QUEUE)
        with CaptureQueriesContext(connection) as captured:
            client.get(QUEUE)
        asked.append(len(captured))
        assert not any("OFFSET" in q["sql"] for q in captured)
    assert asked[0] == asked[1]


# --- What is counted is what is listed --------------------------------------------------------------


def _all_kinds(filed: Dossier, clerk: User) -> None:
    now = timezone.now()
    tomorrow = worklist.midnight(now, days=1)
    clock = timezone.localdate(now)
    copies(filed, 2, urgent=True, due_at=now + timedelta(days=3), clock_started_on=clock)
    copies(filed, 3, due_at=now - timedelta(minutes=1), clock_started_on=clock, assignee=clerk)
    copies(filed, 4, due_at=tomorrow - timedelta(seconds=1), clock_started_on=clock)
    copies(filed, 1, due_at=tomorrow, clock_started_on=clock)
    copies(filed, 5, days_left=3, clock_started_on=clock, state="need_more", filed_at=now - timedelta(days=9))
    copies(filed, 2, state="approved", decided_at=now, due_at=now - timedelta(days=1), assignee=clerk)
    copies(filed, 2, state="returned", final=True, decided_at=now, urgent=True)


def test_every_counter_opens_a_list_of_as_many_rows(filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    _all_kinds(filed, clerk)
    client = sign_in(clerk)
    page = client.get(QUEUE).content.decode()
    counters = re.findall(r'<a href="(\?[^"]*)" class="desk-tag[^"]*">([^:<]*): (\d+)</a>', page)
    assert len(counters) == len(worklist.COUNTED)
    for query, words, number in counters:
        listed = _codes(client.get(f"{QUEUE}{query}").content.decode())
        assert len(listed) == int(number), words
    assert {int(n) for _query, _words, n in counters} >= {2, 3, 4, 5}


def test_what_is_decided_stands_on_pages_of_its_own(filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    _all_kinds(filed, clerk)
    client = sign_in(clerk)
    numbers = {slug: len(_codes(client.get(QUEUE, {"phan": slug}).content.decode())) for slug in PARTS}
    assert numbers == {"viec": 16, "tra": 2, "xong": 2, "tat-ca": 20}
    assert len(_codes(client.get(QUEUE, {"state": "returned"}).content.decode())) == 2


def test_urgent_ones_lead_and_those_without_a_day_come_last(filed: Dossier, clerk: User) -> None:
    now = timezone.now()
    late = copies(filed, 1, due_at=now - timedelta(days=1))[0]
    soon = copies(filed, 1, due_at=now + timedelta(days=1))[0]
    pressing = copies(filed, 1, urgent=True)[0]
    assert list(TO_DO.ordered(Dossier.objects.all())) == [pressing, late, soon, filed]


# --- Search --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("bhxh056.02", True), ("BHXH056.05", False), ("tuyet", True), ("Ánh  Tuyết", True), ("561234", True),
        ("5612345678", True), ("561999", False), ("TK0123", True), ("tk0123k", True), ("may ánh dương", True),
        ("MAY ÁNH", True), ("ty", False), ("%", False), ("__", False), ("\\", False), ("khong-co", False),
    ],
)  # fmt: skip
def test_a_dossier_is_found_by_code_name_and_number(words: str, found: bool, filed: Dossier) -> None:
    Dossier.objects.filter(pk=filed.pk).update(
        applicant_bare="nguyen thi anh tuyet",
        insurance_number="5612345678",
        organisation_code="TK0123K",
        organisation_name="CÔNG TY TNHH MAY ÁNH DƯƠNG",
    )
    assert worklist.search(Dossier.objects.all(), words).exists() is found


def test_a_dossier_is_found_by_the_end_of_its_code_also_when_it_is_finished(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    Dossier.objects.filter(pk=filed.pk).update(final=True, decided_at=timezone.now(), state="returned")
    page = sign_in(clerk).get(QUEUE, {"q": str(filed.code)[11:]}).content.decode()
    assert _codes(page) == [filed.code]


# --- From one to the next ------------------------------------------------------------------------


@pytest.fixture
def row_of_three(filed: Dossier) -> list[Dossier]:
    """Three dossiers that may be accepted, due one after the other."""
    now, clock = timezone.now(), timezone.localdate()
    made = []
    for seed in (31, 32, 33):
        from procedures import demo

        user = demo.citizen(demo.person(random.Random(seed), "22429"))
        made.append(file_draft(make_draft(user, random.Random(seed))))
        Dossier.objects.filter(pk=made[-1].pk).update(
            state="processing", due_at=now + timedelta(days=seed), clock_started_on=clock, channel="1"
        )
        made[-1].refresh_from_db()
    return made


def test_the_page_of_a_dossier_leads_to_its_neighbours_in_the_filtered_queue(
    row_of_three: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    first, middle, last = row_of_three
    client = sign_in(clerk)
    page = client.get(f"{QUEUE}{middle.pk}/change/?_changelist_filters=channel__exact%3D1").content.decode()
    (after,), (before,) = _links(page, 'rel="next"'), _links(page, 'rel="prev"')
    assert after == f"{QUEUE}{last.pk}/change/?_changelist_filters=channel__exact%3D1"
    assert f"/{first.pk}/" in before
    at_end = client.get(after).content.decode()
    assert not _links(at_end, 'rel="next"')
    for wrong in ("state__regex%3D.", "version%3D1", "p%3Dx"):
        assert client.get(f"{QUEUE}{middle.pk}/change/?_changelist_filters={wrong}").status_code == 200


def test_done_and_next_goes_on_from_where_the_dossier_stood(
    row_of_three: list[Dossier], clerk: User, sign_in: SignIn
) -> None:
    first, middle, _last = row_of_three
    client, carried = sign_in(clerk), "?_changelist_filters=channel__exact%3D1"
    act = f"{QUEUE}{first.pk}/hanh-dong/ask_supplement/{carried}"
    stays = client.post(act, {"missing": "Sổ", "key": "a"})
    first.refresh_from_db()
    assert first.due_at is None  # it went to the end of the queue
    (after,) = _links(client.get(stays["Location"]).content.decode(), 'rel="next"')
    assert f"/{middle.pk}/" in after
    onward = client.post(f"{QUEUE}{middle.pk}/hanh-dong/propose/{carried}", {"key": "b", "tiep": "1"})
    assert f"/{_last.pk}/change/" in onward["Location"]
