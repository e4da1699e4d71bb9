"""The desk of contribution orders: looked up and read, never changed here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import breakdown, journal
from payments.models import ContributionOrder
from portal.http import signed_in
from portal.models import AccessLog, User
from portal.roles import EVERYBODY, RoleAdmin
from portal.templatetags.portal import dong

TONES = {"open": "yellow", "paid": "green", "expired": "grey", "cancelled": "grey"}


class PaidFilter(admin.SimpleListFilter):
    """What came in so far: part of an amount is what staff look for."""

    title = gettext_lazy("paid")
    parameter_name = "tra"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("chua", _("nothing")), ("mot-phan", _("a part")), ("du", _("all"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ContributionOrder]
    ) -> QuerySet[ContributionOrder]:
        match self.value():
            case "chua":
                return queryset.filter(paid=0)
            case "mot-phan":
                return queryset.filter(paid__gt=0).exclude(state=ContributionOrder.State.PAID)
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
    list_filter = ("state", PaidFilter, "product", "office")
    list_select_related = ("office",)
    search_fields = ("reference", "payer_name", "payer__username", "people__insurance_number")
    search_help_text = gettext_lazy("Transfer reference, name or insurance number")
    date_hierarchy = "made_at"
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContributionOrder]:
        return ContributionOrder.objects.filter(office__in=journal.offices_of(_user(request)))

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def amount_dong(self, order: ContributionOrder) -> str:
        return dong(order.amount)

    @admin.display(description=gettext_lazy("paid"), ordering="paid")
    def paid_dong(self, order: ContributionOrder) -> str:
        return dong(order.paid)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """An order: how its amount came about, whom it pays for, what the ledger says."""
        order, user = self._mine(request, object_id), _user(request)
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
        }
        return render(request, "admin/payments/order.html", context)


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]
