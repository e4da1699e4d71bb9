"""The papers as a reader meets them: scanned at 200 dpi, read back as text, measured on the page.

Golden texts stand in ``tests/golden``; after an intended change run this file once with
``UPDATE_GOLDEN=1``, look at the difference, and run it again.
"""

import functools
import io
import itertools
import os
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pypdf
import pypdfium2  # type: ignore[import-untyped]
import pytest
import typst
import zxingcpp
from msgspec.structs import replace

from procedures import books
from procedures.documents import (
    Apology,
    CardSlip,
    Choice,
    Content,
    ControlSheet,
    DossierDocument,
    Enclosure,
    FilerLetter,
    HandOver,
    Item,
    LabelSheet,
    Letter,
    OfficialForm,
    PostalParty,
    PostingLabel,
    Receipt,
    RefusalLetter,
    RenderError,
    ReplacedReceipt,
    ReturnLabel,
    Section,
    Signature,
    SupplementRequest,
    TrackingBook,
    codes,
    render,
    typesetting,
)
from procedures.documents import text as printing
from procedures.official_forms import LumpSumForm, lump_sum_form

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MADE_AT = datetime(2021, 7, 19, 14, 2, tzinfo=VIETNAM)
CODE = "BHXH056.01-210715-0001"
URL = "https://dichvu.bhxhkhanhhoa.example/xac-thuc/Zk3vJ8sQ1mTq7LhX2bNcAg/"
ADDRESS = (
    "Số 27 đường Nguyễn Trọng Kỷ, tổ dân phố Lợi Thịnh, phường Cam Lợi, thành phố Cam Ranh, tỉnh Khánh Hòa"
)
MM = 72 / 25.4

ORIGINALS = ("Đơn đề nghị hưởng BHXH một lần (mẫu 14-HSB), có chữ ký", "Sổ BHXH (bản chính)")


def dossier_documents(*, originals_here: bool) -> tuple[DossierDocument, ...]:
    posted = tuple(
        DossierDocument(label=label, handed_in="Bản chính gửi bưu điện", received=originals_here)
        for label in ORIGINALS
    )
    scan = DossierDocument(label="Căn cước công dân, hai mặt", handed_in="Bản chụp tải lên", received=True)
    return *posted, scan


