"""What stands on papers that go with the post: labels and manifests."""

from datetime import datetime

import msgspec

from procedures.documents.form_contents import OfficialForm, Signature


class PostalParty(msgspec.Struct, frozen=True, kw_only=True):
    """Sender or addressee of a postal item."""

    name: str
    address: str | None
    phone: str | None = None
    postal_code: str | None = None


class Enclosure(msgspec.Struct, frozen=True):
    """Papers inside the envelope: what, and how many."""

    label: str
    count: int = 1


class PostingLabel(msgspec.Struct, frozen=True, kw_only=True):
    """The A6 label a citizen sticks on the envelope with the originals.

    ``heading`` is the text required on the envelope ("HỒ SƠ ĐỀ NGHỊ HƯỞNG BHXH MỘT LẦN").
    """

    heading: str
    sender: PostalParty
    receiver: PostalParty
    contents: tuple[Enclosure, ...]
    dossier_code: str
    notes: tuple[str, ...] = ()


class PostedForm(msgspec.Struct, frozen=True, kw_only=True):
    """An official form to be signed and posted, and on a sheet of its own the front of its envelope.

    ``heading`` is the text required on the envelope; the code of ``form`` stands on both as a barcode.
    """

    form: OfficialForm
    heading: str
    sender: PostalParty
    receiver: PostalParty


class LabelSheet(msgspec.Struct, frozen=True, kw_only=True):
    """Posting labels four to an A4 sheet, with lines to cut along."""

    labels: tuple[PostingLabel, ...]

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a sheet needs at least one label")


class ReturnLabel(msgspec.Struct, frozen=True, kw_only=True):
    """The A6 label with which the office posts the result back to the citizen.

    ``sticker`` leaves room for the post's own label with the tracking number.
    """

    sender: PostalParty
    receiver: PostalParty
    contents: tuple[Enclosure, ...]
    dossier_code: str
    tracking_number: str | None = None
    heading: str = "KẾT QUẢ GIẢI QUYẾT HỒ SƠ"
    notes: tuple[str, ...] = ()
    sticker: bool = False


class BatchLabels(msgspec.Struct, frozen=True, kw_only=True):
    """The return labels of a batch: A6 each, or four to an A4 sheet."""

    title: str
    labels: tuple[ReturnLabel, ...]
    on_a4: bool = False

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a batch has at least one label")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Bảng kê giao nhận: the parcels of one route that the office hands to the post, for both to sign.

    Its layout is ours: no official form is known. Without a ``digest`` it is a draft. ``widths`` are
    those of the columns in millimetres, 262 in all.
    """

    parent_agency: str
    agency: str
    reception_unit: str
    place: str
    issued_at: datetime
    number: str
    batch: str
    route: str
    post_office: str | None
    post_office_sure: bool
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    originals: int
    copies: int
    digest: str | None
    signatures: tuple[Signature, ...]
