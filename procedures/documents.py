"""The PDFs that leave the portal: receipts, official forms and postal labels.

Data in, bytes out: nothing here reads the database, the clock or the settings. A content type says
what stands on the paper; ``render`` sets it with the Typst template of the same name.

Text typed by citizens is handed over as JSON and printed as text, so no character of it has a
meaning for the typesetter. Characters that the font lacks become ``?``; a missing value is printed
as a dotted blank, as on the paper forms. Times are printed in Vietnam's time zone.
"""

import functools
import os
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import segno
import typst
from barcode.codex import Code128  # type: ignore[import-untyped]
from barcode.errors import BarcodeError  # type: ignore[import-untyped]
from msgspec.structs import replace

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "pdf"
TIME_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class RenderError(Exception):
    """The paper could not be set. The message says why, in one line fit for the log."""


# Content types


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


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả (Mẫu 01, Thông tư 01/2018/TT-VPCP).

    No day of return can be promised while an original is awaited, because the time limit starts
    when the dossier is complete (Nghị định 61/2018/NĐ-CP): ``return_at`` together with a document
    not yet received is a ``ValueError``.

    ``statutory_time`` is in words ("5 ngày làm việc kể từ ngày nhận đủ hồ sơ"). ``sequence`` counts
    the receipts of this dossier from 1. ``version_digest`` is that of the procedure as it was
    filed. ``register_book`` and ``register_number`` are those of the Sổ theo dõi hồ sơ (Mẫu 06),
    entered when the daily list is closed. ``received_by`` is the clerk; an electronic receipt may
    have none.
    """

    parent_agency: str
    agency: str
    reception_unit: str
    place: str
    issued_at: datetime
    dossier_code: str
    verification_url: str
    filer_name: str
    filer_address: str | None
    filer_phone: str | None
    filer_email: str | None
    procedure: str
    case: str | None
    documents: tuple[DossierDocument, ...]
    statutory_time: str
    received_at: datetime
    return_at: datetime | None
    result_delivery: str
    version_digest: str
    sets: int = 1
    sequence: int = 1
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


class Choice(msgspec.Struct, frozen=True):
    """A box of an official form, crossed when chosen."""

    label: str
    chosen: bool


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item of an official form: a label with a value, or with boxes to cross.

    Items are numbered through the whole form; ``number`` replaces the running number where a form
    has its own ("[07.1]"), and a ``sub`` item is indented and has a dash instead. Two ``half``
    items that follow each other share a line. ``stacked`` puts each box on a line of its own.
    """

    label: str
    value: str | None = None
    choices: tuple[Choice, ...] = ()
    number: str | None = None
    sub: bool = False
    half: bool = False
    stacked: bool = False


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A headed part of an official form."""

    title: str | None
    items: tuple[Item, ...]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody signs. A ``note`` stands in place of the room for the pen."""

    title: str
    hint: str | None = "(Ký, ghi rõ họ tên)"
    name: str | None = None
    place_and_date: str | None = None
    note: str | None = None


class OfficialForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form printed for signature: 14-HSB, TK1-TS, 2-CBH and the like.

    ``issued_by`` names the decision that issued the form, ``to_office`` follows "Kính gửi:". The
    dossier code is printed with its barcode so that the clerk can scan the posted form.
    """

    form_code: str
    issued_by: str | None
    title: str
    subtitle: str | None
    to_office: str
    sections: tuple[Section, ...]
    commitments: tuple[str, ...]
    signatures: tuple[Signature, ...]
    dossier_code: str


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


class LabelSheet(msgspec.Struct, frozen=True, kw_only=True):
    """Posting labels four to an A4 sheet, with lines to cut along."""

    labels: tuple[PostingLabel, ...]

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a sheet needs at least one label")


class ReturnLabel(msgspec.Struct, frozen=True, kw_only=True):
    """The A6 label with which the office posts the result back to the citizen."""

    sender: PostalParty
    receiver: PostalParty
    contents: tuple[Enclosure, ...]
    dossier_code: str
    tracking_number: str | None = None
    heading: str = "KẾT QUẢ GIẢI QUYẾT HỒ SƠ"
    notes: tuple[str, ...] = ()


Content = Receipt | OfficialForm | PostingLabel | LabelSheet | ReturnLabel


def render(content: Content, *, made_at: datetime) -> bytes:
    """The PDF of ``content``: tagged, fonts embedded, PDF/A-2a and PDF/UA-1.

    The same content and ``made_at`` (aware) give the same bytes. Raises ``RenderError``.
    """
    template, data = _sheet(content)
    return _compile(template, data, timestamp=int(_local(made_at).timestamp()))


# What each template is given

Data = dict[str, Any]

# Longer lists do not fit an A6 label; what is left out is counted in a last line.
_LABEL_LINES = 8
_LABEL_TEXT = 160


def _sheet(content: Content) -> tuple[str, Data]:
    """The template of a content and the data it is given."""
    match content:
        case Receipt():
            return "receipt.typ", _receipt(content)
        case OfficialForm():
            return "official_form.typ", _form(content)
        case LabelSheet():
            return "labels.typ", _labels(content.labels, on_a4=True)
        case PostingLabel() | ReturnLabel():
            return "labels.typ", _labels((content,), on_a4=False)


def _receipt(receipt: Receipt) -> Data:
    data = _cleaned(receipt)
    replaced = receipt.replaces
    return data | {
        "documents": [
            {
                "label": _text(line.label),
                "handed_in": _text(line.handed_in),
                "received": line.received,
            }
            for line in receipt.documents
        ],
        "place_and_date": f"{data['place']}, {_day_in_words(receipt.issued_at)}",
        "received_at": _moment(receipt.received_at),
        "return_at": receipt.return_at and _moment(receipt.return_at),
        "awaited": [_text(label) for label in receipt.awaited],
        "replaces": replaced and {"sequence": replaced.sequence, "issued_on": _day(replaced.issued_on)},
        "sets": f"{receipt.sets:02}",
        "version_digest": receipt.version_digest[:12],
        "signatures": [_cleaned(block) for block in _receipt_signatures(receipt)],
        "verification_url": receipt.verification_url,
        "shown_url": _text(receipt.verification_url),
        "qr": _qr_svg(receipt.verification_url),
        **_coded(receipt.dossier_code),
    }


def _receipt_signatures(receipt: Receipt) -> tuple[Signature, Signature]:
    filer = Signature(title="NGƯỜI NỘP HỒ SƠ", name=receipt.filer_name)
    clerk = Signature(title="NGƯỜI TIẾP NHẬN HỒ SƠ", name=receipt.received_by)
    if not receipt.electronic:
        return filer, clerk
    return (
        replace(filer, hint=None, note="Đã nộp hồ sơ trực tuyến"),
        replace(clerk, hint=None, note="Đã tiếp nhận bằng phương tiện điện tử"),
    )


def _form(form: OfficialForm) -> Data:
    return _cleaned(form) | {
        "sections": [
            {
                "title": _text(section.title or ""),
                "lines": lines,
                "together": _fits_half_page(section),
            }
            for section, lines in zip(form.sections, _numbered(form.sections), strict=True)
        ],
        **_coded(form.dossier_code),
    }


def _fits_half_page(section: Section) -> bool:
    """Whether a section is surely short enough to keep on one page: a generous count of lines."""
    texts = [text for item in section.items for text in (item.label, *_answers(item))]
    return sum(1 + len(text) // 50 for text in texts) <= 20


def _answers(item: Item) -> Iterable[str]:
    return (choice.label for choice in item.choices) if item.choices else (item.value or "",)


def _numbered(sections: Iterable[Section]) -> list[list[list[Data]]]:
    """The lines of each section; a line is one item, or two that share it."""
    count = 0
    numbered = []
    for section in sections:
        lines: list[list[Data]] = []
        for item in section.items:
            count += not item.sub and item.number is None
            mark = item.number or ("–" if item.sub else f"{count}.")
            data = _cleaned(item) | {"number": mark}
            if item.half and lines and len(lines[-1]) == 1 and lines[-1][0]["half"]:
                lines[-1].append(data)
            else:
                lines.append([data])
        numbered.append(lines)
    return numbered


def _labels(labels: Sequence[PostingLabel | ReturnLabel], *, on_a4: bool) -> Data:
    return {
        "title": _text(f"{labels[0].heading} – {labels[0].dossier_code}"),
        "on_a4": on_a4,
        "labels": [_label(label) for label in labels],
    }


def _label(label: PostingLabel | ReturnLabel) -> Data:
    shown = [{"label": line.label, "count": f"{line.count:02}"} for line in label.contents[:_LABEL_LINES]]
    if left := len(label.contents) - len(shown):
        shown.append({"label": f"và {left} loại giấy tờ khác", "count": ""})
    data = msgspec.to_builtins(label) | {"contents": shown or [{"label": "", "count": ""}]}
    cleaned: Data = _clean(data, longest=_LABEL_TEXT)
    return {"tracking_number": None} | cleaned | _coded(label.dossier_code)


# Dates


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise RenderError(f"time without a zone: {moment}")
    return moment.astimezone(TIME_ZONE)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _moment(moment: datetime) -> str:
    return f"{_local(moment):%H giờ %M phút, ngày %d/%m/%Y}"


def _day_in_words(moment: datetime) -> str:
    """As the place and date line has it: a nought before days under 10 and months 1 and 2."""
    day = _local(moment)
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"ngày {day:%d} tháng {month} năm {day.year}"


# Text

# What Be Vietnam Pro has a shape for, control and invisible characters aside.
_SHAPES = (
    "\x20-\x7e\xa1-\xac\xae-\u0107\u010a-\u0113\u0116-\u011b\u011e-\u0121\u0126-\u012b"
    "\u012e-\u0131\u0139\u013a\u013d\u013e\u0141-\u0144\u0147\u0148\u014c\u014d\u0150-\u0155"
    "\u0158-\u015b\u015e-\u016b\u016e-\u017e\u01a0\u01a1\u01af\u01b0\u01e6\u01e7\u02c6\u02c7"
    "\u02d8-\u02dc\u0300-\u0304\u0306-\u030c\u0312\u031b\u0323\u0326-\u0328\u1e20\u1e21"
    "\u1e80-\u1e85\u1e9e\u1ea0-\u1ef9\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022"
    "\u2026\u2030\u2039\u203a\u2044\u2070\u2074-\u2079\u2080-\u2089\u20ab\u20ac\u2122"
    "\u215b-\u215e\u2212\u2215\u2248\u2260\u2264\u2265"
)
_PRINTABLE = re.compile(f"[{_SHAPES}]*")
_BREAK = "\u200b"

# The widest word, in ems, that fits the narrowest column of a paper (the receipt's table).
_WIDEST_WORD = 12


def _cleaned(content: msgspec.Struct) -> Data:
    data: Data = _clean(msgspec.to_builtins(content))
    return data


def _clean(value: Any, longest: int | None = None) -> Any:
    """Every string inside ``value`` made printable; an empty one becomes None."""
    match value:
        case str():
            return _text(value, longest)
        case dict():
            return {key: _clean(inner, longest) for key, inner in value.items()}
        case list() | tuple():
            return [_clean(inner, longest) for inner in value]
        case _:
            return value


def _text(value: str, longest: int | None = None) -> str | None:
    value = unicodedata.normalize("NFC", value)
    if not _PRINTABLE.fullmatch(value):
        value = "".join(map(_printable, value))
    if longest and len(value) > longest:
        value = value[: longest - 1] + "…"
    return " ".join(_breakable(word) for word in value.split()) or None


def _printable(char: str) -> str:
    """The character, its nearest printable relation, nothing for an invisible one, or ``?``."""
    if _PRINTABLE.fullmatch(char):
        return char
    if char.isspace():
        return " "
    if unicodedata.category(char)[0] in "CM":
        return ""
    relation = unicodedata.normalize("NFKC", char)
    return relation if _PRINTABLE.fullmatch(relation) else "?"


def _breakable(word: str) -> str:
    """Marks where too wide a word may be broken, never before a combining mark."""
    if len(word) <= 10 or sum(map(_width, word)) <= _WIDEST_WORD:
        return word
    return _BREAK.join(re.findall("(?:.[\u0300-\u036f]*){1,4}", word))


def _width(char: str) -> float:
    """About how wide a character of the widest sort is in bold type, in ems."""
    letter = unicodedata.normalize("NFD", char)[0]
    if letter in "MWmwÆŒæœ@%‰…—™":
        return 1.1
    return 0.72 if letter.islower() or letter.isdigit() else 0.88


# Codes

# Bars of at least 0.25 mm, two dots of a 200 dpi scan, over the 87 mm of a label.
_MOST_MODULES = 328


def _coded(dossier_code: str) -> Data:
    return {"dossier_code": dossier_code, "barcode": _code128_svg(dossier_code)}


@functools.lru_cache(maxsize=64)
def _code128_svg(code: str) -> str:
    """One receipt, form and label of a dossier carry the same bars, hence the cache."""
    try:
        bars: str = Code128(code).build()[0]
    except (BarcodeError, LookupError) as error:
        raise RenderError(f"no barcode for {code!r}: {error}") from error
    if len(bars) > _MOST_MODULES:
        raise RenderError(f"no barcode for {code!r}: too long to be read from a label")
    return _svg([[bar == "1" for bar in bars]], quiet=(10, 0))


def _qr_svg(url: str) -> str:
    # Any mask is readable; choosing the best of eight would cost as much as half the page.
    try:
        code = segno.make(url, error="m", micro=False, mask=3)
    except ValueError as error:
        raise RenderError(f"no QR code for {url!r}: {error}") from error
    return _svg(code.matrix, quiet=(4, 4))


def _svg(rows: Sequence[Sequence[int | bool]], *, quiet: tuple[int, int]) -> str:
    """Dark modules as a single path, with the quiet zone around; far cheaper than a shape each."""
    across, down = quiet
    path = "".join(
        f"M{run.start() + across} {y + down}h{run.end() - run.start()}v1H{run.start() + across}z"
        for y, row in enumerate(rows)
        for run in re.finditer("1+", "".join("1" if dark else "0" for dark in row))
    )
    width, height = len(rows[0]) + 2 * across, len(rows) + 2 * down
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" preserveAspectRatio="none"><path d="{path}"/></svg>'
    )


# Typesetting

_lock = threading.Lock()


@functools.cache
def _compiler() -> tuple[typst.Compiler, int]:
    """The compiler of this process, made on first use (fonts are read once), and the process id."""
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(files("fontpkg_be_vietnam_pro") / "files")],
    )
    return typst.Compiler(root=TEMPLATES, font_paths=fonts, ignore_system_fonts=True), os.getpid()


def _compile(template: str, data: Data, *, timestamp: int) -> bytes:
    compiler, process = _compiler()
    if process != os.getpid():
        # The typesetter's threads do not survive a fork; it would wait for them for ever.
        raise RenderError("this process was forked from one that had already made a document")
    try:
        # A compiler refuses a second caller while it works.
        with _lock:
            pdf = compiler.compile(
                input=TEMPLATES / template,
                format="pdf",
                sys_inputs={"data": msgspec.json.encode(data).decode()},
                # Readable for decades (PDF/A) and by a screen reader (PDF/UA).
                pdf_standards=["a-2a", "ua-1"],
                timestamp=timestamp,
            )
    except (typst.TypstError, RuntimeError, OSError) as error:
        raise RenderError(f"{template}: {' '.join(str(error).split())}") from error
    if not isinstance(pdf, bytes):
        raise RenderError(f"{template}: the typesetter returned no document")
    return pdf