RECEIPT = Receipt(
    parent_agency="Bảo hiểm xã hội tỉnh Khánh Hòa",
    agency="Bảo hiểm xã hội thành phố Cam Ranh",
    reception_unit="Bộ phận Tiếp nhận và Trả kết quả",
    place="Cam Ranh",
    issued_at=MADE_AT,
    dossier_code=CODE,
    verification_url=URL,
    filer_name="Nguyễn Thị Thùy Dương",
    filer_address=ADDRESS,
    filer_phone="0905 123 456",
    filer_email="thuyduong.nguyen1985@example.com",
    procedure="Giải quyết hưởng BHXH một lần",
    case="Sau một năm nghỉ việc, chưa đủ 20 năm",
    documents=dossier_documents(originals_here=True),
    statutory_time="5 ngày làm việc kể từ ngày nhận đủ hồ sơ",
    received_at=datetime(2021, 7, 19, 9, 15, tzinfo=VIETNAM),
    return_at=datetime(2021, 7, 26, 17, 0, tzinfo=VIETNAM),
    result_delivery="Qua bưu chính, đến địa chỉ của người nộp hồ sơ",
    version_digest="3f9ac20b71e4d5c6a7b8",
    sequence=2,
    replaces=ReplacedReceipt(sequence=1, issued_on=date(2021, 7, 15)),
    register_book="02/2021",
    register_number="0148",
    received_by="Trần Văn Khoa",
)
WAITING = replace(
    RECEIPT,
    issued_at=datetime(2021, 7, 15, 9, 16, tzinfo=VIETNAM),
    received_at=datetime(2021, 7, 15, 9, 15, tzinfo=VIETNAM),
    return_at=None,
    documents=dossier_documents(originals_here=False),
    sequence=1,
    replaces=None,
    register_book=None,
    register_number=None,
    received_by=None,
)
FORM = LumpSumForm(
    to_office="Bảo hiểm xã hội thành phố Cam Ranh",
    dossier_code=CODE,
    full_name="Nguyễn Thị Thùy Dương",
    date_of_birth="12/03/1985",
    gender="female",
    bhxh_code="5608012345",
    id_number="056185001234",
    phone="0905 123 456",
    email="thuyduong.nguyen1985@example.com",
    address=ADDRESS,
    ward_of_residence="Phường Cam Lợi, thành phố Cam Ranh",
    residence_kind="permanent",
    scheme="compulsory",
    ground="stopped_1_year",
    stop_date=date(2020, 5, 31),
    total_years_known="7 năm 4 tháng",
    books_count=1,
    unemployment_not_received=True,
    pay_method="bank_transfer",
    account_holder="NGUYEN THI THUY DUONG",
    account_number="0061001234567",
    bank="Ngân hàng TMCP Ngoại thương Việt Nam (Vietcombank)",
    result_delivery="post",
    delivery_address=ADDRESS,
    enclosed=("Sổ BHXH (01 quyển)",),
)
CITIZEN = PostalParty(name="Nguyễn Thị Thùy Dương", address=ADDRESS, phone="0905 123 456")
OFFICE = PostalParty(
    name="Bảo hiểm xã hội thành phố Cam Ranh",
    address="Số 8 đường Hoa Phượng, phường Cam Thuận, thành phố Cam Ranh, tỉnh Khánh Hòa",
    phone="0258 3999 000",
    postal_code="57800",
)
LABEL = PostingLabel(
    heading="HỒ SƠ ĐỀ NGHỊ HƯỞNG BHXH MỘT LẦN",
    sender=CITIZEN,
    receiver=OFFICE,
    contents=(
        Enclosure("Đơn đề nghị hưởng BHXH một lần (mẫu 14-HSB), đã ký"),
        Enclosure("Sổ BHXH (bản chính)", 2),
    ),
    dossier_code=CODE,
    notes=("Gửi bảo đảm tại bưu cục; giữ biên lai để nhập mã vận đơn.",),
)
SHEET = LabelSheet(labels=(LABEL,) * 4)
RETURN = ReturnLabel(
    sender=OFFICE,
    receiver=CITIZEN,
    contents=(
        Enclosure("Quyết định hưởng BHXH một lần"),
        Enclosure("Bản quá trình đóng BHXH"),
    ),
    dossier_code=CODE,
    tracking_number="RR 123 456 785 VN",
)
HEAD: dict[str, Any] = {name: getattr(RECEIPT, name) for name in Letter.__struct_fields__}
SLIP = CardSlip(
    **HEAD | {"sequence": 1},
    holder="Nguyễn Thị Thùy Dương",
    date_of_birth="12/03/1985",
    gender="Nữ",
    insurance_number="5608012345",
    id_number="056185001234",
    address=ADDRESS,
    phone="0905 123 456",
    first_care_facility="Bệnh viện đa khoa khu vực Cam Ranh (56015)",
    request="Cấp lại thẻ BHYT do mất",
    treated_at="Bệnh viện đa khoa tỉnh Khánh Hòa (56010)",
    admitted_on="18/07/2021",
    received_at=datetime(2021, 7, 19, 9, 15, tzinfo=VIETNAM),
    return_at=datetime(2021, 7, 19, 17, 0, tzinfo=VIETNAM),
    result_delivery="Tại cơ quan BHXH",
)
FILER: dict[str, Any] = HEAD | {
    name: getattr(RECEIPT, name) for name in FilerLetter.__struct_fields__ if name not in HEAD
}
FILER |= {"sequence": 1, "received_at": datetime(2021, 7, 15, 9, 15, tzinfo=VIETNAM)}
SUPPLEMENT = SupplementRequest(
    **FILER,
    items=("Sổ BHXH thứ hai (thời gian đóng tại Ninh Hòa năm 2012)", "Ảnh rõ mặt sau của căn cước công dân"),
    advice="Xin gửi trong 10 ngày.",
    contact_phone="0258 3999 000",
    asked_by="Trần Văn Khoa",
)
REFUSAL = RefusalLetter(
    **FILER,
    accepted=True,
    reason="Ông/bà đang tham gia BHXH bắt buộc nên chưa đủ điều kiện hưởng BHXH một lần.",
    legal_basis="Nghị quyết 93/2015/QH13; Luật BHXH 2014 Điều 60",
    decided_by="Trần Quốc Sơn",
)
APOLOGY = Apology(
    **FILER,
    promised_at=datetime(2021, 7, 19, 17, 0, tzinfo=VIETNAM),
    return_at=datetime(2021, 7, 26, 17, 0, tzinfo=VIETNAM),
    reason="Bộ phận xác minh quá trình đóng tạm ngừng làm việc do khu vực bị phong tỏa.",
    signed_by="Trần Quốc Sơn",
)
OFFICE_HEAD = {
    name: HEAD[name] for name in ("parent_agency", "agency", "reception_unit", "place", "issued_at")
}
STEP = HandOver(
    at=datetime(2021, 7, 16, 8, 5, tzinfo=VIETNAM),
    given_by="Người nộp hồ sơ",
    taken_by="Lê Thị Hạnh",
    done="Tiếp nhận – Đang xử lý",
)
CONTROL = ControlSheet(
    **OFFICE_HEAD,
    dossier_code=CODE,
    procedure=RECEIPT.procedure,
    case=RECEIPT.case,
    filer_name=RECEIPT.filer_name,
    statutory_time="5 ngày làm việc",
    received_at=datetime(2021, 7, 15, 9, 15, tzinfo=VIETNAM),
    return_at=datetime(2021, 7, 22, 17, 0, tzinfo=VIETNAM),
    steps=(
        STEP,
        replace(STEP, given_by="Lê Thị Hạnh", done="Trình duyệt – Chờ phê duyệt", note="Đủ điều kiện."),
        replace(
            STEP,
            at=datetime(2021, 7, 20, 15, 40, tzinfo=VIETNAM),
            given_by="Lê Thị Hạnh",
            taken_by="Trần Quốc Sơn",
            done="Phê duyệt – Đã xử lý xong",
            outcome="Trước hạn",
        ),
    ),
)
ROW = (
    CODE,
    RECEIPT.procedure,
    "1",
    "Nguyễn Thị Thùy Dương (mã số BHXH 5608012345)",
    f"{ADDRESS}; ĐT 0905 123 456",
    "Bảo hiểm xã hội thành phố Cam Ranh",
    "09:15 15/07/2021",
    "Chưa hẹn: chờ hồ sơ giấy",
    "Qua bưu điện, tận nhà",
    "Trực tuyến",
    "Chờ hồ sơ giấy gửi bưu điện",
    "Vào sổ muộn",
)
BOOK = TrackingBook(
    **OFFICE_HEAD,
    number="148/2021",
    day=date(2021, 7, 15),
    columns=books.COLUMNS,
    widths=books._WIDTHS,
    rows=tuple((str(n), *ROW) for n in range(1, 61)),
    closed_by="Trần Văn Khoa",
    digest="3f9ac20b71e4d5c6a7b8" * 3 + "0123",
)
PAPERS: dict[str, Content] = {
    "receipt": RECEIPT,
    "receipt_waiting": WAITING,
    "card_slip": SLIP,
    "supplement_request": SUPPLEMENT,
    "refusal": REFUSAL,
    "apology": APOLOGY,
    "control_sheet": CONTROL,
    "tracking_book": BOOK,
    "form_14_hsb": FORM,
    "posting_label": LABEL,
    "label_sheet": SHEET,
    "return_label": RETURN,
}
every_paper = pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS.keys())


