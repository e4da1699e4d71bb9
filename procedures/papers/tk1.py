"""TK1-TS: declaration of participation, change of data on book and card.

The numbering [01] to [19] is sure, the wording likely (QĐ 595/QĐ-BHXH, amended by QĐ 505/QĐ-BHXH).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from portal import geography
from procedures import attachments, documents
from procedures.documents import Item, Section, Signature
from procedures.models import Dossier
from procedures.papers.answers import Answers, signed_by_applicant
from procedures.papers.words import Issue

ISSUED_BY = (
    "(Ban hành kèm theo Quyết định số 595/QĐ-BHXH, sửa đổi tại Quyết định số 505/QĐ-BHXH "
    "ngày 27/3/2020 của Bảo hiểm xã hội Việt Nam)"
)
_FIXES = {
    "full_name": ("[14.1].", "Họ và tên"),
    "gender": ("[14.2].", "Giới tính"),
    "date_of_birth": ("[14.3].", "Ngày sinh"),
    "birth_registration": ("[14.4].", "Nơi đăng ký khai sinh"),
    "id_number": ("[14.5].", "Số CMND/CCCD"),
}
_SEXES = {"male": "Nam", "female": "Nữ"}


def tk1_ts(issue: Issue) -> documents.OfficialForm:
    said = Answers(issue)
    sections = (
        Section(title="I. THÔNG TIN NGƯỜI THAM GIA", items=tuple(_person(said))),
        Section(title="II. ĐĂNG KÝ, ĐIỀU CHỈNH THÔNG TIN", items=tuple(_request(said))),
        *said.left_over("III. THÔNG TIN KÈM THEO YÊU CẦU"),
    )
    return documents.OfficialForm(
        form_code="TK1-TS",
        issued_by=ISSUED_BY,
        title="Tờ khai tham gia, điều chỉnh thông tin",
        subtitle="Bảo hiểm xã hội, bảo hiểm y tế",
        to_office=issue.office.name,
        sections=sections,
        commitments=(
            "Tôi cam đoan những nội dung kê khai là đúng và chịu trách nhiệm về lời khai trước pháp luật.",
        ),
        signatures=(
            Signature(title="XÁC NHẬN CỦA ĐƠN VỊ", hint="(nếu kê khai qua đơn vị)"),
            signed_by_applicant(issue.dossier, "NGƯỜI KÊ KHAI"),
        ),
        dossier_code=issue.code,
        annex=household(issue.dossier),
    )


def _person(said: Answers) -> Iterator[Item]:
    yield Item(number="[01].", label="Họ và tên (chữ in hoa)", value=said("full_name").upper())
    yield said.boxes("gender", number="[02].", label="Giới tính", half=True)
    yield said.item("date_of_birth", number="[03].", label="Ngày sinh", half=True)
    yield said.item("nationality", number="[04].", label="Quốc tịch", half=True)
    yield said.item("ethnicity", number="[05].", label="Dân tộc", half=True)
    yield said.item("id_number", number="[06].", label="Số CMND/CCCD/Hộ chiếu")
    yield said.item("phone", number="[07].", label="Điện thoại", half=True)
    yield said.item("email", number="[08].", label="Email (nếu có)", half=True)
    yield said.item("birth_registration", number="[09].", label="Nơi đăng ký khai sinh (xã, huyện, tỉnh)")
    yield said.item("guardian", number="[10].", label="Họ tên cha/mẹ/giám hộ (trẻ em dưới 6 tuổi)")
    yield from _address(said)
    members = len(rows_of(said.issue.dossier))
    annex = f"kê khai tại Phụ lục kèm theo ({members:02} người)" if members else "không kê khai"
    yield Item(number="[12].", label="Phụ lục thành viên hộ gia đình", value=annex)
    said.take("household")


def _address(said: Answers) -> Iterator[Item]:
    """[11]: the address for the result if there is one of its own, else where the citizen lives."""
    if own := said("delivery_address"):
        yield Item(number="[11].", label="Địa chỉ nhận hồ sơ", value=own)
        return
    ward = geography.ward(str(said.issue.dossier.answers.get("ward", "")))
    said.take("ward")
    yield Item(number="[11].", label="Địa chỉ nhận hồ sơ", value="nơi cư trú")
    yield Item(number="[11.1].", label="Số nhà, đường, thôn", value=said("street"))
    yield Item(number="[11.2].", label="Xã/phường", value=ward.name if ward else None, half=True)
    yield Item(
        number="[11.3].", label="Huyện/thành phố", value=ward.district.name if ward else None, half=True
    )
    yield Item(number="[11.4].", label="Tỉnh", value="Khánh Hòa" if ward else None)


def _request(said: Answers) -> Iterator[Item]:
    yield said.item("insurance_number", number="[13].", label="Mã số BHXH")
    yield from _corrections(said)
    yield said.item("contribution_amount", number="[15].", label="Mức tiền đóng", half=True)
    yield said.item("contribution_method", number="[16].", label="Phương thức đóng", half=True)
    yield said.item("first_care_facility", number="[17].", label="Nơi đăng ký khám, chữa bệnh ban đầu")
    case = said.issue.definition.case(said.issue.dossier.case)
    parts = (case.label.vi if case else "", said("reason"), said("change_request"))
    said.take("case")
    yield Item(
        number="[18].",
        label="Nội dung thay đổi, yêu cầu",
        value=". ".join(part.rstrip(".") for part in parts if part),
    )
    yield Item(number="[19].", label="Hồ sơ kèm theo (nếu có)", value="; ".join(_enclosed(said.issue)))


def _corrections(said: Answers) -> Iterator[Item]:
    fixed = said.issue.dossier.answers.get("fix_items") or []
    said.take("fix_items", "has_corrections")
    heading = "Điều chỉnh thông tin cá nhân"
    yield Item(number="[14].", label=heading, value="như sau" if fixed else "không")
    for name, (number, label) in _FIXES.items():
        if name in fixed:
            old, new = said(f"fix_{name}_old"), said(f"fix_{name}_new")
            yield Item(number=number, label=label, value=f"từ “{old}” thành “{new}”" if old else new)


def _enclosed(issue: Issue) -> Iterator[str]:
    """Labels of the papers that come with the form, whether uploaded or posted."""
    given = {attachment.document for attachment in attachments.current(issue.dossier)}
    for paper in issue.definition.documents_for(issue.dossier.answers):
        if not paper.generated and (paper.required or paper.slug in given):
            yield paper.label.vi


# --- The annex: members of the household ---------------------------------------------------------

_COLUMNS = (
    ("Stt", 10, ""),
    ("Họ và tên", 58, "full_name"),
    ("Mã số BHXH", 27, "insurance_number"),
    ("Ngày sinh", 23, "date_of_birth"),
    ("Giới tính", 16, "gender"),
    ("Nơi đăng ký khai sinh", 59, "birth_place"),
    ("Quan hệ với chủ hộ", 27, "relation"),
    ("Số CMND/CCCD/Hộ chiếu", 30, "id_number"),
    ("Ghi chú", 12, "note"),
)


def rows_of(dossier: Dossier) -> list[Any]:
    """The members as answered: mappings of a group, or the lines of a text in older versions."""
    given = dossier.answers.get("household") or []
    return [line for line in given.splitlines() if line.strip()] if isinstance(given, str) else given


def household(dossier: Dossier) -> documents.Table | None:
    """The members of the household as the annex of TK1-TS; None where none were named."""
    rows = rows_of(dossier)
    if not rows:
        return None
    if isinstance(rows[0], str):
        columns: tuple[str, ...] = ("Stt", "Họ tên, mã số BHXH, ngày sinh, quan hệ… như người kê khai ghi")
        widths: tuple[int, ...] = (12, 250)
        cells = [(f"{n}", line) for n, line in enumerate(rows, start=1)]
        return documents.Table(title=_ANNEX, columns=columns, widths=widths, rows=tuple(cells))
    names, widths, keys = zip(*_COLUMNS, strict=True)
    members = tuple((f"{n}", *(cell(key, row) for key in keys[1:])) for n, row in enumerate(rows, start=1))
    return documents.Table(title=_ANNEX, columns=names, widths=widths, rows=members)


_ANNEX = "Phụ lục thành viên hộ gia đình"


def cell(key: str, row: Mapping[str, Any]) -> str | None:
    """A cell of a member as the paper prints it."""
    value = str(row.get(key) or "")
    if key == "gender":
        return _SEXES.get(value, value) or None
    if day := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value):
        return f"{day[3]}/{day[2]}/{day[1]}"
    return value or None
