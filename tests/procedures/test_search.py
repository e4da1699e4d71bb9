"""What people type into the search, with and without marks, and the procedure they mean."""

import re
from html import unescape

import msgspec
import pytest
from django.test import Client

from procedures import catalogue, search
from procedures.definition import Definition
from tests import reference

# Query, procedure, case where the words are about one.
QUERIES = [
    ("rut bhxh", "lump-sum", ""),
    ("rút BHXH một lần", "lump-sum", ""),
    ("rút 1 lần", "lump-sum", ""),
    ("Rút tiền bảo hiểm xã hội 1 lần ở đâu?", "lump-sum", ""),
    ("toi nghi viec roi muon lay tien bao hiem", "lump-sum", ""),
    ("ung thư rút BHXH", "lump-sum", "serious_illness"),
    ("mất thẻ", "book-and-card", "card_lost"),
    ("mat the bao hiem y te thi lam sao", "book-and-card", "card_lost"),
    ("đổi thẻ", "book-and-card", ""),
    ("thẻ bị rách", "book-and-card", "card_damaged"),
    ("sai tên", "book-and-card", "card_correct_info"),
    ("sua ten tren the bhyt", "book-and-card", "card_correct_info"),
    ("doi noi kham benh", "book-and-card", "card_change_facility"),
    ("mat so bhxh", "book-and-card", "book_lost"),
    ("sai ngày sinh trên sổ BHXH", "book-and-card", "book_correct_info"),
    ("gop so", "book-and-card", "book_merge"),
    ("lương hưu qua thẻ", "change-payment-method", ""),
    ("chuyển khoản lương hưu", "change-payment-method", ""),
    ("lanh luong huu qua the atm", "change-payment-method", "cash_to_account"),
    ("doi so tai khoan", "change-payment-method", "change_account"),
    ("mẫu 2-CBH", "change-payment-method", ""),
    ("nhờ con lĩnh lương hưu giùm", "authorize-recipient", ""),
    ("13-hsb", "authorize-recipient", ""),
    ("chuyen luong huu sang tinh khac", "transfer-benefit-province", ""),
    ("lương hưu", "pension", ""),
    ("nghi huu som", "pension", "early"),
    ("dang ky cho con", "health-insurance-only", "child_under_6"),
    ("thẻ bảo hiểm cho em bé", "health-insurance-only", "child_under_6"),
    ("gia han the bhyt", "health-insurance-only", "household_renew"),
    ("mua bảo hiểm y tế hộ gia đình", "health-insurance-only", "household_register"),
    ("hoàn tiền bảo hiểm y tế", "health-insurance-only", "refund"),
    ("bhxh tu nguyen", "voluntary-insurance", ""),
    ("đóng bù cho đủ 20 năm", "voluntary-insurance", "catch_up"),
    ("thai sản", "maternity", ""),
    ("vợ sinh con chồng được gì", "maternity", "father"),
    ("om dau", "sickness", ""),
    ("nghỉ chăm con ốm", "sickness", "child"),
    ("duong suc sau sinh", "recovery-leave", "after_maternity"),
    ("tai nạn lao động", "work-accident-first", ""),
    ("tai nan tren duong di lam", "work-accident-first", "traffic_accident"),
    ("vết thương cũ tái phát", "work-accident-relapse", ""),
    ("tu tuat", "survivor-benefit", ""),
    ("bố mất có được tiền không", "survivor-benefit", ""),
    ("tiền mai táng cho mẹ", "survivor-benefit", "funeral"),
    ("truy linh", "arrears-of-deceased", ""),
    ("nằm viện tự trả tiền giờ lấy lại", "bhyt-direct-reimbursement", ""),
    ("chốt sổ", "compulsory-insurance", "close_book"),
    ("bao giam lao dong", "compulsory-insurance", ""),
    ("ra tù nhận lại lương hưu", "resume-benefit", "after_prison"),
    ("giáo viên về hưu phụ cấp thâm niên", "teacher-seniority-allowance", ""),
    ("quyet dinh 613", "decision-91-613", ""),
    ("lost card", "book-and-card", "card_lost"),
    ("health insurance for my child", "health-insurance-only", "child_under_6"),
]
WRONG_BY_A_LETTER = [
    ("mat ther", "book-and-card"),
    ("mất tẻ", "book-and-card"),
    ("thia san", "maternity"),
    ("thaisan", "maternity"),
    ("om dua", "sickness"),
    ("luog huu qua the", "change-payment-method"),
    ("rut bhxg", "lump-sum"),
    ("rutbhxh", "lump-sum"),
    ("rut bao hem 1 lan", "lump-sum"),
    ("chốt sỏo", "compulsory-insurance"),
    ("tủ tuâts", "survivor-benefit"),
]
SHIPPED = reference.shipped()


