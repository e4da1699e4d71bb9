"""The director's page: who sees what, what stands on it, the lists behind it, and its CSV."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from portal.models import AccessLog, User
from procedures.figures import lists, payments, periods, recount
from procedures.figures.periods import BadPeriod, Period
from procedures.models import CountedDossier, Dossier, MonthFigures, Office
from tests.procedures.test_figures import at, stories

SignIn = Callable[[User], Client]
PAGE = "/quan-tri/procedures/dossier/so-lieu/"
YEAR = "ky=tu-den&tu=01/2021&den=12/2021"


@pytest.fixture
def told(db: None) -> dict[str, Dossier]:
    made = stories(
        "granted in time",
        "granted a minute late",
        "refused at once",
        "withdrawn before papers came",
        "in time because the clock stood still",
        "open, at another office",
        "filed a minute before the month ended",
    )
    recount.rebuild(timezone.now())
    return made


@pytest.fixture
def boss(director: User, sign_in: SignIn) -> Client:
    """The browser of the province's director."""
    return sign_in(director)


@pytest.fixture
def head(supervisor: User, sign_in: SignIn) -> Client:
    """The browser of the supervisor of Cam Ranh."""
    return sign_in(supervisor)


def links(page: str) -> dict[str, int]:
    """Every address of a list on the page with the number that leads there."""
    found = re.findall(r'<a href="(/quan-tri/procedures/dossier/so-lieu/danh-sach/[^"]+)">([\d.]+)</a>', page)
    return {url.replace("&amp;", "&"): int(text.replace(".", "")) for url, text in found}


def codes(client: Client, url: str) -> list[str]:
    """The codes on a list, page after page."""
    page = client.get(url).content.decode()
    found = re.findall(r">(BHXH056[^<]+)</a>", page)
    following = re.search(r'href="(\?[^"]*sau=[^"]+)"', page)
    if not following:
        return found
    return found + codes(client, url.partition("?")[0] + following[1].replace("&amp;", "&"))


# --- Who -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["", "co-quan.csv", "danh-sach/tiep-nhan/", "danh-sach/qua-han/"])
def test_a_clerk_a_citizen_and_nobody_get_no_figures(
    place: str, clerk: User, citizen: User, sign_in: SignIn
) -> None:
    for user in (clerk, citizen):
        assert sign_in(user).get(PAGE + place, follow=True).status_code == 403
    assert Client().get(PAGE + place).status_code == 302


def test_the_head_of_a_district_sees_their_own_office_only(told: dict[str, Dossier], head: Client) -> None:
    page = head.get(f"{PAGE}?{YEAR}").content.decode()
    assert "BHXH thành phố Cam Ranh" in page
    assert "Ninh Hòa" not in strip_tags(page.partition("<main")[2] or page)
    assert head.get(f"{PAGE}?co-quan=khanh-hoa").status_code == 404
    assert head.get(f"{PAGE}danh-sach/tiep-nhan/?{YEAR}&co-quan=khanh-hoa").status_code == 404
    province = told["open, at another office"].code
    assert province not in codes(head, f"{PAGE}danh-sach/tiep-nhan/?{YEAR}")


def test_the_director_of_the_province_compares_all_offices(told: dict[str, Dossier], boss: Client) -> None:
    page = boss.get(f"{PAGE}?{YEAR}").content.decode()
    for name in Office.objects.values_list("name", flat=True):
        assert name in page
    assert told["open, at another office"].code in codes(boss, f"{PAGE}danh-sach/tiep-nhan/?{YEAR}")


def test_a_dossier_just_handed_to_another_office_is_not_shown_here_any_more(
    told: dict[str, Dossier], head: Client
) -> None:
    moved = told["granted in time"]
    Dossier.objects.filter(pk=moved.pk).update(office=Office.objects.get(slug="ninh-hoa"))
    assert moved.code not in codes(head, f"{PAGE}danh-sach/tiep-nhan/?{YEAR}")


# --- Figures and lists ---------------------------------------------------------------------------


def test_every_number_opens_a_list_of_just_as_many(
    told: dict[str, Dossier], boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "LENGTH", 3)
    for narrowed in ("", "&co-quan=cam-ranh&thu-tuc=change-payment-method"):
        found = links(boss.get(f"{PAGE}?{YEAR}{narrowed}").content.decode())
        assert len(found) > 10
        for url, number in found.items():
            listed = codes(boss, url)
            assert (len(listed), len(set(listed))) == (number, number), url


