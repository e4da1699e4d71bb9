import io
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from pension import roster, roster_files
from pension.models import Beneficiary, BenefitEntry, RosterImport, RosterRow, RosterSum
from portal import outbox
from portal.models import User
from tests.pension.rosters import AFTER, MONTH, brought, by_account, row, taken

BEGIN = "/quan-tri/pension/rosterimport/moi/"


def _page(made: RosterImport) -> str:
    return f"/quan-tri/pension/rosterimport/{made.pk}/"


def _bring(client: Client, data: bytes, **said: Any) -> Any:
    file = SimpleUploadedFile("thang-8.csv", data)
    return client.post(BEGIN, {"month": "08/2021", "file": file, "key": "k", **said})


ROWS = [row("5600000001"), by_account("5600000002")]


def test_a_roster_is_brought_looked_at_and_taken_over(clerk: User, client: Client) -> None:
    client.force_login(clerk)
    for _time in range(2):  # pressed twice
        assert _bring(client, roster_files.sample(ROWS)).status_code == 303
    outbox.drain()
    made = RosterImport.objects.get()
    assert (made.state, made.rows, made.account_rows, made.total) == ("checked", 2, 1, 9_000_000)
    assert not BenefitEntry.objects.exists()  # a dry run
    page = client.get(f"{_page(made)}change/").content.decode()
    assert "9.000.000" in page
    for _time in range(2):
        assert client.post(f"{_page(made)}viec/nhan/").status_code == 303
    outbox.drain()
    cash, paid = BenefitEntry.objects.order_by("pk").select_related("beneficiary")
    assert (cash.method, cash.pay_point, cash.office.slug) == ("cash", "Bưu cục Ba Ngòi", "cam-ranh")
    assert (paid.account_number, paid.bank_id, paid.beneficiary.born) == (
        "4700201001234",
        "970405",
        "1955-02-01",
    )
    assert not RosterRow.objects.exists()
    made.refresh_from_db()
    assert (made.state, made.taken_by, str(made.file)) == ("taken", clerk, "")
    assert sum(RosterSum.objects.values_list("people", flat=True)) == 2


def test_account_numbers_are_sealed_and_like_ones_are_told_alike(clerk: User) -> None:
    taken([by_account("5600000001"), by_account("5600000002")], actor=clerk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_number, account_print FROM pension_benefitentry")
        rows = cursor.fetchall()
    assert not any("4700201001234" in sealed for sealed, _print in rows)
    assert len({sealed for sealed, _print in rows}) == 2
    assert len({fingerprint for _sealed, fingerprint in rows}) == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (row("560000000"), "5600000"),
        (row("5600000001", born="31/02/1955"), "31/02/1955"),
        (row("5600000001", amount="4,5 triệu"), "4,5 triệu"),
        (row("5600000001", method="séc"), "séc"),
        (row("5600000001", ward="99999"), "99999"),
        (row("5600000001", ward="22528"), "22528"),  # another office's
        (row("5600000001", benefit="lương"), "lương"),
        (by_account("5600000001", bank="Ngân hàng Ma"), "Ngân hàng Ma"),
        (by_account("5600000001", account="9704 0500 0000 0005"), "ATM"),
        (by_account("5600000001", holder=""), ""),
    ],
)
def test_a_wrong_row_is_told_with_its_line_and_nothing_is_taken_over(
    wrong: list[str], told: str, clerk: User, client: Client
) -> None:
    made = brought([row("5600000009"), wrong], actor=clerk)
    assert made.errors[0][0] == 3 and told in made.errors[0][1]
    client.force_login(clerk)
    assert client.post(f"{_page(made)}viec/nhan/").status_code == 422
    assert not Beneficiary.objects.exists()


def test_who_stands_twice_is_told(clerk: User) -> None:
    made = brought([row("5600000001"), row("5600000001"), row("5600000001", benefit="Tuất")], actor=clerk)
    assert [line for line, _words in made.errors] == [3]


