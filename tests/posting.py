"""Results that are to be posted, and what clerks do with them."""

import random
from typing import Any

from django.test import Client
from django.utils import timezone

from portal.models import User
from procedures import demo, dispatches, mailroom, packing, workflow
from procedures.models import DispatchBatch, Dossier, Shipment
from tests.conftest import _staff, file_draft, make_draft

BATCHES = "/quan-tri/procedures/dispatchbatch/"
WAITING = f"{BATCHES}cho-gui/"
# Numbers with the right check digit.
STICKERS = ("RA000000014VN", "RA000000028VN", "RA000000031VN", "RA000000045VN", "RA000000059VN")


def approved(seed: int, *, ward: str = "22429", address: str = "", office: str = "cam-ranh") -> Dossier:
    """A lump sum that is approved and goes back by post."""
    chance = random.Random(seed)
    draft = make_draft(demo.citizen(demo.person(chance, ward)), chance)
    draft.typed |= {"result_delivery": "post", "delivery_address": address}
    draft.save()
    dossier = file_draft(draft)
    clerk, supervisor = staff_of(office)
    every = list(dossier.originals.values_list("document", flat=True))
    mailroom.receive(dossier, every, actor=clerk, key="o", now=timezone.now())
    workflow.move(dossier, "accept", actor=clerk, key="a")
    workflow.move(dossier, "propose", actor=clerk, key="p")
    workflow.move(dossier, "approve", actor=supervisor, key="d")
    return dossier


def staff_of(office: str) -> tuple[User, User]:
    """Clerk and supervisor of an office, the same each time."""
    found = {user.username: user for user in User.objects.filter(username__endswith=f".{office}")}
    return tuple(  # type: ignore[return-value]
        found.get(f"{role}.{office}") or _staff(office, role, name)
        for role, name in (("clerk", "Lê Thị Hạnh"), ("supervisor", "Trần Quốc Sơn"))
    )


def batch_of(clerk: User, *rows: Dossier, key: str = "b") -> DispatchBatch:
    made, _taken = dispatches.make_batch([d.pk for d in rows], actor=clerk, key=key, now=timezone.now())
    return made


def packed(batch: DispatchBatch, clerk: User, dossier: Dossier, sticker: str) -> Shipment:
    row = batch.shipments.get(dossier=dossier)
    return packing.pack(row, sticker, actor=clerk, now=timezone.now())


def sent(clerk: User, *rows: Dossier, first: int = 0) -> list[Shipment]:
    """The parcels of ``rows``, with the post."""
    batch = batch_of(clerk, *rows, key=f"b{rows[0].pk}")
    for number, dossier in enumerate(rows, start=first):
        packed(batch, clerk, dossier, STICKERS[number])
    for route in {row.route for row in batch.shipments.select_related("route")}:
        packing.hand_over(batch, route, actor=clerk, now=timezone.now())
    return list(batch.shipments.select_related("dossier").order_by("dossier_id"))


def scan(client: Client, batch: DispatchBatch, code: str, where: str = "") -> tuple[str, str, int]:
    """What Enter does at the packing page: the address and the page that follow, and the answer's status."""
    here = where or f"{BATCHES}{batch.pk}/dong-goi/"
    answer: Any = client.post(here, {"ma": code})
    if answer.status_code == 303:
        there = answer["Location"]
        return there, client.get(there).content.decode(), 303
    return here, answer.content.decode(), answer.status_code
