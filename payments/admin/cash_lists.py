"""Cash of the monthly lists by paying point: what is owed, what was settled, and its postings."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from payments import cash_lists, ledger
from payments.models import CashOrder
from portal.roles import EVERYBODY, RoleAdmin
from portal.templatetags.portal import dong, when
from procedures.admin.assigning import staff_user


@admin.register(CashOrder)
class CashOrderAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("name", "point", "office", "rows", "money", "money_paid", "money_left", "settled")
    list_display_links = ("name",)
    list_filter = ("office",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CashOrder]:
        return cash_lists.visible_to(staff_user(request))

    @admin.display(description=gettext_lazy("paying point"), ordering="pay_point")
    def point(self, order: CashOrder) -> str:
        return order.pay_point or "–"

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money(self, order: CashOrder) -> str:
        return dong(int(order.amount))

    @admin.display(description=gettext_lazy("paid out"))
    def money_paid(self, order: CashOrder) -> str:
        return dong(int(order.paid)) if order.settled_at else "–"

    @admin.display(description=gettext_lazy("not collected"))
    def money_left(self, order: CashOrder) -> str:
        return dong(int(order.left)) if order.settled_at else "–"

    @admin.display(description=gettext_lazy("settled"), ordering="settled_at")
    def settled(self, order: CashOrder) -> str:
        return when(order.settled_at) if order.settled_at else "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        order = self._mine(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(order),
            "order": order,
            "postings": list(ledger.postings_of(order)),
        }
        return render(request, "admin/payments/cash_order.html", context)
