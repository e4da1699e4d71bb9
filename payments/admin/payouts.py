"""Payment orders: what is owed to whom, and what explains it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import ledger, payouts
from payments.models import PaymentOrder
from portal.models import AccessLog
from portal.roles import EVERYBODY, RoleAdmin
from portal.templatetags.portal import when
from portal.text import dong, masked
from procedures.admin.assigning import staff_user

TONES = {
    "ready": "blue",
    "batched": "blue",
    "sent": "yellow",
    "paid": "green",
    "rejected": "red",
    "returned": "red",
    "cancelled": "grey",
}


def read(request: HttpRequest, what: str, about: object) -> None:
    """Note that somebody of the staff read of people and their money."""
    AccessLog.objects.create(user=staff_user(request), about=str(about)[:40], what=what[:60])


@admin.register(PaymentOrder)
class PaymentOrderAdmin(RoleAdmin):
    """The payments of the office; account numbers stay masked."""

    viewers = EVERYBODY
    list_display = ("reference", "payee", "account", "bank_name", "money", "source", "state", "made")
    list_display_links = ("reference",)
    list_filter = ("state", "source", "office")
    search_fields = ("payee", "dossier__code")
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentOrder]:
        return payouts.visible_to(staff_user(request))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        page = super().changelist_view(request, extra_context)
        if page.status_code == 200:
            read(request, "payment orders", "–")
        return page

    @admin.display(description=gettext_lazy("reference"), ordering="pk")
    def reference(self, order: PaymentOrder) -> str:
        return order.reference

    @admin.display(description=gettext_lazy("account number"))
    def account(self, order: PaymentOrder) -> str:
        return masked(order.account_number)

    @admin.display(description=gettext_lazy("bank"))
    def bank_name(self, order: PaymentOrder) -> str:
        return order.bank.short_name

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money(self, order: PaymentOrder) -> str:
        return dong(order.amount)

    @admin.display(description=gettext_lazy("ordered on"), ordering="pk")
    def made(self, order: PaymentOrder) -> str:
        return when(order.made_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One payment with its postings, what the bank said and what it follows."""
        order = self._mine(request, object_id)
        read(request, "payment order", order.dossier or order)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Payment %(reference)s") % {"reference": order.reference},
            "order": order,
            "account": masked(order.account_number),
            "tone": TONES[order.state],
            "postings": list(ledger.postings_of(order)),
            "results": list(order.results.select_related("file")),
            "after": PaymentOrder.objects.filter(follows=order).first(),
        }
        return render(request, "admin/payments/payment_order.html", context)
