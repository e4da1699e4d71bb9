"""The review desk: a dossier's page and its actions."""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.http import form_key, see_other
from portal.models import AccessLog
from procedures import (
    apologies,
    desk,
    mailroom,
    papers,
    presence,
    results,
    takeover,
    texts,
    urgent,
    workflow,
)
from procedures.admin import figures, paging
from procedures.admin.assigning import staff_user
from procedures.admin.mailroom import scan
from procedures.admin.queue import QueueAdmin, deadline_tone
from procedures.admin.together import (
    mentions,
    seen,
    take_over,
    together,
    working_together,
    write_note,
)
from procedures.admin.urgent import banner
from procedures.admin.viewer import exchanged, files, look, page, picture, viewer
from procedures.catalogue import definition_for
from procedures.definition import Transition
from procedures.models import Dossier, DossierEvent, SupplementText, TakeOver
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
            path("nhac-ten/", view(mentions), name="procedures_dossier_mentions"),
            path("<int:pk>/xem-tep/", view(look), name="procedures_dossier_look"),
            path(
                "<int:pk>/tep/<int:number>/trang/<int:page>/",
                view(picture, cacheable=True),
                name="procedures_dossier_picture",
            ),
            path("<int:pk>/co-mat/", view(seen), name="procedures_dossier_seen"),
            path("<int:pk>/nhan-viec/", view(take_over), name="procedures_dossier_take_over"),
            path("<int:pk>/ghi-chu/", view(write_note), name="procedures_dossier_note"),
            path("<int:pk>/hanh-dong/<slug:action>/", view(self.act), name="procedures_dossier_act"),
            path("<int:pk>/phieu-kiem-soat/", view(self.control_sheet), name="procedures_dossier_control"),
            path("<int:pk>/thay-ket-qua/", view(self.replace_result), name="procedures_dossier_result"),
            path("<int:pk>/ban-goc/", view(self.record_originals), name="procedures_dossier_originals"),
        ]
        return [*own, *super().get_urls()]

    # --- One dossier -----------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        dossier = self._mine(request, object_id)
        if exchanged(request):
            return page(request, dossier, files(dossier))
        desk.log_read(request.user, dossier, "dossier")
        presence.seen(dossier, staff_user(request), now=timezone.now())
        return self.page(request, dossier)

    def page(
        self,
        request: HttpRequest,
        dossier: Dossier,
        *,
        refused: MoveRefused | None = None,
        action: str = "",
    ) -> HttpResponse:
        """The page of a dossier; ``refused``, the form of ``action`` says why and keeps what was typed."""
        definition, user = definition_for(dossier), staff_user(request)
        limit = definition.time_limit(dossier.case, dossier.answers)
        shown, open_to = files(dossier), workflow.available_actions(dossier, user)
        events = list(dossier.events.select_related("actor").order_by("-sequence"))
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
            "may_replace_result": results.may_replace(dossier, user),
            "answers": desk.answers_for(user, dossier, _by_paper(shown)),
            "attachments": shown,
            "viewer": viewer(request, dossier, shown, count=False),
            "together": together(dossier, user, steps=events[0].sequence if events else 0),
            **working_together(dossier, user),
            "texts": _texts(dossier, open_to),
            "originals": dossier.originals.all(),
            "documents": dossier.documents.all(),
            "layout": papers.layout_of(dossier),
            "parcels": dossier.postal_items.all(),
            "timeline": [_told(e, dossier) for e in events],
            "chain": workflow.verify_history(dossier),
            "readers": AccessLog.objects.filter(about=dossier.code).select_related("user")[:10],
            "queue": self.queue_nav(request, dossier),
            "key": secrets.token_urlsafe(12),
            "refused": refused,
            "refused_action": action,
            "typed": request.POST if refused else {},
            "picked": _numbers(request, "pick") if refused else [],
            "told": _numbers(request, "to") if refused else [],
            "chosen": _numbers(request, "first")[:1] if refused else [],
            "unplaced": refused and not _placed(action, open_to),
            "gone": _gone(request) if refused and not _placed(action, open_to) else [],
        }
        return render(request, "admin/procedures/dossier.html", context, status=422 if refused else 200)

    def act(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        """Carry out an action of the workflow on a dossier of the clerk's office."""
        dossier = self._mine(request, pk)
        here = reverse("admin:procedures_dossier_change", args=[pk])
        if request.method != "POST":
            return see_other(here)
        place = paging.place_of(request, dossier)
        user = staff_user(request)
        lost = takeover.lost_to(dossier, user)
        try:
            if lost and "du-vay" not in request.POST:
                raise TakenOver(lost)
            _move(dossier, action, request)
        except MoveRefused as refused:  # with the dossier as it is now: somebody may have been faster
            return self.page(request, self._mine(request, pk), refused=refused, action=action)
        if lost:
            _told_all_the_same(dossier, lost, action, request)
        presence.left(dossier, user)
        state = definition_for(dossier).state(dossier.state)
        self.message_user(request, f"{dossier.code}: {state.label}", messages.SUCCESS)
        return see_other(self.onward(request, dossier, place))

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
                return self.page(request, dossier, refused=refused, action=results.REPLACED)
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
    if action == "post_again":
        typed, key = request.POST.get("tracking", ""), form_key(request)
        mailroom.post_again(dossier, typed, actor=actor, key=key, now=now)
        return dossier.events.get(key=key)
    if action == "apologise":
        new_due = request.POST.get("new_due", "")[:20]
        return apologies.apologise(dossier, new_due, actor=actor, key=form_key(request), reason=note, now=now)
    if action == results.CLOSE:
        upload = request.FILES.get("result")
        return results.hand_over(dossier, upload, actor=actor, key=form_key(request), note=note, now=now)
    chosen = texts.picked(dossier, request.POST.getlist("pick")) if action in texts.ACTIONS else []
    facts: dict[str, Any] = {}
    if action == "ask_supplement":
        facts["missing"] = _lines(request, "missing", chosen)
    if action == "reject":
        note = "\n".join(_lines(request, "note", chosen))[:4000]
        if basis := request.POST.get("legal_basis", "").strip()[:500]:
            facts["legal_basis"] = basis
    return workflow.move(
        dossier,
        action,
        actor=actor,
        key=form_key(request),
        note=note,
        facts=facts,
        now=now,
        prepare=(lambda _locked: texts.count_use(chosen, now=now)) if chosen else None,
    )


def _lines(request: HttpRequest, name: str, chosen: list[SupplementText]) -> list[str]:
    """What was typed and picked; ``whole`` says that the field holds the picked lines already."""
    return texts.lines(request.POST.get(name, ""), [] if request.POST.get("whole") else chosen)


def _texts(dossier: Dossier, open_to: list[Transition]) -> dict[str, list[dict[str, Any]]]:
    """The texts to pick from, by the action they are for, each with the paper it is about."""
    if not any(t.action in texts.ACTIONS for t in open_to):
        return {}
    definition = definition_for(dossier)
    found: dict[str, list[dict[str, Any]]] = {action: [] for action in texts.ACTIONS}
    for row in texts.offered(dossier):
        paper = definition.document(row.document) if row.document else None
        found[texts.action_of(row)].append({"row": row, "paper": paper.label if paper else ""})
    return found


class TakenOver(MoveRefused):
    """A colleague has taken the dossier over: a second press with the box ticked goes on."""

    def __init__(self, row: TakeOver) -> None:
        words = _("%(name)s took this dossier over from you: %(reason)s")
        super().__init__(words % {"name": row.taken_by.full_name, "reason": row.reason}, field="taken")


def _told_all_the_same(dossier: Dossier, lost: TakeOver, action: str, request: HttpRequest) -> None:
    transition = definition_for(dossier).transition(action)
    takeover.carry_on(
        dossier,
        lost,
        str(transition.label) if transition else action,
        actor=staff_user(request),
        key=form_key(request),
        now=timezone.now(),
    )


def _placed(action: str, open_to: list[Transition]) -> bool:
    """Whether the page still has the form of ``action``; else somebody was faster."""
    own = {"note", "takeover", results.REPLACED}
    return action in own or any(transition.action == action for transition in open_to)


def _gone(request: HttpRequest) -> list[str]:
    """What was typed into a form that the page offers no longer."""
    typed = [words for name in _TYPED if (words := request.POST.get(name, "").strip())]
    return [
        *typed,
        *SupplementText.objects.filter(pk__in=_numbers(request, "pick")).values_list("text", flat=True),
    ]


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [int(n) for n in request.POST.getlist(name)[:200] if n.isascii() and n.isdigit() and len(n) < 15]


_TYPED = ("missing", "note", "legal_basis", "tracking", "new_due")


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
        "taken_from": event.facts.get("from", "") if event.action == takeover.TAKEN_OVER else "",
        "reason": event.facts.get("reason", ""),
        "lines": desk.words_of_facts(event),
        "by": event.actor.full_name if event.actor else _("the portal"),
        "role": str({**ROLES, "organisation": _("organisation")}.get(event.role, event.role)),
        "hash": event.hash[:12],
    }
