"""The queue of the review desk: what waits at an office, in the order it should be taken."""

import secrets
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.roles import EVERYBODY, RoleAdmin
from procedures import assignment, dossiers, urgent, worklist
from procedures.admin import paging
from procedures.admin.assigning import Assigning, colleagues, staff_user
from procedures.admin.filters import AssigneeFilter, CaseFilter, DueFilter, ProcedureFilter, StateFilter
from procedures.admin.paging import QueueList
from procedures.catalogue import definition_for
from procedures.models import Dossier


def deadline_tone(dossier: Dossier) -> str:
    """red: overdue, yellow: due within two days, green: time enough, grey: no clock."""
    if dossier.due_at is None or dossier.decided_at is not None:
        return "grey"
    left = dossier.due_at - timezone.now()
    return "red" if left < timedelta() else "yellow" if left < timedelta(days=2) else "green"


class QueueAdmin(Assigning, RoleAdmin):
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
        "whose",
    )
    list_display_links = ("marked_code",)
    list_filter = (
        AssigneeFilter,
        DueFilter,
        StateFilter,
        ProcedureFilter,
        CaseFilter,
        "filer",
        "channel",
    )
    sortable_by = ()
    search_fields = ("code",)
    search_help_text = gettext_lazy("Dossier code, name with or without marks, or social insurance number")
    list_per_page = 50
    list_max_show_all = 200
    list_fullwidth = True
    show_full_result_count = False
    change_list_template = "admin/procedures/queue.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[QueueList]:
        return QueueList

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        user = staff_user(request)
        shown: tuple[str, ...] = self.list_display
        if (staff := getattr(user, "staff", None)) and staff.oversees_province:
            shown = (*shown, "office")
        return ("pick", *shown) if assignment.may_work(user) else shown

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dossier]:
        seen = dossiers.visible_to(staff_user(request)).exclude(state="draft")
        return seen.select_related("office", "assignee")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Dossier], search_term: str
    ) -> tuple[QuerySet[Dossier], bool]:
        return worklist.search(queryset, search_term), False

    def queue_nav(self, request: HttpRequest, dossier: Dossier) -> dict[str, Any]:
        """What ``admin/procedures/_queue_nav.html`` shows: the way through the queue, and whose it is."""
        user = staff_user(request)
        mine = assignment.may_work(user) and user.staff.office_id == dossier.office_id and not dossier.final
        return {
            **paging.nav(self, request, dossier),
            "may_take": mine and dossier.assignee_id is None,
            "may_give": mine and (assignment.may_assign(user) or dossier.assignee_id == user.pk),
            "colleagues": colleagues(request) if mine else [],
        }

    def onward(self, request: HttpRequest, dossier: Dossier, place: str) -> str:
        """Where an action leads: the same page, or, where that was asked for, the next of the queue.

        ``place`` is where ``dossier`` stood before; at the end of the queue it is the list.
        """
        if "tiep" not in request.POST:
            return paging.address(request, dossier, place=place)
        _before, after = paging.neighbours(self, request, dossier, place=place)
        return paging.address(request, after) if after else paging.queue_address(request)

    @admin.display(description=gettext_lazy("select"))
    def pick(self, dossier: Dossier) -> SafeString:
        label = _("Select %(code)s") % {"code": dossier.code}
        return format_html(
            '<input type="checkbox" name="ho-so" value="{}" aria-label="{}">', dossier.pk, label
        )

    @admin.display(description=gettext_lazy("code"))
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

    @admin.display(description=gettext_lazy("due"))
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

    @admin.display(description=gettext_lazy("assigned to"))
    def whose(self, dossier: Dossier) -> str:
        return dossier.assignee.full_name if dossier.assignee else "–"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        user, now = staff_user(request), timezone.now()
        numbers = worklist.counts(dossiers.visible_to(user), user=user, now=now)
        works = assignment.may_work(user)
        context = {
            **(extra_context or {}),
            "counters": _counters(numbers, works),
            "parts": worklist.PARTS.values(),
            "works": works,
            "leads": assignment.may_assign(user),
            "colleagues": colleagues(request) if works else [],
            "key": secrets.token_urlsafe(12),
        }
        page: HttpResponse = super().changelist_view(request, context)
        return page


_WORDS = {
    "urgent": (gettext_lazy("Urgent"), "urgent", "due"),
    "overdue": (gettext_lazy("Overdue"), "red", "due"),
    "today": (gettext_lazy("Due today"), "yellow", "due"),
    "came": (gettext_lazy("Came today"), "blue", "due"),
    "citizen": (gettext_lazy("Waiting for the citizen"), "grey", "due"),
    "papers": (gettext_lazy("Waiting for papers"), "grey", "due"),
    "mine": (gettext_lazy("Mine"), "green", "nguoi"),
    "free": (gettext_lazy("Unassigned"), "grey", "nguoi"),
}


def _counters(numbers: dict[str, int], works: bool) -> list[dict[str, Any]]:
    """What is counted above the queue; each opens the list that has as many rows."""
    shown = [name for name in _WORDS if (name != "urgent" or numbers[name]) and (name != "mine" or works)]
    return [
        {
            "label": _WORDS[name][0],
            "tone": _WORDS[name][1],
            "query": f"{_WORDS[name][2]}={name}",
            "n": numbers[name] if numbers[name] < worklist.MOST else f"{worklist.MOST - 1}+",
        }
        for name in shown
    ]
