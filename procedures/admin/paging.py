"""The queue page by page, and from one dossier to the next of the same queue."""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR, ChangeList
from django.core.exceptions import SuspiciousOperation
from django.db.models import Count, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from procedures import worklist
from procedures.models import Dossier, Original
from procedures.worklist import Page, Part

if TYPE_CHECKING:
    from procedures.admin.queue import QueueAdmin

FILTERS, PLACE, PART = "_changelist_filters", "tu", "phan"
_LIST, _ONE = "admin:procedures_dossier_changelist", "admin:procedures_dossier_change"


class QueueList(ChangeList):
    """A part of the dossiers, filtered as the address says; pages go by place, and nothing is counted.

    On pages other than the list itself it draws no rows: it says which queue a dossier is of.
    """

    part: Part
    page: Page

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(PART, None)
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Dossier]:
        self.part = worklist.part_of(request.GET)
        found: QuerySet[Dossier] = super().get_queryset(request, exclude_parameters)
        return found.filter(self.part.rows)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> list[Any]:
        return self.part.order()

    def get_results(self, request: HttpRequest) -> None:
        self.paginator = None
        self.can_show_all, self.multi_page = not self.show_all, False
        self.show_full_result_count, self.show_admin_actions = False, False
        self.page = self._page(request)
        self.result_list = self.page.rows
        self.result_count = self.full_result_count = len(self.page.rows)

    def _page(self, request: HttpRequest) -> Page:
        match = request.resolver_match
        if match is None or match.view_name != _LIST:
            return Page([])
        size = self.list_max_show_all if self.show_all else self.list_per_page
        found = worklist.page(self.queryset, self.part, request.GET.get(PAGE_VAR, ""), size=size)
        _count_missing(found.rows)
        return found

    def part_links(self) -> list[dict[str, Any]]:
        """The parts of the work, as the tabs above the list."""
        return [
            {
                "label": part.label,
                "url": self.get_query_string({PART: part.slug}, ["state", "due", PART]),
                "here": part is self.part,
            }
            for part in worklist.PARTS.values()
        ]

    def all_url(self) -> str:
        return self.get_query_string({ALL_VAR: ""})

    def before_url(self) -> str:
        return self._to(self.page.before)

    def after_url(self) -> str:
        return self._to(self.page.after)

    def first_url(self) -> str:
        return self.get_query_string() if self.page.before else ""

    def _to(self, place: str) -> str:
        return self.get_query_string({PAGE_VAR: place}) if place else ""


def _count_missing(rows: Sequence[Dossier]) -> None:
    """How many originals each row still waits for, as ``missing``."""
    awaited = Original.objects.filter(dossier__in=[row.pk for row in rows], received_at=None).order_by()
    counted = dict(awaited.values_list("dossier").annotate(Count("pk")))
    for row in rows:
        row.missing = counted.get(row.pk, 0)  # type: ignore[attr-defined]


# --- From one to the next ------------------------------------------------------------------------


def queue_address(request: HttpRequest) -> str:
    """The list that the dossier's page was opened from."""
    filters = _filters(request)
    return reverse(_LIST) + (f"?{filters}" if filters else "")


def address(request: HttpRequest, dossier: Dossier, *, place: str = "") -> str:
    """The page of ``dossier`` in the queue of ``request``; ``place`` is where the last one stood."""
    return reverse(_ONE, args=[dossier.pk]) + _carried(request, place)


def place_of(request: HttpRequest, dossier: Dossier) -> str:
    """Where ``dossier`` stands in the queue it was opened from, for when an action has moved it."""
    part = worklist.part_of(QueryDict(_filters(request)))
    return part.written(part.place(dossier))


def neighbours(
    page: "QueueAdmin", request: HttpRequest, dossier: Dossier, *, place: str = ""
) -> tuple[Dossier | None, Dossier | None]:
    """The dossiers before and after; none where the address names no queue there is."""
    asked = copy.copy(request)
    asked.GET = QueryDict(_filters(request))
    try:
        queue = page.get_changelist_instance(asked)
    except (IncorrectLookupParameters, SuspiciousOperation, OverflowError):
        return None, None
    stood = queue.part.read(place) or queue.part.place(dossier)
    return worklist.neighbours(queue.queryset, queue.part, dossier, stood)


def _filters(request: HttpRequest) -> str:
    return request.GET.get(FILTERS, "")[:2000]


def _carried(request: HttpRequest, place: str) -> str:
    carried = {FILTERS: _filters(request), PLACE: place}
    words = urlencode({name: value for name, value in carried.items() if value})
    return f"?{words}" if words else ""


def nav(page: "QueueAdmin", request: HttpRequest, dossier: Dossier) -> dict[str, Any]:
    """What ``admin/procedures/_queue_nav.html`` shows of the way through the queue."""
    before, after = neighbours(page, request, dossier, place=request.GET.get(PLACE, ""))
    return {
        "list": queue_address(request),
        "before": address(request, before) if before else "",
        "after": address(request, after) if after else "",
        "carried": _carried(request, ""),
    }
