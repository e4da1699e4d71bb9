"""Letters of the office to the citizen, each from the event that calls for it."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from procedures import documents
from procedures.models import Dossier
from procedures.papers.words import PARENT_AGENCY, Issue, citizen_address, shown


def head(issue: Issue) -> dict[str, Any]:
    """What every ``documents.Letter`` of the dossier's office begins with."""
    return {
        "parent_agency": PARENT_AGENCY,
        "agency": issue.office.name,
        "reception_unit": "Bộ phận Tiếp nhận và Trả kết quả",
        "place": "Khánh Hòa",
        "issued_at": issue.now,
        "dossier_code": issue.code,
        "verification_url": settings.SITE_URL + reverse("verify", args=[issue.token]),
        "sequence": issue.number,
    }


def needs_card_slip(dossier: Dossier) -> bool:
    """Whether the card is needed for an emergency or treatment now: a patient shows the slip for it."""
    return dossier.answers.get("urgent") is True


def card_slip(issue: Issue) -> documents.CardSlip:
    dossier = issue.dossier
    case = issue.definition.case(dossier.case)
    assert dossier.filed_at is not None
    return documents.CardSlip(
        **head(issue),
        holder=dossier.applicant,
        date_of_birth=shown(dossier, "date_of_birth") or None,
        gender=shown(dossier, "gender") or None,
        insurance_number=dossier.insurance_number,
        id_number=shown(dossier, "id_number") or None,
        address=citizen_address(dossier) or None,
        phone=dossier.phone or None,
        first_care_facility=shown(dossier, "first_care_facility") or None,
        request=str(case.label if case else issue.definition.title),
        treated_at=shown(dossier, "urgent_facility") or None,
        admitted_on=shown(dossier, "urgent_admitted") or None,
        received_at=dossier.filed_at,
        return_at=dossier.due_at,
        result_delivery=shown(dossier, "result_delivery"),
    )
