"""D03-TS and D05-TS: the list a collecting agent hands in, made from the dossier it filed.

The numbers of the lists are sure; titles and columns are likely, the official prints were not at hand.
"""

from portal.models import Filer
from procedures import documents
from procedures.catalogue import definition_for
from procedures.definition import Document
from procedures.documents import Signature
from procedures.models import Dossier
from procedures.papers.answers import Answers
from procedures.papers.tk1 import cell, rows_of
from procedures.papers.words import Issue

_TITLES = {
    "D03-TS": "Danh sách người chỉ tham gia bảo hiểm y tế",
    "D05-TS": "Danh sách người tham gia bảo hiểm xã hội tự nguyện",
}
_PERSON = (
    ("Stt", 10),
    ("Họ và tên", 56),
    ("Mã số BHXH", 28),
    ("Ngày sinh", 24),
    ("Giới tính", 16),
    ("Số CMND/CCCD/Hộ chiếu", 32),
)
_CONTRIBUTION = {
    "D03-TS": (("Nơi đăng ký KCB ban đầu", 46), ("Phương thức đóng", 26), ("Nội dung", 24)),
    "D05-TS": (("Mức tiền đóng", 30), ("Phương thức đóng", 34), ("Nội dung", 32)),
}
_ASKED = {
    "D03-TS": ("first_care_facility", "contribution_method"),
    "D05-TS": ("contribution_amount", "contribution_method"),
}
_KEYS = ("full_name", "insurance_number", "date_of_birth", "gender", "id_number")


def list_of(dossier: Dossier) -> Document | None:
    """The list the agent owes with ``dossier``; None where a citizen or an employer filed it."""
    if dossier.filer != Filer.AGENT:
        return None
    papers = definition_for(dossier).documents_for(dossier.answers)
    return next((paper for paper in papers if paper.form in _TITLES), None)


def agent_list(issue: Issue) -> documents.ListForm:
    paper, dossier, said = list_of(issue.dossier), issue.dossier, Answers(issue)
    assert paper is not None
    columns = (*_PERSON, *_CONTRIBUTION[paper.form])
    case = issue.definition.case(dossier.case)
    common = (*(said(name) or None for name in _ASKED[paper.form]), case.label.vi if case else None)
    people = [tuple(said(name) or None for name in _KEYS), *_others(dossier)]
    return documents.ListForm(
        form_code=paper.form,
        title=_TITLES[paper.form],
        agent=dossier.organisation_name,
        agent_code=dossier.organisation_code or None,
        to_office=issue.office.name,
        issued_at=issue.now,
        table=documents.Table(
            title=_TITLES[paper.form],
            columns=tuple(name for name, _width in columns),
            widths=tuple(width for _name, width in columns),
            rows=tuple((f"{n}", *person, *common) for n, person in enumerate(people, start=1)),
        ),
        signatures=(Signature(title="NGƯỜI LẬP DANH SÁCH"), Signature(title="ĐẠI DIỆN ĐẠI LÝ THU")),
        dossier_code=issue.code,
    )


def _others(dossier: Dossier) -> list[tuple[str | None, ...]]:
    """The members of the household beside the applicant."""
    own = (dossier.insurance_number, dossier.applicant.casefold())
    return [
        tuple(cell(key, row) for key in _KEYS)
        for row in rows_of(dossier)
        if isinstance(row, dict)
        and (str(row.get("insurance_number") or "-"), str(row.get("full_name", "")).casefold()) != own
    ]
