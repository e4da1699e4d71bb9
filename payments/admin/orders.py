"""The desk of contribution orders: looked up and read, never changed here."""

import secrets
from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import breakdown, journal, order_returns, part_paid
from payments.admin.files import FORMATS, MOST_ROWS, Table, as_file
from payments.models import ContributionOrder, OrderReturn
from portal.http import form_key, see_other, signed_in
from portal.models import AccessLog, User
from portal.periods import by_period
from portal.roles import EVERYBODY, RoleAdmin
from portal.templatetags.portal import when
from portal.text import bank_name, dong
from procedures.exports import Cell
from procedures.models import Bank
from procedures.workflow import MoveRefused

TONES = {"open": "yellow", "paid": "green", "expired": "grey", "cancelled": "grey"}


class PaidFilter(admin.SimpleListFilter):
    """What came in so far: part of an amount is what staff look for."""

    title = gettext_lazy("paid")
    parameter_name = "tra"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("chua", _("nothing")),
            ("mot-phan", _("a part")),
            ("giu", _("a part, ended, held")),
            ("du", _("all")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ContributionOrder]
    ) -> QuerySet[ContributionOrder]:
        match self.value():
            case "chua":
                return queryset.filter(paid=0)
            case "mot-phan":
                return queryset.filter(paid__gt=0).exclude(state=ContributionOrder.State.PAID)
            case "giu":
                return queryset.filter(pk__in=part_paid.held().values("pk"))
            case "du":
                return queryset.filter(state=ContributionOrder.State.PAID)
            case _:
                return queryset


@admin.register(ContributionOrder)
class ContributionOrderAdmin(RoleAdmin):
    """The orders of the offices somebody may look at; who opens one is recorded."""

    viewers = EVERYBODY
    list_display = (
        "reference",
        "product",
        "payer_name",
        "amount_dong",
        "paid_dong",
        "state",
        "office",
        "made_at",
        "expires_at",
    )
    list_filter = ("state", by_period("made_at"), PaidFilter, "product", "office")
    list_select_related = ("office",)
    search_fields = ("reference", "payer_name", "payer__username", "people__insurance_number")
    search_help_text = gettext_lazy("Transfer reference, name or insurance number")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/payments/orders.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContributionOrder]:
        return ContributionOrder.objects.filter(office__in=journal.offices_of(_user(request)))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "payments_contributionorder"
        own = [
            path("tai-ve/<slug:kind>/", view(self.download), name=f"{name}_download"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{name}_act"),
        ]
        return [*own, *super().get_urls()]

    def download(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The queue as it is filtered; who takes it away is recorded."""
        if kind not in FORMATS:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self._filtered(request, MOST_ROWS[kind])
        if found is None:
            self.message_user(request, _("This cannot be made into a file: choose fewer."), messages.WARNING)
            return see_other(reverse("admin:payments_contributionorder_changelist"))
        AccessLog.objects.create(user=_user(request), about="*", what=f"contribution orders {kind}")
        table = Table("lenh-dong", _("Contribution orders"), COLUMNS, WIDTHS, _rows(found))
        return as_file(table, kind)

    def _filtered(self, request: HttpRequest, most: int) -> QuerySet[ContributionOrder] | None:
        """What the list shows on all its pages; ``None`` for a senseless address, or more than ``most``."""
        try:
            found: QuerySet[ContributionOrder] = self.get_changelist_instance(request).get_queryset(request)
            return found if found.count() <= most else None
        except (IncorrectLookupParameters, SuspiciousOperation, OverflowError):
            return None

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def amount_dong(self, order: ContributionOrder) -> str:
        return dong(order.amount)

    @admin.display(description=gettext_lazy("paid"), ordering="paid")
    def paid_dong(self, order: ContributionOrder) -> str:
        return dong(order.paid)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, order: ContributionOrder, refused: MoveRefused | None = None
    ) -> HttpResponse:
        """An order: how its amount came about, whom it pays for, what the ledger says."""
        user = _user(request)
        AccessLog.objects.create(user=user, about=order.reference, what="contribution order")
        posted = journal.of_document("contributionorder", order.pk, user)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{_('Contribution order')} {order.reference}",
            "order": order,
            "tone": TONES[order.state],
            "rest": order.amount - order.paid if order.state == ContributionOrder.State.OPEN else 0,
            "steps": breakdown.steps(order.quote),
            "figures": breakdown.figures(order.quote),
            "people": order.people.all(),
            "postings": [row for row, _document in journal.explained(posted)],
            **_part(request, order, user, refused),
        }
        return render(request, "admin/payments/order.html", context, status=422 if refused else 200)

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Open a partly paid order once more (``mo-lai``), or give its money back (``hoan-lai``)."""
        order, user = self._mine(request, pk), _user(request)
        if doing not in {"mo-lai", "hoan-lai"}:
            raise Http404
        here = reverse("admin:payments_contributionorder_change", args=[pk])
        if request.method != "POST":
            return see_other(here)
        if not part_paid.may_work(user, order):
            raise PermissionDenied
        try:
            if doing == "mo-lai":
                part_paid.reopen(order, actor=user, now=timezone.now())
                self.message_user(request, _("The order is open once more; the payer is told."))
                return see_other(here)
            back = _give_back(order, request, user)
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        self.message_user(request, _("Proposed; another person decides."), messages.SUCCESS)
        return see_other(reverse("admin:payments_orderreturn_change", args=[back.pk]))


def _part(
    request: HttpRequest, order: ContributionOrder, user: User, refused: MoveRefused | None
) -> dict[str, Any]:
    """What the page says of money of an order that is paid in part."""
    works = part_paid.may_work(user, order)
    asks = works and order_returns.may_ask(order)
    return {
        "arrived": order.settlements.select_related("line") if order.paid else [],
        "returns": order.returns.select_related("bank") if order.paid else [],
        "asks": asks,
        "reopens": part_paid.may_reopen(user, order),
        "banks": Bank.objects.all() if asks else [],
        "refused": refused,
        "typed": request.POST if refused else {"account_holder": bank_name(order.payer_name)},
        "key": secrets.token_urlsafe(12),
    }


def _give_back(order: ContributionOrder, request: HttpRequest, user: User) -> OrderReturn:
    typed = request.POST
    return order_returns.ask(
        order,
        payee=typed.get("account_holder", ""),
        bank=Bank.objects.filter(pk=typed.get("bank", "")).first(),
        account_number=typed.get("account_number", ""),
        actor=user,
        key=form_key(request),
        now=timezone.now(),
    )


COLUMNS = (
    gettext_lazy("transfer reference"),
    gettext_lazy("product"),
    gettext_lazy("office"),
    gettext_lazy("payer"),
    gettext_lazy("amount"),
    gettext_lazy("paid"),
    gettext_lazy("state"),
    gettext_lazy("ordered at"),
    gettext_lazy("to be paid by"),
    gettext_lazy("closed at"),
)
WIDTHS = (16, 26, 26, 28, 16, 16, 16, 18, 18, 18)


def _rows(orders: QuerySet[ContributionOrder]) -> Iterator[list[Cell]]:
    for order in orders.select_related("office").iterator(chunk_size=2000):
        yield [
            order.reference,
            str(order.get_product_display()),
            order.office.name,
            order.payer_name,
            int(order.amount),
            int(order.paid),
            str(order.get_state_display()),
            when(order.made_at),
            when(order.expires_at),
            when(order.closed_at),
        ]


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]
