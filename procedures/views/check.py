"""Check your answers, declare, file; or throw the draft away."""

import secrets
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from portal import fields
from portal.http import UserRequest, citizen_required, form_key, go_on, render_page, see_other
from procedures import attachments, desk, dossiers, filers, hooks, papers, workflow
from procedures.catalogue import definition_for
from procedures.definition import Definition
from procedures.models import Dossier
from procedures.views.dossier import dossier_page
from procedures.views.files import file_rows
from procedures.views.places import draft_of, page_count, uploaded, url_of


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
    dossier = draft_of(request, code)
    if dossier is None:
        return redirect("dossier", code)
    if request.method != "POST":
        return check_page(request, dossier)
    form = DeclarationForm(definition_for(dossier), request.POST)
    if not form.is_valid():
        return check_page(request, dossier, form=form, status=422)
    try:
        dossiers.file(dossier, actor=request.user, key=form_key(request))
    except dossiers.Incomplete:
        return check_page(request, dossier, form=form, status=422)
    except workflow.MoveRefused as refused:
        form.add_error(None, str(refused))
        return check_page(request, dossier, form=form, status=422)
    return go_on(request, reverse("dossier", args=[dossier.code]), partial(dossier_page, request, dossier))


def check_page(
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
    uploads_url = url_of(dossier, "uploads") if uploaded(definition, dossier) else ""
    context = {
        "dossier": dossier,
        "definition": definition,
        "form": form,
        "key": secrets.token_urlsafe(12),
        "sections": _sections(dossier, definition, review, today, files),
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
        "number": page_count(definition, dossier),
        "errors": _check_errors(dossier, review, form, asked=status != 200),
        "uploads_url": uploads_url,
        "back_url": uploads_url or url_of(dossier, review.forms[-1].step),
        "similar": dossiers.similar(dossier),
        "changes": dossiers.changes_since_begun(dossier),
        "advice": hooks.advice(hooks.Facts(definition, review.answers, today)),
        "unconfirmed": not filers.may_file(dossier),
    }
    return render_page(request, "procedures/check.html", context, status=status, push_url=push_url)


def _sections(
    dossier: Dossier, definition: Definition, review: dossiers.Review, today: date, files: desk.Files
) -> list[dict[str, Any]]:
    """Every page with its answers, checked or as typed, and where to change it."""
    shown = {s.slug: rows for s, rows in dossiers.answered(definition, {**review.answers}, today, whole=True)}
    open_slugs = [s.slug for s in review.open_steps]
    return [
        {
            "title": form.step.title,
            "open": form.step.slug in open_slugs,
            "first": form.step.slug in open_slugs[:1],
            "change_url": f"{url_of(dossier, form.step)}?kiem-tra=1",
            "doubts": form.doubts,
            **desk.page(definition, form.step, shown.get(form.step.slug, []), files),
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
    dossier = draft_of(request, code)
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
