"""Writing a draft, a page at a time, and filing it."""

import hashlib
import re
import secrets
from collections import defaultdict
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from portal import fields
from portal.http import UserRequest, citizen_required, render_page, see_other
from procedures import attachments, catalogue, dossiers, papers, workflow
from procedures.catalogue import definition_for, definition_of
from procedures.definition import Definition, Document, Step
from procedures.forms import StepForm
from procedures.models import Attachment, Dossier
from procedures.views import public


@citizen_required
def start(request: UserRequest, slug: str) -> HttpResponse:
    version = catalogue.published(slug)
    if version is None:
        raise Http404
    if "citizen" not in definition_of(version).filers:
        return public.procedure_page(request, version, status=403)
    if request.method != "POST":
        # Back from the sign-in that pressing the button led to: no draft without pressing it.
        messages.info(request, _("Now press “Start” to begin."))
        return redirect("procedure", slug)
    earlier = Dossier.objects.filter(owner=request.user, procedure=version.procedure, state="draft")
    changes = [line for draft in earlier for line in dossiers.carried_over(draft, version)]
    dossier = dossiers.start(request.user, version)
    if changes:
        messages.info(
            request,
            _(
                "The procedure has changed since you began; your answers are kept. Please go through the "
                "pages again."
            ),
        )
    return _go_on(request, dossier, definition_for(dossier).steps_for(dossier.typed)[0])


def _draft(request: UserRequest, code: str) -> Dossier | None:
    """The draft ``code``; None when it has been filed (then its own page is the place to be)."""
    dossier = dossiers.get_for(request.user, code)
    return dossier if dossier.is_draft else None


def _device(request: UserRequest) -> str:
    """A name for this sign-in, to tell two devices apart; not the session key itself."""
    return hashlib.sha256(f"device{request.session.session_key}".encode()).hexdigest()[:16]


# --- Pages of questions --------------------------------------------------------------------------


@never_cache
@citizen_required
def step(request: UserRequest, code: str, slug: str) -> HttpResponse:
    dossier = _draft(request, code)
    if dossier is None:
        return redirect("dossier", code)
    definition = definition_for(dossier)
    found = definition.step(slug)
    if found is None:
        raise Http404
    if request.method != "POST":
        return _step_page(request, dossier, found, _blank(dossier, definition, found))
    return _save_step(request, dossier, definition, found)


def _save_step(request: UserRequest, dossier: Dossier, definition: Definition, found: Step) -> HttpResponse:
    posted = request.POST.get("revision", "")
    revision = int(posted) if re.fullmatch("[0-9]{1,9}", posted) else dossier.revision
    asked = {field.name for field in definition.fields_of(found, dossier.typed)}
    saved = dossiers.save_answers(
        dossier, found, request.POST, revision=revision, device=_device(request), today=timezone.localdate()
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
    if "lui" in request.POST:
        return see_other(_back_url(request, definition, dossier, found))
    if not saved.form.is_valid():
        more = _forgive_unasked(saved.form, asked)
        return _step_page(request, dossier, found, saved.form, more_asked=more, status=422)
    return _go_on(request, dossier, _after(request, definition, dossier, found))


def _forgive_unasked(form: StepForm, asked: set[str]) -> bool:
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
    revision: int | None = None,
    status: int = 200,
    push_url: str = "",
) -> HttpResponse:
    definition = definition_for(dossier)
    steps = definition.steps_for(dossier.typed)
    url = reverse("step", args=[dossier.draft_code, found.slug])
    to_check = "kiem-tra" in request.GET
    _redraw_on_change(definition, found, form, url)
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
        "total": _total(definition, dossier),
        "back_url": _back_url(request, definition, dossier, found),
        "to_check": to_check,
        "errors": form.errors if form.is_bound else {},
        "similar": _similar(request, dossier) if number <= 2 else [],
    }
    return render_page(
        request,
        "procedures/step.html",
        context,
        status=status,
        push_url=push_url,
        fragments=("page", "questions", "saved"),
    )