@functools.cache
def pdf(content: Content | LumpSumForm) -> bytes:
    return render(printed(content), made_at=MADE_AT)


def printed(content: Content | LumpSumForm) -> Content:
    return lump_sum_form(content) if isinstance(content, LumpSumForm) else content


def pages(data: bytes) -> Iterator[pypdfium2.PdfPage]:
    document = pypdfium2.PdfDocument(data)
    yield from document
    document.close()


def text(content: Content) -> str:
    """What the paper says, each run of blanks being one space."""
    found = (page.get_textpage().get_text_range() for page in pages(pdf(content)))
    return " ".join(" ".join(found).split())


def squeezed(value: str | None) -> str:
    """Without blanks, for text that may have been broken anywhere."""
    return "".join(unicodedata.normalize("NFC", value or "").split())


class Scanned(NamedTuple):
    kind: str
    text: str
    x: float
    y: float


def scanned(content: Content, dpi: int = 200) -> list[list[Scanned]]:
    """The codes on each page as a scanner of ``dpi`` reads them; places are parts of the page."""
    return [
        [
            Scanned(
                kind=str(found.format).replace(" ", ""),
                text=found.text,
                x=found.position.top_left.x / image.width,
                y=found.position.top_left.y / image.height,
            )
            for found in zxingcpp.read_barcodes(image)
        ]
        for image in (page.render(scale=dpi / 72).to_pil() for page in pages(pdf(content)))
    ]


# Codes


@every_paper
def test_barcode_of_every_paper_reads_at_200_dpi(paper: Content) -> None:
    first, *_ = scanned(paper)
    bars = [code.text for code in first if "128" in code.kind]
    assert bars == [CODE] * (4 if paper is SHEET else 0 if paper is BOOK else 1)


@every_paper
def test_the_letters_of_the_office_have_a_qr_code_that_opens_the_verification_page(paper: Content) -> None:
    first, *_ = scanned(paper)
    assert [code.text for code in first if "QR" in code.kind] == ([URL] if isinstance(paper, Letter) else [])