def test_the_list_of_late_dossiers_holds_those_that_were_late(told: dict[str, Dossier], boss: Client) -> None:
    assert codes(boss, f"{PAGE}danh-sach/tre-han/?{YEAR}") == [told["granted a minute late"].code]


def test_dossiers_in_no_hurry_and_overdue_ones_are_counted_at_this_moment(
    told: dict[str, Dossier], boss: Client
) -> None:
    still_open = {"open, at another office", "filed a minute before the month ended"}
    oldest_first = codes(boss, f"{PAGE}danh-sach/dang-giai-quyet/?ky=thang-nay")
    assert set(oldest_first) == {told[name].code for name in still_open}
    assert oldest_first[0] == told["filed a minute before the month ended"].code
    with time_machine.travel(at("2021-07-20"), tick=False):
        assert set(codes(boss, f"{PAGE}danh-sach/qua-han/?ky=thang-nay")) == {
            told["filed a minute before the month ended"].code
        }


def test_reading_a_list_is_recorded(told: dict[str, Dossier], boss: Client, director: User) -> None:
    boss.get(f"{PAGE}danh-sach/tre-han/?{YEAR}&co-quan=cam-ranh")
    kept = AccessLog.objects.get(user=director)
    assert (kept.about, kept.what) == ("cam-ranh 01/2021 – 12/2021", "figures: late")


def test_the_period_before_stands_beside(told: dict[str, Dossier], boss: Client) -> None:
    page = boss.get(f"{PAGE}?ky=tu-den&tu=08/2021&den=08/2021&co-quan=cam-ranh").content.decode()
    tile = re.search(r"<dt>Đã giải quyết</dt><dd>(.*?)</dd>", page, re.DOTALL)
    assert tile is not None
    assert strip_tags(tile[1]).split() == ["1", "kỳ", "trước:", "4"]


def test_on_time_leaves_out_what_was_never_promised(told: dict[str, Dossier], boss: Client) -> None:
    page = boss.get(f"{PAGE}?ky=tu-den&tu=07/2021&den=07/2021").content.decode()
    tile = re.search(r"<dt>Tỷ lệ đúng hạn</dt><dd>(.*?)</dd>", page, re.DOTALL)
    assert tile is not None
    assert strip_tags(tile[1]).split()[:2] == ["66,7", "%"]  # 2 of 3; a fourth had no day to keep


def test_the_charts_say_what_they_show_and_have_their_table(told: dict[str, Dossier], boss: Client) -> None:
    page = boss.get(f"{PAGE}?{YEAR}").content.decode()
    assert page.count('role="img"') == page.count("<desc") == page.count("<figure") == 4
    for figure in page.split("<figure")[1:]:
        assert "<table" in figure.partition("</figure>")[0]
    assert "style=" not in page.partition('class="figures-charts"')[2].partition("</figure></div>")[0]


