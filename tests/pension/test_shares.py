import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from portal.models import AccessLog, User
from procedures.figures import payments
from procedures.models import Office
from tests.pension.rosters import AFTER, MONTH, by_account, row, taken

SHARES = "/quan-tri/pension/rosterimport/ty-le/"
CALLS = "/quan-tri/pension/rosterimport/goi-dien/"


@pytest.fixture
def rosters(clerk: User, other_clerk: User) -> None:
    """August: one of three in Cam Ranh by account; September: two. Ninh Hòa has a roster of August."""
    here = [row("5600000001"), row("5600000002", ward="22408", phone="0905000002"), by_account("5600000003")]
    taken(here, actor=clerk)
    taken([by_account("5600000001"), *here[1:]], actor=clerk, month=AFTER)
    taken([row("5600000009", ward="22528")], actor=other_clerk, office="ninh-hoa")


def _office(slug: str) -> Office:
    return Office.objects.get(slug=slug)


def test_the_director_reads_the_newest_roster_up_to_the_month(rosters: None) -> None:
    here = [_office("cam-ranh")]
    for month, to_account in ((MONTH, 1), (AFTER, 2), (date(2022, 1, 1), 2)):
        found = payments.paid_how(here, month)
        assert found is not None
        assert (found.people, found.to_account) == (3, to_account)
        assert found.url == SHARES
    assert payments.paid_how(here, date(2021, 7, 1)) is None
    both = payments.paid_how([*here, _office("ninh-hoa")], MONTH)
    assert both is not None and (both.people, both.to_account) == (4, 1)


def test_the_page_tells_shares_by_month_office_ward_and_paying_point(
    rosters: None, director: User, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(director)
    client.get(SHARES)
    with django_assert_max_num_queries(20):
        page = client.get(f"{SHARES}?co-quan=cam-ranh").content.decode()
    assert "33,3" in page and "66,7" in page
    assert "xa=22408" in page
    assert "Bưu cục Ba Ngòi" in page
    ward = client.get(f"{SHARES}?co-quan=cam-ranh&xa=22429").content.decode()
    assert "50,0" in ward and "100,0" in ward and "08/2021" in ward and "xa=22429" in ward  # month by month
    assert client.get(f"{SHARES}?co-quan=cam-ranh&xa=1'").status_code == 404
    assert client.get(f"{SHARES}?co-quan=khong-co").status_code == 404
    assert client.get(f"{SHARES}?thang=x").status_code == 404


def test_the_call_list_names_who_is_paid_in_cash_and_reading_it_is_recorded(
    rosters: None, clerk: User, client: Client
) -> None:
    client.force_login(clerk)
    page = client.get(CALLS).content.decode()
    assert "5600000002" in page and "0905000002" in page
    assert "5600000003" not in page and "5600000009" not in page
    assert AccessLog.objects.filter(what="call list", user=clerk).exists()
    answer = client.get(f"{CALLS}tai-ve/?xa=22408&thang=08/2021")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.getvalue())).get_sheet_by_index(0).to_python()
    assert [line[4] for line in sheet[3:]] == ["5600000002"]


def test_clerks_see_their_own_office_only(rosters: None, other_clerk: User, client: Client) -> None:
    client.force_login(other_clerk)
    assert "5600000009" in client.get(f"{CALLS}?thang=08/2021").content.decode()
    assert client.get(f"{CALLS}?co-quan=cam-ranh").status_code == 404