@pytest.mark.parametrize("token", ["A" * 22, "-_" * 11, "0" * 22, "zK9" * 14, "a"])
def test_qr_code_reads_whatever_the_token(token: str) -> None:
    url = f"https://dichvu.bhxhkhanhhoa.example/xac-thuc/{token}/"
    found = scanned(replace(RECEIPT, verification_url=url))[0]
    assert [code.text for code in found if "QR" in code.kind] == [url]


def test_barcodes_keep_a_quiet_zone_of_ten_modules() -> None:
    svg = codes.code128_svg("A1")
    assert 'd="M10 0h2' in svg
    last = max(int(start) + int(width) for start, width in re.findall(r"M(\d+) 0h(\d+)", svg))
    width = re.search(r'width="(\d+)"', svg)
    assert width
    assert int(width[1]) == last + 10


def test_the_four_labels_of_a_sheet_lie_in_their_own_quarters() -> None:
    (codes,) = scanned(SHEET)
    quarters = {(code.x > 0.5, code.y > 0.5) for code in codes}
    assert len(quarters) == 4


def test_a_fifth_label_goes_to_a_second_sheet() -> None:
    labels = tuple(replace(LABEL, dossier_code=f"BHXH056.01-210715-000{n}") for n in range(1, 6))
    first, second = scanned(LabelSheet(labels=labels))
    assert {code.text for code in first} == {label.dossier_code for label in labels[:4]}
    assert [code.text for code in second] == [labels[4].dossier_code]


# What stands on the paper


@pytest.mark.parametrize("name", sorted(set(PAPERS) - {"label_sheet"}))
def test_text_reads_back_as_the_golden_text(name: str) -> None:
    found = "\n".join(page.get_textpage().get_text_range() for page in pages(pdf(PAPERS[name])))
    lines = [" ".join(line.split()) for line in found.splitlines()]
    read = "\n".join(line for line in lines if line) + "\n"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(read, encoding="utf-8")
        pytest.fail(f"{golden} written; run again without UPDATE_GOLDEN")
    assert read == golden.read_text(encoding="utf-8")


def test_receipt_has_every_item_of_mau_01() -> None:
    said = text(RECEIPT)
    for item in (
        "BẢO HIỂM XÃ HỘI TỈNH KHÁNH HÒA",
        "BẢO HIỂM XÃ HỘI THÀNH PHỐ CAM RANH",
        "Bộ phận Tiếp nhận và Trả kết quả",
        "Cam Ranh, ngày 19 tháng 7 năm 2021",
        f"Mã hồ sơ: {CODE}",
        "Tiếp nhận hồ sơ của: Nguyễn Thị Thùy Dương",
        "Địa chỉ: Số 27 đường Nguyễn Trọng Kỷ",
        "Số điện thoại: 0905 123 456",
        "Email: thuyduong.nguyen1985@example.com",
        "Nội dung yêu cầu giải quyết: Giải quyết hưởng BHXH một lần",
        "Trường hợp: Sau một năm nghỉ việc, chưa đủ 20 năm",
        "Thành phần hồ sơ nộp gồm:",
        "Sổ BHXH (bản chính) Bản chính gửi bưu điện Đã nhận",
        "Số lượng hồ sơ: 01 (bộ)",
        "theo quy định là: 5 ngày làm việc",
        "Thời gian nhận hồ sơ: 09 giờ 15 phút, ngày 19/07/2021",
        "Thời gian trả kết quả giải quyết hồ sơ: 17 giờ 00 phút, ngày 26/07/2021",
        "Đăng ký nhận kết quả tại: Qua bưu chính",
        "Quyển số: 02/2021 Số thứ tự: 0148",
        "NGƯỜI NỘP HỒ SƠ",
        "NGƯỜI TIẾP NHẬN HỒ SƠ",
        "Trần Văn Khoa",
        "lập bằng phương tiện điện tử",
        "Phiên bản thủ tục: 3f9ac20b71e4 ",
        "Giấy tiếp nhận số: 2 (thay thế giấy tiếp nhận số 1 ngày 15/07/2021)",
        URL,
    ):
        assert item in said


def test_a_first_receipt_replaces_none() -> None:
    said = text(WAITING)
    assert "Giấy tiếp nhận số: 1 " in said
    assert "thay thế giấy tiếp nhận số" not in said


def test_no_date_is_promised_while_originals_are_awaited() -> None:
    said = text(WAITING)
    assert "Thời gian trả kết quả giải quyết hồ sơ: chưa hẹn ngày." in said
    awaited = said[said.index("còn chờ bản chính của:") :]
    assert all(original in awaited for original in ORIGINALS)
    assert set(re.findall(r"\d\d/\d\d/\d{4}", said)) == {"15/07/2021"}
    assert said.count("Chờ bản chính") == len(ORIGINALS)


