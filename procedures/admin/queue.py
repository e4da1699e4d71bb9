"""The queue of the review desk: what waits at an office, in the order it should be taken."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.http import signed_in
from portal.models import User
from portal.roles import EVERYBODY, RoleAdmin
from portal.text import without_marks
from procedures import dossiers, urgent
from procedures.admin.filters import CaseFilter, DueFilter, ProcedureFilter, StateFilter
from procedures.catalogue import definition_for
from procedures.models import Dossier


def deadline_tone(dossier: Dossier) -> str:
    """red: overdue, yellow: due within two days, green: time enough, grey: no clock."""
    if dossier.due_at is None or dossier.decided_at is not None:
        return "grey"
    left = dossier.due_at - timezone.now()
    return "red" if left < timedelta() else "yellow" if left < timedelta(days=2) else "green"


def staff_user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]


class QueueAdmin(RoleAdmin):
    """The list of dossiers; ``DossierAdmin`` adds the page of one."""

    viewers = EVERYBODY
    list_display = (
        "marked_code",
        "applicant",
        "insurance_number",
        "case_label",
        "state_label",
        "deadline",
        "papers",
    )
    list_filter = (StateFilter, DueFilter, ProcedureFilter, CaseFilter, "filer", "channel")
    search_fields = ("code",)
    search_help_text = gettext_lazy("Dossier code, name with or without marks, or social insurance number")
    list_per_page = 50
    list_fullwidth = True
    show_full_result_count = False
    change_list_template = "admin/procedures/queue.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dossier]:
        return (
            dossiers.visible_to(staff_user(request))
            .exclude(state="draft")
            .select_related("office")
            .annotate(missing=Count("originals", filter=Q(originals__received_at=None)))
        )

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Undecided ones first, on top who needs it for treatment, then by the day it is due."""
        undecided_first = F("decided_at").asc(nulls_first=True)
        return ("final", undecided_first, "-urgent", F("due_at").asc(nulls_last=True), "filed_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Dossier], search_term: str
    ) -> tuple[QuerySet[Dossier], bool]:
        words = search_term.strip()
        if not words:
            return queryset, False
        return queryset.filter(
            Q(code__icontains=words)
            | Q(insurance_number__startswith=words)
            | Q(applicant_bare__contains=without_marks(words))
            | Q(organisation_name__icontains=words)
            | Q(organisation_code__istartswith=words)
        ), False

    @admin.display(description=gettext_lazy("code"), ordering="code")
    def marked_code(self, dossier: Dossier) -> SafeString | str:
        if not urgent.is_open(dossier):
            return str(dossier.code)
        mark = format_html('<span class="desk-tag desk-tag--urgent">{}</span>', _("URGENT"))
        return format_html("{} {}", mark, dossier.code)

    @admin.display(description=gettext_lazy("case"))
    def case_label(self, dossier: Dossier) -> SafeString:
        definition = definition_for(dossier)
        case, title = definition.case(dossier.case), str(definition.title)
        short = Truncator(title).chars(70)
        return format_html(
            '<span>{}<small title="{}">{}</small></span>', case.label if case else "", title, short
        )

    @admin.display(description=gettext_lazy("state"))
    def state_label(self, dossier: Dossier) -> SafeString:
        state = definition_for(dossier).state(dossier.state)
        return format_html('<span class="desk-tag desk-tag--{}">{}</span>', state.tone, state.label)

    @admin.display(description=gettext_lazy("due"), ordering="due_at")
    def deadline(self, dossier: Dossier) -> SafeString | str:
        if dossier.due_at is None or dossier.decided_at is not None:
            return "–"
        due = timezone.localtime(dossier.due_at)
        return format_html(
            '<span class="desk-tag desk-tag--{}">{}</span>', deadline_tone(dossier), f"{due:%d/%m/%Y}"
        )

    @admin.display(description=gettext_lazy("originals"))
    def papers(self, dossier: Dossier) -> SafeString | str:
        missing = getattr(dossier, "missing", 0)
        if not missing or dossier.final:
            return "✓" if not missing else "–"
        words = ngettext("%(n)d missing", "%(n)d missing", missing) % {"n": missing}
        return format_html('<span class="desk-tag desk-tag--yellow">{}</span>', words)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        mine = dossiers.visible_to(staff_user(request)).filter(final=False, decided_at=None)
        now = timezone.now()
        counters = mine.aggregate(
            urgent=Count("pk", filter=Q(urgent=True)),
            overdue=Count("pk", filter=Q(due_at__lt=now)),
            today=Count("pk", filter=Q(due_at__date=timezone.localdate(now), due_at__gte=now)),
            citizen=Count("pk", filter=Q(days_left__isnull=False)),
            papers=Count("pk", filter=Q(clock_started_on=None)),
        )
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "counters": counters})
        return page
