"""Official forms filled in from answers, each as a structure the form template prints."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from procedures.documents import Choice, Item, OfficialForm, Section, Signature


class LumpSumForm(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of procedure ``lump-sum`` that form 14-HSB carries (QĐ 166/QĐ-BHXH).

    Names and values are those of the procedure's fields, with wards and banks already in words.
    ``date_of_birth`` is dd/mm/yyyy or a year alone. A value outside its list is a ``ValueError``.
    """

    to_office: str
    dossier_code: str
    full_name: str
    date_of_birth: str
    gender: str
    bhxh_code: str
    id_number: str
    phone: str
    address: str
    ward_of_residence: str
    residence_kind: str
    scheme: str
    ground: str
    books_count: int
    unemployment_not_received: bool
    pay_method: str
    result_delivery: str
    email: str | None = None
    stop_date: date | None = None
    total_years_known: str | None = None
    has_regional_allowance: bool | None = None
    account_holder: str | None = None
    account_number: str | None = None
    bank: str | None = None
    bank_branch: str | None = None
    delivery_address: str | None = None
    enclosed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field, options in _OPTIONS.items():
            if (value := getattr(self, field)) not in options:
                raise ValueError(f"{field}: {value!r} is not one of {', '.join(options)}")


_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "gender": {"male": "Nam", "female": "Nữ"},
    "residence_kind": {"permanent": "Thường trú", "temporary": "Tạm trú"},
    "scheme": {
        "compulsory": "BHXH bắt buộc",
        "voluntary": "BHXH tự nguyện",
        "both": "Cả hai loại",
    },
    "ground": {
        "stopped_1_year": "Sau một năm nghỉ việc hoặc không tiếp tục đóng BHXH tự nguyện, "
        "chưa đủ 20 năm đóng BHXH (Nghị quyết 93/2015/QH13)",
        "retirement_age": "Đủ tuổi hưởng lương hưu nhưng chưa đủ số năm đóng BHXH và không tiếp tục đóng",
        "emigration": "Ra nước ngoài để định cư",
        "serious_illness": "Đang mắc bệnh nguy hiểm đến tính mạng",
        "armed_forces": "Công an, bộ đội phục viên, xuất ngũ, thôi việc không đủ điều kiện hưởng lương hưu",
    },
    "pay_method": {
        "bank_transfer": "Chuyển khoản",
        "cash_office": "Tiền mặt tại cơ quan BHXH",
        "cash_post": "Tiền mặt qua bưu điện",
    },
    "result_delivery": {
        "office": "Tại cơ quan BHXH",
        "post": "Qua bưu chính",
        "electronic": "Trực tuyến",
    },
}

_COMMITMENTS = (
    (
        "Tôi cam đoan những nội dung kê khai trên là đúng sự thật và chịu trách nhiệm trước "
        "pháp luật về những nội dung đã kê khai."
    ),
    (
        "Tôi hiểu rằng sau khi nhận BHXH một lần, thời gian đóng BHXH đã tính hưởng không còn "
        "được bảo lưu để tính hưởng các chế độ BHXH về sau."
    ),
)


def lump_sum_form(form: LumpSumForm) -> OfficialForm:
    """Form 14-HSB for a lump-sum claim. The layout follows the official form; it is not a copy."""
    return OfficialForm(
        form_code="14-HSB",
        issued_by="(Ban hành kèm theo Quyết định số 166/QĐ-BHXH ngày 31/01/2019 "
        "của Bảo hiểm xã hội Việt Nam)",
        title="Đơn đề nghị",
        subtitle="Hưởng bảo hiểm xã hội một lần",
        to_office=form.to_office,
        sections=(
            Section(title="I. THÔNG TIN NGƯỜI ĐỀ NGHỊ", items=_person(form)),
            Section(title="II. NỘI DUNG ĐỀ NGHỊ", items=_claim(form)),
            Section(title="III. NHẬN TIỀN VÀ KẾT QUẢ", items=_payment(form)),
        ),
        commitments=_COMMITMENTS,
        signatures=(
            Signature(
                title="NGƯỜI ĐỀ NGHỊ",
                name=form.full_name,
                place_and_date="………………, ngày …… tháng …… năm ………",
            ),
        ),
        dossier_code=form.dossier_code,
    )


def _person(form: LumpSumForm) -> tuple[Item, ...]:
    return (
        Item(label="Họ và tên (chữ in hoa)", value=form.full_name.upper()),
        Item(label="Ngày sinh", value=form.date_of_birth, half=True),
        Item(label="Giới tính", choices=_boxes(form, "gender"), half=True),
        Item(label="Mã số BHXH", value=form.bhxh_code, half=True),
        Item(label="Số CMND/CCCD/Hộ chiếu", value=form.id_number, half=True),
        Item(label="Số điện thoại", value=form.phone, half=True),
        Item(label="Email", value=form.email, half=True),
        Item(label="Địa chỉ liên hệ", value=form.address),
        Item(label="Nơi cư trú (xã, phường, thị trấn)", value=form.ward_of_residence),
        Item(label="Loại cư trú", choices=_boxes(form, "residence_kind")),
    )


