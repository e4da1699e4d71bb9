"""Daily intake lists: close, look, take away."""

import io
import tempfile
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.http import see_other, signed_in
from portal.models import AccessLog
from portal.roles import EVERYBODY, RoleAdmin, role
from procedures import intake, offices
from procedures.models import IntakeList


@admin.register(IntakeList)
class IntakeListAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("day", "office", "number", "row_count", "closed_at", "short_digest")
    list_filter = ("office",)
    date_hierarchy = "day"
    change_list_template = "admin/procedures/intake_lists.html"

    @admin.display(description="SHA-256")
    def short_digest(self, closed: IntakeList) -> str:
        return closed.digest[:12]

    def get_queryset(self, request: HttpRequest) -> QuerySet[IntakeList]:
        lists: QuerySet[IntakeList] = super().get_queryset(request).select_related("office")
        staff = getattr(request.user, "staff", None)
        if staff is None:
            return lists.none()
        if staff.oversees_province:
            return lists
        return lists.filter(office__in=offices.kept_by(staff.office_id))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("chot/", view(self.close), name="procedures_intakelist_close"),
            path("<int:pk>/tai-ve/<str:kind>/", view(self.download), name="procedures_intakelist_download"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        closed = self._mine(request, object_id)
        _log_read(request, closed, "intake list")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(closed),
            "list": closed,
            "columns": intake.COLUMNS,
            "rows": list(intake.rows(closed))[:500],
            "holds": intake.verify(closed),
        }
        return render(request, "admin/procedures/intake_list.html", context)

    def _mine(self, request: HttpRequest, pk: str | int) -> IntakeList:
        found: IntakeList | None = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        return found

    def close(self, request: HttpRequest) -> HttpResponse:
        """Close every day of the clerk's office that is over and has no list yet."""
        back = reverse("admin:procedures_intakelist_changelist")
        staff = getattr(request.user, "staff", None)
        if request.method != "POST" or staff is None or role(request.user) == "administrator":
            return see_other(back)
        now, count = timezone.now(), 0
        try:
            for day in intake.days_to_close(staff.office, timezone.localdate(now)):
                intake.close_list(staff.office, day, actor=signed_in(request).user, now=now)  # type: ignore[arg-type]
                count += 1
        except intake.NotYet:
            self.message_user(request, _("Today's list can be closed after office hours."), messages.INFO)
        self.message_user(request, _("%(count)d lists closed.") % {"count": count}, messages.SUCCESS)
        return see_other(back)

    def download(self, request: HttpRequest, pk: int, kind: str) -> FileResponse:
        """A closed list as CSV, XLSX or the printed book."""
        closed = self._mine(request, pk)
        if kind not in {"csv", "xlsx", "pdf"}:
            raise Http404
        _log_read(request, closed, f"intake list {kind}")
        out = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (FileResponse closes it)
        if kind == "xlsx":
            intake.write_xlsx(closed, out)
        elif kind == "pdf":
            intake.write_pdf(closed, out)
        else:
            lines = io.TextIOWrapper(out, encoding="utf-8", newline="")
            intake.write_csv(closed, lines)
            lines.detach()
        out.seek(0)
        name = f"so-theo-doi-{closed.office.slug}-{closed.day:%Y%m%d}.{kind}"
        return FileResponse(out, as_attachment=True, filename=name)


def _log_read(request: HttpRequest, closed: IntakeList, what: str) -> None:
    """A list names everybody who filed that day."""
    user = signed_in(request).user  # type: ignore[arg-type]
    AccessLog.objects.create(user=user, about=str(closed)[:40], what=what)
