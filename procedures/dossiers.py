"""A citizen's dossier from draft to filing, and who may see it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import text
from portal.identifiers import compact
from portal.models import Organisation, User
from procedures import (
    agents,
    assignment,
    attachments,
    catalogue,
    differences,
    filers,
    offices,
    sealed_answers,
    workflow,
)
from procedures.catalogue import definition_for, definition_of
from procedures.definition import Case, Definition, Document, Field, Step, applies
from procedures.forms import StepForm, form_field, typed_values
from procedures.models import (
    Dossier,
    DossierEvent,
    Office,
    Original,
    ProcedureVersion,
    StaffMember,
)

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_DRAFT = "nhap-"  # begins the code of a draft, and of no filed dossier


# --- Who may see what ----------------------------------------------------------------------------


def visible_to(user: User) -> QuerySet[Dossier]:
    """The dossiers ``user`` may see: a citizen's own; of the staff's office what was filed.

    The province office sees the whole province when a director or administrator asks.
    """
    dossiers = Dossier.objects.all()
    if not user.is_authenticated or not user.is_active:
        return dossiers.none()
    if not user.is_staff:
        return dossiers.filter(owner=user)
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return dossiers.none()
    filed = dossiers.exclude(state="draft")
    if staff.oversees_province:
        return filed
    return filed.filter(office_id__in=offices.kept_by(staff.office_id))


def get_for(user: User, code: str, *along: str) -> Dossier:
    """The dossier ``code`` (its own or that of its draft) if ``user`` may see it.

    ``along``: what is read with a filed one (``office``, ``post_to``). Raises ``Http404`` alike for what is
    not there and what is not theirs.
    """
    if code.startswith(_DRAFT):
        return get_object_or_404(visible_to(user), draft_code=code)
    found = visible_to(user).select_related(*along) if along else visible_to(user)
    return get_object_or_404(found, code=code)


def on_desk(user: User, pk: int) -> Dossier:
    """The filed dossier ``pk`` if ``user`` of the staff may see it; ``Http404`` alike if there is none."""
    filed = visible_to(user).exclude(state="draft").select_related("office")
    return get_object_or_404(filed, pk=pk)


def similar(dossier: Dossier) -> list[str]:
    """The codes of filed dossiers of the same person, procedure and case that are still open."""
    if not dossier.case:
        return []
    mine = Dossier.objects.filter(owner=dossier.owner_id, procedure=dossier.procedure_id, case=dossier.case)
    if dossier.by_organisation:  # it files for many
        mine = mine.filter(insurance_number=compact(str(dossier.typed.get("insurance_number", "")) or "-"))
    codes = mine.filter(final=False).exclude(state="draft").values_list("code", flat=True)
    return [code for code in codes if code]


# --- Drafts --------------------------------------------------------------------------------------


def start(user: User, version: ProcedureVersion, *, case: str = "") -> Dossier:
    """The open draft of ``user`` for the procedure, begun now if there is none.

    A new one begins with ``case`` chosen, if there is such a case. A draft whose version has retired is
    carried over to ``version``: answers stay, see ``changes_since_begun``.
    """
    dossier, filer = _draft(user, version), filers.filer_of(user)
    if dossier is None:
        typed = _prefilled(user, definition_of(version).open_to(filer), case)
        try:
            with transaction.atomic():
                return Dossier.objects.create(
                    owner=user,
                    version=version,
                    procedure=version.procedure,
                    draft_code=draft_code(),
                    filer=filer,
                    typed=typed,
                    case=typed.get("case", ""),
                )
        except IntegrityError:
            dossier = Dossier.objects.get(owner=user, procedure=version.procedure, state="draft")
    if dossier.filer != filer:  # an organisation may say that it is of another kind until it is confirmed
        Dossier.objects.filter(pk=dossier.pk, state="draft").update(filer=filer)
        dossier.filer = filer
    if dossier.version_id != version.pk:
        Dossier.objects.filter(pk=dossier.pk, state="draft").update(
            begun_with=Coalesce("begun_with", "version"), version=version
        )
        dossier.refresh_from_db()
    return dossier


def changes_since_begun(dossier: Dossier) -> list[str]:
    """What has changed for the citizen since the draft was begun, as publishing carried it over."""
    begun_with = catalogue.begun_with(dossier)
    return differences.for_citizen(begun_with, definition_for(dossier)) if begun_with else []


def _draft(user: User, version: ProcedureVersion) -> Dossier | None:
    return Dossier.objects.filter(owner=user, procedure_id=version.procedure_id, state="draft").first()


def draft_code() -> str:
    """A code that no other draft has."""
    return _DRAFT + "".join(secrets.choice(_ALPHABET) for _ in range(10))


def _prefilled(user: User, definition: Definition, case: str) -> dict[str, str]:
    """What the account already knows and where the citizen came from, in the form's raw shape."""
    known = filers.known_of(user)
    typed = {f.name: known[f.prefill] for f in definition.fields if known.get(f.prefill)}
    chosen = definition.case(case)
    if chosen is None:
        return typed
    return {**typed, **_leading_to(chosen), "case": case}


