"""What the paper of a cash voucher says. On paper everything is in Vietnamese."""

from payments.models import CashVoucher, Place
from payments.words import in_words
from portal.text import dong
from procedures import documents
from procedures.documents import CashPaper
from procedures.papers.words import PARENT_AGENCY, PLACE, RECEPTION_UNIT

PLACES = {
    Place.COUNTER.value: "Tại quầy của cơ quan BHXH",
    Place.POST.value: "Tại bưu điện, bằng tiền cơ quan BHXH đã ứng",
}


def printed(voucher: CashVoucher) -> bytes:
    """The PDF of ``voucher``, the same bytes while nothing changes. Raises ``documents.RenderError``."""
    return documents.render(content(voucher), made_at=voucher.made_at)


def content(voucher: CashVoucher) -> CashPaper:
    dossier = voucher.dossier
    return CashPaper(
        parent_agency=PARENT_AGENCY,
        agency=voucher.office.name,
        reception_unit=RECEPTION_UNIT,
        place_name=PLACE,
        made_at=voucher.made_at,
        code=str(voucher),
        payee=voucher.payee,
        identity=str(dossier.answers.get("insurance_number") or "") or None,
        dossier_code=str(dossier.code),
        decision=voucher.lump_sum.decision,
        purpose="Chi trả trợ cấp bảo hiểm xã hội một lần",
        place=PLACES[voucher.place],
        amount=dong(int(voucher.amount)),
        amount_in_words=in_words(voucher.amount),
        made_by=voucher.made_by.full_name,
        cancelled=voucher.reason or None,
    )