def test_a_receipt_that_promises_a_date_for_awaited_originals_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no date of return"):
        replace(WAITING, return_at=RECEIPT.return_at)


def test_a_paper_filing_is_signed_with_a_pen() -> None:
    said = text(replace(RECEIPT, electronic=False))
    assert said.count("(Ký, ghi rõ họ tên)") == 2
    assert "điện tử" not in said


def test_missing_values_are_dotted_blanks() -> None:
    bare = replace(WAITING, filer_address=None, filer_phone="", filer_email=" ", case=None)
    said = text(bare)
    assert re.search(r"Địa chỉ: ?\.", said)
    assert re.search(r"Số điện thoại: ?\.", said)
    assert re.search(r"Email: ?\.", said)
    assert re.search(r"Quyển số: …+ Số thứ tự: …+", said)
    assert "Trường hợp" not in said
    assert "None" not in said


def test_times_are_told_in_vietnam_and_dates_as_decree_30_has_them() -> None:
    utc = datetime(2021, 2, 4, 18, 5, tzinfo=UTC)
    said = text(replace(WAITING, received_at=utc, issued_at=utc))
    assert "01 giờ 05 phút, ngày 05/02/2021" in said
    assert "ngày 05 tháng 02 năm 2021" in said


def test_every_vietnamese_letter_reads_back() -> None:
    vowels = "aăâeêioôơuưy"
    marks = ["", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"]
    letters = unicodedata.normalize("NFC", "".join(v + m for v in vowels for m in marks)) + "đ"
    name = letters + " " + letters.upper()
    assert len(name) == 2 * 73 + 1
    assert squeezed(name) in squeezed(text(replace(RECEIPT, filer_name=name)))


def test_decomposed_letters_make_the_same_paper_as_composed_ones() -> None:
    decomposed = unicodedata.normalize("NFD", ADDRESS)
    assert decomposed != ADDRESS
    assert pdf(replace(RECEIPT, filer_address=decomposed)) == pdf(RECEIPT)


def test_every_character_let_through_has_a_shape_in_the_font() -> None:
    kept = [char for char in map(chr, range(0x3000)) if printing.printed(char) == char]
    assert len(kept) > 400
    # A character without a shape is an error of PDF/UA, so that making the paper is the test.
    render(replace(RECEIPT, case=" ".join(kept)), made_at=MADE_AT)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Nguyễn\x00\x07 Văn\u202e\u200d An", "Nguyễn Văn An"),
        ("tổ 5\n\tphường Cam Lợi", "tổ 5 phường Cam Lợi"),
        ("nhà\u00adhàng", "nhàhàng"),
        ("Ａn ﬁn", "An fin"),
        ("Lý 李 😀", "Lý ? ?"),
        ("\ud800 An", "An"),
    ],
)
def test_characters_that_cannot_be_printed(typed: str, printed: str) -> None:
    assert f"của: {printed} Địa chỉ" in text(replace(RECEIPT, filer_name=typed))


# The form


def test_the_form_crosses_the_chosen_boxes_and_no_others() -> None:
    said = text(FORM)
    crossed = ("Nữ", "Thường trú", "BHXH bắt buộc", "Sau một năm", "Có", "Chuyển khoản")
    assert all(f"X {label}" in said for label in crossed)
    assert said.count(" X ") == len(crossed) + 1
    assert "X Qua bưu chính" in said


def test_the_form_shows_an_account_only_for_a_transfer_and_an_address_only_for_the_post() -> None:
    cash = text(replace(FORM, pay_method="cash_office", result_delivery="office"))
    assert "Số tài khoản" in text(FORM)
    assert "Số tài khoản" not in cash
    assert "Địa chỉ nhận" not in cash


def test_an_answer_outside_its_list_is_refused() -> None:
    with pytest.raises(ValueError, match="gender"):
        replace(FORM, gender="other")


def test_the_form_can_be_made_from_stored_answers() -> None:
    answers = {**msgspec.to_builtins(FORM), "declaration": True}
    assert answers["stop_date"] == "2020-05-31"
    assert pdf(msgspec.convert(answers, LumpSumForm)) == pdf(FORM)


