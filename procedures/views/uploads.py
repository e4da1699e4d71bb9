"""The page of a draft where papers are uploaded."""

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.http import UserRequest, citizen_required, go_on, render_page, see_other
from procedures import attachments, dossiers
from procedures.catalogue import definition_for
from procedures.models import Dossier
from procedures.views.check import check_page
from procedures.views.files import file_rows, take_files
from procedures.views.places import draft_of, page_count, uploaded, url_of


@never_cache
@citizen_required
def uploads(request: UserRequest, code: str) -> HttpResponse:
    dossier = draft_of(request, code)
    if dossier is None:
        return redirect("dossier", code)
    if request.method != "POST":
        return uploads_page(request, dossier)
    wanted = uploaded(definition_for(dossier), dossier)
    errors = take_files(request, dossier, [d.slug for d in wanted])
    if not errors and "tai" not in request.GET and "upload" not in request.POST:
        errors = _missing(dossier)
        if not errors:
            return go_on(request, url_of(dossier, "check"), partial(check_page, request, dossier))
    return uploads_page(request, dossier, errors=errors, status=422 if errors else 200)


def _missing(dossier: Dossier) -> dict[str, str]:
    return {
        d.slug: _("Please add: %(paper)s.") % {"paper": d.label} for d in dossiers.missing_uploads(dossier)
    }


def uploads_page(
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
        for d in uploaded(definition, dossier)
    ]
    context = {
        "dossier": dossier,
        "definition": definition,
        "papers": papers_wanted,
        "accept": attachments.ACCEPT,
        "url": reverse("uploads", args=[dossier.draft_code]),
        "number": len(steps) + 1,
        "total": page_count(definition, dossier),
        "back_url": url_of(dossier, steps[-1]),
        "max_upload_mb": settings.MAX_UPLOAD_MB,
        "errors": [{"id": f"file_{slug}", "message": message} for slug, message in (errors or {}).items()],
    }
    for paper in papers_wanted:
        if request.htmx and request.htmx.target == f"paper_{paper['document'].slug}":
            context |= {"paper": paper, "alone": True}
            return render(request, "procedures/uploads.html#paper", context, status=status)
    return render_page(request, "procedures/uploads.html", context, status=status, push_url=push_url)


@citizen_required
def remove_upload(request: UserRequest, code: str, number: int) -> HttpResponse:
    dossier = draft_of(request, code)
    if dossier is None:
        return redirect("dossier", code)
    if request.method != "POST":
        return redirect("uploads", code)
    with transaction.atomic():
        attachments.remove(attachments.of_dossier(dossier, number))
    if request.htmx:
        return uploads_page(request, dossier)
    return see_other(reverse("uploads", args=[dossier.draft_code]))