def _leading_to(case: Case) -> dict[str, str]:
    """The answer after which ``case`` is offered, where it hangs on a single one."""
    when = case.when
    return {when.field: str(when.equals)} if when and when.field and when.equals is not None else {}


@dataclass(frozen=True)
class Saved:
    """The outcome of saving a page: its form, and whether another device saved in between."""

    form: StepForm
    conflict: bool


def save_answers(
    dossier: Dossier, step: Step, data: Mapping[str, Any], *, revision: int, device: str, today: date
) -> Saved:
    """Keep what was typed on ``step``, valid or not, and return its bound form.

    ``revision`` is the one the page was drawn with. When another ``device`` has saved since, nothing
    is kept yet: the person sees the notice, with what they typed, and sends the page again.
    """
    definition = definition_for(dossier)
    here = typed_values(definition, step, data)
    while True:
        typed = sealed_answers.sealed(definition, {**dossier.typed, **here})
        conflict = dossier.revision > revision and dossier.saved_by not in {"", device}
        known = typed == dossier.typed and dossier.saved_by == device
        if conflict or known or not dossier.is_draft or _keep(dossier, typed, device):
            break
        dossier.refresh_from_db()  # somebody saved since we read it
    dossier.typed = typed
    return Saved(StepForm(definition, step, typed, today, data=data), conflict)


def _keep(dossier: Dossier, typed: dict[str, Any], device: str) -> bool:
    """Write ``typed`` unless the draft has changed since ``dossier`` was read; whether it was written."""
    dossier.case = str(typed.get("case", ""))[:60]
    written = Dossier.objects.filter(pk=dossier.pk, state="draft", revision=dossier.revision).update(
        typed=typed,
        revision=dossier.revision + 1,
        saved_by=device,
        case=dossier.case,
        updated_at=timezone.now(),
    )
    if written:
        dossier.revision, dossier.saved_by = dossier.revision + 1, device
    return bool(written)


# --- The whole form ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Review:
    """All pages of a draft, checked: cleaned answers and what is still wrong on which page."""

    answers: dict[str, Any]
    forms: list[StepForm]
    missing_uploads: list[str]

    @property
    def open_steps(self) -> list[Step]:
        return [form.step for form in self.forms if form.errors]

    @property
    def complete(self) -> bool:
        return not self.open_steps and not self.missing_uploads


def review(dossier: Dossier, today: date) -> Review:
    """Check every page of ``dossier`` as it would be filed; hidden answers are left out."""
    definition = definition_for(dossier)
    answers: dict[str, Any] = {}
    checked = []
    for step in definition.steps_for(dossier.typed):
        form = StepForm(definition, step, dossier.typed, today, data=dossier.typed)
        checked.append(form)
        if form.is_valid():
            answers.update({k: v for k, v in form.cleaned_data.items() if v not in ("", [])})
    return Review(answers, checked, [paper.slug for paper in missing_uploads(dossier)])


def missing_uploads(dossier: Dossier) -> list[Document]:
    """The papers a draft needs a file of and has none."""
    here = {attachment.document for attachment in attachments.current(dossier)}
    wanted = definition_for(dossier).documents_for(dossier.typed)
    return [paper for paper in wanted if paper.uploaded and paper.required and paper.slug not in here]


def answered(
    definition: Definition, answers: Mapping[str, Any], today: date, *, whole: bool
) -> list[tuple[Step, list[tuple[Field, str]]]]:
    """Cleaned ``answers`` as people read them, page by page; account numbers masked or ``whole``."""
    pages = []
    for step in definition.steps_for(answers):
        told = (
            (field, form_field(field, definition, today).display(answers[field.name]))
            for field in definition.fields_of(step, answers)
            if field.name in answers
        )
        rows = [
            (field, words if whole else sealed_answers.masked_answer(field, words)) for field, words in told
        ]
        if rows:
            pages.append((step, rows))
    return pages


# --- Filing --------------------------------------------------------------------------------------


class Incomplete(Exception):
    """A draft that cannot be filed yet; ``review`` says what is open."""

    def __init__(self, found: Review) -> None:
        super().__init__("the draft is not complete")
        self.review = found


