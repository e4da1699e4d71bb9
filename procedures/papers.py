"""What the PDFs of a dossier say, and their issue: the newest is valid, older ones are kept."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.models import Confidence, Ward
from procedures import documents, dossiers, official_forms
from procedures.attachments import keep_private
from procedures.catalogue import definition_for
from procedures.definition import Definition, Document, Field, TimeLimit
from procedures.forms import form_field
from procedures.models import Dossier, IssuedDocument, Office, PostalItem
from procedures.offices import full_address

Kind = IssuedDocument.Kind
PARENT_AGENCY = "Bảo hiểm xã hội Việt Nam"


def issue(dossier: Dossier, kind: str, *, now: datetime) -> IssuedDocument:
    """Make the document ``kind`` of ``dossier`` as things stand; the one before is kept, replaced.

    Runs inside the caller's transaction. Raises ``documents.RenderError``.
    """
    with translation.override("vi"):
        earlier = dossier.documents.filter(kind=kind).order_by("-number").first()
        token = secrets.token_urlsafe(18)
        content = _CONTENTS[kind](dossier, earlier, token, now)
        data = documents.render(content, made_at=now)
    if earlier:
        dossier.documents.filter(kind=kind, replaced_at=None).update(replaced_at=now)
    path = keep_private(f"documents/{now:%Y/%m}/{secrets.token_hex(16)}.pdf", data)
    return IssuedDocument.objects.create(
        dossier=dossier,
        kind=kind,
        number=earlier.number + 1 if earlier else 1,
        file=path,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        token=token,
        made_at=now,
    )


# Which documents a topic makes; the form only for a dossier that has one, labels where papers are posted.
TOPICS = {
    "documents.receipt": (Kind.RECEIPT,),
    "documents.form": (Kind.FORM,),
    "documents.labels": (Kind.LABEL, Kind.LABEL_SHEET),
    "documents.return_label": (Kind.RETURN_LABEL,),
}


def kinds_made(dossier: Dossier, topics: Iterable[str]) -> list[str]:
    """The kinds of documents that ``topics`` make for ``dossier``, in the order they are used."""
    posted = dossier.originals.exists()
    needed = {
        Kind.FORM: form_of(dossier) is not None,
        Kind.LABEL: posted,
        Kind.LABEL_SHEET: posted,
        Kind.RETURN_LABEL: dossier.answers.get("result_delivery") == "post",
    }
    return [kind for topic in topics for kind in TOPICS.get(topic, ()) if needed.get(kind, True)]


def form_of(dossier: Dossier) -> Document | None:
    """The paper of ``dossier`` that the portal fills in; None where its case has none."""
    papers = definition_for(dossier).documents_for(dossier.answers)
    return next((paper for paper in papers if paper.generated), None)


# --- Words of a dossier --------------------------------------------------------------------------


def how_handed_in(document: Document) -> str:
    """How a paper reaches the office, in words."""
    return {
        "generated": _("made by the portal"),
        "generated_then_post": _("made by the portal; sign it and post it"),
        "upload": _("upload a photo or a PDF"),
        "upload_then_original": _("upload a photo or a PDF, and post the original"),
        "post_original": _("post the original"),
    }[document.mode]


def shown(dossier: Dossier, name: str) -> str:
    """The answer ``name`` as people read it; empty when it was not given."""
    definition = definition_for(dossier)
    field = definition.field(name)
    value = dossier.answers.get(name)
    if field is None or value is None:
        return ""
    return form_field(field, definition, timezone.localdate()).display(value)


def citizen_address(dossier: Dossier) -> str:
    """Where the citizen lives, as written on letters."""
    ward = Ward.objects.select_related("district").filter(code=dossier.answers.get("ward", "")).first()
    return full_address(str(dossier.answers.get("street", "")), ward)


def return_address(dossier: Dossier) -> str:
    """Where the result goes by post: the address given for it, else the home address."""
    return str(dossier.answers.get("delivery_address", "")) or citizen_address(dossier)


def time_limit_words(definition: Definition, case: str) -> str:
    """The statutory time of ``case`` as a phrase: ``5 ngày làm việc``."""
    return limit_words(definition.time_limit(case))


def limit_words(limit: TimeLimit) -> str:
    if limit.days == 0:
        return _("on the day of receipt")
    unit = _("working days") if limit.unit == "working" else _("days")
    return f"{limit.days} {unit}"


def _party(office: Office) -> documents.PostalParty:
    """An office as printed on labels: a postal code nobody has confirmed could misroute a parcel."""
    confirmed = office.postal_code_confidence == Confidence.SURE
    return documents.PostalParty(
        name=office.name,
        address=office.address or None,
        phone=office.phone or None,
        postal_code=(office.postal_code or None) if confirmed else None,
    )


def _citizen_party(dossier: Dossier, address: str) -> documents.PostalParty:
    return documents.PostalParty(name=dossier.applicant, address=address or None, phone=dossier.phone or None)


# --- Contents, one function a kind ---------------------------------------------------------------

Earlier = IssuedDocument | None


def _receipt(dossier: Dossier, earlier: Earlier, token: str, now: datetime) -> documents.Receipt:
    definition = definition_for(dossier)
    case = definition.case(dossier.case)
    assert dossier.office is not None and dossier.filed_at is not None and dossier.code is not None
    office = dossier.office
    return documents.Receipt(
        parent_agency=PARENT_AGENCY,
        agency=office.name,
        reception_unit="Bộ phận Tiếp nhận và Trả kết quả",
        place="Khánh Hòa",
        issued_at=now,
        dossier_code=dossier.code,
        verification_url=settings.SITE_URL + reverse("verify", args=[token]),
        filer_name=dossier.applicant,
        filer_address=citizen_address(dossier) or None,
        filer_phone=dossier.phone or None,
        filer_email=str(dossier.answers.get("email", "")) or None,
        procedure=str(definition.title),
        case=str(case.label) if case else None,
        documents=_papers(dossier, definition),
        statutory_time=time_limit_words(definition, dossier.case),
        received_at=dossier.filed_at,
        return_at=dossier.due_at,
        result_delivery=shown(dossier, "result_delivery"),
        version_digest=definition.digest[:12],
        sequence=earlier.number + 1 if earlier else 1,
        replaces=documents.ReplacedReceipt(
            sequence=earlier.number, issued_on=timezone.localtime(earlier.made_at).date()
        )
        if earlier
        else None,
    )


def _papers(dossier: Dossier, definition: Definition) -> tuple[documents.DossierDocument, ...]:
    """Every paper of the dossier and whether the office has it, in the form it is needed in."""
    received = dict(dossier.originals.values_list("document", "received_at"))
    uploaded = set(dossier.attachments.filter(removed_at=None).values_list("document", flat=True))
    listed = []
    for paper in definition.documents_for(dossier.answers):
        if not paper.required and paper.slug not in uploaded:
            continue
        here = received[paper.slug] is not None if paper.slug in received else True
        listed.append(
            documents.DossierDocument(label=str(paper.label), handed_in=_handed_in_by(paper), received=here)
        )
    return tuple(listed)


def _handed_in_by(paper: Document) -> str:
    return {
        "generated": "Bản điện tử",
        "generated_then_post": "Bản giấy đã ký, gửi bưu điện",
        "upload": "Bản chụp tải lên",
        "upload_then_original": "Bản chụp tải lên; bản gốc gửi bưu điện",
        "post_original": "Bản chính, gửi bưu điện",
    }[paper.mode]


def _form(dossier: Dossier, earlier: Earlier, token: str, now: datetime) -> documents.OfficialForm:
    definition = definition_for(dossier)
    return _FORMS.get(definition.slug, _any_form)(dossier, definition)


def _any_form(dossier: Dossier, definition: Definition) -> documents.OfficialForm:
    """The form of a procedure without a layout of its own: every page a section, every answer an item."""
    paper, today = form_of(dossier), timezone.localdate()
    assert paper is not None and dossier.office is not None and dossier.code is not None
    answers = {**dossier.answers, "case": dossier.case}
    return official_forms.any_form(
        form_code=paper.form or definition.form_code,
        title=paper.label.vi,
        subtitle=definition.title.vi,
        to_office=dossier.office.name,
        pages=[
            (step.title.vi, [_item(field, definition, answers, today) for field, _shown in rows])
            for step, rows in dossiers.answered(definition, answers, today)
        ],
        signed_by=dossier.applicant,
        dossier_code=dossier.code,
    )


def _item(
    field: Field, definition: Definition, answers: Mapping[str, Any], today: date
) -> official_forms.Answer:
    """An answer as the form prints it: few choices as boxes, everything else as words."""
    asked, value = form_field(field, definition, today), answers[field.name]
    options = getattr(asked, "options", [])
    if isinstance(value, bool):
        value = "yes" if value else "no"
    chosen = value if isinstance(value, list) else [value]
    return official_forms.Answer(
        label=field.label.vi.removesuffix("?"),
        words=asked.display(answers[field.name]),
        boxes=tuple((option["label"], option["value"] in chosen) for option in options),
    )


def _lump_sum_form(dossier: Dossier, definition: Definition) -> documents.OfficialForm:
    answers = dossier.answers
    case = definition.case(dossier.case)
    assert dossier.office is not None and dossier.code is not None
    return official_forms.lump_sum_form(
        official_forms.LumpSumForm(
            to_office=dossier.office.name,
            dossier_code=dossier.code,
            full_name=dossier.applicant,
            date_of_birth=shown(dossier, "date_of_birth"),
            gender=str(answers.get("gender", "")),
            bhxh_code=dossier.insurance_number,
            id_number=str(answers.get("id_number", "")),
            phone=shown(dossier, "phone"),
            email=str(answers.get("email", "")) or None,
            address=citizen_address(dossier),
            ward_of_residence=shown(dossier, "ward"),
            residence_kind=str(answers.get("residence_kind", "")),
            scheme=str(answers.get("scheme", "")),
            ground=case.slug if case else "",
            stop_date=_day(answers.get("stop_date")),
            total_years_known=shown(dossier, "total_months") or None,
            books_count=int(answers.get("books_count", 1)),
            unemployment_not_received=answers.get("unemployment_reserved") is True,
            has_regional_allowance=answers.get("regional_allowance"),
            pay_method=str(answers.get("pay_method", "")),
            account_holder=answers.get("account_holder"),
            account_number=answers.get("account_number"),
            bank=shown(dossier, "bank") or None,
            bank_branch=answers.get("bank_branch"),
            result_delivery=str(answers.get("result_delivery", "")),
            delivery_address=answers.get("delivery_address"),
            enclosed=tuple(
                f"{o.label_vi} ({o.copies})" for o in dossier.originals.all() if o.document != "form"
            ),
        )
    )


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None


_FORMS: dict[str, Callable[[Dossier, Definition], documents.OfficialForm]] = {"lump-sum": _lump_sum_form}


def _label(dossier: Dossier, earlier: Earlier, token: str, now: datetime) -> documents.PostingLabel:
    definition = definition_for(dossier)
    assert dossier.office is not None and dossier.code is not None
    return documents.PostingLabel(
        heading=definition.envelope,
        sender=_citizen_party(dossier, citizen_address(dossier)),
        receiver=_party(dossier.office),
        contents=tuple(
            documents.Enclosure(label=o.label_vi, count=o.copies) for o in dossier.originals.all()
        ),
        dossier_code=dossier.code,
        notes=("Gửi bảo đảm (có số hiệu) và giữ biên lai bưu điện.",),
    )


def _label_sheet(dossier: Dossier, earlier: Earlier, token: str, now: datetime) -> documents.LabelSheet:
    return documents.LabelSheet(labels=(_label(dossier, earlier, token, now),) * 4)


def _return_label(dossier: Dossier, earlier: Earlier, token: str, now: datetime) -> documents.ReturnLabel:
    definition = definition_for(dossier)
    parcel = dossier.postal_items.filter(direction=PostalItem.Direction.OUT).last()
    assert dossier.office is not None and dossier.code is not None
    return documents.ReturnLabel(
        sender=_party(dossier.office),
        receiver=_citizen_party(dossier, return_address(dossier)),
        contents=(documents.Enclosure(label=definition.result.label.vi),),
        dossier_code=dossier.code,
        tracking_number=parcel.tracking if parcel else None,
    )


Content = Callable[[Dossier, Earlier, str, datetime], documents.Content]
_CONTENTS: dict[str, Content] = {
    Kind.RECEIPT: _receipt,
    Kind.FORM: _form,
    Kind.LABEL: _label,
    Kind.LABEL_SHEET: _label_sheet,
    Kind.RETURN_LABEL: _return_label,
}