def test_without_a_roster_the_page_says_so_and_with_one_its_share(
    told: dict[str, Dossier], boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = boss.get(f"{PAGE}?{YEAR}").content.decode()
    assert "Chưa nạp danh sách chi trả" in page
    assert f"{PAGE}danh-sach/sang-tai-khoan/?" in page
    known = payments.PaidHow(date(2021, 12, 1), 8000, 1250, "/quan-tri/")
    monkeypatch.setitem(payments.rosters, "test", lambda offices, month: known)
    page = boss.get(f"{PAGE}?{YEAR}").content.decode()
    assert "15,6 %" in page
    assert "1.250" in page
    assert "Chưa nạp danh sách chi trả" not in page


def test_what_the_recount_found_wrong_stands_on_the_page(told: dict[str, Dossier], boss: Client) -> None:
    recount.check(timezone.now())
    assert "khớp" in boss.get(PAGE).content.decode()
    MonthFigures.objects.filter(office=None, procedure=None).delete()
    recount.check(timezone.now())
    assert "sai lệch" in boss.get(PAGE).content.decode()


def test_an_empty_portal_has_a_page_too(boss: Client, head: Client) -> None:
    for client in (boss, head):
        assert client.get(PAGE).status_code == 200


def test_the_page_asks_as_often_however_many_dossiers_there_are(
    told: dict[str, Dossier], boss: Client
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            boss.get(f"{PAGE}?{YEAR}")
        return len(queries)

    asked()
    many = asked()
    CountedDossier.objects.all().delete()
    MonthFigures.objects.all().delete()
    assert asked() == many
    assert not any("counteddossier" in q["sql"] for q in _queries(boss))


def _queries(client: Client) -> list[dict[str, str]]:
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{PAGE}?{YEAR}")
    return queries.captured_queries


def test_what_is_open_is_read_from_its_own_index_alone(told: dict[str, Dossier], boss: Client) -> None:
    (query,) = [q["sql"] for q in _queries(boss) if "MIN(" in q["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'procedures_dossier'::regclass "
            "AND NOT indisunique AND indexrelid::regclass::text <> 'dossier_undecided'"
        )
        for (other,) in cursor.fetchall():  # among so few rows any of them would do
            cursor.execute(f"DROP INDEX {other}")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {query}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Only Scan using dossier_undecided" in plan


# --- Periods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "first", "last"),
    [
        ("thang-nay", "2021-02-01", "2021-02-01"),
        ("thang-truoc", "2021-01-01", "2021-01-01"),
        ("quy-nay", "2021-01-01", "2021-02-01"),
        ("quy-truoc", "2020-10-01", "2020-12-01"),
        ("nam-nay", "2021-01-01", "2021-02-01"),
        ("nam-truoc", "2020-01-01", "2020-12-01"),
        ("mot-thoi-nao-do", "2021-02-01", "2021-02-01"),
    ],
)
def test_a_period_is_whole_months_up_to_this_one(choice: str, first: str, last: str) -> None:
    found = periods.read(choice, "", "", date(2021, 2, 12))
    assert found == Period(date.fromisoformat(first), date.fromisoformat(last))


def test_the_period_before_is_as_long_and_ends_where_it_begins() -> None:
    assert Period(date(2021, 1, 1), date(2021, 3, 1)).previous == Period(date(2020, 10, 1), date(2020, 12, 1))


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("", "07/2021", "tu"),
        ("13/2021", "07/2021", "tu"),
        ("07/2021", "hôm nay", "den"),
        ("07/2021", "06/2021", "den"),
        ("01/2018", "07/2021", "den"),
    ],
)
def test_months_that_make_no_period_are_refused_at_their_field(
    start: str, end: str, field: str, boss: Client
) -> None:
    with pytest.raises(BadPeriod) as refused:
        periods.read("tu-den", start, end, date(2021, 7, 12))
    assert refused.value.field == field
    answer = boss.get(PAGE, {"ky": "tu-den", "tu": start, "den": end})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', page)
    assert f'value="{start}"' in page and f'value="{end}"' in page


def test_a_month_may_be_typed_in_either_way() -> None:
    assert periods.read("tu-den", "2021-07", "8/2021", date(2022, 1, 1)).length == 2


def test_a_page_that_begins_nowhere_begins_at_the_beginning(told: dict[str, Dossier], boss: Client) -> None:
    for measure in ("tiep-nhan", "dang-giai-quyet"):
        address = f"{PAGE}danh-sach/{measure}/?{YEAR}"
        whole = codes(boss, address)
        assert whole
        for start in ("x", "2021-13-01_5", "2021-07-01_x", "_", "9" * 40):
            assert codes(boss, f"{address}&sau={start}") == whole


@pytest.mark.parametrize(
    "address", ["danh-sach/khong-co/", "khong-co.csv", "?co-quan=khong-co", "?thu-tuc=khong-co"]
)
def test_what_is_not_there_is_not_found(address: str, boss: Client) -> None:
    assert boss.get(PAGE + address).status_code == 404


# --- CSV -----------------------------------------------------------------------------------------


def rows(client: Client, table: str, period: str = YEAR) -> list[list[str]]:
    answer = client.get(f"{PAGE}{table}.csv?{period}")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_the_csv_of_offices_holds_what_the_table_does(told: dict[str, Dossier], boss: Client) -> None:
    head, *body = rows(boss, "co-quan")
    received = head.index("Tiếp nhận")
    by_office = {row[0]: row[received] for row in body}
    assert by_office["BHXH thành phố Cam Ranh"] == "6"
    assert by_office["Tổng cộng"] == "7"
    assert len({len(row) for row in (head, *body)}) == 1


def test_every_table_can_be_taken_away(told: dict[str, Dossier], boss: Client) -> None:
    for table in ("thu-tuc", "thang", "tom-tat"):
        assert len(rows(boss, table)) > 1


def test_a_name_that_looks_like_a_formula_stays_a_name(told: dict[str, Dossier], boss: Client) -> None:
    Office.objects.filter(slug="cam-ranh").update(name='=HYPERLINK("x")')
    assert [row[0] for row in rows(boss, "co-quan") if "HYPERLINK" in row[0]] == ['\'=HYPERLINK("x")']
