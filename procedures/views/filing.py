"""Writing a draft, a page of questions at a time."""

import hashlib
import re
from itertools import pairwise

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.http import UserRequest, citizen_required, go_on, render_page, see_other
from procedures import catalogue, dossiers, filers
from procedures.catalogue import definition_for, definition_of
from procedures.definition import Definition, Step
from procedures.forms import StepForm
from procedures.models import Dossier
from procedures.views import public, rows
from procedures.views.check import check_page
from procedures.views.places import draft_of, page_count, uploaded, url_of
from procedures.views.uploads import uploads_page


@citizen_required
def start(request: UserRequest, slug: str) -> HttpResponse:
    version = catalogue.published(slug)
    if version is None:
        return redirect("procedure", slug)
    case = request.POST.get("truong-hop") or request.GET.get("truong-hop", "")
    definition = definition_of(version)
    if filers.filer_of(request.user) not in definition.filers_of(definition.case(case)):
        return public.procedure_page(request, version, status=403)
    if request.method != "POST":
        # Back from the sign-in that pressing the button led to: no draft without pressing it.
        messages.info(request, _("Now press “Start” to begin."))
        query = request.GET.urlencode()
        return redirect(reverse("procedure", args=[slug]) + (f"?{query}" if query else ""))
    dossier = dossiers.start(request.user, version, case=case)
    return _go_on(request, dossier, _first_open(dossier, case))


def _first_open(dossier: Dossier, case: str) -> Step:
    """The first page; for who has chosen the ``case``, the first after it or with more to say before."""
    definition, today = definition_for(dossier), timezone.localdate()
    steps = definition.steps_for(dossier.typed)
    if not case or dossier.typed.get("case") != case:
        return steps[0]
    asking = {field.step for field in definition.fields if field.kind == "case"}
    for page, following in pairwise(steps):
        if not StepForm(definition, page, dossier.typed, today, data=dossier.typed).is_valid():
            return page
        if page.slug in asking:
            return following
    return steps[0]


def _device(request: UserRequest) -> str:
    """A name for this sign-in, to tell two devices apart; not the session key itself."""
    return hashlib.sha256(f"device{request.session.session_key}".encode()).hexdigest()[:16]


# --- Pages of questions --------------------------------------------------------------------------


@never_cache
@citizen_required
def step(request: UserRequest, code: str, slug: str) -> HttpResponse:
    dossier = draft_of(request, code)
    if dossier is None:
        return redirect("dossier", code)
    definition = definition_for(dossier)
    found = definition.step(slug)
    if found is None and dossier.begun_with_id:
        return redirect("dossier", code)  # a page that the new version does not have
    if found is None:
        raise Http404
    if request.method != "POST":
        return _step_page(request, dossier, found, _blank(dossier, definition, found))
    return _save_step(request, dossier, definition, found)


def _save_step(request: UserRequest, dossier: Dossier, definition: Definition, found: Step) -> HttpResponse:
    drawn_with = request.POST.get("revision", "")
    revision = int(drawn_with) if re.fullmatch("[0-9]{1,9}", drawn_with) else dossier.revision
    asked = {field.name for field in definition.fields_of(found, dossier.typed)}
    posted, changed = rows.changed(request.POST, definition, found)
    saved = dossiers.save_answers(
        dossier, found, posted, revision=revision, device=_device(request), today=timezone.localdate()
    )
    if not dossier.is_draft:
        return redirect("dossier", dossier.draft_code)
    if "luu" in request.GET and not request.htmx:
        return HttpResponse(status=204)  # the last words of somebody who left the page
    if "luu" in request.GET:
        # After a conflict the page keeps its revision, so that sending it shows the notice.
        drawn = revision if saved.conflict else dossier.revision
        form = _blank(dossier, definition, found)
        return _step_page(
            request, dossier, found, form, conflict=saved.conflict, autosaved=True, revision=drawn
        )
    if saved.conflict:
        form = _blank(dossier, definition, found)
        return _step_page(request, dossier, found, form, conflict=True, status=422)
    if changed:
        return _rows_page(request, dossier, found, changed)
    if "lui" in request.POST:
        return see_other(_back_url(request, definition, dossier, found))
    if not saved.form.is_valid():
        more = forgive_unasked(saved.form, asked)
        return _step_page(request, dossier, found, saved.form, more_asked=more, status=422)
    if saved.form.doubts and saved.form.seen != request.POST.get("da_xem"):
        saved.form.warn()
        return _step_page(request, dossier, found, saved.form, status=422)
    return _go_on(request, dossier, _after(request, definition, dossier, found))


def _rows_page(request: UserRequest, dossier: Dossier, found: Step, changed: rows.Changed) -> HttpResponse:
    """The page after a row was added or taken away, with the place to go on from."""
    form = _blank(dossier, definition_for(dossier), found)
    if not request.htmx:
        query = "?kiem-tra=1" if "kiem-tra" in request.GET else ""
        return see_other(f"{url_of(dossier, found)}{query}#{changed.anchor(form)}")
    form.focus[changed.group] = changed.focus
    return _step_page(request, dossier, found, form, group=changed.group)


