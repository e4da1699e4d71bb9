"""Official forms, filled in from the answers of a dossier."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from portal.groups import GroupField
from portal.models import Confidence
from portal.sealing import opened
from procedures import documents, dossiers, official_forms
from procedures.catalogue import definition_for
from procedures.definition import Definition, Document, Field
from procedures.forms import form_field
from procedures.models import Dossier
from procedures.papers.recipients import cbh_2, hsb_13
from procedures.papers.tk1 import tk1_ts
from procedures.papers.words import Issue, citizen_address, shown


def form_of(dossier: Dossier) -> Document | None:
    """The paper of ``dossier`` that the portal fills in; None where its case has none."""
    papers = definition_for(dossier).documents_for(dossier.answers)
    return next((paper for paper in papers if paper.generated), None)


def form(issue: Issue) -> documents.OfficialForm:
    """The form of the dossier: in the layout of its number or procedure, else in the order of its pages."""
    paper = form_of(issue.dossier)
    assert paper is not None
    if layout := LAYOUTS.get(paper.form):
        return layout.fill(issue)
    return _FORMS.get(issue.definition.slug, _any_form)(issue.dossier, issue.definition)


@dataclass(frozen=True)
class Layout:
    """An official layout, and how sure we are that it is the official one."""

    fill: Callable[[Issue], documents.OfficialForm]
    confidence: Confidence
    source: str


LAYOUTS = {
    "TK1-TS": Layout(tk1_ts, Confidence.LIKELY, "QĐ 595, sđ QĐ 505: [01]–[19] sure, wording likely"),
    "2-CBH": Layout(cbh_2, Confidence.LIKELY, "QĐ 166: code and title sure, layout likely"),
    "13-HSB": Layout(hsb_13, Confidence.LIKELY, "QĐ 166: code and title sure, layout likely"),
}


def layout_of(dossier: Dossier) -> Layout | None:
    """The official layout of the dossier's form; None where it is laid out from the pages."""
    paper = form_of(dossier)
    return LAYOUTS.get(paper.form) if paper else None


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
        pages=_unit(dossier)
        + [
            (step.title.vi, [_item(field, definition, answers, today) for field, _shown in rows])
            for step, rows in dossiers.answered(definition, answers, today, whole=True)
        ],
        signed_by=dossier.organisation_name or dossier.applicant,
        dossier_code=dossier.code,
    )


def _unit(dossier: Dossier) -> list[tuple[str, list[official_forms.Answer]]]:
    """The organisation that files, on a section of its own before the answers."""
    if not dossier.by_organisation:
        return []
    told = (("Tên đơn vị", dossier.organisation_name), ("Mã đơn vị", dossier.organisation_code))
    return [("Đơn vị nộp", [official_forms.Answer(label=name, words=words) for name, words in told if words])]


def _item(
    field: Field, definition: Definition, answers: Mapping[str, Any], today: date
) -> official_forms.Answer:
    """An answer as the form prints it: few choices as boxes, everything else as words."""
    asked, value = form_field(field, definition, today), answers[field.name]
    if isinstance(asked, GroupField):
        rows = ((name, "; ".join(f"{k}: {v}" for k, v in cells)) for name, cells in asked.told(value))
        return official_forms.Answer(label=field.label.vi, words="", rows=tuple(rows))
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
            account_number=opened(answers.get("account_number")),
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
