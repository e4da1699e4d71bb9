"""Handover lists: close what waits for another office, print it, see what arrives and what does not."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.http import see_other
from portal.models import AccessLog
from portal.roles import EVERYBODY, RoleAdmin
from procedures import handovers, parcels
from procedures.admin.assigning import staff_user
from procedures.models import HandoverList, HandoverRow, Office
from procedures.papers.handover import handover_sheet
from procedures.workflow import MoveRefused


@admin.register(HandoverList)
class HandoverListAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("code", "office", "to", "closed_at", "left_at", "on_it", "state")
    list_filter = ("office", "to")
    search_fields = ("code", "rows__parcel__dossier__code", "rows__parcel__tracking")
    search_help_text = gettext_lazy("Number of the list, dossier code or tracking number")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/procedures/handovers.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[HandoverList]:
        return handovers.counted(handovers.visible_to(staff_user(request)))

    @admin.display(description=gettext_lazy("parcels"))
    def on_it(self, handover: HandoverList) -> int:
        return int(getattr(handover, "parcels", 0))

    @admin.display(description=gettext_lazy("state"))
    def state(self, handover: HandoverList) -> SafeString:
        tone, words = _state(handover, getattr(handover, "open_parcels", 0))
        return format_html('<span class="desk-tag desk-tag--{}">{}</span>', tone, words)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "procedures_handoverlist"
        own = [
            path("chot/", view(self.close), name=f"{name}_close"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{name}_act"),
            path("<int:pk>/in/", view(self.print), name=f"{name}_print"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        user = staff_user(request)
        staff = getattr(user, "staff", None)
        context = {
            "gathered": handovers.gathered(staff.office) if staff else [],
            "missing": handovers.missing(user, timezone.now())[:50],
            "may_work": parcels.may_work(user),
        }
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **context})
        return page

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, handover: HandoverList, refused: MoveRefused | None = None
    ) -> HttpResponse:
        user, rows = staff_user(request), handovers.rows(handover)
        _log_read(request, handover, "handover list")
        here = getattr(getattr(user, "staff", None), "office_id", None)
        due = [row for row in rows if row.taken_off_at is None]
        left = [row for row in due if row.arrived_at is None]
        late = (handover.left_at or handover.closed_at) < handovers.overdue_since(timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": handover.code,
            "list": handover,
            "rows": rows,
            "due": len(due),
            "here": len(due) - len(left),
            "late": late,
            "state": _state(handover, len(left)),
            "gives": parcels.may_work(user) and handover.office_id == here,
            "takes": parcels.may_work(user) and handover.to_id == here,
            "here_office": here,
            "refused": refused,
            "refused_row": request.POST.get("row", "") if refused else "",
            "reason": request.POST.get("reason", "") if refused else "",
        }
        page = "admin/procedures/handover.html"
        return render(request, page, context, status=422 if refused else 200)

    def close(self, request: HttpRequest) -> HttpResponse:
        """Put what waits for the office ``to`` on a new list."""
        back = reverse("admin:procedures_handoverlist_changelist")
        if request.method != "POST":
            return see_other(back)
        _working(request)
        to = get_object_or_404(Office, slug=request.POST.get("to", "")[:50])
        try:
            made = handovers.close(to, actor=staff_user(request), now=timezone.now())
        except MoveRefused as refused:
            self.message_user(request, str(refused), messages.INFO)
            return see_other(back)
        self.message_user(request, _("List %(code)s is closed: print it now.") % {"code": made.code})
        return see_other(_address(made))

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Note that the list left, or take a parcel off it."""
        handover = self._mine(request, pk)
        if doing not in {"roi-di", "bo-ra"}:
            raise Http404
        if request.method != "POST":
            return see_other(_address(handover))
        _working(request)
        try:
            _DOINGS[doing](handover, request)
        except MoveRefused as refused:
            return self._page(request, handover, refused)
        self.message_user(request, f"{handover.code}: {_('noted.')}", messages.SUCCESS)
        return see_other(_address(handover))

    def print(self, request: HttpRequest, pk: int) -> HttpResponse:
        handover = self._mine(request, pk)
        _log_read(request, handover, "handover list pdf")
        return HttpResponse(
            handover_sheet(handover, handovers.rows(handover)),
            content_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{handover.code}.pdf"'},
        )


def _leave(handover: HandoverList, request: HttpRequest) -> HandoverList:
    return handovers.leave(handover, actor=staff_user(request), now=timezone.now())


def _take_off(handover: HandoverList, request: HttpRequest) -> HandoverRow:
    row, reason = request.POST.get("row", "")[:18], request.POST.get("reason", "")[:300]
    number = int(row) if row.isascii() and row.isdigit() else 0
    return handovers.take_off(handover, number, actor=staff_user(request), reason=reason, now=timezone.now())


_DOINGS = {"roi-di": _leave, "bo-ra": _take_off}


def _state(handover: HandoverList, under_way: int) -> tuple[str, str]:
    """The tone and the words for how far a list has come."""
    if not under_way:
        return "green", _("all arrived")
    if (handover.left_at or handover.closed_at) < handovers.overdue_since(timezone.now()):
        return "red", ngettext("%(n)d missing", "%(n)d missing", under_way) % {"n": under_way}
    if handover.left_at is None:
        return "yellow", _("not left yet")
    return "blue", _("%(n)d under way") % {"n": under_way}


def _address(handover: HandoverList) -> str:
    return reverse("admin:procedures_handoverlist_change", args=[handover.pk])


def _working(request: HttpRequest) -> None:
    if not parcels.may_work(staff_user(request)):
        raise PermissionDenied


def _log_read(request: HttpRequest, handover: HandoverList, what: str) -> None:
    """A list names the dossiers whose papers are on it."""
    AccessLog.objects.create(user=staff_user(request), about=handover.code, what=what)
