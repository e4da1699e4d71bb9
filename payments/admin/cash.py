"""Cash vouchers: printed, paid, cancelled."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import cash, cash_papers, ledger, tills
from payments.admin.payouts import read
from payments.models import CashVoucher, Place
from portal.http import see_other
from portal.roles import EVERYBODY, RoleAdmin
from portal.text import dong
from procedures.admin.assigning import staff_user
from procedures.workflow import MoveRefused


class CashAdmin(RoleAdmin):
    """What the desks of cash share."""

    viewers = EVERYBODY
    list_per_page = 50
    show_full_result_count = False

    def _show(
        self, request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        page = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return render(request, f"admin/payments/{template}.html", page, status=status)

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money(self, row: Any) -> str:
        return dong(row.amount)


@admin.register(CashVoucher)
class CashVoucherAdmin(CashAdmin):
    list_display = ("number_words", "payee", "money", "place", "state", "made_at", "paid_at", "office")
    list_display_links = ("number_words",)
    list_filter = ("state", "place", "office")
    list_select_related = ("office",)
    search_fields = ("payee", "dossier__code")
    search_help_text = gettext_lazy("Payee or dossier code")
    change_list_template = "admin/payments/cash_vouchers.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CashVoucher]:
        return cash.visible_to(staff_user(request))

    @admin.display(description=gettext_lazy("number"), ordering="pk")
    def number_words(self, voucher: CashVoucher) -> str:
        return str(voucher)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        staff = getattr(request.user, "staff", None)
        tills_of = _balances(staff.office) if staff else []
        page = super().changelist_view(request, {**(extra_context or {}), "tills": tills_of})
        if page.status_code == 200:
            read(request, "cash vouchers", "–")
        return page

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "payments_cashvoucher"
        own = [
            path("<int:pk>/phieu-chi.pdf", view(self.paper), name=f"{name}_paper"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{name}_act"),
        ]
        return [*own, *super().get_urls()]

    def paper(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The voucher to print, with the receipt that is signed on it."""
        voucher = self._mine(request, pk)
        read(request, "cash voucher printed", voucher.dossier)
        name = f'inline; filename="{voucher}.pdf"'
        data = cash_papers.printed(voucher)
        return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": name})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, voucher: CashVoucher, refused: MoveRefused | None = None
    ) -> HttpResponse:
        user = staff_user(request)
        read(request, "cash voucher", voucher.dossier)
        return self._show(
            request,
            "cash_voucher",
            str(voucher),
            status=422 if refused else 200,
            voucher=voucher,
            tone={"made": "yellow", "paid": "green", "gone": "grey"}[voucher.state],
            there=ledger.balance(tills.account(voucher.place), office=voucher.office),
            pays=cash.may_pay(user, voucher),
            cancels=cash.may_cancel(user, voucher),
            postings=list(ledger.postings_of(voucher)),
            refused=refused,
            typed=request.POST if refused else {"collected_by": voucher.payee},
        )

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Note as paid (``chi-tien``) or cancel (``huy``)."""
        voucher, user = self._mine(request, pk), staff_user(request)
        if doing not in {"chi-tien", "huy"}:
            raise Http404
        here = reverse("admin:payments_cashvoucher_change", args=[voucher.pk])
        if request.method != "POST":
            return see_other(here)
        typed, now = request.POST, timezone.now()
        try:
            if doing == "chi-tien":
                cash.pay(
                    voucher,
                    collected_by=typed.get("collected_by", ""),
                    signed=bool(typed.get("signed")),
                    note=typed.get("note", ""),
                    actor=user,
                    now=now,
                )
                said = _("Noted as paid.")
            else:
                cash.cancel(voucher, typed.get("reason", ""), actor=user, now=now)
                said = _("Cancelled; the sum stays owed.")
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        self.message_user(request, said, messages.SUCCESS)
        return see_other(here)


def _balances(office: Any) -> list[tuple[str, str]]:
    """What lies in each till of ``office``."""
    return [
        (str(place.label), dong(ledger.balance(tills.account(place), office=office)) or "0 đ")
        for place in Place
    ]
