"""Lump sums: dossiers that wait for their amount, amounts that wait for the second person."""

import secrets
from collections.abc import Callable
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

from payments import cash, ledger, lump_sums
from payments.admin.payouts import read
from payments.models import CashVoucher, LumpSum, PaymentOrder, Place
from payments.payout_forms import AmountForm, PeriodsForm
from portal.http import form_key, see_other
from portal.models import User
from portal.roles import EVERYBODY, RoleAdmin, role
from portal.text import dong, masked
from procedures import reckoning
from procedures.admin.assigning import staff_user
from procedures.models import Dossier
from procedures.parcels import may_work
from procedures.reckoning import Reckoning
from procedures.workflow import MoveRefused

_TONES = {"recorded": "yellow", "decided": "green", "back": "grey"}


class Given:
    """What is typed of a lump sum: periods for the calculator, and the amount of the decision."""

    def __init__(self, periods: PeriodsForm, amount: AmountForm, dossier: Dossier) -> None:
        self.periods, self.amount = periods, amount
        self.reckoned = self._reckon(dossier)

    @classmethod
    def of(cls, request: HttpRequest, dossier: Dossier) -> "Given":
        """As typed; before anything is, what stands with the amount that was sent back last."""
        if request.method == "POST":
            typed = request.POST.copy()
            given = cls(PeriodsForm(typed), AmountForm(typed), dossier)
            if "tinh" in request.POST:
                typed["amount"] = _grouped(given.reckoned.amount) if given.reckoned else ""
                given.amount = AmountForm(initial=typed.dict())
            return given
        last = LumpSum.objects.filter(dossier=dossier, state=LumpSum.State.SENT_BACK).first()
        day = timezone.localdate(dossier.decided_at) if dossier.decided_at else timezone.localdate()
        known = last.calculation if last else {}
        first = {"periods": known.get("periods", ""), "day": f"{day:%d/%m/%Y}"}
        decision = {"decision": last.decision} if last else {}
        return cls(PeriodsForm(initial=first), AmountForm(initial=decision), dossier)

    def _reckon(self, dossier: Dossier) -> Reckoning | None:
        """What the periods lead to; what speaks against it stands at its field."""
        if not self.periods.is_bound or not self.periods.is_valid():
            return None
        typed = self.periods.cleaned_data
        if not typed["periods"].strip() and "tinh" not in self.periods.data:
            return None
        try:
            return reckoning.of(dossier, typed["periods"], typed["day"])
        except reckoning.NotReckoned as wrong:
            self.periods.add_error(wrong.field, str(wrong))
            return None

    def is_valid(self) -> bool:
        return self.periods.is_valid() and self.amount.is_valid()

    def calculation(self) -> dict[str, Any] | None:
        """As it is kept with the amount; None where nothing was calculated."""
        if self.reckoned is None:
            return None
        return self.reckoned.kept() | {"periods": self.periods.cleaned_data["periods"]}

    def errors(self) -> list[str]:
        forms = (self.periods, self.amount)
        return [str(message) for form in forms for found in form.errors.values() for message in found]


def _grouped(amount: Any) -> str:
    return f"{int(amount):,}".replace(",", ".")


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
        return dong(lump_sum.amount)

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
        wrong = context.get("refused") or context.get("wrong")
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
        given = Given.of(request, found)
        if request.method != "POST" or "tinh" in request.POST or not given.is_valid():
            return self._form(request, found, given)
        amount = given.amount.cleaned_data
        try:
            made = lump_sums.record(
                found,
                amount["amount"],
                amount["decision"],
                actor=user,
                key=form_key(request),
                now=timezone.now(),
                calculation=given.calculation(),
                difference=amount["difference"],
            )
        except MoveRefused as refused:
            given.amount.add_error(refused.field or None, str(refused))
            return self._form(request, found, given)
        self.message_user(request, _("Noted. A supervisor decides now."), messages.SUCCESS)
        return see_other(reverse("admin:payments_lumpsum_change", args=[made.pk]))

    def _form(self, request: HttpRequest, dossier: Dossier, given: Given) -> HttpResponse:
        read(request, "lump sum", dossier)
        return self._show(
            request,
            "lump_sum_record",
            _("Lump sum of %(code)s") % {"code": dossier.code},
            dossier=dossier,
            place=cash.place_of(dossier),
            account=masked(lump_sums.account_of(dossier)),
            bank=lump_sums.bank_of(dossier),
            given=given,
            wrong=given.errors(),
            reckoned=given.reckoned.kept() if given.reckoned else None,
            key=form_key(request) if request.method == "POST" else secrets.token_urlsafe(12),
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
            account=number if decides else masked(number),
            bank=lump_sums.bank_of(dossier),
            place=cash.place_of(dossier),
            reckoned=lump_sum.calculation or None,
            gap=lump_sum.amount - lump_sum.calculated if lump_sum.calculated is not None else 0,
            vouchers=lump_sum.vouchers.order_by("pk"),
            makes=cash.may_make(staff_user(request), lump_sum),
            places=Place.choices,
            key=secrets.token_urlsafe(12),
            orders=PaymentOrder.objects.filter(document_kind="lumpsum", document_id=lump_sum.pk),
            postings=list(ledger.postings_of(lump_sum)),
            decides=decides,
            refused=refused,
            note=request.POST.get("note", "") if refused else "",
        )

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Decide (``duyet``) or send back (``tra-lai``); another voucher (``lap-phieu``)."""
        lump_sum, user = self._mine(request, pk), staff_user(request)
        if doing not in _DOINGS:
            raise Http404
        here = reverse("admin:payments_lumpsum_change", args=[lump_sum.pk])
        if request.method != "POST":
            return see_other(here)
        try:
            said = _DOINGS[doing](lump_sum, request, user)
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        self.message_user(request, said, messages.SUCCESS)
        return see_other(here)


def _decide(lump_sum: LumpSum, request: HttpRequest, user: User) -> str:
    made = lump_sums.decide(lump_sum, actor=user, now=timezone.now())
    if isinstance(made, CashVoucher):
        return _("Decided; voucher %(number)s is made out.") % {"number": made}
    return _("Decided; the payment is ordered.")


def _send_back(lump_sum: LumpSum, request: HttpRequest, user: User) -> str:
    lump_sums.send_back(lump_sum, actor=user, reason=request.POST.get("note", ""), now=timezone.now())
    return _("Sent back.")


def _make_out(lump_sum: LumpSum, request: HttpRequest, user: User) -> str:
    place = request.POST.get("place", "")
    made = cash.make_again(lump_sum, place, actor=user, key=form_key(request), now=timezone.now())
    return _("Voucher %(number)s is made out.") % {"number": made}


_DOINGS: dict[str, Callable[[LumpSum, HttpRequest, User], str]] = {
    "duyet": _decide,
    "tra-lai": _send_back,
    "lap-phieu": _make_out,
}
