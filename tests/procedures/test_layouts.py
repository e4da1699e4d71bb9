"""Official forms in layouts of their own: every answer in its box, long households over pages."""

import os
import random
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.test import Client
from django.utils import timezone, translation

from portal.models import Confidence, Filer, User
from procedures import demo, documents, dossiers, papers
from procedures.models import Dossier, Office
from procedures.papers.forms import LAYOUTS
from tests import answers, reference
from tests.conftest import file_draft

DEFINITIONS = {d.slug: d for d in reference.shipped()}
CASES = [
    pytest.param(d.slug, c.slug, id=f"{d.slug}-{c.slug}")
    for d in DEFINITIONS.values()
    for c in d.cases
    if any(paper.form in LAYOUTS and paper.generated for paper in d.documents)
    and "citizen" in (c.filers or d.filers)
]


@pytest.fixture
def who(db: None) -> User:
    return demo.citizen(demo.person(random.Random(3), "22429"))


def filed(slug: str, case: str, who: User, **given: Any) -> Dossier:
    return file_draft(answers.make_draft(DEFINITIONS[slug], case, who, timezone.localdate(), **given))


def printed(dossier: Dossier, kind: str = "form") -> list[str]:
    """The pages of a paper as text, each run of blanks being one space."""
    now = timezone.now()
    with translation.override("vi"):
        data = documents.render(papers.content(kind, papers.Issue(dossier, now)), made_at=now)
    if folder := os.environ.get("KEEP_PDF"):
        Path(folder, f"{dossier.procedure.slug}-{dossier.case}-{kind}.pdf").write_bytes(data)
    pdf = pypdfium2.PdfDocument(data)
    pages = [" ".join(page.get_textpage().get_text_bounded().split()) for page in pdf]
    codes = {code.text for code in zxingcpp.read_barcodes(pdf[0].render(scale=200 / 72).to_pil())}
    pdf.close()
    assert codes == {dossier.code}
    return pages


def squeezed(words: str) -> str:
    return "".join(words.split()).casefold()


# Lists stand in the annex, and what only asks the way through the pages on no paper.
_TOLD_OTHERWISE = {
    "household", "has_corrections", "account_again", "id_changed", "phone_changed", "address_changed",
}  # fmt: skip


@pytest.mark.parametrize(("slug", "case"), CASES)
def test_every_answer_stands_on_the_form(slug: str, case: str, who: User) -> None:
    dossier = filed(slug, case, who)
    paper = papers.form_of(dossier)
    if paper is None or paper.form not in LAYOUTS:
        pytest.skip("the case has another form")
    said = squeezed(" ".join(printed(dossier)))
    assert squeezed(f"Mẫu số {paper.form}") in said
    for _step, rows in dossiers.answered(
        DEFINITIONS[slug], dossier.answers, timezone.localdate(), whole=True
    ):
        for field, words in rows:
            if field.name not in _TOLD_OTHERWISE and field.kind not in {"case", "multiple"}:
                words = words.split(",")[0] if field.kind == "ward" else words
                assert squeezed(words) in said, field.name


def member(number: int) -> dict[str, str]:
    return {
        "full_name": f"Nguyễn Thị Thùy Dương Quỳnh Như {number}",
        "relation": "Chủ hộ" if number == 1 else "Con",
        "date_of_birth": f"2001-03-{number:02}",
        "gender": "female",
        "birth_place": "Xã Cam Thành Bắc, huyện Cam Lâm, tỉnh Khánh Hòa",
        "insurance_number": f"56210012{number:02}",
        "id_number": f"0561010012{number:02}",
    }


def with_household(dossier: Dossier, household: Any) -> Dossier:
    dossier.answers = {**dossier.answers, "household": household}
    return dossier


def test_a_household_of_twelve_stands_on_landscape_sheets(who: User) -> None:
    dossier = with_household(
        filed("health-insurance-only", "household_register", who), [member(n) for n in range(1, 13)]
    )
    pages = printed(dossier)
    annex = [page for page in pages if "Quan hệ với chủ hộ" in page]
    assert annex == pages[-1:]
    said = " ".join(annex)
    assert "PHỤ LỤC THÀNH VIÊN HỘ GIA ĐÌNH" in said
    for number in range(1, 13):
        assert f"56210012{number:02}" in said
        assert f"{number:02}/03/2001" in said
    assert said.count("Nữ") == 12
    assert "[12]. Phụ lục thành viên hộ gia đình: kê khai tại Phụ lục kèm theo (12 người)" in " ".join(pages)


