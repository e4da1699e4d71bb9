"""What each template is given."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procedures.documents.calculation import Calculation, calculated
from procedures.documents.codes import coded, qr_svg
from procedures.documents.contents import (
    Apology,
    CardSlip,
    Content,
    ControlSheet,
    HandoverSheet,
    Letter,
    Receipt,
    RefusalLetter,
    SupplementRequest,
    TrackingBook,
)
from procedures.documents.form_contents import Item, ListForm, OfficialForm, Section, Signature
from procedures.documents.money import CashPaper, ContributionReceipt, cash_paper, contribution_receipt
from procedures.documents.postal_contents import (
    BatchLabels,
    LabelSheet,
    Manifest,
    PostedForm,
    PostingLabel,
    ReturnLabel,
)
from procedures.documents.text import Data, clean, cleaned, day, day_in_words, local, moment, printed

# Longer lists do not fit an A6 label; what is left out is counted in a last line.
_LABEL_LINES = 8
_LABEL_TEXT = 160


def sheet(content: Content | ContributionReceipt | CashPaper) -> tuple[str, Data]:
    """The template of a content and the data it is given."""
    template, given = _SHEETS[type(content)]
    if isinstance(content, OfficialForm):
        template = _LAYOUTS.get(content.form_code, template)
    return template, given(content)


def _letter(letter: Letter) -> Data:
    """What the head and the foot of every letter are given, beside its own fields."""
    data = cleaned(letter)
    return data | {
        "place_and_date": f"{data['place']}, {day_in_words(letter.issued_at)}",
        "verification_url": letter.verification_url,
        "shown_url": printed(letter.verification_url),
        "qr": qr_svg(letter.verification_url),
        **coded(letter.dossier_code),
    }


def _promise(paper: Receipt | CardSlip) -> str | None:
    """When the result is there; what rests on a time limit that is not sure says so."""
    if paper.return_at is None:
        return None
    return moment(paper.return_at) + (" (dự kiến)" if paper.return_expected else "")


def _receipt(receipt: Receipt) -> Data:
    replaced = receipt.replaces
    return _letter(receipt) | {
        "documents": [
            {
                "label": printed(line.label),
                "handed_in": printed(line.handed_in),
                "received": line.received,
            }
            for line in receipt.documents
        ],
        "received_at": moment(receipt.received_at),
        "return_at": _promise(receipt),
        "awaited": [printed(label) for label in receipt.awaited],
        "replaces": replaced and {"sequence": replaced.sequence, "issued_on": day(replaced.issued_on)},
        "sets": f"{receipt.sets:02}",
        "version_digest": receipt.version_digest[:12],
        "signatures": [cleaned(block) for block in _receipt_signatures(receipt)],
    }


def _told(letter: SupplementRequest | RefusalLetter | Apology, signature: Signature) -> Data:
    """A letter that one person signs."""
    return _letter(letter) | {
        "received_at": moment(letter.received_at),
        "signatures": [cleaned(signature)],
    }


def _signed(title: str, name: str | None) -> Signature:
    return Signature(title=title, hint=None, name=name, note="Đã ban hành bằng phương tiện điện tử")


def _supplement_request(letter: SupplementRequest) -> Data:
    return _told(letter, _signed("NGƯỜI HƯỚNG DẪN", letter.asked_by))


def _refusal(letter: RefusalLetter) -> Data:
    return _told(letter, _signed("NGƯỜI CÓ THẨM QUYỀN", letter.decided_by))


def _apology(apology: Apology) -> Data:
    return _told(apology, _signed("NGƯỜI CÓ THẨM QUYỀN", apology.signed_by)) | {
        "promised_at": moment(apology.promised_at),
        "return_at": moment(apology.return_at),
    }


def _control(control: ControlSheet) -> Data:
    data = cleaned(control)
    return data | {
        "place_and_date": f"{data['place']}, {day_in_words(control.issued_at)}",
        "received_at": moment(control.received_at),
        "return_at": control.return_at and moment(control.return_at),
        "steps": [cleaned(step) | {"at": f"{local(step.at):%H:%M %d/%m/%Y}"} for step in control.steps],
        **coded(control.dossier_code),
    }


def _book(book: TrackingBook) -> Data:
    data = cleaned(book)
    signature = Signature(title="NGƯỜI CHỐT SỔ", name=book.closed_by)
    return data | {
        "place_and_date": f"{data['place']}, {day_in_words(book.issued_at)}",
        "day": day(book.day),
        "closed_at": moment(book.issued_at),
        "digest": book.digest,
        "count": len(book.rows) if book.row_count is None else book.row_count,
        "signatures": [cleaned(signature)],
    }


def _handover(paper: HandoverSheet) -> Data:
    data = cleaned(paper)
    giver = Signature(title="BÊN GIAO", name=paper.given_by)
    return data | {
        "place_and_date": f"{data['place']}, {day_in_words(paper.issued_at)}",
        "closed_at": moment(paper.issued_at),
        "signatures": [cleaned(giver), cleaned(Signature(title="BÊN NHẬN"))],
        **coded(paper.code),
    }


def _manifest(manifest: Manifest) -> Data:
    data = cleaned(manifest)
    return data | {
        "place_and_date": f"{data['place']}, {day_in_words(manifest.issued_at)}",
        "handed_at": moment(manifest.issued_at),
        "digest": manifest.digest,
    }


def _slip(slip: CardSlip) -> Data:
    made = "Đã tiếp nhận bằng phương tiện điện tử"
    signatures = (
        Signature(title="NGƯỜI NỘP HỒ SƠ", hint=None, name=slip.holder, note="Đã nộp hồ sơ trực tuyến"),
        Signature(title="NGƯỜI TIẾP NHẬN HỒ SƠ", hint=None, note=made),
    )
    return _letter(slip) | {
        "received_at": moment(slip.received_at),
        "return_at": _promise(slip),
        "signatures": [cleaned(block) for block in signatures],
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
    numbered = _numbered(form.sections, counted=form.numbered)
    return cleaned(form) | {
        "sections": [
            {
                "title": printed(section.title or ""),
                "lines": lines,
                "together": _fits_half_page(section),
            }
            for section, lines in zip(form.sections, numbered, strict=True)
        ],
        **coded(form.dossier_code),
    }


def _posted_form(posted: PostedForm) -> Data:
    parties = {"sender": posted.sender, "receiver": posted.receiver}
    words = clean(msgspec.to_builtins({"heading": posted.heading, **parties}), longest=_LABEL_TEXT)
    return _form(posted.form) | {"envelope": words | coded(posted.form.dossier_code)}


def _list(paper: ListForm) -> Data:
    data = cleaned(paper)
    return data | {"made_on": day_in_words(paper.issued_at), **coded(paper.dossier_code)}


def _fits_half_page(section: Section) -> bool:
    """Whether a section is surely short enough to keep on one page: a generous count of lines."""
    texts = [text for item in section.items for text in (item.label, *_answers(item))]
    return sum(1 + len(text) // 50 for text in texts) <= 20


def _answers(item: Item) -> Iterable[str]:
    return (choice.label for choice in item.choices) if item.choices else (item.value or "",)


def _numbered(sections: Iterable[Section], *, counted: bool) -> list[list[list[Data]]]:
    """The lines of each section; a line is one item, or two that share it."""
    count = 0
    numbered = []
    for section in sections:
        lines: list[list[Data]] = []
        for item in section.items:
            count += not item.sub and item.number is None
            mark = item.number or ("–" if item.sub else f"{count}." if counted else "")
            data = cleaned(item) | {"number": mark}
            if item.half and lines and len(lines[-1]) == 1 and lines[-1][0]["half"]:
                lines[-1].append(data)
            else:
                lines.append([data])
        numbered.append(lines)
    return numbered


def _labels(labels: Sequence[PostingLabel | ReturnLabel], *, on_a4: bool, title: str = "") -> Data:
    return {
        "title": printed(title or f"{labels[0].heading} – {labels[0].dossier_code}"),
        "on_a4": on_a4,
        "labels": [_label(label) for label in labels],
    }


def _label(label: PostingLabel | ReturnLabel) -> Data:
    shown = [{"label": line.label, "count": f"{line.count:02}"} for line in label.contents[:_LABEL_LINES]]
    if left := len(label.contents) - len(shown):
        shown.append({"label": f"và {left} loại giấy tờ khác", "count": ""})
    data = msgspec.to_builtins(label) | {"contents": shown or [{"label": "", "count": ""}]}
    words: Data = clean(data, longest=_LABEL_TEXT)
    return {"tracking_number": None, "sticker": False} | words | coded(label.dossier_code)


_SHEETS: dict[type, tuple[str, Callable[[Any], Data]]] = {
    Receipt: ("receipt.typ", _receipt),
    SupplementRequest: ("supplement_request.typ", _supplement_request),
    RefusalLetter: ("refusal.typ", _refusal),
    Apology: ("apology.typ", _apology),
    ControlSheet: ("control_sheet.typ", _control),
    HandoverSheet: ("handover.typ", _handover),
    TrackingBook: ("tracking_book.typ", _book),
    CardSlip: ("card_slip.typ", _slip),
    ListForm: ("list_form.typ", _list),
    OfficialForm: ("official_form.typ", _form),
    PostedForm: ("2_cbh_posted.typ", _posted_form),
    PostingLabel: ("labels.typ", lambda label: _labels((label,), on_a4=False)),
    LabelSheet: ("labels.typ", lambda sheet: _labels(sheet.labels, on_a4=True)),
    ReturnLabel: ("labels.typ", lambda label: _labels((label,), on_a4=False)),
    BatchLabels: ("labels.typ", lambda batch: _labels(batch.labels, on_a4=batch.on_a4, title=batch.title)),
    Manifest: ("manifest.typ", _manifest),
    ContributionReceipt: ("contribution_receipt.typ", contribution_receipt),
    CashPaper: ("cash_voucher.typ", cash_paper),
    Calculation: ("calculation.typ", calculated),
}
# Official forms that are laid out in a way of their own.
_LAYOUTS = {"TK1-TS": "tk1_ts.typ", "2-CBH": "2_cbh.typ", "13-HSB": "13_hsb.typ"}