@pytest.mark.parametrize(("query", "slug", "case"), QUERIES)
def test_what_people_type_finds_what_they_mean(query: str, slug: str, case: str) -> None:
    first = search.search(query, SHIPPED)[0]
    assert (first.definition.slug, first.case.slug if first.case else "") == (slug, case)


@pytest.mark.parametrize(("query", "slug"), WRONG_BY_A_LETTER)
def test_one_wrong_letter_is_forgiven(query: str, slug: str) -> None:
    assert search.search(query, SHIPPED)[0].definition.slug == slug


@pytest.mark.parametrize("definition", SHIPPED, ids=lambda d: d.slug)
def test_every_procedure_is_found_by_its_own_name_and_by_what_it_is_called(definition: Definition) -> None:
    assert definition.synonyms
    for words in (definition.title.vi, *definition.synonyms):
        assert definition.slug in {found.definition.slug for found in search.search(words, SHIPPED)[:3]}, (
            words
        )


@pytest.mark.parametrize("query", ["pizza", "xe máy", "!!!", "?", "tôi muốn", "x" * 100, "\x00", "' OR x --"])
def test_words_of_another_world_find_nothing_and_break_nothing(query: str) -> None:
    assert search.search(query, SHIPPED) == []


def test_nothing_is_found_in_an_empty_catalogue() -> None:
    assert search.search("mất thẻ", []) == []


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("luong", "luong", True),
        ("luog", "luong", True),
        ("luong", "luonng", True),
        ("thia", "thai", True),
        ("the", "tho", True),
        ("the", "thoi", False),
        ("2020", "2021", False),
    ],
)
def test_words_are_near_when_one_letter_differs(one: str, other: str, near: bool) -> None:
    assert search._one_apart(one, other) is near
    assert search._one_apart(other, one) is near


# --- The page ------------------------------------------------------------------------------------


def _page(client: Client, query: str) -> str:
    return unescape(client.get("/thu-tuc/", {"q": query}).content.decode())


def _links(page: str) -> list[str]:
    return re.findall(r'<h2><a href="([^"]+)"', page)


@pytest.mark.django_db
def test_the_first_result_is_the_case_and_says_why(client: Client) -> None:
    page = _page(client, "rơi thẻ")
    assert _links(page)[0] == "/thu-tuc/book-and-card/?truong-hop=card_lost"
    assert "Cấp lại thẻ BHYT do mất" in page
    assert "Còn gọi là “rơi thẻ”" in page


@pytest.mark.django_db
def test_the_case_that_was_found_is_chosen_on_the_page_of_the_procedure(client: Client) -> None:
    page = unescape(client.get("/thu-tuc/book-and-card/?truong-hop=card_lost").content.decode())
    assert 'id="chosen"' in page
    assert "/thu-tuc/book-and-card/bat-dau/?truong-hop=card_lost" in page
    for unknown in ("dance", "", "'><script>"):
        assert (
            'id="chosen"'
            not in client.get("/thu-tuc/book-and-card/", {"truong-hop": unknown}).content.decode()
        )


@pytest.mark.django_db
def test_an_empty_result_leads_to_the_questions_and_the_hotline(client: Client) -> None:
    page = _page(client, "pizza")
    assert _links(page) == []
    assert "/chon-thu-tuc/" in page
    assert "tel:+842583827443" in page


@pytest.mark.django_db
def test_typing_asks_for_the_results_alone(client: Client) -> None:
    response = client.get(
        "/thu-tuc/", {"q": "mat the"}, headers={"HX-Request": "true", "HX-Target": "results"}
    )
    page = response.content.decode()
    assert page.lstrip().startswith('<div id="results">')
    assert "truong-hop=card_lost" in page


@pytest.mark.django_db
def test_synonyms_change_with_a_version(client: Client) -> None:
    assert _links(_page(client, "abracadabra")) == []
    old = next(d for d in SHIPPED if d.slug == "maternity")
    catalogue.load(msgspec.structs.replace(old, synonyms=[*old.synonyms, "abracadabra"]))
    assert _links(_page(client, "abracadabra")) == ["/thu-tuc/maternity/"]


@pytest.mark.django_db
def test_a_search_asks_the_database_once_for_the_versions(
    client: Client, django_assert_max_num_queries: object
) -> None:
    _page(client, "mất thẻ")
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        _page(client, "lương hưu qua thẻ")  # the other query asks which offices are closed
