"""Papers about money paid."""

from datetime import datetime

import msgspec

from procedures.documents.codes import qr_svg
from procedures.documents.form_contents import Signature
from procedures.documents.text import Data, cleaned, day_in_words, moment, printed


class PaidPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person a receipt is for; ``months`` and ``amount`` as printed."""

    name: str
    insurance_number: str | None
    months: str
    amount: str


class ContributionReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Biên lai thu tiền, or the document that cancels one (``cancels``). Its layout is ours: no
    official form is known.

    ``cancels``, ``cancelled_by`` and ``replaces`` name another receipt with its day. ``reason``: why it
    is or was cancelled. ``signed_by`` is empty where the portal itself issued it.
    """

    parent_agency: str
    agency: str
    reception_unit: str
    place: str
    issued_at: datetime
    code: str
    verification_url: str
    payer: str
    purpose: str
    reference: str
    paid_at: datetime
    account: str
    people: tuple[PaidPerson, ...]
    amount: str
    amount_in_words: str
    cancels: str | None = None
    cancelled_by: str | None = None
    replaces: str | None = None
    reason: str | None = None
    signed_by: str | None = None


def contribution_receipt(receipt: ContributionReceipt) -> Data:
    data = cleaned(receipt)
    made = "Đã lập bằng phương tiện điện tử"
    title = "NGƯỜI LẬP CHỨNG TỪ" if receipt.cancels else "NGƯỜI LẬP BIÊN LAI"
    signature = Signature(title=title, hint=None, name=receipt.signed_by, note=made)
    return data | {
        "place_and_date": f"{data['place']}, {day_in_words(receipt.issued_at)}",
        "issued_at": moment(receipt.issued_at),
        "paid_at": moment(receipt.paid_at),
        "verification_url": receipt.verification_url,
        "shown_url": printed(receipt.verification_url),
        "qr": qr_svg(receipt.verification_url),
        "signatures": [cleaned(signature)],
    }


class CashPaper(msgspec.Struct, frozen=True, kw_only=True):
    """Phiếu chi tiền mặt with the receipt that the payee signs. Its layout is ours.

    ``place``: where it is paid. Who pays and who receives sign with a pen.
    """

    parent_agency: str
    agency: str
    reception_unit: str
    place_name: str
    made_at: datetime
    code: str
    payee: str
    identity: str | None
    dossier_code: str
    decision: str
    purpose: str
    place: str
    amount: str
    amount_in_words: str
    made_by: str
    cancelled: str | None = None


def cash_paper(paper: CashPaper) -> Data:
    data = cleaned(paper)
    pen = "(Ký, ghi rõ họ tên)"
    signed = (
        Signature(title="NGƯỜI LẬP PHIẾU", hint=pen, name=paper.made_by),
        Signature(title="NGƯỜI CHI TIỀN", hint=pen, name=None),
        Signature(title="NGƯỜI NHẬN TIỀN", hint=pen, name=None),
    )
    return data | {
        "place_and_date": f"{data['place_name']}, {day_in_words(paper.made_at)}",
        "signatures": [cleaned(one) for one in signed],
    }
