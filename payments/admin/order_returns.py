"""Money of orders that ended unpaid: asked for, proposed, approved by another person."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import ledger, order_returns
from payments.admin.payouts import read
from payments.models import OrderReturn, PaymentOrder
from payments.refunds import Cap, cap_for
from portal.http import see_other
from portal.models import User
from portal.roles import EVERYBODY, RoleAdmin
from portal.text import dong, masked
from procedures.admin.assigning import staff_user
from procedures.workflow import MoveRefused

TONES = {
    "asked": "yellow",
    "proposed": "yellow",
    "sent": "blue",
    "paid": "green",
    "no": "grey",
    "failed": "red",
}


@admin.register(OrderReturn)
class OrderReturnAdmin(RoleAdmin):
    """What the office gives back of orders; account numbers are shown to who decides."""

    viewers = EVERYBODY
    list_display = ("reference", "payee", "money", "state", "asked_at", "first", "second")
    list_display_links = ("reference",)
    list_filter = ("state", "order__office")
    search_fields = ("order__reference", "payee")
    search_help_text = gettext_lazy("Transfer reference or payee")
    list_select_related = ("order", "proposed_by", "decided_by")
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderReturn]:
        return order_returns.visible_to(staff_user(request))

    @admin.display(description=gettext_lazy("transfer reference"), ordering="order__reference")
    def reference(self, back: OrderReturn) -> str:
        return back.order.reference

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money(self, back: OrderReturn) -> str:
        return dong(back.amount)

    @admin.display(description=gettext_lazy("proposed by"))
    def first(self, back: OrderReturn) -> str:
        return back.proposed_by.full_name if back.proposed_by else "–"

    @admin.display(description=gettext_lazy("decided by"))
    def second(self, back: OrderReturn) -> str:
        return back.decided_by.full_name if back.decided_by else "–"

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act)
        own = [path("<int:pk>/viec/<slug:doing>/", act, name="payments_orderreturn_act")]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, back: OrderReturn, refused: MoveRefused | None = None
    ) -> HttpResponse:
        user = staff_user(request)
        proposes, decides = order_returns.may_propose(user, back), order_returns.may_decide(user, back)
        read(request, "money of an order", back.order.reference)
        number = back.account_number
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Money of order %(reference)s") % {"reference": back.order.reference},
            "back": back,
            "tone": TONES[back.state],
            "account": number if proposes or decides else masked(number),
            "proposes": proposes,
            "decides": decides,
            "cap": _cap(user) if decides else None,
            "orders": PaymentOrder.objects.filter(document_kind="orderreturn", document_id=back.pk),
            "postings": list(ledger.postings_of(back)),
            "refused": refused,
            "note": request.POST.get("note", "") if refused else "",
        }
        status = 422 if refused else 200
        return render(request, "admin/payments/order_return.html", context, status=status)

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Propose (``de-xuat``), approve (``duyet``) or decline (``tu-choi``)."""
        back = self._mine(request, pk)
        if doing not in _DOINGS:
            raise Http404
        here = reverse("admin:payments_orderreturn_change", args=[back.pk])
        if request.method != "POST":
            return see_other(here)
        try:
            said = _DOINGS[doing](back, request, staff_user(request))
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        self.message_user(request, said, messages.SUCCESS)
        return see_other(here)


def _cap(user: User) -> Cap | None:
    return cap_for(user, timezone.localdate())


def _propose(back: OrderReturn, request: HttpRequest, user: User) -> str:
    order_returns.propose(back, actor=user, now=timezone.now())
    return _("Proposed; another person decides.")


def _approve(back: OrderReturn, request: HttpRequest, user: User) -> str:
    order_returns.approve(back, actor=user, now=timezone.now())
    return _("Approved; the money is ordered.")


def _decline(back: OrderReturn, request: HttpRequest, user: User) -> str:
    order_returns.decline(back, request.POST.get("note", ""), actor=user, now=timezone.now())
    return _("Declined; the payer is told.")


_DOINGS: dict[str, Callable[[OrderReturn, HttpRequest, User], str]] = {
    "de-xuat": _propose,
    "duyet": _approve,
    "tu-choi": _decline,
}
