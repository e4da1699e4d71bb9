"""What stands on each kind of paper, a content type a kind."""

from datetime import date, datetime

import msgspec

from procedures.documents.calculation import Calculation
from procedures.documents.form_contents import ListForm, OfficialForm
from procedures.documents.postal_contents import (
    BatchLabels,
    LabelSheet,
    Manifest,
    PostedForm,
    PostingLabel,
    ReturnLabel,
)


class DossierDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A line of "Thành phần hồ sơ nộp gồm".

    ``handed_in`` is the form in which the paper comes ("Bản điện tử", "Bản chính gửi bưu điện").
    ``received`` is False while the office still waits for it.
    """

    label: str
    handed_in: str
    received: bool


class ReplacedReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The earlier receipt of the same dossier that a receipt takes the place of."""

    sequence: int
    issued_on: date


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What every paper of the office to a citizen has: its head, its codes and its number.

    ``sequence`` counts the papers of this kind of the dossier from 1.
    """

    parent_agency: str
    agency: str
    reception_unit: str
    place: str
    issued_at: datetime
    dossier_code: str
    verification_url: str
    sequence: int = 1


class FilerLetter(Letter, frozen=True, kw_only=True):
    """A letter that says whose dossier it is about, and what was asked for."""

    filer_name: str
    filer_address: str | None
    filer_phone: str | None
    filer_email: str | None
    procedure: str
    case: str | None


class Receipt(FilerLetter, frozen=True, kw_only=True):
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả (Mẫu 01, Thông tư 01/2018/TT-VPCP).

    No day of return can be promised while an original is awaited, because the time limit starts
    when the dossier is complete (Nghị định 61/2018/NĐ-CP): ``return_at`` together with a document
    not yet received is a ``ValueError``. ``return_expected``: the time limit behind it is not sure.

    ``statutory_time`` is in words ("5 ngày làm việc kể từ ngày nhận đủ hồ sơ"). ``version_digest`` is
    that of the procedure as it was filed. ``register_book`` and ``register_number`` are those of the
    Sổ theo dõi hồ sơ (Mẫu 06), entered when the daily list is closed. ``received_by`` is the clerk; an
    electronic receipt may have none.
    """

    documents: tuple[DossierDocument, ...]
    statutory_time: str
    received_at: datetime
    return_at: datetime | None
    result_delivery: str
    version_digest: str
    return_expected: bool = False
    sets: int = 1
    replaces: ReplacedReceipt | None = None
    register_book: str | None = None
    register_number: str | None = None
    electronic: bool = True
    received_by: str | None = None

    def __post_init__(self) -> None:
        if self.return_at and self.awaited:
            raise ValueError("no date of return can be promised while originals are awaited")

    @property
    def awaited(self) -> tuple[str, ...]:
        """Labels of the papers the office still waits for."""
        return tuple(d.label for d in self.documents if not d.received)


class SupplementRequest(FilerLetter, frozen=True, kw_only=True):
    """Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ (Mẫu 02, Thông tư 01/2018/TT-VPCP).

    The number and the title of the form are sure, its wording is likely.
    """

    received_at: datetime
    items: tuple[str, ...]
    advice: str | None
    contact_phone: str | None
    asked_by: str | None


class RefusalLetter(FilerLetter, frozen=True, kw_only=True):
    """Phiếu từ chối tiếp nhận giải quyết hồ sơ (Mẫu 03, Thông tư 01/2018/TT-VPCP).

    ``accepted``: the dossier was accepted and examined before it was turned down. The number and the
    title of the form are sure, its wording is likely.
    """

    received_at: datetime
    accepted: bool
    reason: str
    legal_basis: str | None
    decided_by: str | None


class Apology(FilerLetter, frozen=True, kw_only=True):
    """Phiếu xin lỗi và hẹn lại ngày trả kết quả (Mẫu 04, Thông tư 01/2018/TT-VPCP).

    The number and the title of the form are sure, its wording is likely.
    """

    received_at: datetime
    promised_at: datetime
    return_at: datetime
    reason: str
    signed_by: str | None


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a dossier through the office: who gave it, who took it, and what came of it."""

    at: datetime
    given_by: str
    taken_by: str
    done: str
    outcome: str | None = None
    note: str | None = None


class ControlSheet(msgspec.Struct, frozen=True, kw_only=True):
    """Phiếu kiểm soát quá trình giải quyết hồ sơ (Mẫu 05, Thông tư 01/2018/TT-VPCP).

    For the office: printed when somebody asks, kept nowhere. The number and the title of the form
    are sure, its columns are likely.
    """

    parent_agency: str
    agency: str
    reception_unit: str
    place: str
    issued_at: datetime
    dossier_code: str
    procedure: str
    case: str | None
    filer_name: str
    statutory_time: str
    received_at: datetime
    return_at: datetime | None
    steps: tuple[HandOver, ...]


class TrackingBook(msgspec.Struct, frozen=True, kw_only=True):
    """Sổ theo dõi hồ sơ (Mẫu 06, Thông tư 01/2018/TT-VPCP): a closed intake list, landscape.

    ``widths`` are those of the columns in millimetres, 262 in all. ``digest`` is the SHA-256 of the
    list; ``row_count`` what it counted when it was closed, without lines that ``corrections`` added.
    """

    parent_agency: str
    agency: str
    reception_unit: str
    place: str
    issued_at: datetime
    number: str
    day: date
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    closed_by: str | None
    digest: str
    row_count: int | None = None
    totals: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.columns) != len(self.widths):
            raise ValueError("every column needs a width")


class HandoverSheet(msgspec.Struct, frozen=True, kw_only=True):
    """Biên bản giao nhận bưu phẩm between two offices, portrait: a layout of our own, no official form.

    ``code`` is printed as bars, for the scanner of the office that takes over. A row: parcel, dossier,
    tracking number, papers.
    """

    parent_agency: str
    agency: str
    reception_unit: str
    place: str
    issued_at: datetime
    code: str
    to: str
    rows: tuple[tuple[str, ...], ...]
    given_by: str


class CardSlip(Letter, frozen=True, kw_only=True):
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả cấp lại, đổi thẻ BHYT (mẫu số 4, NĐ 146/2018/NĐ-CP).

    With a photo ID it stands in for the card while the new one is made. ``return_at`` is None while
    originals are awaited. The order of its items is ours (likely).
    """

    holder: str
    date_of_birth: str | None
    gender: str | None
    insurance_number: str
    id_number: str | None
    address: str | None
    phone: str | None
    first_care_facility: str | None
    request: str
    treated_at: str | None
    admitted_on: str | None
    received_at: datetime
    return_at: datetime | None
    result_delivery: str
    return_expected: bool = False


Content = (
    Receipt
    | SupplementRequest
    | RefusalLetter
    | Apology
    | ControlSheet
    | TrackingBook
    | HandoverSheet
    | CardSlip
    | OfficialForm
    | ListForm
    | PostedForm
    | PostingLabel
    | LabelSheet
    | ReturnLabel
    | BatchLabels
    | Manifest
    | Calculation
)
