"""A draft at a glance: which pages are done, and where to go on."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.http import UserRequest, render_page
from procedures import dossiers
from procedures.catalogue import definition_for
from procedures.forms import StepForm
from procedures.models import Dossier


def overview(request: UserRequest, dossier: Dossier) -> HttpResponse:
    review = dossiers.review(dossier, timezone.localdate())
    tasks = _tasks(dossier, review)
    context = {
        "dossier": dossier,
        "definition": definition_for(dossier),
        "tasks": tasks,
        "changes": dossiers.changes_since_begun(dossier),
        "next_url": next(task["url"] for task in tasks if task["status"] != "done"),
    }
    return render_page(request, "procedures/draft.html", context)


def _tasks(dossier: Dossier, review: dossiers.Review) -> list[dict[str, Any]]:
    """The pages as ``components/task_list.html`` wants them; the last one files and is never done."""
    tasks = [
        {
            "title": form.step.title,
            "url": reverse("step", args=[dossier.draft_code, form.step.slug]),
            "status": _status(dossier, form),
        }
        for form in review.forms
    ]
    if any(d.uploaded for d in definition_for(dossier).documents_for(dossier.typed)):
        tasks.append(
            {
                "title": _("Photos of your papers"),
                "url": reverse("uploads", args=[dossier.draft_code]),
                "status": "todo" if review.missing_uploads else "done",
            }
        )
    check = {"title": _("Check your answers and file"), "url": "", "status": "blocked"}
    if review.complete:
        check |= {"url": reverse("check", args=[dossier.draft_code]), "status": "todo"}
    return [*tasks, check]


def _status(dossier: Dossier, form: StepForm) -> str:
    if not form.errors:
        return "done"
    return "current" if any(dossier.typed.get(name) for name in form.fields) else "todo"
