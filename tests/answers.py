"""Valid answers for any definition, made from its field kinds, conditions and rules."""

from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from portal.fields import PartsWidget, PortalField
from portal.groups import GroupField
from portal.models import User
from procedures import attachments, catalogue, demo, dossiers
from procedures.definition import Definition, Field, Question, Step, applies
from procedures.forms import form_field
from procedures.models import Dossier

BY_KIND: dict[str, Any] = {
    "name": "TRẦN VĂN BÌNH",
    "text": "Số 5 Huỳnh Thúc Kháng",
    "long_text": "Dòng một\nDòng hai",
    "date": "12/03/2020",
    "date_or_year": "01/02/1955",
    "month": "3/2020",
    "period": "3//2021",
    "years_months": "5/3",
    "integer": "1",
    "money": "1.500.000",
    "confirm": "on",
    "insurance_number": "5612345679",
    "identity_paper": "225123456",
    "phone": "0905123456",
    "email": "an@example.com",
    "ward": "22429",
    "agent": "",  # a test that wants one gives it
    "bank": "970405",
    "bank_account": "4700201001234",
    "account_words": "4700201009999 Agribank",
    "bank_holder": "TRẦN VĂN BÌNH",
    "tracking_number": "RA000000014VN",
    "facility": "Bệnh viện đa khoa tỉnh 56001",
    "unit_code": "TZH490L",
}
BROKEN: dict[str, Any] = {
    "name": "12",
    "text": "x" * 201,
    "long_text": "x" * 1001,
    "date": "31/02/2020",
    "date_or_year": "1/1/20",
    "month": "13/2020",
    "period": "1/2/2021",
    "years_months": "1/12",
    "integer": "một",
    "money": "một triệu",
    "yes_no": "maybe",
    "case": "none_of_them",
    "choice": "none_of_them",
    "multiple": ["none_of_them"],
    "digits": "12a",
    "insurance_number": "123",
    "identity_paper": "12",
    "phone": "12",
    "email": "an@",
    "ward": "00000",
    "agent": "0",
    "bank": "000000",
    "bank_account": "1",
    "account_words": "x" * 201,
    "bank_holder": "1",
    "tracking_number": "RA000000015VN",
    "health_card": "561",
    "facility": "5601",
    "unit_code": "TZH490",
    "group": [{"full_name": "12"}],
}


def typed(
    definition: Definition, case: str, who: User, today: date, *, yes_no: str = "yes", **given: Any
) -> dict[str, Any]:
    """A complete form of ``case`` as typed; ``given`` answers replace the made ones.

    ``yes_no`` is the answer to every question that asks for one.
    """
    chosen = definition.case(case)
    leading = {chosen.when.field: chosen.when.equals} if chosen and chosen.when else {}
    # An organisation files for somebody.
    own = who.username.isdigit()
    name = given.get("full_name", who.full_name if own else BY_KIND["name"])
    number = given.get("insurance_number", who.username if own else BY_KIND["insurance_number"])
    known = {
        "case": case,
        **leading,
        "full_name": name,
        "insurance_number": number,
        "card_number": f"DN456{number}",
        "account_holder": name,
        "refundee_name": name,
        "stop_date": f"01/01/{today.year - 2}",
        "contributing_now": "no",
        "goes_on_voluntarily": "no",
        "retire_date": "01/09/2005",
        "effective_month": f"2/{today.year + 1}",
        **given,
    }
    answers: dict[str, Any] = {}
    while True:
        missing = [
            field
            for step in definition.steps_for(answers)
            for field in definition.fields_of(step, answers)
            if field.name not in answers
        ]
        if not missing:
            return answers
        name = missing[0].name
        answers[name] = known[name] if name in known else answer(missing[0], yes_no)


def answer(field: Question, yes_no: str) -> Any:
    match field.kind:
        case "yes_no":
            return yes_no
        case "choice":
            return field.choices[0].value
        case "multiple":
            return [choice.value for choice in field.choices]
        case "digits":
            return "56001"[: field.maximum or 5]
        case "integer":
            return str(field.minimum or 1)
        case "group" if isinstance(field, Field):
            rows = max(2, field.minimum or 0)
            return [{column.name: answer(column, yes_no) for column in field.columns} for _row in range(rows)]
        case _:
            return BY_KIND[field.kind]


def posted(definition: Definition, step: Step, typed: dict[str, Any], today: date) -> dict[str, Any]:
    """What a browser sends for the page ``step`` of a form ``typed`` so."""
    sent: dict[str, Any] = {}
    for asked in definition.fields_of(step, typed):
        field, value = form_field(asked, definition, today), typed[asked.name]
        if isinstance(field, GroupField):
            sent[asked.name] = str(len(value))
            for number, row in enumerate(value):
                for column, cell in row.items():
                    sent |= _inputs(field.columns[column], f"{asked.name}-{number}-{column}", cell)
        else:
            sent |= _inputs(field, asked.name, value)
    return sent


def _inputs(field: PortalField, name: str, value: Any) -> dict[str, Any]:
    """A value in the inputs of its field: a date has three."""
    if isinstance(field.widget, PartsWidget):
        return {f"{name}_{suffix}": part for suffix, _label, part, _width in field.parts(value) if part}
    return {name: value}


def make_draft(definition: Definition, case: str, who: User, today: date, **given: Any) -> Dossier:
    """A complete draft of ``case`` with the files it needs."""
    version = catalogue.published(definition.slug)
    assert version is not None
    dossier = dossiers.start(who, version)
    dossier.typed, dossier.case = typed(definition, case, who, today, **given), case
    dossier.save(update_fields=["typed", "case"])
    for paper in definition.documents:
        if applies(paper, dossier.typed) and paper.uploaded and paper.required:
            upload = SimpleUploadedFile(f"{paper.slug}.jpg", PHOTO)
            attachments.attach(dossier, paper.slug, upload, actor=who)
    return dossier


PHOTO = demo.photo("x")
