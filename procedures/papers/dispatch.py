"""Papers of a dispatch batch: the labels of all its parcels, and the manifest of a route."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.utils import translation

from procedures import documents
from procedures.attachments import keep_private
from procedures.catalogue import definition_for
from procedures.documents import Enclosure, PostalParty, ReturnLabel, Signature
from procedures.models import DispatchBatch, DispatchLabels, DispatchManifest, Shipment
from procedures.packing import lines, manifest_number
from procedures.papers.labels import party
from procedures.papers.words import PARENT_AGENCY, PLACE, RECEPTION_UNIT
from procedures.routes import post_office

NO_ROUTE = "Chưa rõ huyện / ngoài tỉnh"
COLUMNS = ("STT", "Mã hồ sơ", "Người nhận", "Địa chỉ", "Bản chính", "Bản sao", "Mã vận đơn")
_WIDTHS = (10, 47, 50, 79, 15, 15, 46)


def route_name(shipment: Shipment) -> str:
    return shipment.route.name if shipment.route else NO_ROUTE


def batch_labels(batch: DispatchBatch, *, on_a4: bool) -> documents.BatchLabels:
    """The labels in the order of the batch: by route, as they are packed."""
    rows = batch.shipments.select_related("dossier", "route").order_by("position")
    labels = tuple(_label(batch, row) for row in rows)
    return documents.BatchLabels(title=f"Nhãn trả kết quả, lô {batch}", labels=labels, on_a4=on_a4)


def make_labels(batch: DispatchBatch) -> None:
    """Keep the labels of ``batch`` in both sizes, once a revision; the same batch gives the same bytes.

    Runs inside the caller's transaction. Raises ``documents.RenderError``.
    """
    for size in DispatchLabels.Size.values:
        if batch.labels.filter(size=size, revision=batch.revision).exists():
            continue
        with translation.override("vi"):
            content = batch_labels(batch, on_a4=size == DispatchLabels.Size.A4)
            data = documents.render(content, made_at=batch.made_at)
        DispatchLabels.objects.create(
            batch=batch,
            size=size,
            revision=batch.revision,
            file=keep_private(f"documents/{batch.made_at:%Y/%m}/{secrets.token_hex(16)}.pdf", data),
            sha256=hashlib.sha256(data).hexdigest(),
            length=len(data),
        )


def _label(batch: DispatchBatch, row: Shipment) -> ReturnLabel:
    dossier, result = row.dossier, definition_for(row.dossier).result.label.vi
    counted = [Enclosure(result, row.originals)] if row.originals else []
    if row.copies:
        counted.append(Enclosure("Bản sao", row.copies))
    return ReturnLabel(
        sender=party(batch.office),
        receiver=PostalParty(name=row.recipient, address=row.address or None, phone=dossier.phone or None),
        contents=tuple(counted) or (Enclosure(result),),
        dossier_code=str(dossier.code),
        notes=(f"Lô {batch} – số {row.position} – tuyến {route_name(row)}",),
        sticker=True,
    )


def manifest(
    batch: DispatchBatch,
    rows: Sequence[Shipment],
    *,
    closed: DispatchManifest | None,
    now: datetime,
) -> documents.Manifest:
    """What leaves for one route; without ``closed`` a draft of what is packed so far."""
    route = closed.route if closed else rows[0].route
    place = post_office(route)
    return documents.Manifest(
        parent_agency=PARENT_AGENCY,
        agency=batch.office.name,
        reception_unit=RECEPTION_UNIT,
        place=PLACE,
        issued_at=closed.handed_at if closed else now,
        number=manifest_number(batch, route),
        batch=str(batch),
        route=route.name if route else NO_ROUTE,
        post_office=f"{place.address} (mã bưu cục {place.code})" if place else None,
        post_office_sure=place is not None and place.confidence == "sure",
        columns=COLUMNS,
        widths=_WIDTHS,
        rows=tuple(tuple(str(cell) for cell in line) for line in lines(rows)),
        originals=sum(row.originals for row in rows),
        copies=sum(row.copies for row in rows),
        digest=closed.digest if closed else None,
        signatures=(
            Signature(title="ĐẠI DIỆN BƯU ĐIỆN (BÊN NHẬN)", name=(closed and closed.taken_by) or None),
            Signature(
                title="ĐẠI DIỆN CƠ QUAN BHXH (BÊN GIAO)", name=closed.handed_by.full_name if closed else None
            ),
        ),
    )