def test_thirty_members_repeat_the_head_of_the_table(who: User) -> None:
    dossier = with_household(
        filed("health-insurance-only", "household_register", who), [member(n) for n in range(1, 31)]
    )
    annex = [page for page in printed(dossier) if "Quan hệ với chủ hộ" in page]
    assert len(annex) > 1


def test_a_household_written_as_text_is_printed_line_by_line(who: User) -> None:
    lines = "Nguyễn Văn An, 5621001201, chủ hộ\nLê Thị Bé, 5621001202, vợ"
    dossier = with_household(filed("health-insurance-only", "household_register", who), lines)
    said = printed(dossier)[-1]
    assert "1 Nguyễn Văn An, 5621001201, chủ hộ 2 Lê Thị Bé, 5621001202, vợ" in said


def test_a_form_without_a_household_has_no_annex(who: User) -> None:
    pages = printed(filed("book-and-card", "card_lost", who))
    assert not [page for page in pages if "Quan hệ với chủ hộ" in page]
    assert "[12]. Phụ lục thành viên hộ gia đình: không kê khai" in " ".join(pages)


def test_a_correction_says_what_stands_and_what_is_right(who: User) -> None:
    dossier = filed("book-and-card", "card_correct_info", who)
    dossier.answers = {
        **dossier.answers,
        "fix_items": ["full_name"],
        "fix_full_name_old": "NGUYỄN THỊ HOA",
        "fix_full_name_new": "NGUYỄN THỊ HÒA",
    }
    said = " ".join(printed(dossier))
    assert "[14.1]. Họ và tên: từ “NGUYỄN THỊ HOA” thành “NGUYỄN THỊ HÒA”" in said
    assert "[14.2]" not in said


def test_an_authorisation_leaves_room_for_both_to_sign_and_for_the_authority(who: User) -> None:
    said = " ".join(printed(filed("authorize-recipient", "authorize", who)))
    for part in (
        "GIẤY ỦY QUYỀN",
        "NGƯỜI ỦY QUYỀN",
        "NGƯỜI ĐƯỢC ỦY QUYỀN",
        "XÁC NHẬN CỦA CƠ QUAN",
        "đóng dấu",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("slug", "case", "code"),
    [
        ("health-insurance-only", "household_register", "D03-TS"),
        ("voluntary-insurance", "register", "D05-TS"),
    ],
)
def test_an_agent_gets_the_list_it_hands_in(slug: str, case: str, code: str, who: User) -> None:
    dossier = with_household(filed(slug, case, who), [member(1), member(2)])
    topics = DEFINITIONS[slug].transition("file").topics  # type: ignore[union-attr]
    assert "agent_list" not in papers.kinds_made(dossier, topics)
    dossier.filer, dossier.organisation_name, dossier.organisation_code = (
        Filer.AGENT,
        "Bưu điện Cam Ranh",
        "DL01",
    )
    assert "agent_list" in papers.kinds_made(dossier, topics)
    said = " ".join(printed(dossier, "agent_list"))
    for part in (
        f"Mẫu số {code}",
        "BƯU ĐIỆN CAM RANH",
        "DL01",
        who.username,
        "5621001202",
        "Tổng số: 3 người",
    ):
        assert part in said


def test_layouts_that_were_not_compared_with_the_official_print_say_so() -> None:
    assert {code: layout.confidence for code, layout in LAYOUTS.items()} == dict.fromkeys(
        ("TK1-TS", "2-CBH", "13-HSB"), Confidence.LIKELY
    )
    assert all(layout.source for layout in LAYOUTS.values())


def test_staff_see_how_sure_the_layout_is(who: User, client: Client, clerk: User) -> None:
    dossier = filed("book-and-card", "card_lost", who)
    client.force_login(clerk)
    page = client.get(f"/quan-tri/procedures/dossier/{dossier.pk}/change/").content.decode()
    assert 'desk-mark--likely">dự kiến</span> QĐ 595' in page


@pytest.mark.django_db
def test_a_form_that_an_employer_files_names_the_unit_and_its_code() -> None:
    office = Office.objects.get(slug="cam-ranh")
    clerk = demo.staff("clerk.cam-ranh", "Lê Thị Hạnh", office, "clerk", password="x")
    unit = demo.organisation("employer", "HỢP TÁC XÃ SAO MAI", "TK0999K", ward="22429", confirmed_by=clerk)
    said = " ".join(printed(filed("sickness", "inpatient", unit)))
    assert "HỢP TÁC XÃ SAO MAI" in said
    assert "TK0999K" in said
