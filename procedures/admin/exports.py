"""Files a worker makes of intake lists: how far they are, and the download."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.http import see_other, signed_in
from portal.models import AccessLog, User
from portal.roles import EVERYBODY, RoleAdmin
from procedures import downloads
from procedures.models import Export

_TONES = {"done": "green", "failed": "red", "stopped": "grey", "expired": "grey"}


@admin.register(Export)
class ExportAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("asked_at", "office", "from_day", "to_day", "format", "state", "total", "expires_at")
    list_filter = ("state",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        return downloads.visible_to(_user(request))

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "procedures_export"
        own = [
            path("<int:pk>/tai-ve/", view(self.download), name=f"{name}_download"),
            path("<int:pk>/huy/", view(self.cancel), name=f"{name}_cancel"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far the file is; htmx asks for the part that changes, others load the page again."""
        export = self._mine(request, object_id)
        part = {
            "export": export,
            "tone": _TONES.get(export.state, "blue"),
            "open": export.state in downloads.OPEN,
            "days": str(downloads.scope_of(export)),
        }
        if request.headers.get("HX-Target") == "tien-do":
            return render(request, "admin/procedures/_export.html", part)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Export"),
            **part,
        }
        return render(request, "admin/procedures/export.html", context)

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop an export that is not ready."""
        export = self._mine(request, pk)
        if request.method == "POST" and downloads.cancel(export, now=timezone.now()):
            self.message_user(request, _("The export was cancelled."), messages.SUCCESS)
        return see_other(reverse("admin:procedures_export_change", args=[export.pk]))

    def download(self, request: HttpRequest, pk: int) -> FileResponse:
        """The file, while it is kept; every download leaves a row in the log of readings."""
        export = self._mine(request, pk)
        if export.state != Export.State.DONE:
            raise Http404
        what = f"export {export.pk} {export.format}"
        AccessLog.objects.create(user=_user(request), about=str(downloads.scope_of(export))[:40], what=what)
        name = downloads.scope_of(export).filename(export.format)
        return FileResponse(export.file.open("rb"), as_attachment=True, filename=name)


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]
