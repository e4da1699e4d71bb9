"""A version's page, and in a draft the pages that change its parts."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.http import see_other
from portal.models import Confidence
from procedures import catalogue
from procedures.admin.editor import changes
from procedures.admin.editor.access import (
    Status,
    actor,
    may_write,
    no_draft_words,
    not_a_draft,
    page,
    refused,
    to_version,
    url,
    version_for,
)
from procedures.admin.editor.forms import PartForm
from procedures.catalogue import Changed, InvalidDefinition, NotADraft, definition_of
from procedures.definition import Definition
from procedures.differences import differences
from procedures.models import ProcedureVersion, VersionChange
from procedures.validator import Problem, problems_of
from procedures.wording import FIELDS, PARTS, STEPS, Part, shown, title_of

# What of a part its line on the version's page says.
_BRIEF = {
    "": ("who", "filers", "where", "handled_by", "fee", "result.label", "form_code", "legal"),
    "time_limits": ("cases", "when", "source", "note"),
    "cases": ("when", "legal"),
    "steps": ("when", "rules"),
    "fields": ("kind", "required", "when", "rules"),
    "documents": ("mode", "required", "when"),
    "states": ("code", "clock", "final"),
    "transitions": ("sources", "target", "roles", "four_eyes", "rules", "topics"),
}


@dataclass
class Line:
    """A part of the version as its page lists it."""

    part: Part
    key: str
    piece: Any
    title: str
    facts: list[tuple[str, str]]
    problems: list[Problem]
    inner: list["Line"] = field(default_factory=list)

    @property
    def confidence(self) -> str:
        aspect = self.part.aspect("confidence")
        return str(dict(Confidence.choices)[self.piece.confidence]) if aspect and self.piece else ""

    @property
    def anchor(self) -> str:
        return f"{self.part.many or 'facts'}-{self.key}".strip("-")


def version_page(request: HttpRequest, pk: str) -> HttpResponse:
    """Everything a version says; a draft with its differences, problems and buttons."""
    version = version_for(request, pk)
    definition, is_draft = definition_of(version), version.status == Status.DRAFT
    in_force = catalogue.published(version.procedure.slug)
    problems = problems_of(definition) if is_draft else []
    context = {
        "definition": definition,
        "sections": _sections(definition, problems),
        "is_draft": is_draft,
        "editable": is_draft and may_write(request),
        "may_write": may_write(request),
        "in_force": in_force,
        "open_draft": version.procedure.versions.filter(status=Status.DRAFT).first(),
        "problems": problem_rows(version, definition, problems),
        "differences": differences(definition_of(in_force), definition) if is_draft and in_force else [],
        "history": history(version),
    }
    return page(request, "version", version, context)


def history(version: ProcedureVersion) -> list[dict[str, Any]]:
    """Who did what to the version, the latest first."""
    lines = "lines_en" if get_language() == "en" else "lines_vi"
    return [
        {
            "change": change,
            "what": _("published it")
            if change.action == change.Action.PUBLISHED
            else change.get_action_display(),
            "who": change.actor.full_name if change.actor else _("the portal"),
            "lines": getattr(change, lines),
        }
        for change in version.changes.select_related("actor")
    ]


def _sections(definition: Definition, problems: list[Problem]) -> list[dict[str, Any]]:
    at: defaultdict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        at[problem.part, problem.key].append(problem)
    sections = []
    for many, part in PARTS.items():
        if part is not FIELDS:
            lines = _lines(part, definition, at)
            own = at.get((part.many, ""), []) if part.many else []
            own += at.get((FIELDS.many, ""), []) if part is STEPS else []
            sections.append({"many": many, "part": part, "lines": lines, "problems": own})
    return sections


def _lines(part: Part, definition: Definition, at: dict[tuple[str, str], list[Problem]]) -> list[Line]:
    lines = [
        Line(
            part,
            key,
            piece,
            title_of(part, piece),
            _brief(part, piece, definition),
            at.get((part.many, key), []),
        )
        for key, piece in zip(part.keys(definition), part.of(definition), strict=True)
    ]
    if part is not STEPS:
        return lines
    asked = _lines(FIELDS, definition, at)
    for line in lines:
        line.inner = [question for question in asked if question.piece.step == line.key]
    homeless = [question for question in asked if not definition.step(question.piece.step)]
    return (
        [*lines, Line(STEPS, "", None, _("Questions without a page"), [], [], homeless)]
        if homeless
        else lines
    )


def _brief(part: Part, piece: Any, definition: Definition) -> list[tuple[str, str]]:
    found = []
    for name in _BRIEF[part.many]:
        aspect = part.aspect(name)
        if aspect is not None and (aspect.of(piece) not in (None, "", []) or aspect.kind == "pick"):
            found.append((str(aspect.label), shown(aspect, aspect.of(piece), definition)))
    return [(label, words) for label, words in found if words]


def problem_rows(
    version: ProcedureVersion, definition: Definition, problems: list[Problem]
) -> list[dict[str, Any]]:
    """Each problem with its place in words and where it is mended."""
    return [
        {"problem": p, "url": place_url(version, p), "place": place_words(p, definition)} for p in problems
    ]


def place_url(version: ProcedureVersion, problem: Problem) -> str:
    """Where a problem is mended: the form of its part, or the list it belongs to."""
    part = PARTS[problem.part or "facts"]
    if not part.many or problem.key:
        anchor = f"#block-{problem.aspect.replace('.', '_')}" if problem.aspect else ""
        return url(version, "part", problem.part or "facts", *([problem.key] if problem.key else [])) + anchor
    return f"#{'steps' if part is FIELDS else part.many}"


def place_words(problem: Problem, definition: Definition) -> str:
    """Where a problem is, in words."""
    part = PARTS[problem.part or "facts"]
    piece = part.find(definition, problem.key) if problem.key or not part.many else None
    words = [str(part.one if piece is not None else part.several)]
    if piece is not None and part.many:
        words = [f"{part.one} “{title_of(part, piece)}”"]
    aspect = part.aspect(problem.aspect)
    return " – ".join([*words, str(aspect.label)] if aspect else words)


# --- One part ------------------------------------------------------------------------------------


def _part(many: str) -> Part:
    if many not in PARTS:
        raise Http404
    return PARTS[many]


def edit(request: HttpRequest, pk: int, many: str, key: str = "") -> HttpResponse:
    """The form of one part of a draft; without ``key`` of a new one."""
    version, part = version_for(request, pk, write=True), _part(many)
    if version.status != Status.DRAFT and request.method != "POST":
        return not_a_draft(request, version)
    definition = definition_of(version)
    piece = part.find(definition, key)
    if request.method == "POST":
        return _save(request, version, part, key, PartForm(part, definition, piece, data=_typed(request)))
    if piece is None and key:
        raise Http404
    given = {"step": request.GET.get("trang", "")} if part is FIELDS else {}
    return _form(request, version, part, key, PartForm(part, definition, piece, **given))


def _typed(request: HttpRequest) -> Any:
    """What was typed, with more empty rows where they were asked for."""
    data = request.POST.copy()
    total = f"{data.get('more', '')}-TOTAL_FORMS"
    count = str(data.get(total, ""))
    if count.isdecimal() and len(count) < 5:
        data[total] = str(min(int(count) + 2, 150))
    return data


def _save(
    request: HttpRequest, version: ProcedureVersion, part: Part, key: str, form: PartForm
) -> HttpResponse:
    seen = request.POST.get("seen", "")
    if "more" in request.POST:
        return _form(request, version, part, key, form, seen=seen, quiet=True)
    if not form.is_valid():
        return _form(request, version, part, key, form, seen=seen, status=422)
    change = changes.put(part, key, lambda definition, piece: form.made(definition, piece), seen=seen)
    try:
        catalogue.edit(version, change, actor=actor(request))
    except Changed:
        return _form(request, version, part, key, form, conflict=_latest(version), status=422)
    except NotADraft as error:
        return _form(
            request, version, part, key, form, seen=seen, closed=no_draft_words(error.version), status=422
        )
    except InvalidDefinition as error:
        problems = [problem.words for problem in error.problems]
        return _form(request, version, part, key, form, seen=seen, refused=problems, status=422)
    messages.success(request, _("Saved."))
    return to_version(version, f"{part.many or 'facts'}-{key}".strip("-"))


def _latest(version: ProcedureVersion) -> VersionChange | None:
    return version.changes.select_related("actor").first()


def _form(
    request: HttpRequest,
    version: ProcedureVersion,
    part: Part,
    key: str,
    form: PartForm,
    *,
    seen: str | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "part": part,
        "key": key,
        "form": form,
        "heading": f"{part.one}: {title_of(part, form.piece)}"
        if form.piece is not None
        else _("New: %s") % part.one,
        "seen": changes.mark(form.piece) if seen is None else seen,
        "conflict_lines": history(version)[0]["lines"] if more.get("conflict") else [],
        **more,
    }
    return page(request, "part", version, context, status=status)


# --- Moving, copying, deleting -------------------------------------------------------------------

_DOING = {
    "len": lambda part, key: changes.move(part, key, up=True),
    "xuong": lambda part, key: changes.move(part, key, up=False),
    "chep": changes.copy,
}


def act(request: HttpRequest, pk: int, many: str, key: str, doing: str) -> HttpResponse:
    """Move a part up or down, or copy it."""
    version, part = version_for(request, pk, write=True), _part(many)
    if doing not in _DOING or not part.many:
        raise Http404
    if request.method != "POST":
        return to_version(version)
    try:
        catalogue.edit(version, _DOING[doing](part, key), actor=actor(request))
    except NotADraft as error:
        return refused(request, error)
    except (Changed, InvalidDefinition):
        messages.error(request, _("This part has been removed in the meantime."))
    return to_version(version, f"{many}-{key}")


def delete(request: HttpRequest, pk: int, many: str, key: str) -> HttpResponse:
    """Ask once more, then take a part out of the draft."""
    version, part = version_for(request, pk, write=True), _part(many)
    if version.status != Status.DRAFT:
        return not_a_draft(request, version)
    definition = definition_of(version)
    piece = part.find(definition, key) if part.many else None
    if piece is None and request.method != "POST":
        raise Http404
    conflict = False
    if request.method == "POST":
        try:
            catalogue.edit(
                version, changes.remove(part, key, seen=request.POST.get("seen", "")), actor=actor(request)
            )
        except NotADraft as error:
            return refused(request, error)
        except changes.Gone:
            messages.info(request, _("This part has been removed in the meantime."))
            return to_version(version)
        except Changed:
            conflict = True
        else:
            messages.success(request, _("Removed."))
            return to_version(version, "steps" if part is FIELDS else many)
    after = changes.remove(part, key, seen=changes.mark(piece))(definition)
    standing = {str(problem) for problem in problems_of(definition)}
    context = {
        "part": part,
        "name": title_of(part, piece),
        "seen": changes.mark(piece),
        "conflict": conflict,
        "follows": [
            f"{place_words(problem, after)}: {problem.words}"
            for problem in problems_of(after)
            if str(problem) not in standing
        ],
    }
    return page(request, "delete", version, context, status=422 if conflict else 200)


def copy_field(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a procedure, then one of its questions and the page it comes to."""
    version = version_for(request, pk, write=True)
    if version.status != Status.DRAFT:
        return not_a_draft(request, version)
    definition, others = definition_of(version), catalogue.all_published()
    source = next((d for _version, d in others if d.slug == request.GET.get("tu")), None)
    errors = ""
    if request.method == "POST" and source is not None:
        asked, step = source.field(request.POST.get("cau-hoi", "")), request.POST.get("trang", "")
        if asked is not None and definition.step(step):
            return _copied(request, version, changes.copy_field(asked, step=step))
        errors = _("Please choose a question and the page it comes to.")
    context = {
        "procedures": [{"slug": d.slug, "title": d.title, "group": d.group} for _version, d in others],
        "source": source,
        "pages": [
            {"title": s.title, "fields": [f for f in source.fields if f.step == s.slug]} for s in source.steps
        ]
        if source
        else [],
        "steps": definition.steps,
        "kinds": PARTS["fields"].aspect("kind"),
        "error": errors,
    }
    return page(request, "copy_field", version, context, status=422 if errors else 200)


def _copied(request: HttpRequest, version: ProcedureVersion, change: changes.Change) -> HttpResponse:
    try:
        now = catalogue.edit(version, change, actor=actor(request))
    except NotADraft as error:
        return refused(request, error)
    new = now.fields[-1]
    messages.success(request, _("Copied: %s. Please check its words and when it is asked.") % new.label)
    return see_other(url(version, "part", "fields", new.name))