def _redraw_on_change(definition: Definition, found: Step, form: StepForm, url: str) -> None:
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
        {"label": str(bound.label), "value": fields.shown(bound.field, bound.value())}
        for bound in form
        if kept.get(bound.name, "") != dossier.typed.get(bound.name, "")
    ]


def _similar(request: UserRequest, dossier: Dossier) -> list[Dossier]:
    """Open dossiers for the same procedure and case."""
    if not dossier.case:
        return []
    return list(dossiers.open_dossiers(request.user, dossier.procedure_id).filter(case=dossier.case))


def _after(request: UserRequest, definition: Definition, dossier: Dossier, found: Step) -> Step | str:
    if "kiem-tra" in request.GET:
        return "check"
    steps = definition.steps_for(dossier.typed)
    following = steps[steps.index(found) + 1 :] if found in steps else []
    if following:
        return following[0]
    return "uploads" if _uploaded(definition, dossier) else "check"


def _back_url(request: UserRequest, definition: Definition, dossier: Dossier, found: Step) -> str:
    if "kiem-tra" in request.GET:
        return _url(dossier, "check")
    steps = definition.steps_for(dossier.typed)
    earlier = steps[: steps.index(found)] if found in steps else []
    return _url(dossier, earlier[-1]) if earlier else reverse("procedure", args=[definition.slug])


def _total(definition: Definition, dossier: Dossier) -> int:
    """How many pages there are: questions, uploads if any, the check."""
    return len(definition.steps_for(dossier.typed)) + bool(_uploaded(definition, dossier)) + 1


def _url(dossier: Dossier, place: Step | str) -> str:
    if isinstance(place, Step):
        return reverse("step", args=[dossier.draft_code, place.slug])
    return reverse(place, args=[dossier.draft_code])


def _go_on(request: UserRequest, dossier: Dossier, place: Step | str) -> HttpResponse:
    """The next page: a redirect, or for htmx the page itself, which saves a round trip."""
    url = _url(dossier, place)
    if not request.htmx:
        return see_other(url)
    if isinstance(place, Step):
        form = _blank(dossier, definition_for(dossier), place)
        return _step_page(request, dossier, place, form, push_url=url)
    page = _uploads_page if place == "uploads" else _check_page
    return page(request, dossier, push_url=url)


# --- Uploads -------------------------------------------------------------------------------------


def _uploaded(definition: Definition, dossier: Dossier) -> list[Document]:
    return [d for d in definition.documents_for(dossier.typed) if d.uploaded]


@never_cache
@citizen_required
def uploads(request: UserRequest, code: str) -> HttpResponse:
    dossier = _draft(request, code)
    if dossier is None:
        return redirect("dossier", code)
    if request.method != "POST":
        return _uploads_page(request, dossier)
    wanted = _uploaded(definition_for(dossier), dossier)
    errors = take_files(request, dossier, [d.slug for d in wanted])
    if not errors and "tai" not in request.GET and "upload" not in request.POST:
        errors = _missing(dossier, wanted)
        if not errors:
            return _go_on(request, dossier, "check")
    return _uploads_page(request, dossier, errors=errors, status=422 if errors else 200)


def take_files(request: UserRequest, dossier: Dossier, slugs: list[str]) -> dict[str, str]:
    """Keep every file sent for one of ``slugs``; return what was wrong, a line a file, by slug."""
    errors: dict[str, str] = {}
    for slug in slugs:
        for upload in request.FILES.getlist(f"file_{slug}"):
            assert isinstance(upload, UploadedFile)
            try:
                attachments.attach(dossier, slug, upload, actor=request.user)
            except ValidationError as error:
                line = f"{upload.name}: {error.messages[0]}"
                errors[slug] = f"{errors[slug]}\n{line}" if slug in errors else line
    return errors