def test_the_differences_from_the_month_before_are_told(clerk: User, client: Client) -> None:
    taken(
        [row("5600000001"), row("5600000002"), by_account("5600000003"), by_account("5600000004"),
         row("5600000005")],
        actor=clerk,
    )  # fmt: skip
    made = brought(
        [row("5600000001", amount="4600000"), by_account("5600000002"), row("5600000003"),
         by_account("5600000004", account="4700201009999"), row("5600000006", ward="22408")],
        actor=clerk, month=AFTER,
    )  # fmt: skip
    counts = {kind: said["count"] for kind, said in made.told.items() if isinstance(said, dict)}
    assert counts == {"more": 1, "to_account": 1, "to_cash": 1, "account": 1, "new": 1, "gone": 1}
    assert roster.change_of(made.told, made.total) == 100_000
    client.force_login(clerk)
    page = client.get(f"{_page(made)}change/").content.decode()
    assert "5600000005" in page and "5600000006" in page
    assert "4700201009999" not in page


@pytest.mark.parametrize(
    "data", [b"xin chao", b"PK\x03\x04 broken", b"\x89PNG\r\n\x1a\n\x00\xff", b"\xff\xfe\x00"]
)
def test_what_is_no_roster_is_told_and_kept_apart(data: bytes, clerk: User, client: Client) -> None:
    client.force_login(clerk)
    assert _bring(client, data).status_code == 303
    outbox.drain()
    made = RosterImport.objects.get()
    assert made.state == "failed" and made.reason
    assert client.get(f"{_page(made)}change/").status_code == 200


def test_a_workbook_is_read_like_a_csv(clerk: User, client: Client) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    page.write(0, 0, "DANH SÁCH CHI TRẢ")
    page.write_row(2, 0, roster_files.TITLES)
    page.write_row(3, 0, [5600000001, "Trần Thị Ánh", "1955", "", "Lương hưu", 4500000, "TM", 22429])
    book.close()
    client.force_login(clerk)
    assert _bring(client, out.getvalue()).status_code == 303
    outbox.drain()
    made = RosterImport.objects.get()
    assert not made.errors, made.errors
    assert RosterRow.objects.get().full_name == "TRẦN THỊ ÁNH"


def test_a_better_file_takes_the_place_of_the_one_before(clerk: User) -> None:
    taken(ROWS, actor=clerk)
    taken([row("5600000001", name="TRẦN VĂN BÌNH", amount="5000000")], actor=clerk)
    assert [int(amount) for amount in BenefitEntry.objects.values_list("amount", flat=True)] == [5_000_000]


def test_a_file_set_aside_is_deleted(clerk: User, client: Client) -> None:
    made = brought(ROWS, actor=clerk)
    path = str(made.file)
    assert default_storage.exists(path)
    client.force_login(clerk)
    assert client.post(f"{_page(made)}viec/bo/").status_code == 303
    assert not RosterRow.objects.exists()
    assert client.post(f"{_page(made)}viec/nhan/").status_code == 422


def test_only_clerks_of_the_office_bring_and_see_its_rosters(
    clerk: User, other_clerk: User, director: User, citizen: User, client: Client
) -> None:
    made = brought(ROWS, actor=clerk)
    for user, status in ((other_clerk, 404), (director, 200), (citizen, 302)):
        client.force_login(user)
        answer = client.get(f"{_page(made)}change/")
        assert answer.status_code in {status, 403 if user == citizen else status}
    client.force_login(other_clerk)
    assert client.post(f"{_page(made)}viec/nhan/").status_code == 404
    client.force_login(director)
    assert client.post(f"{_page(made)}viec/nhan/").status_code == 403
    assert client.get(BEGIN).status_code == 403


def test_an_office_does_not_bring_the_roster_of_the_province(clerk: User, client: Client) -> None:
    client.force_login(clerk)
    assert _bring(client, roster_files.sample(ROWS), whole="1").status_code == 422
    assert _bring(client, roster_files.sample(ROWS), month="thang 8").status_code == 422
    assert not RosterImport.objects.exists()


def test_the_statements_do_not_grow_with_the_rows(clerk: User, django_assert_max_num_queries: Any) -> None:
    made = brought([row(f"56000{n:05d}") for n in range(300)], actor=clerk)
    with django_assert_max_num_queries(6):
        roster.take_rows(made)
    assert BenefitEntry.objects.filter(month=date(2021, 8, 1)).count() == 300
    assert made.month == MONTH
