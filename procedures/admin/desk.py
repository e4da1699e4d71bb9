"""The review desk: a dossier's page and its actions."""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.http import form_key, see_other
from portal.models import AccessLog
from procedures import apologies, attachments, desk, mailroom, papers, results, urgent, workflow
from procedures.admin import figures
from procedures.admin.mailroom import scan
from procedures.admin.queue import QueueAdmin, deadline_tone, staff_user
from procedures.admin.urgent import banner
from procedures.catalogue import definition_for
from procedures.models import Dossier, DossierEvent
from procedures.vocabulary import RECORDED, ROLES
from procedures.workflow import MoveRefused


@admin.register(Dossier)
class DossierAdmin(QueueAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("khan/", view(banner), name="procedures_dossier_urgent"),
            *figures.urls(view),
            path("quet/", view(scan), name="procedures_dossier_scan"),
            path("<int:pk>/hanh-dong/<slug:action>/", view(self.act), name="procedures_dossier_act"),
            path("<int:pk>/phieu-kiem-soat/", view(self.control_sheet), name="procedures_dossier_control"),
            path("<int:pk>/thay-ket-qua/", view(self.replace_result), name="procedures_dossier_result"),
            path("<int:pk>/ban-goc/", view(self.record_originals), name="procedures_dossier_originals"),
        ]
        return [*own, *super().get_urls()]

    # --- One dossier -----------------------------------------------------------------------------

    def _mine(self, request: HttpRequest, pk: str | int) -> Dossier:
        found: Dossier | None = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        return found

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        dossier = self._mine(request, object_id)
        desk.log_read(request.user, dossier, "dossier")
        return self._page(request, dossier)

    def _page(
        self,
        request: HttpRequest,
        dossier: Dossier,
        *,
        refused: MoveRefused | None = None,
        action: str = "",
    ) -> HttpResponse:
        definition = definition_for(dossier)
        limit = definition.time_limit(dossier.case, dossier.answers)
        files, open_to = _files(dossier), workflow.available_actions(dossier, staff_user(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": dossier.code,
            "dossier": dossier,
            "definition": definition,
            "state": definition.state(dossier.state),
            "case": definition.case(dossier.case),
            "tone": deadline_tone(dossier),
            "limit": limit,
            "limit_words": papers.limit_words(limit),
            "actions": [t for t in open_to if t.action != "record_originals"],
            "may_receive": any(t.action == "record_originals" for t in open_to),
            "urgent": urgent.is_open(dossier),
            "electronic": results.wanted_here(dossier),
            "may_replace_result": results.may_replace(dossier, staff_user(request)),
            "answers": desk.answers(dossier, _by_paper(files)),
            "attachments": files,
            "originals": dossier.originals.all(),
            "documents": dossier.documents.all(),
            "layout": papers.layout_of(dossier),
            "parcels": dossier.postal_items.all(),
            "timeline": [
                _told(e, dossier) for e in dossier.events.select_related("actor").order_by("-sequence")
            ],
            "chain": workflow.verify_history(dossier),
            "readers": AccessLog.objects.filter(about=dossier.code).select_related("user")[:10],
            "key": secrets.token_urlsafe(12),
            "refused": refused,
            "refused_action": action,
            "typed": request.POST if refused else {},
        }
        return render(request, "admin/procedures/dossier.html", context, status=422 if refused else 200)

    def act(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        """Carry out an action of the workflow on a dossier of the clerk's office."""
        dossier = self._mine(request, pk)
        here = reverse("admin:procedures_dossier_change", args=[pk])
        if request.method != "POST":
            return see_other(here)
        try:
            _move(dossier, action, request)
        except MoveRefused as refused:
            return self._page(request, dossier, refused=refused, action=action)
        state = definition_for(dossier).state(dossier.state)
        self.message_user(request, f"{dossier.code}: {state.label}", messages.SUCCESS)
        return see_other(here)

    def control_sheet(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mẫu 05: every hand-over so far, to be printed and put with the papers."""
        dossier = self._mine(request, pk)
        desk.log_read(request.user, dossier, "control sheet")
        return HttpResponse(
            papers.control_sheet(dossier, now=timezone.now()),
            content_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{dossier.code}-kiem-soat.pdf"'},
        )

    def replace_result(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The right result file in place of a wrong one, after the dossier was closed."""
        dossier, upload = self._mine(request, pk), request.FILES.get("result")
        note, key, now = request.POST.get("note", "")[:4000], form_key(request), timezone.now()
        if request.method == "POST":
            try:
                results.replace(dossier, upload, actor=staff_user(request), key=key, note=note, now=now)
            except MoveRefused as refused:
                return self._page(request, dossier, refused=refused, action=results.REPLACED)
        return see_other(reverse("admin:procedures_dossier_change", args=[pk]))

    def record_originals(self, request: HttpRequest, pk: int) -> HttpResponse:
        dossier = self._mine(request, pk)
        back = reverse("admin:procedures_dossier_change", args=[pk])
        if request.method != "POST":
            return see_other(back)
        try:
            complete = mailroom.receive(
                dossier,
                request.POST.getlist("arrived"),
                actor=staff_user(request),
                key=form_key(request),
                now=timezone.now(),
            )
        except MoveRefused as refused:
            self.message_user(request, f"{dossier.code}: {refused}", messages.ERROR)
            return see_other(back)
        if complete:
            self.message_user(
                request,
                _("%(code)s: all papers are here, the clock runs.") % {"code": dossier.code},
                messages.SUCCESS,
            )
        else:
            self.message_user(
                request,
                _("%(code)s: noted, but something is still missing.") % {"code": dossier.code},
                messages.WARNING,
            )
        return see_other(back)


def _move(dossier: Dossier, action: str, request: HttpRequest) -> DossierEvent:
    note, actor, now = request.POST.get("note", "")[:4000], staff_user(request), timezone.now()
    if action == "dispatch":
        return mailroom.dispatch(
            dossier, request.POST.get("tracking", ""), actor=actor, key=form_key(request), now=now
        )
    if action == "apologise":
        new_due = request.POST.get("new_due", "")[:20]
        return apologies.apologise(dossier, new_due, actor=actor, key=form_key(request), reason=note, now=now)
    if action == results.CLOSE:
        upload = request.FILES.get("result")
        return results.hand_over(dossier, upload, actor=actor, key=form_key(request), note=note, now=now)
    missing = [line.strip() for line in request.POST.get("missing", "").splitlines() if line.strip()]
    facts: dict[str, Any] = {"missing": missing} if action == "ask_supplement" else {}
    if action == "reject" and (basis := request.POST.get("legal_basis", "").strip()[:500]):
        facts["legal_basis"] = basis
    return workflow.move(dossier, action, actor=actor, key=form_key(request), note=note, facts=facts, now=now)


_LABELS = {"supplement": gettext_lazy("Supplement"), attachments.RESULT: gettext_lazy("Result")}


def _files(dossier: Dossier) -> list[dict[str, Any]]:
    definition = definition_for(dossier)
    return [
        {
            "attachment": a,
            "label": d.label if (d := definition.document(a.document)) else _LABELS[a.document],
            "confidence": d.confidence if d else "",
            "url": reverse("attachment", args=[dossier.code, a.pk]),
            "preview": reverse("attachment_preview", args=[dossier.code, a.pk])
            if a.media_type.startswith("image/")
            else "",
        }
        for a in attachments.current(dossier)
    ]


def _by_paper(files: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        found.setdefault(file["attachment"].document, []).append(file)
    return found


def _told(event: DossierEvent, dossier: Dossier) -> dict[str, Any]:
    """An event as staff read it: who, what, and every note."""
    definition = definition_for(dossier)
    transition = definition.transition(event.action)
    return {
        "at": event.at,
        "title": transition.label if transition else RECORDED.get(event.action, event.action),
        "state": definition.state(event.to_state).label,
        "note": event.note,
        "missing": event.facts.get("missing", []),
        "message": event.facts.get("message", ""),
        "tracking": event.facts.get("tracking", ""),
        "lines": desk.words_of_facts(event),
        "by": event.actor.full_name if event.actor else _("the portal"),
        "role": str({**ROLES, "organisation": _("organisation")}.get(event.role, event.role)),
        "hash": event.hash[:12],
    }
