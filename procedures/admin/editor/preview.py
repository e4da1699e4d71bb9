"""A version as its citizens would fill it in, page by page; nothing is saved, the form carries all."""

from typing import Any

import msgspec
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.http import Request, render_page
from procedures import dossiers, hooks, papers
from procedures.admin.editor.access import url, version_for
from procedures.catalogue import definition_of
from procedures.definition import Definition, Step
from procedures.forms import KINDS, StepForm, typed_values
from procedures.models import ProcedureVersion
from procedures.validator import problems_of
from procedures.views import rows
from procedures.views.filing import forgive_unasked, redraw_on_change
from procedures.vocabulary import ACTION_RULES

PAPERS, CHECK = "giay-to", "kiem-tra"
_SALT = "preview"


def preview(request: Request, pk: int) -> HttpResponse:
    """The page that is asked for, after what was typed on the one before."""
    version = version_for(request, pk)
    definition = _drawable(definition_of(version))
    if not definition.steps_for({}):
        return _page(request, version, definition, {}, "empty", {})
    typed = _carried(request)
    here = request.POST.get("page", "")
    step = definition.step(here)
    if request.method != "POST" or "again" in request.POST:
        return _show(request, version, definition, {}, definition.steps_for({})[0].slug)
    if step is None:
        return _show(request, version, definition, typed, _following(definition, typed, here, _back(request)))
    asked = {field.name for field in definition.fields_of(step, typed)}
    posted, changed = rows.changed(request.POST, definition, step)
    typed = {**typed, **typed_values(definition, step, posted)}
    if changed or "luu" in request.GET:
        return _show(request, version, definition, typed, here)
    form = StepForm(definition, step, typed, timezone.localdate(), data=posted)
    if not _back(request) and not _passes(form, asked, request):
        return _step_page(request, version, definition, typed, step, form, status=422)
    return _show(request, version, definition, typed, _following(definition, typed, here, _back(request)))


def _passes(form: StepForm, asked: set[str], request: HttpRequest) -> bool:
    """Whether the citizen would come to the next page."""
    if not form.is_valid():
        forgive_unasked(form, asked)
        return False
    if form.doubts and form.seen != request.POST.get("da_xem"):
        form.warn()
        return False
    return True


def _back(request: HttpRequest) -> bool:
    return "lui" in request.POST


def _carried(request: HttpRequest) -> dict[str, Any]:
    """What was typed on earlier pages; nothing where it was tampered with."""
    try:
        typed: dict[str, Any] = signing.loads(request.POST.get("typed", ""), salt=_SALT)
    except signing.BadSignature:
        return {}
    return typed


def _drawable(definition: Definition) -> Definition:
    """``definition`` without what an unfinished draft may name and no code knows."""
    fields = [
        msgspec.structs.replace(
            f,
            kind=f.kind if f.kind in KINDS else "text",
            columns=[column for column in f.columns if column.kind in KINDS],
            rules=_checks(f.rules),
        )
        for f in definition.fields
    ]
    steps = [msgspec.structs.replace(s, rules=_checks(s.rules)) for s in definition.steps]
    return msgspec.structs.replace(definition, fields=fields, steps=steps)


def _checks(names: list[str]) -> list[str]:
    return [n for n in names if n in {*hooks.rules, *hooks.doubt_rules} and n not in ACTION_RULES]


def _places(definition: Definition, typed: dict[str, Any]) -> list[str]:
    """The pages of the form, in order."""
    uploads = any(d.uploaded for d in definition.documents_for(typed))
    return [*(s.slug for s in definition.steps_for(typed)), *([PAPERS] if uploads else []), CHECK]


def _following(definition: Definition, typed: dict[str, Any], here: str, back: bool) -> str:
    places = _places(definition, typed)
    if here not in places:
        return places[0]
    number = places.index(here) + (-1 if back else 1)
    return places[max(0, min(number, len(places) - 1))]


def _show(
    request: Request, version: ProcedureVersion, definition: Definition, typed: dict[str, Any], place: str
) -> HttpResponse:
    step = definition.step(place)
    if step is not None:
        form = StepForm(definition, step, typed, timezone.localdate())
        return _step_page(request, version, definition, typed, step, form)
    wanted = [
        {"document": d, "how": papers.how_handed_in(d)}
        for d in definition.documents_for(typed)
        if d.uploaded or place == CHECK
    ]
    context = {"papers": wanted, "sections": _sections(definition, typed) if place == CHECK else []}
    return _page(request, version, definition, typed, place, context)


def _step_page(
    request: Request,
    version: ProcedureVersion,
    definition: Definition,
    typed: dict[str, Any],
    step: Step,
    form: StepForm,
    *,
    status: int = 200,
) -> HttpResponse:
    redraw_on_change(definition, step, form, url(version, "preview"))
    context = {"step": step, "form": form, "errors": form.errors if form.is_bound else {}}
    return _page(request, version, definition, typed, step.slug, context, status=status)


def _sections(definition: Definition, typed: dict[str, Any]) -> list[dict[str, Any]]:
    """Every page with its answers, or that it is not complete."""
    today, forms = timezone.localdate(), []
    answers: dict[str, Any] = {}
    for step in definition.steps_for(typed):
        form = StepForm(definition, step, typed, today, data=typed)
        forms.append(form)
        answers |= form.cleaned_data if form.is_valid() else {}
    told = dossiers.answered(definition, answers, today, whole=True)
    shown = {step.slug: rows for step, rows in told}
    return [
        {
            "title": form.step.title,
            "open": bool(form.errors),
            "rows": [{"label": f.label, "value": v or "–"} for f, v in shown.get(form.step.slug, [])],
        }
        for form in forms
    ]


def _page(
    request: Request,
    version: ProcedureVersion,
    definition: Definition,
    typed: dict[str, Any],
    place: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    places = _places(definition, typed)
    context = {
        "version": version,
        "definition": definition,
        "place": place,
        "typed": signing.dumps(typed, salt=_SALT, compress=True),
        "url": url(version, "preview"),
        "version_url": url(version),
        "problems": len(problems_of(definition)),
        "number": places.index(place) + 1 if place in places else 1,
        "total": len(places),
        "first": place == places[0],
        "errors": {},
        "title": _("Preview"),
        **context,
    }
    return render_page(
        request, "admin/procedures/editor/preview.html", context, status=status, fragments=("questions",)
    )
