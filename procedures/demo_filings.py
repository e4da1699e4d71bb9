"""What the people of the demo office file besides lump sums: real in shape, with everything invented.

A sample is a procedure, a case and the actions that have happened since; answers that nothing is said
about are made from the person and the kind of the question.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from portal.models import User
from procedures import agents, attachments, catalogue, dossiers, sealed_answers
from procedures.catalogue import definition_of
from procedures.definition import Definition, Field, Question
from procedures.demo import FAMILY, GIVEN, MIDDLE, STREETS, WARDS, Person, photo
from procedures.models import Dossier


@dataclass(frozen=True)
class Sample:
    """Somebody's dossier: what was asked and what the office has done; ``days`` ago it was filed."""

    procedure: str
    case: str
    done: tuple[str, ...] = ()
    days: int = 1
    given: dict[str, Any] = field(default_factory=dict)


_URGENT = {
    "urgent": "yes",
    "urgent_facility": "Bệnh viện đa khoa khu vực Cam Ranh",
    "reason": "Mất thẻ BHYT, người nhà đang cấp cứu.",
    "change_request": "Cấp lại thẻ BHYT.",
    "has_vssid": "no",
}
_CORRECTION = {
    "urgent": "no",
    "fix_items": ["full_name", "date_of_birth"],
    "reason": "Thẻ ghi sai họ tên và ngày sinh so với CCCD.",
    "change_request": "Sửa họ tên, ngày sinh theo CCCD.",
}
_DECIDED = ("originals", "accept", "propose", "approve")
_REJECTED = ("originals", "accept", "propose_rejection", "reject")

# By the office that handles them; together every state of a dossier.
SAMPLES: dict[str, tuple[Sample, ...]] = {
    "cam-ranh": (
        Sample("book-and-card", "card_lost", days=0, given=_URGENT),
        Sample("book-and-card", "card_correct_info", ("originals", "accept"), 5, _CORRECTION),
        Sample("book-and-card", "book_lost", ("accept", "approve", "dispatch"), 8),
        Sample("change-payment-method", "cash_to_account", ("accept", "approve", "close"), 6),
        Sample("health-insurance-only", "child_under_6"),
        Sample("voluntary-insurance", "register", ("accept", "ask_supplement"), 4),
        Sample("health-insurance-only", "refund", (), 2),
        Sample("voluntary-insurance", "refund", ("agent_return",), 3),
        Sample("maternity", "left_work_before_birth", ("originals", "accept", "propose"), 7),
        Sample("bhyt-direct-reimbursement", "papers_incomplete", (), 3),
        Sample("authorize-recipient", "authorize", ("originals",), 5),
        Sample("arrears-of-deceased", "monthly_unpaid", (*_DECIDED, "dispatch", "close"), 12),
    ),
    "khanh-hoa": (
        Sample("pension", "reserved", ("originals", "accept"), 9),
        Sample("survivor-benefit", "funeral", _DECIDED, 10),
        Sample("transfer-benefit-province", "move_out", ("accept", "propose"), 4),
        Sample("teacher-seniority-allowance", "retired_teacher", _REJECTED, 9),
        Sample("resume-benefit", "after_prison", (), 1),
        Sample("resume-benefit", "after_prison", ("note_lost",), 11),
        Sample("adjust-cancel-decision", "adjust_identity", ("refuse",), 3),
        Sample("book-and-card", "card_damaged", (), 2, {"urgent": "no"}),
    ),
}


def sample_draft(sample: Sample, who: Person, user: User, today: date, chance: random.Random) -> Dossier:
    """A complete draft of ``sample`` with its uploads, ready to file."""
    version = catalogue.published(sample.procedure)
    assert version is not None
    definition = definition_of(version)
    dossier = dossiers.start(user, version, case=sample.case)
    dossier.typed = sealed_answers.sealed(definition, typed(definition, sample, who, today, chance))
    dossier.case = sample.case
    dossier.save(update_fields=["typed", "case"])
    for paper in definition.documents_for(dossier.typed):
        if paper.uploaded and paper.required:
            upload = SimpleUploadedFile(f"{paper.slug}.jpg", photo(paper.slug))
            attachments.attach(dossier, paper.slug, upload, actor=user)
    return dossier


