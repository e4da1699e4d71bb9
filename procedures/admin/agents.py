"""Which collecting agent serves which ward: rows of the administrator."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.roles import ADMINISTRATOR, EVERYBODY, RoleAdmin
from procedures import agents
from procedures.models import AgentArea


@admin.register(AgentArea)
class AgentAreaAdmin(RoleAdmin):
    """A row ends by its last day; what was served stays readable."""

    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = ("agent", "ward", "valid_from", "valid_to")
    list_filter = ("ward__district",)
    search_fields = ("agent__user__full_name", "agent__code", "ward__name")
    list_select_related = ("agent__user", "ward")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgentArea]:
        found: QuerySet[AgentArea] = super().get_queryset(request)
        return found.select_related("agent__user", "ward")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        if db_field.name == "agent":
            kwargs["queryset"] = agents.confirmed()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