def test_any_other_form_uses_the_same_sheet() -> None:
    form = OfficialForm(
        form_code="TK1-TS",
        issued_by=None,
        title="Tờ khai tham gia, điều chỉnh thông tin",
        subtitle=None,
        to_office="BHXH tỉnh Khánh Hòa",
        sections=(
            Section(
                title=None,
                items=(
                    Item(label="Họ và tên", value="Lê Thị Út", number="[01]."),
                    Item(label="Quốc tịch", value="Việt Nam", half=True),
                    Item(label="Dân tộc", half=True),
                    Item(label="Nội dung", choices=(Choice("Đổi thẻ", True),), stacked=True),
                    Item(label="Ghi chú", value="không", sub=True),
                    Item(label="Mức đóng", value="1.490.000 đ"),
                ),
            ),
        ),
        commitments=(),
        signatures=(
            Signature(title="XÁC NHẬN CỦA ĐƠN VỊ", hint=None),
            Signature(title="NGƯỜI KÊ KHAI", name="Lê Thị Út"),
        ),
        dossier_code=CODE,
    )
    said = text(form)
    for part in (
        "Mẫu số TK1-TS",
        "[01]. Họ và tên: Lê Thị Út",
        "1. Quốc tịch: Việt Nam 2. Dân tộc: .",
        "3. Nội dung: X Đổi thẻ",
        "– Ghi chú: không",
        "4. Mức đóng: 1.490.000 đ",
        "XÁC NHẬN CỦA ĐƠN VỊ NGƯỜI KÊ KHAI",
    ):
        assert part in said


# Labels


def test_a_label_counts_the_papers_it_has_no_room_to_name() -> None:
    many = tuple(Enclosure(f"Giấy tờ thứ {n}", n) for n in range(1, 12))
    said = text(replace(LABEL, contents=many))
    assert "8. Giấy tờ thứ 8 08 bản 9. và 3 loại giấy tờ khác" in said
    assert "Giấy tờ thứ 9" not in said


def test_a_label_without_a_postal_code_leaves_boxes_to_fill_in() -> None:
    said = text(replace(LABEL, receiver=replace(OFFICE, postal_code=None)))
    assert "5 7 8 0 0" in text(LABEL)
    assert "5 7 8 0 0" not in said
    assert "Mã bưu chính:" in said


def test_a_sheet_without_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LabelSheet(labels=())


# Text that means harm, and text that is too long

MARKUP = (
    "#set page(width: 1pt)",
    '#panic("x") #read("/etc/passwd")',
    "$ x^2 $ *đậm* _nghiêng_ `mã`",
    "@tham-chiếu <nhãn> = Tiêu đề",
    r"\ \u{41} \" ",
    "// chú thích /* dài */ [a] {b}",
    '<script>alert("1")</script>',
    '"}, "sets": "99',
    "{{ filer_name }} {% now %} &lt; &amp;",
)


def sizes(data: bytes) -> list[tuple[float, float]]:
    return [page.get_size() for page in pages(data)]


@pytest.mark.parametrize("typed", MARKUP)
def test_markup_typed_by_a_citizen_is_printed_as_typed(typed: str) -> None:
    party = replace(CITIZEN, name=typed, address=typed)
    for plain, hostile in (
        (RECEIPT, replace(RECEIPT, filer_name=typed, filer_address=typed, case=typed)),
        (FORM, replace(FORM, full_name=typed, address=typed)),
        (LABEL, replace(LABEL, sender=party)),
        (RETURN, replace(RETURN, receiver=party)),
    ):
        assert squeezed(typed).lower() in squeezed(text(hostile)).lower()
        assert sizes(pdf(hostile)) == sizes(pdf(plain))


LONG_NAME = (
    "Công Tằng Tôn Nữ Nguyễn Phước Hoàng Thị Phương Thùy Dương Quỳnh Như Khánh Hòa Ngọc Bích Trâm Anh Thư"
)
LONG_ADDRESS = "Số 127/45/6B đường Nguyễn Thị Minh Khai nối dài, khu phố Đông Bắc, " * 3
LONG_VALUES = {
    "long name and address": (LONG_NAME, LONG_ADDRESS),
    "capitals without a blank": ("W" * 90, "M" * 150),
    "just too short to be broken": ("W" * 10, "Ợ" * 13),
    "digits without a blank": ("8" * 90, "0" * 150),
    "stacked marks": ("ẴỆỔỰẪ gyjpqẹ " * 7, "ẴỆỔỰẪgyjpqẹ " * 12),
}


