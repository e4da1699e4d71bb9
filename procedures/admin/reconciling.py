"""Reconciliation: scan or upload what is really there, say why it differs, sign off."""

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.http import form_key, see_other, signed_in
from portal.models import AccessLog, User
from portal.roles import EVERYBODY, RoleAdmin
from procedures import code_files, reconciling
from procedures.admin.ranges import days_of
from procedures.models import Reconciliation
from procedures.workflow import MoveRefused

LAST_SCANS = 15


class SignedFilter(admin.SimpleListFilter):
    title = gettext_lazy("signed off")
    parameter_name = "ky"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("chua", _("not signed off")), ("roi", _("signed off"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Reconciliation]) -> QuerySet[Reconciliation]:
        if self.value() in {"chua", "roi"}:
            return queryset.filter(signed_at__isnull=self.value() == "chua")
        return queryset


@admin.register(Reconciliation)
class ReconciliationAdmin(RoleAdmin):
    """The reconciliations of the office; a row opens where it was left."""

    viewers = EVERYBODY
    list_display = ("days", "office", "source", "begun_by", "started_at", "signed", "signed_at")
    list_display_links = ("days",)
    list_filter = (SignedFilter, "source")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/procedures/reconciliations.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reconciliation]:
        return reconciling.visible_to(_user(request))

    @admin.display(description=gettext_lazy("days"), ordering="from_day")
    def days(self, work: Reconciliation) -> str:
        if work.from_day == work.to_day:
            return f"{work.from_day:%d/%m/%Y}"
        return f"{work.from_day:%d/%m/%Y} – {work.to_day:%d/%m/%Y}"

    @admin.display(description=gettext_lazy("begun by"))
    def begun_by(self, work: Reconciliation) -> str:
        return work.started_by.full_name

    @admin.display(description=gettext_lazy("signed off by"))
    def signed(self, work: Reconciliation) -> str:
        return work.signed_by.full_name if work.signed_by else _("not signed off")

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "procedures_reconciliation"
        own = [
            path("moi/", view(self.begin), name=f"{name}_begin"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{name}_act"),
        ]
        return [*own, *super().get_urls()]

    def begin(self, request: HttpRequest) -> HttpResponse:
        """Begin one for a day or a range of days of the own office."""
        user = _user(request)
        if not reconciling.may_work(user):
            raise PermissionDenied
        if request.method != "POST":
            return self._begin_page(request)
        try:
            first, last = days_of(request.POST)
            work = reconciling.begin(
                first,
                last,
                request.POST.get("source", ""),
                actor=user,
                key=form_key(request),
                now=timezone.now(),
            )
        except MoveRefused as refused:
            return self._begin_page(request, refused)
        return see_other(_address(work))

    def _begin_page(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Reconcile intake lists"),
            "sources": Reconciliation.Source.choices,
            "typed": request.POST if refused else request.GET,
            "refused": refused,
            "key": secrets.token_urlsafe(12),
        }
        status = 422 if refused else 200
        return render(request, "admin/procedures/reconciliation_begin.html", context, status=status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, work: Reconciliation, refused: MoveRefused | None = None
    ) -> HttpResponse:
        user = _user(request)
        AccessLog.objects.create(user=user, about=str(work)[:40], what=f"reconciliation {work.pk}")
        told = reconciling.result_of(work)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Reconciliation"),
            "work": work,
            "told": told,
            "groups": _groups(told),
            "works": reconciling.may_work(user, work.office_id) and work.signed_at is None,
            "last": work.found.select_related("added_by")[:LAST_SCANS],
            "refused": refused,
            "typed": request.POST if refused else {},
            "key": secrets.token_urlsafe(12),
        }
        status = 422 if refused else 200
        return render(request, "admin/procedures/reconciliation.html", context, status=status)

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Scan a code, take a file or the parcels, take a scan back, explain, sign off."""
        work = self._mine(request, pk)
        if doing not in _DOINGS:
            raise Http404
        if request.method != "POST":
            return see_other(_address(work))
        if not reconciling.may_work(_user(request), work.office_id):
            raise PermissionDenied
        try:
            done = _DOINGS[doing](work, request, _user(request))
        except MoveRefused as refused:
            return self._page(request, work, refused)
        self.message_user(request, done, messages.SUCCESS)
        return see_other(_address(work))


def _groups(told: reconciling.Comparison) -> list[tuple[str, str, list[reconciling.Difference]]]:
    """The differences by kind, those that have any."""
    titles = {
        "missing": _("Missing: on the list, not found"),
        "extra": _("Extra: found, not on the list"),
        "double": _("Double: found more than once"),
    }
    groups = [
        (kind, words, [d for d in told.differences if d.kind == kind]) for kind, words in titles.items()
    ]
    return [group for group in groups if group[2]]


def _scan(work: Reconciliation, request: HttpRequest, user: User) -> str:
    scanned, key = request.POST.get("ma", "")[:80], form_key(request)
    found = reconciling.scan(work, scanned, actor=user, key=key, now=timezone.now())
    return _("%(code)s is kept.") % {"code": found.code}


def _upload(work: Reconciliation, request: HttpRequest, user: User) -> str:
    brought = code_files.read(request.FILES.get("file"))  # type: ignore[arg-type]
    count = reconciling.add_file(work, brought.codes, actor=user, key=brought.sha256)
    return ngettext("%(n)d code taken over.", "%(n)d codes taken over.", count) % {"n": count}


def _parcels(work: Reconciliation, request: HttpRequest, user: User) -> str:
    count = reconciling.add_parcels(work, actor=user)
    return ngettext("%(n)d code taken over.", "%(n)d codes taken over.", count) % {"n": count}


def _take_back(work: Reconciliation, request: HttpRequest, user: User) -> str:
    number = request.POST.get("so", "")
    if number.isascii() and number.isdigit() and len(number) < 18:
        reconciling.take_back(work, int(number), actor=user)
    return _("taken out.")


def _explain(work: Reconciliation, request: HttpRequest, user: User) -> str:
    reconciling.explain(work, _reasons(request), actor=user, now=timezone.now())
    return _("The reasons are kept.")


def _reasons(request: HttpRequest) -> dict[str, str]:
    prefix = "reason-"
    posted = request.POST.items()
    return {name.removeprefix(prefix)[:40]: str(words) for name, words in posted if name.startswith(prefix)}


def _sign(work: Reconciliation, request: HttpRequest, user: User) -> str:
    """What was typed beside the differences is kept, whether or not it is enough."""
    now = timezone.now()
    reconciling.explain(work, _reasons(request), actor=user, now=now)
    reconciling.sign(work, actor=user, now=now)
    return _("Signed off; nothing changes any more.")


_DOINGS: dict[str, Callable[[Reconciliation, HttpRequest, User], str]] = {
    "quet": _scan,
    "tep": _upload,
    "buu-pham": _parcels,
    "bo": _take_back,
    "ly-do": _explain,
    "ky": _sign,
}


def _address(work: Reconciliation) -> str:
    return reverse("admin:procedures_reconciliation_change", args=[work.pk])


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]
