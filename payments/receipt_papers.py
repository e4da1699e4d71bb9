"""What the PDF of a receipt says, and its keeping. On paper everything is in Vietnamese."""

import hashlib
import secrets
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from payments.models import Receipt, ReceiptPaper
from payments.models.orders import Product
from payments.words import in_words
from portal.text import dong
from procedures import documents
from procedures.attachments import keep_private
from procedures.documents import ContributionReceipt, PaidPerson
from procedures.papers.words import PARENT_AGENCY, PLACE, RECEPTION_UNIT

PRODUCTS = {
    Product.VOLUNTARY.value: "Đóng bảo hiểm xã hội tự nguyện",
    Product.HOUSEHOLD.value: "Đóng bảo hiểm y tế hộ gia đình",
}


def make_paper(receipt: Receipt) -> ReceiptPaper:
    """Keep the PDF of ``receipt`` as things stand; one that is there already is left alone.

    Runs inside the caller's transaction. Raises ``documents.RenderError``.
    """
    counter = receipt.cancellation
    revision = ReceiptPaper.MARKED if counter else ReceiptPaper.AS_ISSUED
    if made := receipt.papers.filter(revision=revision).first():
        return made
    data = documents.render(content(receipt), made_at=counter.issued_at if counter else receipt.issued_at)
    return ReceiptPaper.objects.create(
        receipt=receipt,
        revision=revision,
        file=keep_private(f"documents/{receipt.issued_at:%Y/%m}/{secrets.token_hex(16)}.pdf", data),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )


def content(receipt: Receipt) -> ContributionReceipt:
    """``receipt`` as it is printed."""
    said = receipt.said
    return ContributionReceipt(
        parent_agency=PARENT_AGENCY,
        agency=receipt.office.name,
        reception_unit=RECEPTION_UNIT,
        place=PLACE,
        issued_at=receipt.issued_at,
        code=receipt.code,
        verification_url=settings.SITE_URL + reverse("verify_receipt", args=[receipt.token]),
        payer=said["payer"],
        purpose=PRODUCTS[said["product"]],
        reference=said["reference"],
        paid_at=datetime.fromisoformat(said["paid_at"]),
        account=said["account"],
        people=tuple(_person(person) for person in said["people"]),
        amount=dong(receipt.amount),
        amount_in_words=in_words(receipt.amount),
        cancels=_named(receipt.cancels),
        cancelled_by=_named(receipt.cancellation),
        replaces=_named(receipt.replaces),
        reason=receipt.reason or (receipt.cancellation.reason if receipt.cancellation else None),
        signed_by=receipt.issued_by.full_name if receipt.issued_by else None,
    )


def _person(person: dict[str, str]) -> PaidPerson:
    return PaidPerson(
        name=person["name"],
        insurance_number=person["insurance_number"] or None,
        months=months(person["first_month"], person["last_month"]),
        amount=dong(int(person["amount"])),
    )


def months(first: str, last: str) -> str:
    """The months from ``first`` to ``last`` (ISO days) as printed: ``01/2021 – 12/2021``."""
    begin, end = (f"{date.fromisoformat(day):%m/%Y}" for day in (first, last))
    return begin if begin == end else f"{begin} – {end}"


def _named(other: Receipt | None) -> str | None:
    """Another receipt as this one names it: number and day."""
    if other is None:
        return None
    return f"{other.code} ngày {timezone.localtime(other.issued_at):%d/%m/%Y}"


def shown(receipt: Receipt) -> dict[str, Any]:
    """What ``receipt`` says, as pages show it."""
    said = receipt.said
    return {
        **said,
        "product": Product(said["product"]).label,
        "paid_at": datetime.fromisoformat(said["paid_at"]),
        "people": [
            {**person, "months": months(person["first_month"], person["last_month"])}
            for person in said["people"]
        ],
        "in_words": in_words(receipt.amount),
    }
