"""Postal labels: what the citizen sticks on the envelope, and what the office sends back."""

from datetime import datetime

from django.utils import translation

from portal.models import Confidence
from procedures import documents
from procedures.models import Dossier, Office, PostalItem
from procedures.papers.words import Issue, filer_address, return_address


def party(office: Office) -> documents.PostalParty:
    """An office as printed on labels: a postal code nobody has confirmed could misroute a parcel."""
    confirmed = office.postal_code_confidence == Confidence.SURE
    return documents.PostalParty(
        name=office.name,
        address=office.address or None,
        phone=office.phone or None,
        postal_code=(office.postal_code or None) if confirmed else None,
    )


def _citizen_party(dossier: Dossier, address: str) -> documents.PostalParty:
    name = dossier.organisation_name or dossier.applicant
    return documents.PostalParty(name=name, address=address or None, phone=dossier.phone or None)


def posting_label(issue: Issue) -> documents.PostingLabel:
    dossier = issue.dossier
    return documents.PostingLabel(
        heading=issue.definition.envelope,
        sender=_citizen_party(dossier, filer_address(dossier)),
        receiver=party(dossier.post_to or issue.office),
        contents=tuple(
            documents.Enclosure(label=o.label_vi, count=o.copies) for o in dossier.originals.all()
        ),
        dossier_code=issue.code,
        notes=("Gửi bảo đảm (có số hiệu) và giữ biên lai bưu điện.",),
    )


def label_sheet(dossier: Dossier, *, now: datetime) -> bytes:
    """The posting label four times on A4, as things stand. Raises ``documents.RenderError``."""
    with translation.override("vi"):
        label = posting_label(Issue(dossier, now))
        return documents.render(documents.LabelSheet(labels=(label,) * 4), made_at=now)


def return_label(issue: Issue) -> documents.ReturnLabel:
    dossier = issue.dossier
    parcel = dossier.postal_items.filter(direction=PostalItem.Direction.OUT).last()
    return documents.ReturnLabel(
        sender=party(issue.office),
        receiver=_citizen_party(dossier, _where(dossier)),
        contents=(documents.Enclosure(label=issue.definition.result.label.vi),),
        dossier_code=issue.code,
        tracking_number=parcel.tracking if parcel else None,
    )


def _where(dossier: Dossier) -> str:
    """Where the result goes: as last printed for a batch, perhaps corrected since it was filed."""
    last = dossier.shipments.exclude(address="").order_by("-pk").first()
    return last.address if last else return_address(dossier)