def with_long_values(name: str, address: str) -> Iterator[Content]:
    citizen = PostalParty(name=name, address=address, phone=name[:30])
    office = replace(citizen, postal_code="57800")
    papers = tuple(Enclosure(address) for _ in range(4))
    line = DossierDocument(label=address, handed_in=name, received=False)
    yield replace(
        WAITING,
        parent_agency=name,
        agency=name,
        reception_unit=name,
        place=name[:30],
        filer_name=name,
        filer_address=address,
        filer_phone=name[:30],
        filer_email=name,
        procedure=address,
        case=address,
        documents=(line,) * 12,
        statutory_time=address,
        result_delivery=address,
        register_book=name[:30],
        received_by=name,
    )
    yield replace(
        FORM,
        to_office=name,
        full_name=name,
        date_of_birth=name[:30],
        bhxh_code=name[:30],
        id_number=name[:30],
        phone=name[:30],
        email=name,
        address=address,
        ward_of_residence=address,
        total_years_known=name,
        account_holder=name,
        account_number=name,
        bank=address,
        bank_branch=address,
        delivery_address=address,
        enclosed=(address,) * 3,
    )
    label = replace(
        LABEL, heading=name, sender=citizen, receiver=office, contents=papers, notes=(address,) * 2
    )
    yield label
    yield LabelSheet(labels=(label,) * 4)
    yield replace(RETURN, sender=office, receiver=citizen, contents=papers)


