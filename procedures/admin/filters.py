"""By what the queue of the desk is narrowed."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
            ("papers", _("Originals missing")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        now, running = timezone.now(), queryset.filter(decided_at=None)
        match self.value():
            case "urgent":
                return running.filter(urgent=True, final=False)
            case "overdue":
                return running.filter(due_at__lt=now)
            case "today":
                return running.filter(due_at__date=timezone.localdate(now))
            case "soon":
                return running.filter(due_at__gte=now, due_at__lt=now + timedelta(days=2))
            case "papers":
                return queryset.filter(
                    originals__received_at=None, originals__isnull=False, final=False
                ).distinct()
            case _:
                return queryset
