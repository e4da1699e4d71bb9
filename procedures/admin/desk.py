"""The review desk: the queue of an office, a dossier's page, and its actions."""

import secrets
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.http import form_key, see_other, signed_in
from portal.models import AccessLog, User
from portal.roles import EVERYBODY, RoleAdmin
from portal.text import without_marks
from procedures import apologies, attachments, desk, dossiers, mailroom, papers, results, urgent, workflow
from procedures.admin.filters import CaseFilter, DueFilter, ProcedureFilter, StateFilter
from procedures.admin.mailroom import scan
from procedures.admin.urgent import banner
from procedures.catalogue import definition_for
from procedures.models import Dossier, DossierEvent
from procedures.vocabulary import RECORDED, ROLES
from procedures.workflow import MoveRefused


def deadline_tone(dossier: Dossier) -> str:
    """red: overdue, yellow: due within two days, green: time enough, grey: no clock."""
    if dossier.due_at is None or dossier.decided_at is not None:
        return "grey"
    left = dossier.due_at - timezone.now()
    return "red" if left < timedelta() else "yellow" if left < timedelta(days=2) else "green"


@admin.register(Dossier)
class DossierAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = (
        "marked_code",
        "applicant",
        "insurance_number",
        "case_label",
        "state_label",
        "deadline",
        "papers",
    )
    list_filter = (StateFilter, DueFilter, ProcedureFilter, CaseFilter, "filer", "channel")
    search_fields = ("code",)
    search_help_text = gettext_lazy("Dossier code, name with or without marks, or social insurance number")
    list_per_page = 50
    list_fullwidth = True
    show_full_result_count = False
    change_list_template = "admin/procedures/queue.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dossier]:
        return (
            dossiers.visible_to(_user(request))
            .exclude(state="draft")
            .select_related("office")
            .annotate(missing=Count("originals", filter=Q(originals__received_at=None)))
        )

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Undecided ones first, on top who needs it for treatment, then by the day it is due."""
        undecided_first = F("decided_at").asc(nulls_first=True)
        return ("final", undecided_first, "-urgent", F("due_at").asc(nulls_last=True), "filed_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Dossier], search_term: str
    ) -> tuple[QuerySet[Dossier], bool]:
        words = search_term.strip()
        if not words:
            return queryset, False
        return queryset.filter(
            Q(code__icontains=words)
            | Q(insurance_number__startswith=words)
            | Q(applicant_bare__contains=without_marks(words))
            | Q(organisation_name__icontains=words)
            | Q(organisation_code__istartswith=words)
        ), False

    @admin.display(description=gettext_lazy("code"), ordering="code")
    def marked_code(self, dossier: Dossier) -> SafeString | str:
        if not urgent.is_open(dossier):
            return str(dossier.code)
        mark = format_html('<span class="desk-tag desk-tag--urgent">{}</span>', _("URGENT"))
        return format_html("{} {}", mark, dossier.code)

    @admin.display(description=gettext_lazy("case"))
    def case_label(self, dossier: Dossier) -> SafeString:
        definition = definition_for(dossier)
        case, title = definition.case(dossier.case), str(definition.title)
        short = Truncator(title).chars(70)
        return format_html(
            '<span>{}<small title="{}">{}</small></span>', case.label if case else "", title, short
        )

    @admin.display(description=gettext_lazy("state"))
    def state_label(self, dossier: Dossier) -> SafeString:
        state = definition_for(dossier).state(dossier.state)
        return format_html('<span class="desk-tag desk-tag--{}">{}</span>', state.tone, state.label)

    @admin.display(description=gettext_lazy("due"), ordering="due_at")
    def deadline(self, dossier: Dossier) -> SafeString | str:
        if dossier.due_at is None or dossier.decided_at is not None:
            return "–"
        due = timezone.localtime(dossier.due_at)
        return format_html(
            '<span class="desk-tag desk-tag--{}">{}</span>', deadline_tone(dossier), f"{due:%d/%m/%Y}"
        )

    @admin.display(description=gettext_lazy("originals"))
    def papers(self, dossier: Dossier) -> SafeString | str:
        missing = getattr(dossier, "missing", 0)
        if not missing or dossier.final:
            return "✓" if not missing else "–"
        words = ngettext("%(n)d missing", "%(n)d missing", missing) % {"n": missing}
        return format_html('<span class="desk-tag desk-tag--yellow">{}</span>', words)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("khan/", view(banner), name="procedures_dossier_urgent"),
            path("quet/", view(scan), name="procedures_dossier_scan"),
            path("<int:pk>/hanh-dong/<slug:action>/", view(self.act), name="procedures_dossier_act"),
            path("<int:pk>/phieu-kiem-soat/", view(self.control_sheet), name="procedures_dossier_control"),
            path("<int:pk>/thay-ket-qua/", view(self.replace_result), name="procedures_dossier_result"),
            path("<int:pk>/ban-goc/", view(self.record_originals), name="procedures_dossier_originals"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        mine = dossiers.visible_to(_user(request)).filter(final=False, decided_at=None)
        now = timezone.now()
        counters = mine.aggregate(
            urgent=Count("pk", filter=Q(urgent=True)),
            overdue=Count("pk", filter=Q(due_at__lt=now)),
            today=Count("pk", filter=Q(due_at__date=timezone.localdate(now), due_at__gte=now)),
            citizen=Count("pk", filter=Q(days_left__isnull=False)),
            papers=Count("pk", filter=Q(clock_started_on=None)),
        )
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "counters": counters})
        return page

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
        files, open_to = _files(dossier), workflow.available_actions(dossier, _user(request))
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
            "may_replace_result": results.may_replace(dossier, _user(request)),
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
                results.replace(dossier, upload, actor=_user(request), key=key, note=note, now=now)
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
                actor=_user(request),
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


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]


def _move(dossier: Dossier, action: str, request: HttpRequest) -> DossierEvent:
    note, actor, now = request.POST.get("note", "")[:4000], _user(request), timezone.now()
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
