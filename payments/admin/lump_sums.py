"""Lump sums: dossiers that wait for their amount, amounts that wait for the second person."""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import ledger, lump_sums, payouts
from payments.admin.payouts import read
from payments.models import LumpSum, PaymentOrder
from payments.payout_forms import AmountForm
from portal.http import form_key, see_other
from portal.roles import EVERYBODY, RoleAdmin, role
from portal.templatetags.portal import dong
from procedures.admin.assigning import staff_user
from procedures.models import Dossier
from procedures.parcels import may_work
from procedures.workflow import MoveRefused

_TONES = {"recorded": "yellow", "decided": "green", "back": "grey"}


@admin.register(LumpSum)
class LumpSumAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("code", "applicant", "money", "state", "whom", "recorded_at", "second")
    list_display_links = ("code",)
    list_filter = ("state", "office")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/payments/lump_sums.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[LumpSum]:
        return lump_sums.visible_to(staff_user(request))

    @admin.display(description=gettext_lazy("dossier"))
    def code(self, lump_sum: LumpSum) -> str:
        return str(lump_sum.dossier.code)

    @admin.display(description=gettext_lazy("applicant"))
    def applicant(self, lump_sum: LumpSum) -> str:
        return lump_sum.dossier.applicant

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money(self, lump_sum: LumpSum) -> str:
        return dong(int(lump_sum.amount))

    @admin.display(description=gettext_lazy("recorded by"))
    def whom(self, lump_sum: LumpSum) -> str:
        return lump_sum.recorded_by.full_name

    @admin.display(description=gettext_lazy("decided by"))
    def second(self, lump_sum: LumpSum) -> str:
        return lump_sum.decided_by.full_name if lump_sum.decided_by else "–"

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "payments_lumpsum"
        own = [
            path("cho-ghi/", view(self.waiting), name=f"{name}_waiting"),
            path("ghi/<int:dossier>/", view(self.record), name=f"{name}_record"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{name}_act"),
        ]
        return [*own, *super().get_urls()]

    def _show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "may_work": may_work(staff_user(request)),
            **context,
        }
        wrong = context.get("refused") or (context.get("form") and context["form"].errors)
        return render(request, f"admin/payments/{template}.html", page, status=422 if wrong else 200)

    def waiting(self, request: HttpRequest) -> HttpResponse:
        """Approved dossiers whose amount nobody has written down."""
        if not role(request.user):
            raise PermissionDenied
        rows = Paginator(lump_sums.waiting(staff_user(request)), 50).get_page(request.GET.get("p"))
        if rows.object_list:
            read(request, "lump sums to be recorded", "–")
        return self._show(request, "lump_sums_waiting", _("Lump sums to be recorded"), page_obj=rows)

    def record(self, request: HttpRequest, dossier: int) -> HttpResponse:
        """Write down what one of them comes to."""
        user = staff_user(request)
        found = get_object_or_404(lump_sums.waiting(user), pk=dossier)
        if not may_work(user) or found.office_id != user.staff.office_id:
            raise PermissionDenied
        form = AmountForm(request.POST if request.method == "POST" else None)
        if request.method != "POST" or not form.is_valid():
            return self._form(request, found, form)
        amount, decision = form.cleaned_data["amount"], form.cleaned_data["decision"]
        try:
            made = lump_sums.record(
                found, amount, decision, actor=user, key=form_key(request), now=timezone.now()
            )
        except MoveRefused as refused:
            form.add_error(refused.field or None, str(refused))
            return self._form(request, found, form)
        self.message_user(request, _("Noted. A supervisor decides now."), messages.SUCCESS)
        return see_other(reverse("admin:payments_lumpsum_change", args=[made.pk]))

    def _form(self, request: HttpRequest, dossier: Dossier, form: AmountForm) -> HttpResponse:
        read(request, "lump sum", dossier)
        return self._show(
            request,
            "lump_sum_record",
            _("Lump sum of %(code)s") % {"code": dossier.code},
            dossier=dossier,
            account=payouts.masked(lump_sums.account_of(dossier)),
            bank=lump_sums.bank_of(dossier),
            form=form,
            key=form_key(request) if form.is_bound else secrets.token_urlsafe(12),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, lump_sum: LumpSum, refused: MoveRefused | None = None
    ) -> HttpResponse:
        """The amount; who decides sees the whole account number."""
        dossier, decides = lump_sum.dossier, lump_sums.may_decide(staff_user(request), lump_sum)
        read(request, "lump sum, account whole" if decides else "lump sum", dossier)
        number = lump_sums.account_of(dossier)
        return self._show(
            request,
            "lump_sum",
            _("Lump sum of %(code)s") % {"code": dossier.code},
            row=lump_sum,
            tone=_TONES[lump_sum.state],
            dossier=dossier,
            account=number if decides else payouts.masked(number),
            bank=lump_sums.bank_of(dossier),
            orders=PaymentOrder.objects.filter(document_kind="lumpsum", document_id=lump_sum.pk),
            postings=list(ledger.postings_of(lump_sum)),
            decides=decides,
            refused=refused,
            note=request.POST.get("note", "") if refused else "",
        )

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Decide (``duyet``) or send back (``tra-lai``) what somebody else wrote down."""
        lump_sum, user = self._mine(request, pk), staff_user(request)
        if doing not in {"duyet", "tra-lai"}:
            raise Http404
        here = reverse("admin:payments_lumpsum_change", args=[lump_sum.pk])
        if request.method != "POST":
            return see_other(here)
        try:
            if doing == "duyet":
                lump_sums.decide(lump_sum, actor=user, now=timezone.now())
                self.message_user(request, _("Decided; the payment is ordered."), messages.SUCCESS)
            else:
                note = request.POST.get("note", "")
                lump_sums.send_back(lump_sum, actor=user, reason=note, now=timezone.now())
                self.message_user(request, _("Sent back."), messages.SUCCESS)
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        return see_other(here)
