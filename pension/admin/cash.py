"""What paying points return of a cash list: typed or brought as a file, then checked by a second person."""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension import cash, cash_files, list_days, pay_lists
from pension.admin.asking import as_workbook, log_read, user_of
from pension.cash_files import Said
from pension.models import CashOutcome, CashReturn, PaymentLine, PaymentList
from portal.http import form_key, see_other
from portal.roles import EVERYBODY, RoleAdmin
from procedures.workflow import MoveRefused

_NAME = "pension_cashreturn"
_SHOWN = 500


@admin.register(CashReturn)
class CashReturnAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = (
        "shown_list",
        "point",
        "state",
        "rows",
        "paid_rows",
        "left_rows",
        "recorded_at",
        "checked_at",
    )
    list_display_links = ("shown_list",)
    list_filter = ("state",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CashReturn]:
        return cash.visible_to(user_of(request))

    @admin.display(description=gettext_lazy("payment list"), ordering="list")
    def shown_list(self, found: CashReturn) -> str:
        return str(found.list)

    @admin.display(description=gettext_lazy("paying point"), ordering="pay_point")
    def point(self, found: CashReturn) -> str:
        return found.pay_point or "–"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{_NAME}_act"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, found: CashReturn, refused: MoveRefused | None = None
    ) -> HttpResponse:
        user = user_of(request)
        log_read(request, str(found), "return of a paying point")
        outcomes = found.outcomes.select_related("line__beneficiary").order_by("paid", "line__position")
        is_open = found.state in {"tried", "recorded"}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Return of a paying point"),
            "found": found,
            "outcomes": list(outcomes[:_SHOWN]),
            "shown": _SHOWN,
            "holds": cash.adds_up(found),
            "may_confirm": found.state == "tried" and found.recorded_by_id == user.pk,
            "may_check": cash.may_check(user, found),
            "may_discard": is_open and cash.may_record(user, found.list),
            "typed": request.POST.get("reason", ""),
            "refused": refused,
        }
        return render(request, "admin/pension/cash_return.html", context, status=422 if refused else 200)

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Record what was looked at, check what another recorded, or set it aside."""
        found, user = self._mine(request, pk), user_of(request)
        if doing not in {"ghi", "kiem-tra", "bo"}:
            raise Http404
        if request.method != "POST":
            return see_other(_address(found))
        if not cash.may_record(user, found.list):
            raise PermissionDenied
        try:
            if doing == "ghi":
                cash.confirm(found, actor=user)
            elif doing == "kiem-tra":
                cash.check(found, actor=user, now=timezone.now())
            else:
                cash.discard(found, actor=user, reason=request.POST.get("reason", ""))
        except MoveRefused as refused:
            return self._page(request, found, refused)
        self.message_user(request, _told(doing), messages.SUCCESS)
        return see_other(_address(found))


# --- Recording: pages of a payment list ---------------------------------------------------------


def record(request: HttpRequest, pk: int) -> HttpResponse:
    """The return of a point (``?diem=``): a row a line to fill in, or a file."""
    made, point = _asked(request, pk)
    if request.method != "POST":
        return _record_page(request, made, point)
    if not cash.may_record(user_of(request), made):
        raise PermissionDenied
    try:
        found = _recorded(request, made, point)
    except MoveRefused as refused:
        return _record_page(request, made, point, refused)
    return see_other(_address(found))


def _record_page(
    request: HttpRequest, made: PaymentList, point: str, refused: MoveRefused | None = None
) -> HttpResponse:
    log_read(request, str(made), "return of a paying point")
    lines = list(cash.lines_of(made, point)[: cash.MOST_TYPED + 1])
    context = {
        **admin.site.each_context(request),
        "opts": CashReturn._meta,
        "title": _("Return of a paying point"),
        "made": made,
        "point": point,
        "sums": next(row for row in pay_lists.points(made) if row["point"] == point),
        "rows": [] if len(lines) > cash.MOST_TYPED else [_row(line, request.POST) for line in lines],
        "reasons": CashOutcome.Reason.choices,
        "days": list_days.cash_days(timezone.localdate()),
        "day": request.POST.get("ngay", f"{timezone.localdate():%d/%m/%Y}"),
        "known": made.cash_returns.filter(pay_point=point).exclude(state="discarded").first(),
        "may_record": cash.may_record(user_of(request), made),
        "refused": refused,
        "errors": refused.errors if isinstance(refused, cash.NotRecorded) else [],
        "key": secrets.token_urlsafe(12),
    }
    return render(request, "admin/pension/cash_record.html", context, status=422 if refused else 200)


def template(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of a point to fill in."""
    made, point = _asked(request, pk)
    log_read(request, str(made), "payment list, cash")
    return as_workbook(
        f"tra-ve-{made.office.slug}-{made.month:%Y%m}-{made.number}.xlsx",
        cash_files.COLUMNS,
        cash.rows_to_fill(made, point),
        title=f"Kết quả chi trả tiền mặt tháng {made.month:%m/%Y} số {made.number}, "
        f"{point or made.office.name}",
        widths=(6, 13, 28, 28, 20, 14, 14, 13, 28),
    )


def _told(doing: str) -> str:
    return {
        "ghi": _("The return is recorded; a second person checks it."),
        "kiem-tra": _("The return is settled; the ledger hears of it."),
        "bo": _("The return is set aside."),
    }[doing]


def _asked(request: HttpRequest, pk: int) -> tuple[PaymentList, str]:
    """The list and the point; ``Http404`` for a point it does not pay at."""
    made, point = pay_lists.get_for(user_of(request), pk), request.GET.get("diem", "")
    if not cash.lines_of(made, point).exists():
        raise Http404
    return made, point


def _recorded(request: HttpRequest, made: PaymentList, point: str) -> CashReturn:
    given: dict[str, Any] = {"actor": user_of(request), "key": form_key(request), "now": timezone.now()}
    if request.POST.get("cach") == "tep":
        upload: Any = request.FILES.get("file")
        return cash.try_file(made, point, upload, **given)
    lines = cash.lines_of(made, point)[: cash.MOST_TYPED]
    common = cash_files.day_of(request.POST.get("ngay", ""))
    said = {line.position: _typed(line, request.POST, common) for line in lines}
    return cash.record(made, point, said, **given)


def _typed(line: PaymentLine, posted: Mapping[str, Any], common: date | None) -> Said:
    """What was typed for a line; its own day, else the one for all; no day where it cannot be read."""
    result, own = str(posted.get(f"kq-{line.position}", "")), str(posted.get(f"ngay-{line.position}", ""))
    note = str(posted.get(f"ghi-chu-{line.position}", "")).strip()[:200]
    reason = "" if result == "paid" else result if result in CashOutcome.Reason.values else ""
    return Said(
        line.position,
        line.beneficiary.insurance_number,
        line.amount,
        result == "paid",
        cash_files.day_of(own) if own.strip() else common,
        reason,
        note if reason else "",
    )


def _row(line: PaymentLine, posted: Mapping[str, Any]) -> dict[str, Any]:
    """A line with what was typed for it; at first everybody is paid."""
    typed = {name: posted.get(f"{name}-{line.position}", "") for name in ("kq", "ngay", "ghi-chu")}
    return {"line": line, "result": typed["kq"] or "paid", "day": typed["ngay"], "note": typed["ghi-chu"]}


def _address(found: CashReturn) -> str:
    return reverse(f"admin:{_NAME}_change", args=[found.pk])
