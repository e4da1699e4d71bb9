"""Payment lists: close a month, look, release to the bank, take away."""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension import cash, list_days, pay_lists
from pension.admin import cash as returns
from pension.admin.asking import as_workbook, log_read, month_of, user_of
from pension.models import CashOutcome, PaymentList, PaymentResult
from portal.http import form_key, see_other
from portal.roles import EVERYBODY, RoleAdmin
from procedures.workflow import MoveRefused

_NAME = "pension_paymentlist"
ROWS_A_PAGE = 200


@admin.register(PaymentList)
class PaymentListAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("shown_month", "number", "office", "rows", "cash_rows", "account_rows", "closed_at",
                    "released_at")  # fmt: skip
    list_display_links = ("shown_month",)
    list_filter = ("office",)
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/pension/lists.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentList]:
        return pay_lists.visible_to(user_of(request))

    @admin.display(description=gettext_lazy("month"), ordering="month")
    def shown_month(self, made: PaymentList) -> str:
        return f"{made.month:%m/%Y}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("chot/", view(self.close), name=f"{_NAME}_close"),
            path("<int:pk>/chuyen/", view(self.release), name=f"{_NAME}_release"),
            path("<int:pk>/tra-ve/", view(returns.record), name=f"{_NAME}_record"),
            path("<int:pk>/tra-ve/mau/", view(returns.template), name=f"{_NAME}_template"),
            path("<int:pk>/tien-mat/", view(self.cash), name=f"{_NAME}_cash"),
            path("<int:pk>/tai-khoan/", view(self.accounts), name=f"{_NAME}_accounts"),
        ]
        return [*own, *super().get_urls()]

    def close(self, request: HttpRequest) -> HttpResponse:
        """Close the list of a month for the own office."""
        user = user_of(request)
        if not pay_lists.may_close(user):
            raise PermissionDenied
        if request.method != "POST":
            return self._close_page(request)
        try:
            month = month_of(request.POST.get("month", ""))
            made = pay_lists.close(month, actor=user, key=form_key(request), now=timezone.now())
        except MoveRefused as refused:
            return self._close_page(request, refused)
        self.message_user(request, _("The list is closed."), messages.SUCCESS)
        return see_other(_address(made))

    def _close_page(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Close a payment list"),
            "office": user_of(request).staff.office,
            "day": list_days.closing_day(timezone.localdate()),
            "sureness": list_days.sureness(timezone.localdate()),
            "months": pay_lists.months_open(user_of(request).staff.office),
            "refused": refused,
            "key": secrets.token_urlsafe(12),
        }
        return render(request, "admin/pension/list_close.html", context, status=422 if refused else 200)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, made: PaymentList, refused: MoveRefused | None = None
    ) -> HttpResponse:
        log_read(request, str(made), "payment list")
        first = _number(request.GET.get("tu", "")) or 1
        lines = made.lines.filter(position__gte=first).select_related("beneficiary", "ward", "bank", "entry")
        shown = list(lines.order_by("position")[: ROWS_A_PAGE + 1])
        said = pay_lists.last_results([line.pk for line in shown])
        counted = cash.outcomes([line.pk for line in shown])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(made),
            "made": made,
            "holds": pay_lists.verify(made),
            "lines": [
                (line, _words(said.get(line.pk)) or _counted(counted.get(line.pk)))
                for line in shown[:ROWS_A_PAGE]
            ],
            "following": shown[-1].position if len(shown) > ROWS_A_PAGE else None,
            "points": _points(made),
            "may_release": pay_lists.may_release(user_of(request), made),
            "refused": refused,
        }
        return render(request, "admin/pension/list.html", context, status=422 if refused else 200)

    def release(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give the lines to accounts to the bank: another person than who closed the list."""
        made = self._mine(request, pk)
        if request.method != "POST":
            return see_other(_address(made))
        try:
            pay_lists.release(made, actor=user_of(request), now=timezone.now())
        except MoveRefused as refused:
            return self._page(request, made, refused)
        self.message_user(request, _("The list is released."), messages.SUCCESS)
        return see_other(_address(made))

    def cash(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The cash list, of all paying points or of one (``?diem=``), to be signed."""
        made = self._mine(request, pk)
        log_read(request, str(made), "payment list, cash")
        rows = pay_lists.cash_rows(made, request.GET.get("diem"))
        return as_workbook(
            f"tien-mat-{made.office.slug}-{made.month:%Y%m}-{made.number}.xlsx",
            pay_lists.CASH_COLUMNS,
            rows,
            title=f"Danh sách chi trả tiền mặt tháng {made.month:%m/%Y} số {made.number}, {made.office.name}"
            f" – SHA-256 {made.digest[:16]}",
            widths=(6, 24, 22, 13, 28, 28, 18, 14, 18),
        )

    def accounts(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The lines to accounts, numbers masked."""
        made = self._mine(request, pk)
        log_read(request, str(made), "payment list, accounts")
        return as_workbook(
            f"tai-khoan-{made.office.slug}-{made.month:%Y%m}-{made.number}.xlsx",
            pay_lists.ACCOUNT_COLUMNS,
            pay_lists.account_rows(made),
            title=f"Danh sách chi trả qua tài khoản tháng {made.month:%m/%Y} số {made.number}, "
            f"{made.office.name}",
            widths=(6, 13, 28, 28, 18, 20, 14),
        )


def _words(said: PaymentResult | None) -> str:
    if said is None:
        return ""
    return _("paid") if said.paid else _("sent back: %(reason)s") % {"reason": said.reason}


def _counted(said: CashOutcome | None) -> str:
    if said is None:
        return ""
    return f"{said.on:%d/%m/%Y}: " + (_("paid out") if said.paid else str(said.get_reason_display()))


def _points(made: PaymentList) -> list[dict[str, Any]]:
    """The paying points, each with its return where there is one."""
    back = {found.pay_point: found for found in made.cash_returns.exclude(state="discarded")}
    return [{**row, "back": back.get(row["point"])} for row in pay_lists.points(made)]


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None


def _address(made: PaymentList) -> str:
    return reverse(f"admin:{_NAME}_change", args=[made.pk])