def typed(
    definition: Definition, sample: Sample, who: Person, today: date, chance: random.Random
) -> dict[str, Any]:
    """A complete form as typed: what the sample says, what is known of the person, the rest invented."""
    known = {**_about(who, today, chance), **sample.given, "case": sample.case}
    chosen = definition.case(sample.case)
    if chosen and chosen.when and chosen.when.field:
        known[chosen.when.field] = chosen.when.equals
    answers: dict[str, Any] = {}
    while True:
        open_fields = [
            asked
            for step in definition.steps_for(answers)
            for asked in definition.fields_of(step, answers)
            if asked.name not in answers
        ]
        if not open_fields:
            return answers
        name = open_fields[0].name
        answers[name] = known[name] if name in known else _answer(open_fields[0], today, chance)


def _about(who: Person, today: date, chance: random.Random) -> dict[str, Any]:
    """Answers by name that belong to the person, or that must fit each other."""
    account = f"4700{chance.randint(10**8, 10**9 - 1)}"
    died = today - timedelta(days=chance.randint(20, 60))
    left = today - timedelta(days=chance.randint(5, 15))
    relative = _name(chance)
    return {
        "full_name": who.full_name,
        "date_of_birth": f"{who.born:%d/%m/%Y}",
        "gender": who.sex,
        "insurance_number": who.number,
        "card_number": f"DN456{who.number}",
        "id_number": who.id_number,
        "phone": who.phone,
        "email": "",
        "ward": who.ward,
        "street": who.street,
        "current_ward": who.ward,
        "nationality": "Việt Nam",
        "ethnicity": "Kinh",
        "birth_registration": "Cam Đức, Cam Lâm, Khánh Hòa",
        "guardian": "",
        "account_holder": who.full_name,
        "account_number": account,
        "account_again": account,
        "bank": "970405",
        "bank_branch": "Khánh Hòa",
        "delivery_address": "",
        "household": [],
        "fix_full_name_old": who.full_name.split()[0] + " " + " ".join(who.full_name.split()[2:]),
        "fix_full_name_new": who.full_name,
        "fix_date_of_birth_old": f"01/01/{who.born.year}",
        "fix_date_of_birth_new": f"{who.born:%d/%m/%Y}",
        "urgent_admitted": f"{today:%d/%m/%Y}",
        "first_care_facility": "Bệnh viện đa khoa khu vực Cam Ranh",
        "facility": "Bệnh viện đa khoa tỉnh Khánh Hòa",
        "admit_date": f"{left - timedelta(days=6):%d/%m/%Y}",
        "discharge_date": f"{left:%d/%m/%Y}",
        "amount_claimed": f"{chance.randint(20, 120)}00.000",
        "leave_from": f"{left - timedelta(days=30):%d/%m/%Y}",
        "leave_to": f"{left + timedelta(days=150):%d/%m/%Y}",
        "child_date_of_birth": f"{left - timedelta(days=30):%d/%m/%Y}",
        "children": "1",
        "deceased_name": relative,
        "deceased_number": f"56{chance.randint(10_000_000, 29_999_999)}",
        "date_of_death": f"{died:%d/%m/%Y}",
        "unpaid_from": f"{died.month}/{died.year}",
        "unpaid_to": f"{died.month}/{died.year}",
        "funeral_payer": who.full_name,
        "death_reported": "yes",
        "several_heirs": "no",
        "has_corrections": "no",
        "relatives": [
            {
                "full_name": _name(chance),
                "date_of_birth": f"05/09/{today.year - 9}",
                "relation": "Con",
                "income": "0",
                "residence": who.street,
            }
        ],
        "agent_date_of_birth": "",
        "current_method": "cash",
        "current_place": "Bưu điện Cam Ranh",
        "effective_month": f"{today.month % 12 + 1}/{today.year + today.month // 12}",
        "valid_from": f"{today:%d/%m/%Y}",
        "valid_to": f"{today + timedelta(days=300):%d/%m/%Y}",
        "certifier": "UBND phường Cam Lợi",
        "decision_no": f"{chance.randint(100, 999)}/QĐ-BHXH",
        "decision_date": f"15/03/{today.year - 2}",
        "retire_date": "01/09/2005",
        "retire_from": f"{today.month}/{today.year}",
        "teaching_years": str(chance.randint(20, 35)),
        "school": "Trường THCS Nguyễn Du",
        "new_address": "25 Lê Lợi, phường 7, thành phố Tuy Hòa, Phú Yên",
        "stop_after_month": f"{today.month}/{today.year}",
        "stopped_from": f"3/{today.year - 2}",
        "contribution_amount": "1.500.000",
        "refundee_name": who.full_name,
        "refundee_number": who.number,
        "refundee_id": who.id_number,
        "ground_date": f"01/08/{today.year - 1}",
        "paid_from": f"1/{today.year - 1}",
        "paid_to": f"12/{today.year - 1}",
        "paid_method": "12",
        "paid_income": "1.500.000",
        "paid_amount": "804.600",
        "receipt_no": f"BL{chance.randint(10_000, 99_999)}",
        "reason": "Bị mất khi chuyển nhà.",
        "change_request": "Cấp lại theo thông tin đã khai.",
        "request": "Điều chỉnh họ tên, ngày sinh theo giấy khai sinh.",
        "relation": "child",
        "applicant_relation": "child",
    }


