"""The catalogue as staff see it: every version, and for those who lead an office its editor."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from portal.roles import EVERYBODY, RoleAdmin
from procedures.admin.editor import pages, preview, release
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

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "procedures_procedureversion"
        part = "<int:pk>/phan/<slug:many>/"
        own = [
            path("<int:pk>/nhap/", view(release.draft), name=f"{name}_draft"),
            path(part, view(pages.edit), name=f"{name}_part"),
            path(part + "<slug:key>/", view(pages.edit), name=f"{name}_part"),
            path(part + "<slug:key>/xoa/", view(pages.delete), name=f"{name}_delete_part"),
            path(part + "<slug:key>/<slug:doing>/", view(pages.act), name=f"{name}_act"),
            path("<int:pk>/chep-cau-hoi/", view(pages.copy_field), name=f"{name}_copy_field"),
            path("<int:pk>/xem-truoc/", view(preview.preview), name=f"{name}_preview"),
            path("<int:pk>/cong-bo/", view(release.publish), name=f"{name}_publish"),
            path("<int:pk>/ngung/", view(release.retire), name=f"{name}_retire"),
            path("<int:pk>/gac-lai/", view(release.discard), name=f"{name}_discard"),
            path("<int:pk>/toml/", view(release.download), name=f"{name}_toml"),
            path("<int:pk>/nhap-toml/", view(release.upload), name=f"{name}_upload"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return pages.version_page(request, object_id)
