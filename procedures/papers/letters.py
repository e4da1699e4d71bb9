"""Letters of the office to the citizen, each from the event that calls for it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from procedures import documents
from procedures.models import Dossier, DossierEvent
from procedures.papers.words import (
    PARENT_AGENCY,
    PLACE,
    RECEPTION_UNIT,
    Issue,
    citizen_address,
    filed_by,
    filer_address,
    limit_of,
    shown,
)


def head(issue: Issue) -> dict[str, Any]:
    """What every ``documents.Letter`` of the dossier's office begins with."""
    return {
        **office_head(issue),
        "verification_url": settings.SITE_URL + reverse("verify", args=[issue.token]),
        "sequence": issue.number,
    }


def office_head(issue: Issue) -> dict[str, Any]:
    return {
        "parent_agency": PARENT_AGENCY,
        "agency": issue.office.name,
        "reception_unit": RECEPTION_UNIT,
        "place": PLACE,
        "issued_at": issue.now,
        "dossier_code": issue.code,
    }


def filer(issue: Issue) -> dict[str, Any]:
    """What every ``documents.FilerLetter`` begins with."""
    dossier, definition = issue.dossier, issue.definition
    case = definition.case(dossier.case)
    return {
        **head(issue),
        "filer_name": filed_by(dossier),
        "filer_address": filer_address(dossier) or None,
        "filer_phone": dossier.phone or None,
        "filer_email": str(dossier.answers.get("email", "")) or None,
        "procedure": str(definition.title),
        "case": str(case.label) if case else None,
    }


def _last(dossier: Dossier, *actions: str) -> DossierEvent:
    """The event a letter tells of, with the person who acted."""
    found = dossier.events.select_related("actor").filter(action__in=actions).order_by("-sequence").first()
    assert found is not None
    return found


def _name(event: DossierEvent) -> str | None:
    return event.actor.full_name if event.actor else None


def supplement_request(issue: Issue) -> documents.SupplementRequest:
    event = _last(issue.dossier, "ask_supplement")
    assert issue.dossier.filed_at is not None
    return documents.SupplementRequest(
        **filer(issue),
        received_at=issue.dossier.filed_at,
        items=tuple(event.facts.get("missing", [])),
        advice=event.note or None,
        contact_phone=issue.office.phone or None,
        asked_by=_name(event),
    )


def refusal(issue: Issue) -> documents.RefusalLetter:
    event = _last(issue.dossier, "refuse", "reject")
    assert issue.dossier.filed_at is not None
    return documents.RefusalLetter(
        **filer(issue),
        received_at=issue.dossier.filed_at,
        accepted=event.action == "reject",
        reason=event.note,
        legal_basis=event.facts.get("legal_basis"),
        decided_by=_name(event),
    )


def apology(issue: Issue) -> documents.Apology:
    event = _last(issue.dossier, "apologise")
    assert issue.dossier.filed_at is not None
    return documents.Apology(
        **filer(issue),
        received_at=issue.dossier.filed_at,
        promised_at=datetime.fromisoformat(event.facts["due_was"]),
        return_at=datetime.fromisoformat(event.facts["due"]),
        reason=event.note,
        signed_by=_name(event),
    )


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
        return_expected=limit_of(dossier).confidence != "sure",
        result_delivery=shown(dossier, "result_delivery"),
    )