def _missing(dossier: Dossier, wanted: list[Document]) -> dict[str, str]:
    here = set(dossier.attachments.filter(removed_at=None).values_list("document", flat=True))
    return {
        d.slug: _("Please add: %(paper)s.") % {"paper": d.label}
        for d in wanted
        if d.required and d.slug not in here
    }


def _uploads_page(
    request: UserRequest,
    dossier: Dossier,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
    push_url: str = "",
) -> HttpResponse:
    definition = definition_for(dossier)
    steps = definition.steps_for(dossier.typed)
    files = file_rows(dossier, removable=True)
    papers_wanted: list[dict[str, Any]] = [
        {"document": d, "error": (errors or {}).get(d.slug, ""), "files": files[d.slug]}
        for d in _uploaded(definition, dossier)
    ]
    context = {
        "dossier": dossier,
        "definition": definition,
        "papers": papers_wanted,
        "accept": attachments.ACCEPT,
        "url": reverse("uploads", args=[dossier.draft_code]),
        "number": len(steps) + 1,
        "total": _total(definition, dossier),
        "back_url": _url(dossier, steps[-1]),
        "max_upload_mb": settings.MAX_UPLOAD_MB,
        "errors": [{"id": f"file_{slug}", "message": message} for slug, message in (errors or {}).items()],
    }
    for paper in papers_wanted:
        if request.htmx and request.htmx.target == f"paper_{paper['document'].slug}":
            context |= {"paper": paper, "alone": True}
            return render(request, "procedures/uploads.html#paper", context, status=status)
    return render_page(request, "procedures/uploads.html", context, status=status, push_url=push_url)


def file_rows(dossier: Dossier, *, removable: bool) -> defaultdict[str, list[dict[str, Any]]]:
    """The files of each paper, by its slug, as ``components/file_list.html`` wants them."""
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for attachment in dossier.attachments.filter(removed_at=None):
        rows[attachment.document].append(_file_row(dossier, attachment, removable=removable))
    return rows


def _file_row(dossier: Dossier, attachment: Attachment, *, removable: bool) -> dict[str, Any]:
    place = [dossier.code or dossier.draft_code, attachment.pk]
    photo = attachment.media_type.startswith("image/")
    harmful = attachment.scan == Attachment.Scan.INFECTED
    return {
        "name": attachment.name,
        "size": attachment.size,
        "kind": attachment.media_type.rsplit("/", 1)[-1].upper(),
        "url": reverse("attachment", args=place),
        "thumbnail_url": reverse("attachment_preview", args=place) if photo else "",
        "error": _("This file is harmful and was locked; please send another one.") if harmful else "",
        "remove_url": reverse("remove_upload", args=place) if removable else "",
        "remove_attrs": [
            ("hx-post", reverse("remove_upload", args=place)),
            ("hx-target", f"#paper_{attachment.document}"),
            ("hx-swap", "outerHTML"),
        ],
    }


@citizen_required
def remove_upload(request: UserRequest, code: str, number: int) -> HttpResponse:
    dossier = _draft(request, code)
    if dossier is None:
        return redirect("dossier", code)
    if request.method != "POST":
        return redirect("uploads", code)
    with transaction.atomic():
        attachments.remove(attachments.of_dossier(dossier, number))
    if request.htmx:
        return _uploads_page(request, dossier)
    return see_other(reverse("uploads", args=[dossier.draft_code]))


# --- Check and file ------------------------------------------------------------------------------


