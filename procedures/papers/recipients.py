"""2-CBH and 13-HSB: what people who receive a monthly benefit hand in.

Code, title and use of 2-CBH and the title of 13-HSB are sure; the layout of both is likely: the
fields are known, the official print was not at hand.
"""

from collections.abc import Iterator

from procedures import documents
from procedures.documents import Item, Section, Signature
from procedures.papers.answers import Answers, case_boxes, signed_by_applicant
from procedures.papers.words import Issue, citizen_address

_TRUE = (
    "Tôi cam đoan những nội dung kê khai trên là đúng sự thật và chịu trách nhiệm trước pháp luật về "
    "những nội dung đã kê khai."
)


def _recipient(said: Answers) -> Iterator[Item]:
    said.take("ward", "street")
    yield Item(label="Họ và tên (chữ in hoa)", value=said("full_name").upper())
    yield said.item("date_of_birth", label="Ngày sinh", half=True)
    yield said.boxes("gender", label="Giới tính", half=True)
    yield said.item("insurance_number", label="Mã số BHXH", half=True)
    yield said.item("id_number", label="Số CMND/CCCD/Hộ chiếu", half=True)
    yield said.item("phone", label="Điện thoại", half=True)
    yield said.item("email", label="Email", half=True)
    yield Item(label="Địa chỉ liên hệ", value=citizen_address(said.issue.dossier))


# --- 2-CBH ---------------------------------------------------------------------------------------


def cbh_2(issue: Issue) -> documents.OfficialForm:
    said = Answers(issue)
    sections = (
        Section(title="I. THÔNG TIN NGƯỜI HƯỞNG", items=(*_recipient(said), *_receives(said))),
        Section(title="II. NỘI DUNG THAY ĐỔI", items=tuple(_changes(said))),
        *said.left_over("III. NỘI DUNG KHÁC"),
    )
    return documents.OfficialForm(
        form_code="2-CBH",
        issued_by="(Ban hành kèm theo Quyết định số 166/QĐ-BHXH ngày 31/01/2019 "
        "của Bảo hiểm xã hội Việt Nam)",
        title="Thông báo",
        subtitle="Thay đổi thông tin người hưởng",
        to_office=issue.office.name,
        sections=sections,
        commitments=(_TRUE,),
        signatures=(signed_by_applicant(issue.dossier, "NGƯỜI HƯỞNG"),),
        dossier_code=issue.code,
        numbered=False,
    )


def _receives(said: Answers) -> Iterator[Item]:
    yield said.item("benefit_type", label="Chế độ BHXH hằng tháng đang hưởng")
    place = ", ".join(part for part in (said("current_place"), said("current_ward")) if part)
    yield Item(label="Nơi đang lĩnh", value=place)
    yield said.boxes("current_method", label="Hình thức lĩnh hiện tại")
    yield said.item("current_account", label="Số tài khoản hiện tại và ngân hàng")


def _changes(said: Answers) -> Iterator[Item]:
    said.take("account_again", "id_changed", "phone_changed", "address_changed")
    yield case_boxes(said.issue, label="Đề nghị thay đổi")
    yield said.item("account_holder", label="Chủ tài khoản mới")
    yield said.item("account_number", label="Số tài khoản mới", half=True)
    yield said.item("bank_branch", label="Chi nhánh", half=True)
    yield said.item("bank", label="Ngân hàng")
    place = ", ".join(part for part in (said("new_place"), said("new_ward")) if part)
    yield Item(label="Nơi nhận mới (trong tỉnh)", value=place)
    yield said.item("new_personal_info", label="Thông tin cá nhân thay đổi")  # of older versions
    yield said.item("new_id_number", label="Số CMND/CCCD mới", half=True)
    yield said.item("new_phone", label="Điện thoại mới", half=True)
    home = ", ".join(part for part in (said("new_street"), said("new_home_ward")) if part)
    yield Item(label="Địa chỉ cư trú mới", value=home)
    yield said.item("effective_month", label="Đề nghị thực hiện từ tháng")


# --- 13-HSB --------------------------------------------------------------------------------------


def hsb_13(issue: Issue) -> documents.OfficialForm:
    """Filled in from the answers; both sign it and an authority certifies it on paper."""
    said = Answers(issue)
    sections = (
        Section(title="I. NGƯỜI ỦY QUYỀN", items=tuple(_recipient(said))),
        Section(title="II. NGƯỜI ĐƯỢC ỦY QUYỀN", items=tuple(_agent(said))),
        Section(title="III. NỘI DUNG ỦY QUYỀN", items=tuple(_mandate(said))),
        *said.left_over("IV. NỘI DUNG KHÁC"),
    )
    return documents.OfficialForm(
        form_code="13-HSB",
        issued_by="(Ban hành kèm theo Quyết định số 166/QĐ-BHXH ngày 31/01/2019 "
        "của Bảo hiểm xã hội Việt Nam)",
        title="Giấy ủy quyền",
        subtitle=None,
        to_office=issue.office.name,
        sections=sections,
        commitments=(
            "Chúng tôi cam kết làm đúng nội dung ủy quyền nêu trên và chịu trách nhiệm trước pháp luật.",
        ),
        signatures=(
            Signature(title="NGƯỜI ĐƯỢC ỦY QUYỀN", name=said("agent_full_name")),
            signed_by_applicant(issue.dossier, "NGƯỜI ỦY QUYỀN"),
        ),
        dossier_code=issue.code,
        certified=True,
        numbered=False,
    )


def _agent(said: Answers) -> Iterator[Item]:
    yield Item(label="Họ và tên (chữ in hoa)", value=said("agent_full_name").upper())
    yield said.item("agent_date_of_birth", label="Ngày sinh", half=True)
    yield said.item("agent_phone", label="Điện thoại", half=True)
    yield said.item("agent_id_number", label="Số CMND/CCCD/Hộ chiếu")
    yield said.item("agent_address", label="Địa chỉ")


def _mandate(said: Answers) -> Iterator[Item]:
    yield said.boxes("scope", label="Nội dung ủy quyền")
    yield said.item("valid_from", label="Thời hạn từ ngày", half=True)
    yield said.item("valid_to", label="đến ngày", half=True)
    yield said.item("certifier", label="Cơ quan xác nhận")