def forgive_unasked(form: StepForm, asked: set[str]) -> bool:
    """Take back errors of questions that the page sent did not ask yet; whether there are any."""
    more = set(form.fields) - asked
    for name in more:
        form.errors.pop(name, None)
    return bool(more)


def _blank(dossier: Dossier, definition: Definition, found: Step) -> StepForm:
    """The page with what has been typed so far and no errors."""
    return StepForm(definition, found, dossier.typed, timezone.localdate())


def _step_page(
    request: UserRequest,
    dossier: Dossier,
    found: Step,
    form: StepForm,
    *,
    conflict: bool = False,
    autosaved: bool = False,
    more_asked: bool = False,
    group: str = "",
    revision: int | None = None,
    status: int = 200,
    push_url: str = "",
) -> HttpResponse:
    definition = definition_for(dossier)
    steps = definition.steps_for(dossier.typed)
    url = reverse("step", args=[dossier.draft_code, found.slug])
    to_check = "kiem-tra" in request.GET
    redraw_on_change(definition, found, form, url)
    rows.change_in_place(form, f"{url}?kiem-tra=1" if to_check else url)
    number = steps.index(found) + 1 if found in steps else 1
    context = {
        "dossier": dossier,
        "definition": definition,
        "step": found,
        "form": form,
        "conflict": conflict,
        "elsewhere": _elsewhere(definition, dossier, found) if conflict else [],
        "more_asked": more_asked,
        "autosaved": autosaved,
        "revision": dossier.revision if revision is None else revision,
        "url": url,
        "action": f"{url}?kiem-tra=1" if to_check else url,
        "number": number,
        "total": page_count(definition, dossier),
        "back_url": _back_url(request, definition, dossier, found),
        "to_check": to_check,
        "errors": form.errors if form.is_bound else {},
        "similar": dossiers.similar(dossier) if number <= 2 else [],
        "changes": dossiers.changes_since_begun(dossier),
    }
    if group:
        return render(request, "procedures/step.html#group", {**context, "bound": form[group]})
    return render_page(
        request,
        "procedures/step.html",
        context,
        status=status,
        push_url=push_url,
        fragments=("page", "questions", "saved"),
    )


def redraw_on_change(definition: Definition, found: Step, form: StepForm, url: str) -> None:
    """Questions that can decide about others on the same page ask the server for the page anew."""
    here = {field.name for field in definition.fields if field.step == found.slug}
    deciding = {
        name
        for field in definition.fields
        if field.name in here and field.when and field.when.can_hold(form.answers, here)
        for name in field.when.fields()
    }
    for name in deciding & set(form.fields):
        form.attributes[name] = {
            "hx-post": f"{url}?luu=1",
            "hx-trigger": "change consume",
            "hx-target": "#questions",
            "hx-swap": "outerHTML",
            "hx-sync": "#step-form:queue last",
        }


def _elsewhere(definition: Definition, dossier: Dossier, found: Step) -> list[dict[str, str]]:
    """What another device saved on this page that is not what was typed here."""
    kept = Dossier.objects.values_list("typed", flat=True).get(pk=dossier.pk)
    form = StepForm(definition, found, kept, timezone.localdate())
    return [
        {"label": str(bound.label), "value": form.field(bound.name).shown(bound.value())}
        for bound in form
        if kept.get(bound.name, "") != dossier.typed.get(bound.name, "")
    ]


def _after(request: UserRequest, definition: Definition, dossier: Dossier, found: Step) -> Step | str:
    if "kiem-tra" in request.GET:
        return "check"
    steps = definition.steps_for(dossier.typed)
    following = steps[steps.index(found) + 1 :] if found in steps else []
    if following:
        return following[0]
    return "uploads" if uploaded(definition, dossier) else "check"


def _back_url(request: UserRequest, definition: Definition, dossier: Dossier, found: Step) -> str:
    if "kiem-tra" in request.GET:
        return url_of(dossier, "check")
    steps = definition.steps_for(dossier.typed)
    earlier = steps[: steps.index(found)] if found in steps else []
    return url_of(dossier, earlier[-1]) if earlier else reverse("procedure", args=[definition.slug])


def _go_on(request: UserRequest, dossier: Dossier, place: Step | str) -> HttpResponse:
    def page(*, push_url: str) -> HttpResponse:
        if isinstance(place, Step):
            form = _blank(dossier, definition_for(dossier), place)
            return _step_page(request, dossier, place, form, push_url=push_url)
        drawn = uploads_page if place == "uploads" else check_page
        return drawn(request, dossier, push_url=push_url)

    return go_on(request, url_of(dossier, place), page)
