"""Rosters: bring a file, look at what it changes, take it over; and how benefits are paid since."""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension import roster, roster_files
from pension.admin import sharing
from pension.admin.asking import month_of, user_of
from pension.models import RosterImport
from portal.http import form_key, see_other
from portal.roles import EVERYBODY, RoleAdmin
from procedures.models import Office
from procedures.workflow import MoveRefused

_NAME = "pension_rosterimport"


@admin.register(RosterImport)
class RosterImportAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("shown_month", "whose", "file_name", "state", "rows", "wrong", "uploaded_at")
    list_display_links = ("shown_month",)
    list_filter = ("state",)
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/pension/rosters.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RosterImport]:
        return roster.visible_to(user_of(request))

    @admin.display(description=gettext_lazy("month"), ordering="month")
    def shown_month(self, made: RosterImport) -> str:
        return f"{made.month:%m/%Y}"

    @admin.display(description=gettext_lazy("office"))
    def whose(self, made: RosterImport) -> str:
        return made.office.name if made.office else _("the whole province")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("moi/", view(self.begin), name=f"{_NAME}_begin"),
            path("mau/", view(self.sample), name=f"{_NAME}_sample"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{_NAME}_act"),
            path("ty-le/", view(sharing.shares), name=f"{_NAME}_shares"),
            path("goi-dien/", view(sharing.calls), name=f"{_NAME}_calls"),
            path("goi-dien/tai-ve/", view(sharing.calls_file), name=f"{_NAME}_calls_file"),
        ]
        return [*own, *super().get_urls()]

    def begin(self, request: HttpRequest) -> HttpResponse:
        """Bring the file of a month."""
        user = user_of(request)
        if not roster.may_work(user):
            raise PermissionDenied
        if request.method != "POST":
            return self._begin_page(request)
        try:
            made = roster.begin(
                month_of(request.POST.get("month", "")),
                request.FILES.get("file"),  # type: ignore[arg-type]
                whole=request.POST.get("whole") == "1",
                actor=user,
                key=form_key(request),
                now=timezone.now(),
            )
        except MoveRefused as refused:
            return self._begin_page(request, refused)
        return see_other(_address(made))

    def _begin_page(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        province = user_of(request).staff.office.level == Office.Level.PROVINCE
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Bring a roster"),
            "province": province,
            "typed": request.POST,
            "titles": roster_files.TITLES,
            "refused": refused,
            "key": secrets.token_urlsafe(12),
        }
        status = 422 if refused else 200
        return render(request, "admin/pension/roster_begin.html", context, status=status)

    def sample(self, request: HttpRequest) -> HttpResponse:
        """A file with the heads, and a row that is nobody's."""
        row = ["5600000001", "NGUYỄN VĂN MẪU", "01/02/1955", "0905000001", "Lương hưu", "4500000", "Tiền mặt",
               "22429", "Bưu cục Cam Ranh"]  # fmt: skip
        return HttpResponse(
            roster_files.sample([row]),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="danh-sach-chi-tra-mau.csv"'},
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, made: RosterImport, refused: MoveRefused | None = None
    ) -> HttpResponse:
        works = roster.may_work(user_of(request), made)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(made),
            "made": made,
            "whose": self.whose(made),
            "differences": _differences(made),
            "change": roster.change_of(made.told, made.total),
            "may_take": works and made.state == "checked" and not made.wrong and made.rows,
            "may_drop": works and made.state in {"waiting", "checked", "failed"},
            "refused": refused,
        }
        return render(request, "admin/pension/roster.html", context, status=422 if refused else 200)

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Take the roster over, or set it aside."""
        made = self._mine(request, pk)
        if doing not in {"nhan", "bo"}:
            raise Http404
        if request.method != "POST":
            return see_other(_address(made))
        user = user_of(request)
        if not roster.may_work(user, made):
            raise PermissionDenied
        try:
            if doing == "nhan":
                roster.accept(made, actor=user, now=timezone.now())
            else:
                roster.discard(made, actor=user)
        except MoveRefused as refused:
            return self._page(request, made, refused)
        told = _("The roster is being taken over.") if doing == "nhan" else _("The file is set aside.")
        self.message_user(request, told, messages.SUCCESS)
        return see_other(_address(made))


def _differences(made: RosterImport) -> list[tuple[str, int, list[list[str]]]]:
    """Each kind of difference there is: in words, how many, some of them."""
    titles = {
        "new": _("New on the roster"),
        "gone": _("No longer on the roster"),
        "more": _("Receive more"),
        "less": _("Receive less"),
        "to_account": _("From cash to account"),
        "to_cash": _("From account to cash"),
        "account": _("Another account"),
        "moved": _("Another ward"),
    }
    told = made.told
    return [(words, told[k]["count"], told[k]["examples"]) for k, words in titles.items() if k in told]


def _address(made: RosterImport) -> str:
    return reverse(f"admin:{_NAME}_change", args=[made.pk])
