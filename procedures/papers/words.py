"""Words of a dossier, as its papers and pages say them."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from portal import geography
from procedures.catalogue import definition_for
from procedures.definition import Definition, Document, TimeLimit
from procedures.forms import form_field
from procedures.models import Dossier, IssuedDocument, Office
from procedures.offices import full_address

PARENT_AGENCY = "Bảo hiểm xã hội Việt Nam"
RECEPTION_UNIT = "Bộ phận Tiếp nhận và Trả kết quả"
PLACE = "Khánh Hòa"


@dataclass(frozen=True)
class Issue:
    """The making of one paper: of a filed dossier, now, after an ``earlier`` one of its kind or none."""

    dossier: Dossier
    now: datetime
    token: str = ""
    earlier: IssuedDocument | None = None

    @property
    def definition(self) -> Definition:
        return definition_for(self.dossier)

    @property
    def office(self) -> Office:
        assert self.dossier.office is not None
        return self.dossier.office

    @property
    def code(self) -> str:
        assert self.dossier.code is not None
        return self.dossier.code

    @property
    def number(self) -> int:
        return self.earlier.number + 1 if self.earlier else 1


def how_handed_in(document: Document) -> str:
    """How a paper reaches the office, in words."""
    return {
        "generated": _("made by the portal"),
        "generated_then_post": _("made by the portal; sign it and post it"),
        "upload": _("upload a photo or a PDF"),
        "upload_then_original": _("upload a photo or a PDF, and post the original"),
        "post_original": _("post the original"),
    }[document.mode]


def shown(dossier: Dossier, name: str) -> str:
    """The answer ``name`` as people read it; empty when it was not given."""
    definition = definition_for(dossier)
    field = definition.field(name)
    value = dossier.answers.get(name)
    if field is None or value is None:
        return ""
    return form_field(field, definition, timezone.localdate()).display(value)


def filed_by(dossier: Dossier) -> str:
    """Who files, as written on papers; an organisation with its code and for whom."""
    if not dossier.by_organisation:
        return dossier.applicant
    code = f" (mã {dossier.organisation_code})" if dossier.organisation_code else ""
    others = dossier.applicant != dossier.organisation_name
    return f"{dossier.organisation_name}{code}{f', nộp cho {dossier.applicant}' if others else ''}"


def filer_address(dossier: Dossier) -> str:
    """Where whoever filed lives or has its seat, as written on letters."""
    if not dossier.by_organisation:
        return citizen_address(dossier)
    return full_address(dossier.owner.street, dossier.owner.ward)


def citizen_address(dossier: Dossier) -> str:
    """Where the citizen lives, as written on letters."""
    ward = geography.ward(str(dossier.answers.get("ward", "")))
    return full_address(str(dossier.answers.get("street", "")), ward)


def return_address(dossier: Dossier) -> str:
    """Where the result goes by post: the address given for it, else that of whoever filed."""
    return str(dossier.answers.get("delivery_address", "")) or filer_address(dossier)


def time_limit_words(dossier: Dossier) -> str:
    """The statutory time of ``dossier`` as a phrase: ``5 ngày làm việc``, ``(dự kiến)`` unless it is sure."""
    words = limit_words(limit_of(dossier))
    return words if limit_of(dossier).confidence == "sure" else f"{words} ({_('expected')})"


def limit_of(dossier: Dossier) -> TimeLimit:
    """The statutory time that holds for the answers of ``dossier``."""
    return definition_for(dossier).time_limit(dossier.case, dossier.answers)


def limit_words(limit: TimeLimit) -> str:
    if limit.days == 0:
        return _("on the day of receipt")
    unit = _("working days") if limit.unit == "working" else _("days")
    return f"{limit.days} {unit}"