class Box(NamedTuple):
    """Where a word stands on its page, in points."""

    left: float
    bottom: float
    right: float
    top: float

    def collides(self, other: "Box") -> bool:
        """Marks above and below letters may reach into the next line a little; lines may not."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.top, other.top) - max(self.bottom, other.bottom)
        lower = min(self.top - self.bottom, other.top - other.bottom)
        return across > 0.5 and down > 0.4 * lower

    def goes_on_with(self, char: "Box") -> bool:
        return char.bottom < self.top and self.bottom < char.top and 0 < char.right - self.right < 40

    def joined(self, other: "Box") -> "Box":
        return Box(
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )


def words(page: pypdfium2.PdfPage) -> list[Box]:
    read = page.get_textpage()
    found: list[Box] = []
    within = False
    for n in range(read.count_chars()):
        if chr(pypdfium2.raw.FPDFText_GetUnicode(read, n)).isspace():
            within = False
            continue
        char = Box(*read.get_charbox(n))
        if within and found[-1].goes_on_with(char):
            found[-1] = found[-1].joined(char)
        else:
            found.append(char)
        within = True
    return found


def collisions(data: bytes) -> list[tuple[Box, Box]]:
    return [
        pair
        for page in pages(data)
        for pair in itertools.combinations(words(page), 2)
        if pair[0].collides(pair[1])
    ]


def outside(data: bytes, *, across: float, down: float) -> list[Box]:
    return [
        box
        for page in pages(data)
        for width, height in (page.get_size(),)
        for box in words(page)
        if not across - 0.5 < box.left <= box.right < width - across + 0.5
        or not down < box.bottom <= box.top < height - down
    ]


@pytest.mark.parametrize("values", LONG_VALUES.values(), ids=LONG_VALUES.keys())
def test_long_values_wrap_without_leaving_the_page_or_covering_each_other(
    values: tuple[str, str],
) -> None:
    for paper in with_long_values(*values):
        sheet = isinstance(paper, Receipt | LumpSumForm)
        across, down = (18 * MM, 8 * MM) if sheet else (6 * MM, 6 * MM)
        assert outside(pdf(paper), across=across, down=down) == []
        assert collisions(pdf(paper)) == []


@pytest.mark.parametrize("values", LONG_VALUES.values(), ids=LONG_VALUES.keys())
def test_long_values_are_printed_whole_and_codes_still_read(values: tuple[str, str]) -> None:
    name, address = values
    for paper in with_long_values(name, address):
        said = squeezed(text(paper)).lower()
        assert squeezed(name).lower() in said
        assert squeezed(address)[:100].lower() in said
        assert any(code.text == CODE for page in scanned(paper) for code in page)


@every_paper
def test_nothing_collides_on_ordinary_papers(paper: Content) -> None:
    assert collisions(pdf(paper)) == []


def test_the_measures_of_this_file_find_faults() -> None:
    fonts = typst.Fonts(font_paths=[str(files("fontpkg_be_vietnam_pro") / "files")])
    faulty = b"""#set page(width: 50mm, height: 50mm, margin: 5mm)
        #set text(font: "Be Vietnam Pro")
        #place(top)[one line] #place(top, dy: 4pt)[another] #v(20mm)
        WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"""
    data = typst.Compiler(faulty, font_paths=fonts).compile(format="pdf")
    assert isinstance(data, bytes)
    assert collisions(data)
    assert outside(data, across=5 * MM, down=5 * MM)


# The file


@every_paper
def test_all_fonts_are_be_vietnam_pro_and_embedded(paper: Content) -> None:
    fonts = [
        descendant.get_object()
        for page in pypdf.PdfReader(io.BytesIO(pdf(paper))).pages
        for font in resource(page, "/Font").values()
        for descendant in font.get_object()["/DescendantFonts"]
    ]
    assert fonts
    for font in fonts:
        assert re.fullmatch(r"/[A-Z]{6}\+BeVietnamPro-\w+", font["/BaseFont"])
        assert {"/FontFile2", "/FontFile3"} & set(font["/FontDescriptor"].get_object())


def resource(page: pypdf.PageObject, kind: str) -> dict[str, Any]:
    resources: dict[str, Any] = page["/Resources"].get_object()  # type: ignore[assignment]
    found: dict[str, Any] = resources[kind].get_object()
    return found


@every_paper
def test_every_paper_is_tagged_titled_and_vietnamese(paper: Content) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf(paper)))
    root: dict[str, Any] = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    assert root["/Lang"].lower().startswith("vi")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert (BOOK.number if paper is BOOK else CODE) in str(reader.metadata and reader.metadata.title)
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1<" in xmp
    assert "<pdfaid:part>2<" in xmp


def test_papers_have_their_sizes() -> None:
    a4, a6 = (210 * MM, 297 * MM), (105 * MM, 148 * MM)
    for paper, expected in ((RECEIPT, a4), (FORM, a4), (SHEET, a4), (LABEL, a6), (RETURN, a6)):
        for size in sizes(pdf(paper)):
            assert size == pytest.approx(expected, abs=0.01)
    assert {(round(width), round(height)) for width, height in sizes(pdf(BOOK))} == {(842, 595)}


def test_the_printed_book_has_its_head_on_every_page_and_every_row_once() -> None:
    read = [" ".join(page.get_textpage().get_text_range().split()) for page in pages(pdf(BOOK))]
    assert len(read) > 3
    for said in read[:-1]:
        assert "Tên thủ tục hành chính" in said
    assert " ".join(read).count(CODE) == len(BOOK.rows)
    assert f"Tổng số: {len(BOOK.rows)} hồ sơ" in read[-1]
    assert BOOK.digest in squeezed(read[-1])


def test_a_day_without_dossiers_has_a_book_all_the_same() -> None:
    assert "Trong ngày không có hồ sơ" in text(replace(BOOK, rows=()))


def test_usual_papers_take_as_few_sheets_as_they_should() -> None:
    counts = {name: len(sizes(pdf(paper))) for name, paper in PAPERS.items()}
    assert counts.pop("form_14_hsb") == 2
    assert counts.pop("tracking_book") in {6, 7}
    assert set(counts.values()) == {1}


@every_paper
def test_the_same_content_and_moment_give_the_same_bytes(paper: Content) -> None:
    render(replace(RECEIPT, filer_name="Người khác"), made_at=MADE_AT)
    paper = printed(paper)
    assert render(paper, made_at=MADE_AT) == pdf(paper)
    assert render(paper, made_at=MADE_AT.astimezone(UTC)) == pdf(paper)
    assert render(paper, made_at=MADE_AT + timedelta(seconds=1)) != pdf(paper)


# Failures, threads and processes


@pytest.mark.parametrize(
    ("paper", "why"),
    [
        (replace(RECEIPT, dossier_code="Hồ sơ 1"), "no barcode for 'Hồ sơ 1'"),
        (replace(LABEL, dossier_code=""), "no barcode for ''"),
        (replace(LABEL, dossier_code="A" * 40), "too long"),
        (replace(RECEIPT, verification_url="x" * 3000), "no QR code"),
        (replace(RECEIPT, received_at=datetime(2021, 7, 19)), "time without a zone"),
    ],
)
def test_what_cannot_be_set_is_a_render_error_that_says_why(paper: Content, why: str) -> None:
    with pytest.raises(RenderError, match=why):
        render(paper, made_at=MADE_AT)


def test_a_missing_template_is_a_render_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(typesetting, "TEMPLATES", tmp_path)
    with pytest.raises(RenderError, match=r"receipt\.typ"):
        render(RECEIPT, made_at=MADE_AT)


def test_threads_take_turns() -> None:
    made: list[bytes] = []

    def work() -> None:
        made.extend(render(LABEL, made_at=MADE_AT) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [pdf(LABEL)] * 20


FORKS = """
import os, sys
from datetime import UTC, datetime
from procedures.documents import PostalParty, RenderError, ReturnLabel, render

party = PostalParty(name="An", address=None)
label = ReturnLabel(sender=party, receiver=party, contents=(), dossier_code="A1")

def child():
    if not (pid := os.fork()):
        try:
            os._exit(0 if render(label, made_at=datetime.now(UTC)) else 1)
        except RenderError as error:
            os._exit(42 if "forked" in str(error) else 2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

before = child()
render(label, made_at=datetime.now(UTC))
print(before, child())
"""


def test_a_worker_forked_before_the_first_paper_works_and_one_forked_after_it_says_so() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", FORKS],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["0", "42"]