def file(dossier: Dossier, *, actor: User, key: str, now: datetime | None = None) -> DossierEvent:
    """File a draft: number it, freeze its answers, move it; pressing twice files once.

    Raises ``Incomplete`` or ``workflow.MoveRefused``; the draft is then unchanged.
    """
    now = now or timezone.now()
    action = _filing_action(definition_for(dossier), dossier)

    def prepare(locked: Dossier) -> None:
        if not locked.is_draft:
            return
        if locked.version.status == ProcedureVersion.Status.RETIRED:
            raise _OutOfForce("its version has retired")
        if _filing_action(definition_for(locked), locked) != action:
            raise workflow.MoveRefused(_("The answers have just changed; please check them again."))
        filers.sign(locked)
        freeze(locked, _complete(review(locked, timezone.localdate(now))), now)
        assignment.expect(locked, timezone.localdate(now))

    try:
        return workflow.move(dossier, action, actor=actor, key=key, now=now, prepare=prepare)
    except _OutOfForce:
        raise _out_of_force(dossier) from None
    except workflow.MoveRefused:
        filed = dossier.events.filter(sequence=1, actor=actor).first()
        if filed is None:
            raise
        dossier.refresh_from_db()
        return filed


class _OutOfForce(workflow.MoveRefused):
    """A draft of a version that has retired."""


def _out_of_force(dossier: Dossier) -> workflow.MoveRefused:
    """Why a draft whose version has retired is not filed; it goes on with the version now in force."""
    current = ProcedureVersion.objects.filter(
        procedure_id=dossier.procedure_id, status=ProcedureVersion.Status.PUBLISHED
    ).first()
    if current is None:
        return workflow.MoveRefused(
            _("This procedure is not offered any more, so the draft cannot be filed.")
        )
    start(dossier.owner, current)
    return workflow.MoveRefused(
        _("The procedure has just changed; your answers are kept. Please go through the pages again.")
    )


def _filing_action(definition: Definition, dossier: Dossier) -> str:
    """``file_with_agent`` where a citizen has chosen one who confirms first; ``file_complete`` where the
    procedure has it and nothing has to be posted; else ``file``.
    """
    answers = dossier.typed
    if definition.transition("file_with_agent") and _agent_of(definition, dossier):
        return "file_with_agent"
    has_both = definition.transition("file_complete") is not None
    return "file_complete" if has_both and not _posted(definition, answers) else "file"


def _agent_of(definition: Definition, dossier: Dossier) -> Organisation | None:
    """The agent a citizen's answers name; one that files by itself has confirmed already."""
    asked = [f for f in definition.fields if f.kind == "agent" and applies(f, dossier.typed)]
    if dossier.by_organisation or not asked:
        return None
    return agents.named(dossier.typed.get(asked[0].name))


def _posted(definition: Definition, answers: Mapping[str, Any]) -> list[Document]:
    return [d for d in definition.documents_for(answers) if d.posted and d.required]


def _complete(found: Review) -> dict[str, Any]:
    if not found.complete:
        raise Incomplete(found)
    return found.answers


def freeze(dossier: Dossier, answers: dict[str, Any], now: datetime) -> None:
    """Set what is kept of a dossier when it is filed with the cleaned ``answers``, but for its state."""
    definition, today = definition_for(dossier), timezone.localdate(now)
    posted = _posted(definition, answers)
    ward = dossier.owner.ward_id if dossier.by_organisation else answers.get("ward", "")
    try:
        dossier.office = offices.office_for_procedure(definition.handled_by, str(ward or ""), today)
    except offices.NoOffice:
        raise workflow.MoveRefused(
            _("No office is known for this ward: please choose the ward again, or call 02583.827.443.")
        ) from None
    dossier.answers = sealed_answers.sealed(definition, answers)
    if definition.transition("file_with_agent"):
        dossier.agent = _agent_of(definition, dossier)
    dossier.urgent = definition.is_urgent(answers)
    dossier.applicant = str(answers.get("full_name") or dossier.owner.full_name)
    dossier.applicant_bare = text.without_marks(dossier.applicant)
    dossier.insurance_number = str(answers.get("insurance_number", ""))
    dossier.phone = str(answers.get("phone") or dossier.owner.phone)
    dossier.filed_at = now
    Original.objects.bulk_create(
        Original(
            dossier=dossier,
            document=d.slug,
            label_vi=d.label.vi,
            label_en=d.label.en,
            position=i,
            copies=int(answers.get("books_count", 1)) if d.slug == "insurance_book" else 1,
        )
        for i, d in enumerate(posted)
    )
    if posted:
        dossier.post_to = offices.other_address(dossier.office, None, now)
    dossier.code = _next_code(dossier.office, today)


def _next_code(office: Office, day: date) -> str:
    """``BHXH056.<office>-<yymmdd>-<nnnn>``: our own scheme, in the style of TT 01/2018/TT-VPCP.

    The number row stays locked until the filing commits, so there are neither gaps nor doubles.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procedures_dossiernumber (office_id, day, last) VALUES (%s, %s, 1) "
            "ON CONFLICT (office_id, day) DO UPDATE SET last = procedures_dossiernumber.last + 1 "
            "RETURNING last",
            [office.pk, day],
        )
        (number,) = cursor.fetchone()
    return f"BHXH056.{office.number}-{day:%y%m%d}-{number:04d}"
