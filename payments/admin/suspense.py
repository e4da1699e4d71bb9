"""The suspense desk: split what came in between orders, or send it back."""

import secrets
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.models import SuspenseItem
from payments.statements import suspense
from payments.statements.lines import plain
from payments.statements.suspense import Return
from portal.http import form_key, see_other
from portal.models import AccessLog, User
from portal.roles import EVERYBODY, RoleAdmin
from procedures.admin.assigning import staff_user
from procedures.models import Bank
from procedures.workflow import MoveRefused

PARTS = (1, 2, 3)


class OpenFilter(admin.SimpleListFilter):
    title = gettext_lazy("undecided")
    parameter_name = "mo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("roi", _("decided")), ("het", _("all"))]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("undecided"),
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[SuspenseItem]) -> QuerySet[SuspenseItem]:
        match self.value():
            case "roi":
                return queryset.filter(left=0)
            case "het":
                return queryset
            case _:
                return queryset.filter(left__gt=0)


@admin.register(SuspenseItem)
class SuspenseItemAdmin(RoleAdmin):
    """Money nobody has decided about; a row opens with what it may be for."""

    viewers = EVERYBODY
    list_display = ("bank_reference", "booked", "payer", "sum", "open_sum", "reason", "order", "office")
    list_display_links = ("bank_reference",)
    list_filter = (OpenFilter, "reason", "office")
    list_select_related = ("line", "order", "office")
    search_fields = ("line__reference", "order__reference")
    search_help_text = gettext_lazy("Reference of the bank or of the order")
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SuspenseItem]:
        return suspense.visible_to(staff_user(request))

    @admin.display(description=gettext_lazy("bank's reference"), ordering="line__reference")
    def bank_reference(self, item: SuspenseItem) -> str:
        return item.line.reference

    @admin.display(description=gettext_lazy("booked"), ordering="line__booked_on")
    def booked(self, item: SuspenseItem) -> str:
        return f"{item.line.booked_on:%d/%m/%Y}"

    @admin.display(description=gettext_lazy("payer"))
    def payer(self, item: SuspenseItem) -> str:
        return item.line.payer or "–"

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def sum(self, item: SuspenseItem) -> str:
        return plain(item.amount)

    @admin.display(description=gettext_lazy("undecided"), ordering="left")
    def open_sum(self, item: SuspenseItem) -> str:
        return plain(item.left)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name="payments_suspenseitem_act"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, item: SuspenseItem, refused: MoveRefused | None = None, doing: str = ""
    ) -> HttpResponse:
        user = staff_user(request)
        AccessLog.objects.create(user=user, about=item.line.reference[:40], what=f"suspense item {item.pk}")
        works = suspense.may_work(user, item.office_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Money in suspense"),
            "item": item,
            "works": works,
            "suggestions": suspense.suggestions(item) if works and item.left else [],
            "parts": _parts(request, refused, item),
            "back": _back(request, refused, item),
            "banks": Bank.objects.all() if works and item.left else [],
            "returns": _returns(item, user),
            "steps": item.steps.select_related("actor"),
            "refused": refused,
            "doing": doing,
            "key": secrets.token_urlsafe(12),
        }
        status = 422 if refused else 200
        return render(request, "admin/payments/suspense.html", context, status=status)

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Split, propose to send back, approve or decline."""
        item = self._mine(request, pk)
        if doing not in _DOINGS:
            raise Http404
        here = reverse("admin:payments_suspenseitem_change", args=[item.pk])
        if request.method != "POST":
            return see_other(here)
        user = staff_user(request)
        if not suspense.may_work(user, item.office_id):
            raise PermissionDenied
        try:
            done = _DOINGS[doing](item, request, user)
        except MoveRefused as refused:
            item.refresh_from_db()
            return self._page(request, item, refused, doing)
        self.message_user(request, done, messages.SUCCESS)
        return see_other(here)


def _returns(item: SuspenseItem, user: User) -> list[dict[str, Any]]:
    rows = item.returns.select_related("bank", "proposed_by", "decided_by")
    decides = suspense.may_work(user, item.office_id)
    return [
        {
            "of": row,
            "decides": decides and row.state == Return.PROPOSED and row.proposed_by_id != user.pk,
            "own": row.state == Return.PROPOSED and row.proposed_by_id == user.pk,
            "account": row.account_number if decides else f"…{row.account_number[-4:]}",
        }
        for row in rows
    ]


def _parts(request: HttpRequest, refused: MoveRefused | None, item: SuspenseItem) -> list[dict[str, Any]]:
    """The rows of the form to split: as typed, else the order that was named."""
    typed = request.POST if refused else {}
    found = []
    for number in PARTS:
        order = str(typed.get(f"don-{number}", ""))
        amount = str(typed.get(f"tien-{number}", ""))
        if number == 1 and not refused and item.order is not None and item.order.state == "open":
            order = item.order.reference
            amount = f"{min(item.left, item.order.amount - item.order.paid):.0f}"
        wrong = refused.field if refused else ""
        found.append(
            {
                "number": number,
                "order": order,
                "amount": amount,
                "order_wrong": wrong == f"don-{number}",
                "amount_wrong": wrong == f"tien-{number}",
            }
        )
    return found


def _back(request: HttpRequest, refused: MoveRefused | None, item: SuspenseItem) -> dict[str, str]:
    if refused:
        names = ("tien", "nguoi-nhan", "ngan-hang", "so-tai-khoan")
        return {name.replace("-", "_"): request.POST.get(name, "") for name in names}
    return {
        "tien": f"{item.left:.0f}",
        "nguoi_nhan": item.line.payer,
        "so_tai_khoan": item.payer_account or "",
    }


def _amount(typed: str, field: str) -> Decimal:
    """Whole đồng as people type them, with or without dots."""
    bare = "".join(typed.split()).replace(".", "").replace(",", "").removesuffix("đ")
    if not (bare.isascii() and bare.isdigit() and len(bare) <= 15):
        raise MoveRefused(_("Type the amount in đồng, for example 804.600."), field=field)
    return Decimal(bare)


def _split(item: SuspenseItem, request: HttpRequest, user: User) -> str:
    parts = []
    for number in PARTS:
        order = request.POST.get(f"don-{number}", "").strip()[:40]
        amount = request.POST.get(f"tien-{number}", "").strip()[:30]
        if order or amount:
            parts.append((order, _amount(amount, f"tien-{number}")))
    suspense.split(item, parts, actor=user, key=form_key(request), now=timezone.now())
    return _("The orders are settled.")


def _propose(item: SuspenseItem, request: HttpRequest, user: User) -> str:
    suspense.propose_return(
        item,
        _amount(request.POST.get("tien", "")[:30], "tien"),
        payee=request.POST.get("nguoi-nhan", "")[:200],
        bank=Bank.objects.filter(pk=request.POST.get("ngan-hang", "")[:6]).first(),
        account_number=request.POST.get("so-tai-khoan", "")[:40],
        actor=user,
        key=form_key(request),
        now=timezone.now(),
    )
    return _("Proposed. A supervisor who is somebody else approves it.")


def _decide(item: SuspenseItem, request: HttpRequest, user: User, *, approve: bool) -> str:
    number = request.POST.get("so", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise Http404
    suspense.decide_return(
        get_object_or_404(item.returns.select_related("item__line"), pk=int(number)),
        approve=approve,
        actor=user,
        key=form_key(request),
        now=timezone.now(),
        reason=request.POST.get("ly-do", "")[:300],
    )
    return _("The money goes back with the next payout.") if approve else _("Declined.")


def _approve(item: SuspenseItem, request: HttpRequest, user: User) -> str:
    return _decide(item, request, user, approve=True)


def _decline(item: SuspenseItem, request: HttpRequest, user: User) -> str:
    return _decide(item, request, user, approve=False)


_DOINGS = {"chia": _split, "tra-lai": _propose, "duyet": _approve, "khong-duyet": _decline}