class DeclarationForm(fields.PageForm):
    declaration = fields.ConfirmField(
        label=gettext_lazy("I declare that what I have written is true and that I answer for it."),
        error_messages={"required": gettext_lazy("Please tick the box to file.")},
    )

    def __init__(self, definition: Definition, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if definition.declaration:
            self.fields["declaration"].label = str(definition.declaration)


@never_cache
@citizen_required
def check(request: UserRequest, code: str) -> HttpResponse:
    dossier = _draft(request, code)
    if dossier is None:
        return redirect("dossier", code)
    if request.method != "POST":
        return _check_page(request, dossier)
    form = DeclarationForm(definition_for(dossier), request.POST)
    if not form.is_valid():
        return _check_page(request, dossier, form=form, status=422)
    try:
        dossiers.file(dossier, actor=request.user, key=request.POST.get("key", "")[:80] or "file")
    except dossiers.Incomplete:
        return _check_page(request, dossier, form=form, status=422)
    except workflow.MoveRefused as refused:
        form.add_error(None, str(refused))
        return _check_page(request, dossier, form=form, status=422)
    return _filed(request, dossier)


def _filed(request: UserRequest, dossier: Dossier) -> HttpResponse:
    from procedures.views.dossier import dossier_page

    url = reverse("dossier", args=[dossier.code])
    if request.htmx:
        return dossier_page(request, dossier, push_url=url)
    return see_other(url)


def _check_page(
    request: UserRequest,
    dossier: Dossier,
    *,
    form: DeclarationForm | None = None,
    status: int = 200,
    push_url: str = "",
) -> HttpResponse:
    definition, today = definition_for(dossier), timezone.localdate()
    review = dossiers.review(dossier, today)
    form = form or DeclarationForm(definition)
    files = file_rows(dossier, removable=False)
    uploads_url = _url(dossier, "uploads") if _uploaded(definition, dossier) else ""
    context = {
        "dossier": dossier,
        "definition": definition,
        "form": form,
        "key": secrets.token_urlsafe(12),
        "sections": _sections(dossier, definition, review, today),
        "papers": [
            {
                "document": d,
                "files": files[d.slug],
                "how": papers.how_handed_in(d),
                "missing": d.slug in review.missing_uploads,
            }
            for d in definition.documents_for(dossier.typed)
            if d.required or d.uploaded
        ],
        "number": _total(definition, dossier),
        "errors": _check_errors(dossier, review, form, asked=status != 200),
        "uploads_url": uploads_url,
        "back_url": uploads_url or _url(dossier, review.forms[-1].step),
        "similar": _similar(request, dossier),
    }
    return render_page(request, "procedures/check.html", context, status=status, push_url=push_url)


def _sections(
    dossier: Dossier, definition: Definition, review: dossiers.Review, today: date
) -> list[dict[str, Any]]:
    """Every page with its answers, checked or as typed, and where to change it."""
    shown = {s.slug: rows for s, rows in dossiers.answered(definition, {**review.answers}, today)}
    open_slugs = [s.slug for s in review.open_steps]
    return [
        {
            "title": form.step.title,
            "open": form.step.slug in open_slugs,
            "first": form.step.slug in open_slugs[:1],
            "change_url": f"{_url(dossier, form.step)}?kiem-tra=1",
            "rows": [{"label": f.label, "value": v or "–"} for f, v in shown.get(form.step.slug, [])],
        }
        for form in review.forms
    ]


def _check_errors(
    dossier: Dossier, review: dossiers.Review, form: DeclarationForm, *, asked: bool
) -> list[dict[str, str]]:
    if not asked:
        return []
    errors = [
        {"id": name if name in form.fields else "", "message": str(e[0])} for name, e in form.errors.items()
    ]
    if review.open_steps:
        errors.append({"id": "open", "message": _("Some pages are not complete yet; they are marked below.")})
    if review.missing_uploads:
        errors.append({"id": "papers", "message": _("Some files are missing; they are marked below.")})
    return errors


@citizen_required
def discard(request: UserRequest, code: str) -> HttpResponse:
    """Throw a draft away, with its files."""
    dossier = _draft(request, code)
    if dossier is None or request.method != "POST":
        return redirect("dossier", code)
    with transaction.atomic():
        locked = Dossier.objects.select_for_update().get(pk=dossier.pk)
        if locked.is_draft:
            for attachment in locked.attachments.all():
                attachments.remove(attachment)
            locked.attachments.all().delete()
            locked.delete()
            messages.success(request, _("The draft is gone."))
    return see_other(reverse("dossier_list"))
