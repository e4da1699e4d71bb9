"""The calculators as anybody meets them: without an account, without a script, nothing kept."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pension import pasting
from tests import pdf_text

PAGE = "/cong-cu-tinh/"
LUMP_SUM = f"{PAGE}bhxh-mot-lan/"


def day(name: str, value: date) -> dict[str, str]:
    return {f"{name}_day": str(value.day), f"{name}_month": str(value.month), f"{name}_year": str(value.year)}


def rows(*periods: tuple[str, str, str, str]) -> dict[str, str]:
    found = {"periods": str(len(periods))}
    for number, cells in enumerate(periods):
        for name, cell in zip(("first", "last", "wage", "kind"), cells, strict=True):
            found[f"periods-{number}-{name}"] = cell
    return found


LS1 = {
    **rows(
        ("03/2012", "12/2013", "3.000.000", "employer"),
        ("01/2014", "8/2016", "4000000", "employer"),
    ),
    **day("decided", date(2021, 7, 15)),
    "ground": "stopped",
}
PN1 = {
    **rows(("1/2001", "12/2010", "2.000.000", "employer"), ("1/2011", "7/2021", "5.000.000", "employer")),
    **day("decided", date(2021, 8, 1)),
    **day("born", date(1961, 4, 10)),
    "sex": "male",
    "condition": "normal",
}
VC1 = {
    "income": "1.500.000",
    "group": "near_poor",
    "method": "6",
    "years": "20",
    "sex": "female",
    **day("decided", date(2021, 7, 15)),
}
HH1 = {"members": "5", "months": "12", **day("decided", date(2021, 7, 15))}
EXAMPLES = [
    ("bhxh-mot-lan", LS1, "36.550.000 đ"),
    ("luong-huu", PN1, "2.720.909 đ"),
    ("bhxh-tu-nguyen", VC1, "1.749.000 đ"),
    ("bhyt-ho-gia-dinh", HH1, "2.574.720 đ"),
]


@pytest.fixture
def anybody(db: None) -> Client:
    return Client()


def text(client: Client, url: str, data: Any = None, status: int = 200) -> str:
    response = client.get(url) if data is None else client.post(url, data)
    assert response.status_code == status
    return response.content.decode()


def test_the_calculators_are_found_from_the_first_page_and_from_their_procedures(anybody: Client) -> None:
    assert f'href="{PAGE}"' in text(anybody, "/")
    listed = text(anybody, PAGE)
    for slug, _data, _amount in EXAMPLES:
        assert f'href="{PAGE}{slug}/"' in listed
    for procedure, slug in (("lump-sum", "bhxh-mot-lan"), ("pension", "luong-huu")):
        assert f'href="{PAGE}{slug}/"' in text(anybody, f"/thu-tuc/{procedure}/")


@pytest.mark.parametrize(("slug", "data", "amount"), EXAMPLES)
def test_a_worked_example_on_its_page(slug: str, data: dict[str, str], amount: str, anybody: Client) -> None:
    page = text(anybody, f"{PAGE}{slug}/", data)
    assert f'<p class="amount">{amount}</p>' in page
    assert "Luật" in page or "NĐ" in page
    assert " style=" not in page
    for value in data.values():
        assert f'value="{value}"' in page, "what was typed stays"


@pytest.mark.parametrize(("slug", "data", "amount"), EXAMPLES)
def test_a_worked_example_on_paper(slug: str, data: dict[str, str], amount: str, anybody: Client) -> None:
    response = anybody.post(f"{PAGE}{slug}/ket-qua.pdf", data)
    assert response["Content-Type"] == "application/pdf"
    printed = pdf_text.of(response.content)
    assert amount in printed
    assert "không phải quyết định" in printed


def test_nothing_is_written_and_the_figures_are_asked_for_once(anybody: Client) -> None:
    anybody.post(LUMP_SUM, LS1)
    with CaptureQueriesContext(connection) as asked:
        anybody.post(LUMP_SUM, {**LS1, **day("born", date(1980, 1, 1)), "sex": "female"})
    statements = [query["sql"] for query in asked if "legalfigure" in query["sql"]]
    assert len(statements) == 1
    assert not [query for query in asked if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(asked) <= 3


def test_the_steps_stand_in_plain_words_with_their_articles(anybody: Client) -> None:
    page = text(anybody, LUMP_SUM, LS1)
    assert "1 năm × 1,5 + 3,5 năm × 2 = 8,5 tháng" in page
    assert "10 tháng lẻ trước năm 2014" in page
    assert "TT 59/2015/TT-BLĐTBXH Đ.19 k4" in page


def test_figures_that_are_not_sure_are_marked_on_the_page(anybody: Client) -> None:
    sure = text(anybody, f"{PAGE}bhyt-ho-gia-dinh/", HH1)
    assert "tag--yellow" not in sure
    assert "tự nguyện" not in text(anybody, LUMP_SUM, LS1).split("<tbody>")[-1], "only what was used"
    later = text(anybody, f"{PAGE}bhyt-ho-gia-dinh/", {**HH1, **day("decided", date(2026, 8, 1))})
    assert "2.530.000" in later
    assert "tag--yellow" in later
    assert 'class="notice notice--warning"' in later


def test_another_day_is_another_law(anybody: Client) -> None:
    short = {**PN1, **rows(("1/2005", "12/2020", "5.000.000", "employer"))}
    assert "còn thiếu" in text(anybody, f"{PAGE}luong-huu/", short)
    assert "đủ" in text(anybody, f"{PAGE}luong-huu/", {**short, **day("decided", date(2025, 6, 30))})


@pytest.mark.parametrize(("slug", "answers"), [("luong-huu", PN1), ("bhxh-mot-lan", LS1)])
def test_what_no_source_confirms_is_not_computed_and_told_at_the_field(
    slug: str, answers: dict[str, str], anybody: Client
) -> None:
    page = text(anybody, f"{PAGE}{slug}/", {**answers, **day("decided", date(2025, 7, 1))}, 422)
    assert 'href="#decided_day"' in page
    assert "30/06/2025" in page and "chưa có nguồn xác nhận" in page
    assert 'class="amount"' not in page
    # Before anything is typed, too: a decision today is such a day.
    assert "30/06/2025" in text(anybody, f"{PAGE}{slug}/")


def test_a_voluntary_contribution_is_computed_where_the_pension_to_expect_is_not(anybody: Client) -> None:
    page = text(anybody, f"{PAGE}bhxh-tu-nguyen/", {**VC1, **day("decided", date(2025, 8, 1))})
    assert "không tính được" in page and "chưa có nguồn xác nhận" in page
    assert "<svg" not in page


def test_a_day_before_the_figures_begin_is_told_at_the_field(anybody: Client) -> None:
    page = text(anybody, LUMP_SUM, {**LS1, **day("decided", date(2019, 7, 15))}, 422)
    assert 'href="#decided_day"' in page
    assert "hệ số" in page.lower() or "điều chỉnh" in page


def test_keeping_is_drawn_beside_withdrawing(anybody: Client) -> None:
    assert "<svg" not in text(anybody, LUMP_SUM, LS1)
    page = text(anybody, LUMP_SUM, {**LS1, **day("born", date(1980, 1, 1)), "sex": "female"})
    assert page.count("<svg") == 1
    assert "<title" in page and 'role="img"' in page
    assert "36.550.000 đ" in page.split("<table>")[1]


# --- Rows ----------------------------------------------------------------------------------------


def test_rows_are_added_and_taken_away_without_a_script_and_nothing_typed_is_lost(anybody: Client) -> None:
    more = text(anybody, LUMP_SUM, {**LS1, "them": "periods"})
    assert 'name="periods" value="3"' in more
    assert 'name="periods-2-first"' in more
    assert 'value="3.000.000"' in more
    assert "error-summary" not in more
    less = text(anybody, LUMP_SUM, {**LS1, "bo": "periods-0"})
    assert 'name="periods" value="1"' in less
    assert 'value="3.000.000"' not in less
    assert 'value="4000000"' in less


@pytest.mark.parametrize(
    ("cells", "ident"),
    [
        (("13/2012", "12/2013", "3.000.000", "employer"), "periods-0-first"),
        (("03/2014", "12/2013", "3.000.000", "employer"), "periods-0-last"),
        (("03/2012", "12/2030", "3.000.000", "employer"), "periods-0-last"),
        (("03/2012", "12/2013", "3,66", "employer"), "periods-0-wage"),
        (("03/2012", "12/2013", "3.000.000", "state"), "periods-0-wage"),
        (("03/2012", "12/2013", "ba triệu", "employer"), "periods-0-wage"),
        (("03/2005", "12/2013", "3.000.000", "voluntary"), "periods-0-first"),
        (("03/2012", "12/2013", "3.000.000", ""), "periods-0-kind"),
        (("", "12/2013", "3.000.000", "employer"), "periods-0-first"),
    ],
)
def test_what_is_wrong_in_a_row_is_told_at_its_cell(
    cells: tuple[str, str, str, str], ident: str, anybody: Client
) -> None:
    page = text(anybody, LUMP_SUM, {**LS1, **rows(cells)}, 422)
    assert f'href="#{ident}"' in page
    assert '<p class="amount">' not in page


def test_a_month_that_stands_in_two_rows_is_told(anybody: Client) -> None:
    twice = rows(
        ("01/2014", "12/2015", "3.000.000", "employer"), ("06/2013", "01/2014", "3.000.000", "employer")
    )
    page = text(anybody, LUMP_SUM, {**LS1, **twice}, 422)
    assert 'href="#periods-0-first"' in page
    assert "giai đoạn 2" in page


def test_a_coefficient_of_the_states_scale_is_taken(anybody: Client) -> None:
    page = text(anybody, LUMP_SUM, {**LS1, **rows(("01/2010", "12/2014", "3,66", "state"))})
    assert "5.453.400" in page


# --- Pasting -------------------------------------------------------------------------------------

VSSID = """Quá trình tham gia BHXH\tin ngày 12/07/2021
Từ tháng\tĐến tháng\tĐơn vị\tMức lương (đ)
03/2012\t12/2013\tCông ty CP 584 Nha Trang\t3.000.000
01/2014 - 08/2016  Công ty TNHH A  4.000.000 đ
09/2016\t12/2016\tCông ty TNHH A
01/2018\t12/2018\tBHXH tự nguyện\t1,500,000
"""


def test_a_table_that_is_pasted_becomes_rows_and_what_cannot_be_read_is_told_by_line(anybody: Client) -> None:
    page = text(anybody, LUMP_SUM, {**day("decided", date(2021, 7, 15)), "pasted": VSSID, "doc": "1"})
    assert 'name="periods" value="3"' in page
    assert 'value="03/2012"' in page and 'value="4.000.000"' in page
    assert "Dòng 5:" in page
    assert "09/2016" in page.split("<textarea")[1].split("</textarea>")[0]
    assert "03/2012" not in page.split("<textarea")[1].split("</textarea>")[0]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("03/2012\t12/2013\t3.000.000", ("03/2012", "12/2013", "3000000", "employer")),
        ("1 | 3-2012 | 12-2013 | 3,000,000 | 22", ("03/2012", "12/2013", "3000000", "employer")),
        ("Từ 01/03/2012 đến 31/12/2013: 3 000 000 đồng", ("03/2012", "12/2013", "3000000", "employer")),
        ("2012-03;2013-12;3000000", ("03/2012", "12/2013", "3000000", "employer")),
        ("03/2012 12/2013 3.000.000,00", ("03/2012", "12/2013", "3000000", "employer")),
        ("03/2012  12/2013  Trường THCS A  3,66", ("03/2012", "12/2013", "3,66", "state")),
        ("03/2012  12/2013  2.34  1.150.000", ("03/2012", "12/2013", "2,34", "state")),
        ("03/2018\t12/2018\tBHXH TỰ NGUYỆN\t700.000", ("03/2018", "12/2018", "700000", "voluntary")),
    ],
)
def test_a_line_of_a_table_is_read(line: str, cells: tuple[str, ...]) -> None:
    found = pasting.read(line)
    assert not found.problems
    assert [(r.start, r.end, r.wage, r.kind) for r in found.rows] == [cells]


@pytest.mark.parametrize(
    "line", ["", "Từ tháng  Đến tháng  Mức đóng", "Tổng: 54 tháng", "In ngày 12/07/2021"]
)
def test_lines_that_are_no_period_are_passed_over(line: str) -> None:
    found = pasting.read(line)
    assert (found.rows, found.problems) == ([], [])


@pytest.mark.parametrize(
    "junk", ["\x00\x01", "9" * 5000, "/" * 3000, "1/" * 2000, "12/2013 " * 500, "<script>"]
)
def test_junk_that_is_pasted_harms_nobody(junk: str, anybody: Client) -> None:
    page = text(anybody, LUMP_SUM, {**day("decided", date(2021, 7, 15)), "pasted": junk, "doc": "1"})
    assert "<script>" not in page.split("<textarea")[1].split("</textarea>")[0]


# --- Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "ident"),
    [
        ({"income": "725.000"}, "income"),
        ({"income": "600000"}, "income"),
        ({"group": "ethnic_minority"}, "group"),
        ({"method": "NN", "months_years": "6"}, "months_years"),
        ({"method": "TH"}, "months_years"),
        ({"method": "NN", "months_years": "2"}, "decided_day"),
        ({"years": "0"}, "years"),
    ],
)
def test_what_the_law_does_not_allow_is_told_at_the_field(
    change: dict[str, str], ident: str, anybody: Client
) -> None:
    assert f'href="#{ident}"' in text(anybody, f"{PAGE}bhxh-tu-nguyen/", {**VC1, **change}, 422)


def test_a_calculator_that_is_not_there_is_not_found(anybody: Client) -> None:
    assert anybody.get(f"{PAGE}gi-do/").status_code == 404
    assert anybody.post(f"{PAGE}gi-do/ket-qua.pdf").status_code == 404


def test_a_paper_without_answers_is_the_form_again(anybody: Client) -> None:
    assert "<form" in text(anybody, f"{LUMP_SUM}ket-qua.pdf")
    assert 'href="#periods-0-first"' in text(anybody, f"{LUMP_SUM}ket-qua.pdf", {}, 422)
