"""Missing originals: what was filed, was to be posted and has not come, the oldest first."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.http import see_other
from portal.roles import EVERYBODY, RoleAdmin
from portal.templatetags.portal import label
from procedures import deadlines, reminders
from procedures.admin.assigning import staff_user
from procedures.catalogue import definition_for
from procedures.models import WaitingDossier


class AgeFilter(admin.SimpleListFilter):
    title = gettext_lazy("waiting for")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        words = ngettext("%(n)d working day or more", "%(n)d working days or more", 2)
        return [(str(n), words % {"n": n}) for n in (5, 10, 20, 40)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WaitingDossier]) -> QuerySet[WaitingDossier]:
        if self.value() not in {"5", "10", "20", "40"}:
            return queryset
        before = reminders.older_than(int(self.value() or 0), timezone.localdate())
        return queryset.filter(filed_at__lt=before)


class LostFilter(admin.SimpleListFilter):
    title = gettext_lazy("parcel")
    parameter_name = "parcel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("lost", _("Lost in the post")),
            ("sent", _("Has a tracking number")),
            ("here", _("Lies at an office")),
            ("none", _("Nothing is known")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WaitingDossier]) -> QuerySet[WaitingDossier]:
        match self.value():
            case "lost":
                return queryset.filter(state="lost_in_post")
            case "sent":
                return queryset.filter(~Q(tracking=None))
            case "here":
                return queryset.filter(~Q(lies_at=None))
            case "none":
                return queryset.filter(Q(tracking=None) & Q(lies_at=None))
            case _:
                return queryset


@admin.register(WaitingDossier)
class WaitingDossierAdmin(RoleAdmin):
    """A row opens the page of its dossier."""

    viewers = EVERYBODY
    list_display = ("code", "applicant", "missing", "filed_at", "days", "parcel", "reminded")
    list_filter = (AgeFilter, LostFilter, "office")
    search_fields = ("code",)
    search_help_text = gettext_lazy("Dossier code, name with or without marks, phone or tracking number")
    ordering = ("filed_at", "id")
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[WaitingDossier]:
        return reminders.waiting(staff_user(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WaitingDossier], search_term: str
    ) -> tuple[QuerySet[WaitingDossier], bool]:
        return reminders.search(queryset, search_term.strip()), False

    def get_list_display(self, request: HttpRequest) -> Any:
        self._work = deadlines.calendar()  # read once a page, not once a row
        return super().get_list_display(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return see_other(reverse("admin:procedures_dossier_change", args=[found.pk]))

    @admin.display(description=gettext_lazy("missing"))
    def missing(self, dossier: WaitingDossier) -> str:
        return "; ".join(label(original) for original in getattr(dossier, "missing_now", []))

    @admin.display(description=gettext_lazy("working days"), ordering="filed_at")
    def days(self, dossier: WaitingDossier) -> SafeString:
        assert dossier.filed_at is not None
        days = reminders.age(dossier.filed_at, timezone.localdate(), self._work)
        tone = "red" if days >= 20 else "yellow" if days >= 5 else "green"
        return format_html('<span class="desk-tag desk-tag--{}">{}</span>', tone, days)

    @admin.display(description=gettext_lazy("parcel"))
    def parcel(self, dossier: WaitingDossier) -> SafeString | str:
        if dossier.state == "lost_in_post":
            state = definition_for(dossier).state(dossier.state)
            return format_html('<span class="desk-tag desk-tag--{}">{}</span>', state.tone, state.label)
        if place := getattr(dossier, "lies_at", None):
            return _("lies at %(office)s") % {"office": place}
        return getattr(dossier, "tracking", None) or "–"

    @admin.display(description=gettext_lazy("last reminder"))
    def reminded(self, dossier: WaitingDossier) -> str:
        at = getattr(dossier, "reminded_at", None)
        return f"{timezone.localtime(at):%d/%m/%Y}" if at else "–"
