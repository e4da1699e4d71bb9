"""What people file: a complete, checked form of every case that can be invented, to be filled in by name."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.models import User
from procedures import catalogue, demo, intake, sealed_answers
from procedures.deadlines import closing
from procedures.definition import Definition, TimeLimit
from procedures.demo_filings import Sample, typed
from procedures.demo_volume.plan import Desk
from procedures.forms import StepForm
from procedures.models import Dossier, Office, ProcedureVersion

# Of a hundred dossiers; a procedure that is not named has one.
_OFTEN = {
    "book-and-card": 26,
    "health-insurance-only": 17,
    "lump-sum": 12,
    "voluntary-insurance": 9,
    "sickness": 7,
    "maternity": 7,
    "compulsory-insurance": 6,
    "change-payment-method": 4,
    "pension": 8,
    "survivor-benefit": 4,
}


@dataclass(frozen=True)
class Template:
    """A filing without its person. ``rows``: what an intake list says of it, by channel, whoever files it."""

    version: int
    procedure: int
    definition: Definition
    case: str
    filer: str
    owner: User | None
    weight: float
    typed: dict[str, Any]
    answers: dict[str, Any]
    limit: TimeLimit
    action: str
    posted: tuple[tuple[str, str, str, int], ...]
    uploads: tuple[str, ...]
    by_post: bool
    urgent: bool
    rows: dict[str, dict[str, Any]]

    @property
    def provincial(self) -> bool:
        return self.definition.handled_by == "province"


def of_month(first: date, owners: dict[str, User], office: Office) -> list[Template]:
    """Every template whose answers fit a filing in the month that begins on ``first``."""
    found = []
    for version, definition in catalogue.all_published():
        cases = [_made(version, definition, case, first, owners, office) for case in _cases(definition)]
        fitting = [template for template in cases if template]
        often = _OFTEN.get(definition.slug, 1)
        found += [_weighed(template, often / len(fitting)) for template in fitting]
    return found


def for_desk(templates: list[Template], desk: Desk, provincial: float) -> tuple[list[Template], list[float]]:
    """The templates an office gets, and how often each: ``provincial`` is the share of the province's."""
    if not desk.province:
        mine = [template for template in templates if not template.provincial]
        return mine, [template.weight for template in mine]
    totals = {kind: sum(t.weight for t in templates if t.provincial is kind) for kind in (True, False)}
    part = {True: provincial, False: 1 - provincial}
    return templates, [t.weight / totals[t.provincial] * part[t.provincial] for t in templates]


def _weighed(template: Template, weight: float) -> Template:
    return Template(**{**template.__dict__, "weight": weight})


def _cases(definition: Definition) -> list[str]:
    return [case.slug for case in definition.cases] or [""]


def _made(
    version: ProcedureVersion,
    definition: Definition,
    case: str,
    first: date,
    owners: dict[str, User],
    office: Office,
) -> Template | None:
    """The template of ``case``; None where what can be invented does not make a valid form."""
    form = _form(definition, case, first)
    if form is None:
        return None
    raw, answers = form
    filer = next(f for f in definition.filers_of(definition.case(case)) if f == "citizen" or f in owners)
    posted = [d for d in definition.documents_for(answers) if d.posted and d.required]
    uploads = [d.slug for d in definition.documents_for(answers) if d.uploaded and d.required]
    both = definition.transition("file_complete") is not None
    filed = _prototype(version, case, filer, answers, owners.get(filer))
    filed.office, filed.filed_at = office, closing(first)
    return Template(
        version=version.pk,
        procedure=version.procedure_id,
        definition=definition,
        case=case,
        filer=filer,
        owner=owners.get(filer),
        weight=1,
        typed=sealed_answers.sealed(definition, raw),
        answers=sealed_answers.sealed(definition, answers),
        limit=definition.time_limit(case, answers),
        action="file_complete" if both and not posted else "file",
        posted=tuple((d.slug, d.label.vi, d.label.en, 1) for d in posted),
        uploads=tuple(uploads),
        by_post=answers.get("result_delivery") == "post",
        urgent=definition.is_urgent(answers),
        rows=_rows(filed),
    )


def _form(definition: Definition, case: str, first: date) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """(as typed, as filed) of the first attempt that every page of the form accepts."""
    for attempt in range(6):
        chance = random.Random(f"{definition.slug} {case} {first} {attempt}")  # noqa: S311
        who = demo.person(chance, "22429")
        raw = _typed(definition, case, who, first, chance)
        forms = [StepForm(definition, s, raw, first, data=raw) for s in definition.steps_for(raw)]
        if all(form.is_valid() for form in forms):
            cleaned = {name: value for form in forms for name, value in form.cleaned_data.items()}
            return raw, {name: value for name, value in cleaned.items() if value not in ("", [])}
    return None


def _typed(
    definition: Definition, case: str, who: demo.Person, first: date, chance: random.Random
) -> dict[str, Any]:
    if definition.slug == "lump-sum":
        return {**demo.answers(who, case, first, chance), "residence_kind": "permanent"}
    given = {
        "facility_code": "56901",
        "unit_code": "TK0123K",
        "period": f"{(first.month - 1) // 3 + 1}//{first.year}",
        "urgent": "no",
    }
    return typed(definition, Sample(definition.slug, case, given=given), who, first, chance)


def _prototype(
    version: ProcedureVersion, case: str, filer: str, answers: dict[str, Any], owner: User | None
) -> Dossier:
    """A dossier like the ones that will be made; code, person, moments and state are put in later."""
    return Dossier(
        version=version,
        procedure_id=version.procedure_id,
        owner=owner or User(),
        filer=filer,
        organisation_name=owner.full_name if owner else "",
        organisation_code=owner.organisation.code if owner else "",
        case=case,
        state=next(state.slug for state in catalogue.definition_of(version).states if state.code),
        answers=answers,
        phone="0901234567",
    )


def _rows(filed: Dossier) -> dict[str, dict[str, Any]]:
    rows = {}
    for channel in Dossier.Channel.values:
        filed.channel = channel
        rows[channel] = intake._content(filed)
    return rows
