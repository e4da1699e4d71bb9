"""The tills of the offices: cash drawn for them, and the closing of each day."""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import batches, ledger, tills
from payments.admin.cash import CashAdmin
from payments.models import CashDay, CashSupply, Place
from payments.payout_forms import whole
from portal import fields
from portal.http import form_key, see_other
from portal.text import dong
from procedures.admin.assigning import staff_user
from procedures.workflow import MoveRefused

_MOST_NOTES = 100_000


# --- Drawn ---------------------------------------------------------------------------------------


class SupplyForm(fields.PageForm):
    amount = fields.TextField(
        max_length=25, label=gettext_lazy("Amount"), help_text=gettext_lazy("In whole đồng.")
    )
    reference = fields.TextField(label=gettext_lazy("Number of the cheque or transfer"), max_length=60)

    def clean_amount(self) -> Any:
        return whole(self.cleaned_data["amount"])


@admin.register(CashSupply)
class CashSupplyAdmin(CashAdmin):
    list_display = ("reference", "place", "money", "state", "asked", "asked_at", "decided", "office")
    list_select_related = ("office", "asked_by", "decided_by")
    list_filter = ("state", "place", "office")
    change_list_template = "admin/payments/cash_supplies.html"

    @admin.display(description=gettext_lazy("asked by"))
    def asked(self, supply: CashSupply) -> str:
        return supply.asked_by.full_name

    @admin.display(description=gettext_lazy("decided by"))
    def decided(self, supply: CashSupply) -> str:
        return supply.decided_by.full_name if supply.decided_by else "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CashSupply]:
        return tills.supplies(staff_user(request))

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "payments_cashsupply"
        own = [
            path("rut-tien/", view(self.ask), name=f"{name}_ask"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{name}_act"),
        ]
        return [*own, *super().get_urls()]

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask to draw cash from an account of the office."""
        user = staff_user(request)
        staff = getattr(user, "staff", None)
        if staff is None or not tills.may_work(user, staff.office_id):
            raise PermissionDenied
        form = SupplyForm(request.POST if request.method == "POST" else None)
        sources = batches.accounts(staff.office, timezone.localdate())
        if request.method != "POST" or not form.is_valid():
            return self._form(request, form, sources)
        typed = request.POST
        try:
            made = tills.ask(
                Place.POST if typed.get("place") == Place.POST else Place.COUNTER,
                next((one for one in sources if str(one.pk) == typed.get("account")), None),
                form.cleaned_data["amount"],
                reference=form.cleaned_data["reference"],
                actor=user,
                key=form_key(request),
                now=timezone.now(),
            )
        except MoveRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
            return self._form(request, form, sources)
        self.message_user(request, _("Noted. A supervisor decides now."), messages.SUCCESS)
        return see_other(reverse("admin:payments_cashsupply_change", args=[made.pk]))

    def _form(self, request: HttpRequest, form: SupplyForm, sources: list[Any]) -> HttpResponse:
        return self._show(
            request,
            "cash_supply_ask",
            _("Draw cash"),
            status=422 if form.errors else 200,
            form=form,
            sources=sources,
            places=Place.choices,
            chosen=request.POST,
            key=form_key(request) if form.is_bound else secrets.token_urlsafe(12),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, supply: CashSupply, refused: MoveRefused | None = None
    ) -> HttpResponse:
        return self._show(
            request,
            "cash_supply",
            _("Cash drawn: %(reference)s") % {"reference": supply.reference},
            status=422 if refused else 200,
            supply=supply,
            tone={"asked": "yellow", "done": "green", "no": "grey"}[supply.state],
            decides=tills.may_decide(staff_user(request), supply),
            postings=list(ledger.postings_of(supply)),
            refused=refused,
            note=request.POST.get("note", "") if refused else "",
        )

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Approve (``duyet``) or decline (``tu-choi``)."""
        supply, user = self._mine(request, pk), staff_user(request)
        if doing not in {"duyet", "tu-choi"}:
            raise Http404
        here = reverse("admin:payments_cashsupply_change", args=[supply.pk])
        if request.method != "POST":
            return see_other(here)
        note, approve = request.POST.get("note", ""), doing == "duyet"
        try:
            tills.decide(supply, approve=approve, actor=user, now=timezone.now(), reason=note)
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        said = _("The cash is in the till.") if approve else _("Declined.")
        self.message_user(request, said, messages.SUCCESS)
        return see_other(here)


# --- Closed --------------------------------------------------------------------------------------


@admin.register(CashDay)
class CashDayAdmin(CashAdmin):
    list_display = (
        "day",
        "office",
        "book_dong",
        "counted_dong",
        "gap",
        "state",
        "first",
        "second",
    )
    list_display_links = ("day",)
    list_filter = ("state", "office")
    list_select_related = ("office", "counted_by", "confirmed_by")
    date_hierarchy = "day"
    change_list_template = "admin/payments/cash_days.html"

    @admin.display(description=gettext_lazy("counted by"))
    def first(self, day: CashDay) -> str:
        return day.counted_by.full_name

    @admin.display(description=gettext_lazy("decided by"))
    def second(self, day: CashDay) -> str:
        return day.confirmed_by.full_name if day.confirmed_by else "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CashDay]:
        return tills.days(staff_user(request))

    @admin.display(description=gettext_lazy("in the ledger"))
    def book_dong(self, day: CashDay) -> str:
        return dong(day.book) or "0 đ"

    @admin.display(description=gettext_lazy("counted"))
    def counted_dong(self, day: CashDay) -> str:
        return dong(day.counted) or "0 đ"

    @admin.display(description=gettext_lazy("difference"))
    def gap(self, day: CashDay) -> str:
        return _signed(day.difference)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "payments_cashday"
        own = [
            path("kiem-quy/", view(self.count), name=f"{name}_count"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{name}_act"),
        ]
        return [*own, *super().get_urls()]

    def count(self, request: HttpRequest) -> HttpResponse:
        """Count the till of the office and close its day."""
        user = staff_user(request)
        staff = getattr(user, "staff", None)
        if staff is None or not tills.may_work(user, staff.office_id):
            raise PermissionDenied
        if request.method != "POST":
            return self._count_page(request)
        try:
            made = tills.count(
                _pieces(request),
                reason=request.POST.get("reason", ""),
                seen=request.POST.get("seen", ""),
                actor=user,
                key=form_key(request),
                now=timezone.now(),
            )
        except MoveRefused as refused:
            return self._count_page(request, refused)
        self.message_user(request, _("Counted. Another person confirms now."), messages.SUCCESS)
        return see_other(reverse("admin:payments_cashday_change", args=[made.pk]))

    def _count_page(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        office = staff_user(request).staff.office
        typed = request.POST if refused else {}
        return self._show(
            request,
            "cash_count",
            _("Count the till"),
            status=422 if refused else 200,
            office=office,
            book=tills.book(office, timezone.localdate()),
            notes=[(value, str(typed.get(f"to-{value}", ""))) for value in tills.NOTES],
            reason=typed.get("reason", ""),
            refused=refused,
            key=secrets.token_urlsafe(12),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(self, request: HttpRequest, day: CashDay, refused: MoveRefused | None = None) -> HttpResponse:
        return self._show(
            request,
            "cash_day",
            _("Till of %(office)s, %(day)s") % {"office": day.office.name, "day": day},
            status=422 if refused else 200,
            day=day,
            tone={"counted": "yellow", "closed": "green", "back": "grey"}[day.state],
            gap=_signed(day.difference),
            pieces=[(int(value), number, int(value) * number) for value, number in day.pieces.items()],
            confirms=tills.may_confirm(staff_user(request), day),
            refused=refused,
            note=request.POST.get("note", "") if refused else "",
        )

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Confirm (``duyet``) or have it counted again (``tra-lai``)."""
        day, user = self._mine(request, pk), staff_user(request)
        if doing not in {"duyet", "tra-lai"}:
            raise Http404
        here = reverse("admin:payments_cashday_change", args=[day.pk])
        if request.method != "POST":
            return see_other(here)
        right, note = doing == "duyet", request.POST.get("note", "")
        try:
            tills.confirm(day, right=right, actor=user, now=timezone.now(), note=note)
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        said = _("The day is closed.") if right else _("Sent back to be counted again.")
        self.message_user(request, said, messages.SUCCESS)
        return see_other(here)


def _pieces(request: HttpRequest) -> dict[int, int]:
    """How many notes of each value were typed; raises ``MoveRefused`` for what is no number."""
    found = {}
    for value in tills.NOTES:
        typed = request.POST.get(f"to-{value}", "").strip() or "0"
        short = typed.isascii() and typed.isdigit() and len(typed) < 10
        if not short or int(typed) > _MOST_NOTES:
            raise MoveRefused(_("Write how many notes there are, as a number."), field=f"to-{value}")
        found[value] = int(typed)
    return found


def _signed(amount: int) -> str:
    if not amount:
        return "0 đ"
    return f"{'+' if amount > 0 else '−'}{dong(abs(amount))}"
