"""By what the queue of the desk is narrowed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from procedures import worklist
from procedures.admin.assigning import colleagues, staff_user
from procedures.catalogue import all_published
from procedures.models import Dossier


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return _state_labels()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        return queryset.filter(state=self.value()) if self.value() else queryset


def _state_labels() -> list[tuple[str, str]]:
    """Every state of the published procedures but the draft, once each."""
    labels: dict[str, str] = {}
    for _version, definition in all_published():
        for state in definition.states:
            labels.setdefault(state.slug, str(state.label))
    labels.pop("draft", None)
    return list(labels.items())


class ProcedureFilter(admin.SimpleListFilter):
    title = gettext_lazy("procedure")
    parameter_name = "procedure"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(d.slug, str(d.title)) for _version, d in all_published()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        return queryset.filter(procedure__slug=self.value()) if self.value() else queryset


class CaseFilter(admin.SimpleListFilter):
    """The cases of the procedure that is chosen: of all procedures they are a hundred."""

    title = gettext_lazy("case")
    parameter_name = "case"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(ProcedureFilter.parameter_name)
        found = all_published() if chosen else []
        return [(c.slug, str(c.label)) for _version, d in found if d.slug == chosen for c in d.cases]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        return queryset.filter(case=self.value()) if self.value() else queryset


class DueFilter(admin.SimpleListFilter):
    title = gettext_lazy("deadline")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("urgent", _("Urgent")),
            ("overdue", _("Overdue")),
            ("today", _("Due today")),
            ("soon", _("Due within two days")),
            ("came", _("Came today")),
            ("citizen", _("Waiting for the citizen")),
            ("papers", _("Waiting for papers")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        names = dict(self.lookups(request, None))
        name = self.value() if self.value() in names else ""
        return queryset.filter(worklist.chosen(name or "", user=staff_user(request), now=timezone.now()))


class AssigneeFilter(admin.SimpleListFilter):
    """Mine, nobody's, or a colleague's."""

    title = gettext_lazy("assigned to")
    parameter_name = "nguoi"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        user = staff_user(request)
        others = [(str(s.user_id), s.user.full_name) for s in colleagues(request) if s.user_id != user.pk]
        return [("mine", _("Mine")), ("free", _("Unassigned")), *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        match self.value():
            case "mine":
                return queryset.filter(assignee=staff_user(request).pk)
            case "free":
                return queryset.filter(assignee=None)
            case str(number) if number.isascii() and number.isdigit() and len(number) < 10:
                return queryset.filter(assignee=int(number))
            case _:
                return queryset