def _name(chance: random.Random) -> str:
    sex = chance.choice(("male", "female"))
    return f"{chance.choice(FAMILY)} {chance.choice(MIDDLE[sex])} {chance.choice(GIVEN[sex])}".upper()


def _answer(asked: Question, today: date, chance: random.Random) -> Any:
    """An invented answer to a question of this kind."""
    if isinstance(asked, Field) and asked.kind == "group":
        return [{column.name: _answer(column, today, chance) for column in asked.columns}]
    if asked.kind in _MADE:
        return str(_MADE[asked.kind](asked, today, chance))
    if asked.kind == "multiple":
        return [asked.choices[0].value]
    return f"{chance.randint(1, 250)} {chance.choice(STREETS)}" if asked.required else ""


def _month(asked: Question, today: date, chance: random.Random) -> str:
    return f"{today.month}/{today.year}"


def _day(asked: Question, today: date, chance: random.Random) -> str:
    return f"{today - timedelta(days=chance.randint(30, 300)):%d/%m/%Y}"


def _least(asked: Question, today: date, chance: random.Random) -> int:
    return asked.minimum or 1


def _number(prefix: str, low: int, high: int, suffix: str = "") -> Callable[..., str]:
    return lambda asked, today, chance: f"{prefix}{chance.randint(low, high)}{suffix}"


def _agent(asked: Question, today: date, chance: random.Random) -> str:
    found = agents.serving(WARDS["cam-ranh"][0], today).first()
    return str(found.pk) if found else ""


_MADE: dict[str, Callable[[Question, date, random.Random], Any]] = {
    "agent": _agent,
    "yes_no": lambda asked, today, chance: chance.choice(("yes", "no")),
    "choice": lambda asked, today, chance: asked.choices[0].value,
    "integer": _least,
    "digits": _least,
    "money": _number("", 10, 90, "00.000"),
    "date": _day,
    "date_or_year": _day,
    "month": _month,
    "period": lambda asked, today, chance: f"{today.month}//{today.year}",
    "years_months": _number("", 16, 30, "/6"),
    "name": lambda asked, today, chance: _name(chance),
    "bank_holder": lambda asked, today, chance: _name(chance),
    "identity_paper": _number("225", 100_000, 999_999),
    "phone": _number("090", 1_000_000, 9_999_999),
    "insurance_number": _number("56", 10_000_000, 29_999_999),
    "facility": lambda asked, today, chance: "Trung tâm y tế thành phố Cam Ranh",
    "ward": lambda asked, today, chance: "22429",
    "confirm": lambda asked, today, chance: "on",
}