def _claim(form: LumpSumForm) -> tuple[Item, ...]:
    stopped = f"{form.stop_date:%d/%m/%Y}" if form.stop_date else None
    return (
        Item(label="Loại BHXH đã tham gia", choices=_boxes(form, "scheme")),
        Item(label="Lý do đề nghị", choices=_boxes(form, "ground"), stacked=True),
        Item(label="Ngày nghỉ việc hoặc ngừng đóng", value=stopped),
        Item(label="Tổng thời gian đóng (theo VssID)", value=form.total_years_known),
        Item(label="Số sổ BHXH gửi kèm", value=f"{form.books_count:02}", half=True),
        Item(
            label="Hưởng phụ cấp khu vực",
            choices=_yes_no(form.has_regional_allowance),
            half=True,
        ),
        Item(
            label="Đã biết thời gian đóng BHTN chưa hưởng được bảo lưu",
            choices=_yes_no(form.unemployment_not_received),
        ),
        Item(label="Giấy tờ gửi kèm đơn này", value="; ".join(form.enclosed)),
    )


def _payment(form: LumpSumForm) -> tuple[Item, ...]:
    account = (
        Item(label="Chủ tài khoản", value=form.account_holder, sub=True),
        Item(label="Số tài khoản", value=form.account_number, sub=True),
        Item(label="Ngân hàng", value=form.bank, sub=True),
        Item(label="Chi nhánh", value=form.bank_branch, sub=True),
    )
    address = (Item(label="Địa chỉ nhận", value=form.delivery_address, sub=True),)
    return (
        Item(label="Hình thức nhận tiền", choices=_boxes(form, "pay_method")),
        *(account if form.pay_method == "bank_transfer" else ()),
        Item(label="Nhận kết quả", choices=_boxes(form, "result_delivery")),
        *(address if form.result_delivery == "post" else ()),
    )


def _boxes(form: LumpSumForm, field: str) -> tuple[Choice, ...]:
    answer = getattr(form, field)
    return tuple(Choice(label, value == answer) for value, label in _OPTIONS[field].items())


def _yes_no(answer: bool | None) -> tuple[Choice, ...]:
    return Choice("Có", answer is True), Choice("Không", answer is False)


# --- Any other form ------------------------------------------------------------------------------

# Which decision issued a form, where it is known.
_ISSUED_BY = {
    "14-HSB": "(Ban hành kèm theo Quyết định số 166/QĐ-BHXH ngày 31/01/2019 của Bảo hiểm xã hội Việt Nam)",
    "2-CBH": "(Ban hành kèm theo Quyết định số 166/QĐ-BHXH ngày 31/01/2019 của Bảo hiểm xã hội Việt Nam)",
    "TK1-TS": "(Ban hành kèm theo Quyết định số 595/QĐ-BHXH, sửa đổi tại Quyết định số 505/QĐ-BHXH "
    "ngày 27/3/2020 của Bảo hiểm xã hội Việt Nam)",
}
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV")
# Choices with more letters than this stand one below the other.
_ONE_LINE = 68


class Answer(msgspec.Struct, frozen=True):
    """One answer in words, and the boxes it was chosen from, if any. ``rows``: name and words of each."""

    label: str
    words: str
    boxes: tuple[tuple[str, bool], ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


def any_form(
    *,
    form_code: str,
    title: str,
    subtitle: str,
    to_office: str,
    pages: Sequence[tuple[str, Sequence[Answer]]],
    signed_by: str,
    dossier_code: str,
) -> OfficialForm:
    """A form laid out from the pages of the procedure; the layout is ours, the number official."""
    return OfficialForm(
        form_code=form_code,
        issued_by=_ISSUED_BY.get(form_code),
        title=title,
        subtitle=subtitle,
        to_office=to_office,
        sections=tuple(
            Section(
                title=f"{number}. {heading.upper()}",
                items=tuple(item for answer in answers for item in _items(answer)),
            )
            for number, (heading, answers) in zip(_ROMAN, pages, strict=False)
        ),
        commitments=_COMMITMENTS[:1],
        signatures=(
            Signature(
                title="NGƯỜI ĐỀ NGHỊ",
                name=signed_by,
                place_and_date="………………, ngày …… tháng …… năm ………",
            ),
        ),
        dossier_code=dossier_code,
    )


def _items(answer: Answer) -> tuple[Item, ...]:
    """An answer, and each row of a group below it."""
    if answer.rows:
        rows = (Item(label=name, value=words, sub=True) for name, words in answer.rows)
        return (Item(label=answer.label, value=f"{len(answer.rows):02}"), *rows)
    return (_item(answer),)


def _item(answer: Answer) -> Item:
    if answer.boxes:
        stacked = sum(len(label) for label, _chosen in answer.boxes) > _ONE_LINE
        return Item(
            label=answer.label,
            choices=tuple(Choice(label, chosen) for label, chosen in answer.boxes),
            stacked=stacked,
        )
    return Item(label=answer.label, value=answer.words)
