"""The catalogue as staff see it: every version, with the confidence of every fact."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal.roles import EVERYBODY, RoleAdmin
from procedures import papers
from procedures.catalogue import definition_of
from procedures.models import ProcedureVersion


@admin.register(ProcedureVersion)
class ProcedureVersionAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("title_vi", "number", "status", "origin", "confidence", "published_at", "short_digest")
    list_filter = ("status", "origin", "confidence")
    search_fields = ("title_vi", "title_en", "procedure__slug")
    ordering = ("group", "order", "-number")

    @admin.display(description="SHA-256")
    def short_digest(self, version: ProcedureVersion) -> str:
        return version.digest[:12]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if version is None:
            raise Http404
        definition = definition_of(version)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": version.title_vi,
            "version": version,
            "definition": definition,
            "documents": [(d, papers.how_handed_in(d)) for d in definition.documents],
        }
        return render(request, "admin/procedures/version.html", context)
