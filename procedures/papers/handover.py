"""The handover list as it is printed, signed by both sides and sent along with the parcels."""

from django.utils import translation

from procedures import documents
from procedures.models import HandoverList, HandoverRow
from procedures.papers.words import PARENT_AGENCY, PLACE, RECEPTION_UNIT


def handover_sheet(handover: HandoverList, rows: list[HandoverRow]) -> bytes:
    """The list as a PDF, without what was taken off it; names stay out: it goes with a carrier."""
    sheet = documents.HandoverSheet(
        parent_agency=PARENT_AGENCY,
        agency=handover.office.name,
        reception_unit=RECEPTION_UNIT,
        place=PLACE,
        issued_at=handover.closed_at,
        code=handover.code,
        to=handover.to.name,
        rows=tuple(_row(row) for row in rows if row.taken_off_at is None),
        given_by=handover.closed_by.full_name,
    )
    with translation.override("vi"):
        return documents.render(sheet, made_at=handover.closed_at)


def _row(row: HandoverRow) -> tuple[str, ...]:
    dossier = row.parcel.dossier
    assert dossier is not None
    papers = "; ".join(f"{o.label_vi} × {o.copies}" for o in dossier.originals.all())
    return str(row.parcel_id), dossier.code or "", row.parcel.tracking or "–", papers or "–"
