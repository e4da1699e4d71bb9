"""Receipts: what was issued, why, and cancelling it by another document."""

import secrets
import tempfile
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import ledger, receipt_book, receipts
from payments.models import Receipt
from payments.receipt_book import Span
from payments.receipt_papers import shown
from portal.http import form_key, see_other
from portal.models import AccessLog
from portal.roles import EVERYBODY, RoleAdmin
from portal.text import dong
from procedures.admin.assigning import staff_user
from procedures.admin.ranges import MOST_DAYS, days_of, offices_of
from procedures.models import StaffMember
from procedures.workflow import MoveRefused


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "loai"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("con", _("valid")), ("huy", _("cancelled")), ("chung-tu", _("cancellation of a receipt"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Receipt]) -> QuerySet[Receipt]:
        match self.value():
            case "con":
                return queryset.filter(kind=Receipt.Kind.RECEIPT, cancelled_by=None)
            case "huy":
                return queryset.filter(cancelled_by__isnull=False)
            case "chung-tu":
                return queryset.filter(kind=Receipt.Kind.CANCELLATION)
            case _:
                return queryset


@admin.register(Receipt)
class ReceiptAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("code", "office", "issued_at", "payer", "shown_amount", "reference", "state")
    list_filter = (StateFilter, "office")
    search_fields = ("code", "order__reference")
    search_help_text = gettext_lazy("Number of the receipt or transfer reference")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/payments/receipts.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receipt]:
        return receipts.visible_to(staff_user(request))

    @admin.display(description=gettext_lazy("payer"))
    def payer(self, receipt: Receipt) -> str:
        return str(receipt.said["payer"])

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def shown_amount(self, receipt: Receipt) -> str:
        return dong(receipt.amount)

    @admin.display(description=gettext_lazy("transfer reference"))
    def reference(self, receipt: Receipt) -> str:
        return str(receipt.said["reference"])

    @admin.display(description=gettext_lazy("state"))
    def state(self, receipt: Receipt) -> SafeString:
        return format_html('<span class="desk-tag desk-tag--{}">{}</span>', *_state(receipt))

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "payments_receipt"
        own = [
            path("xuat/", view(self.export), name=f"{name}_export"),
            path("<int:pk>/huy/", view(self.cancel), name=f"{name}_cancel"),
            path("<int:pk>/tep/<int:revision>/", view(self.paper), name=f"{name}_paper"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, receipt: Receipt, refused: MoveRefused | None = None
    ) -> HttpResponse:
        _log_read(request, receipt, "receipt")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": receipt.code,
            "receipt": receipt,
            "said": shown(receipt),
            "state": _state(receipt),
            "papers": receipt.papers.all(),
            "entries": _entries(receipt),
            "may_cancel": receipts.may_cancel(receipt, staff_user(request)),
            "refused": refused,
            "typed": request.POST if refused else {"payer": receipt.said["payer"]},
            "key": secrets.token_urlsafe(12),
        }
        status = 422 if refused else 200
        return render(request, "admin/payments/receipt.html", context, status=status)

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Cancel a receipt; another one may take its place, in a name that is right."""
        receipt = self._mine(request, pk)
        if request.method != "POST":
            return see_other(_address(receipt))
        try:
            made = receipts.cancel(
                receipt,
                request.POST.get("reason", "")[:1000],
                actor=staff_user(request),
                key=form_key(request),
                now=timezone.now(),
                payer=request.POST.get("payer", "")[:1000] if "again" in request.POST else None,
            )
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        words = _("%(code)s was cancelled by %(counter)s.") % {"code": receipt.code, "counter": made.code}
        self.message_user(request, words, messages.SUCCESS)
        return see_other(_address(receipt))

    def paper(self, request: HttpRequest, pk: int, revision: int) -> FileResponse:
        receipt = self._mine(request, pk)
        found = receipt.papers.filter(revision=revision).first()
        if found is None:
            raise Http404
        _log_read(request, receipt, f"receipt pdf {revision}")
        name = f"{receipt.code}-{revision}.pdf"
        return FileResponse(found.file.open("rb"), content_type="application/pdf", filename=name)

    # --- Taking away -------------------------------------------------------------------------

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The receipts of some days as CSV or XLSX."""
        staff: StaffMember | None = getattr(request.user, "staff", None)
        if staff is None:
            raise PermissionDenied
        if request.method != "POST":
            return self._export_page(request, staff)
        try:
            span, kind = _span(request, staff)
        except MoveRefused as refused:
            return self._export_page(request, staff, refused)
        AccessLog.objects.create(
            user=staff_user(request), about=span.name[:40], what=f"receipts export {kind}"
        )
        out = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (FileResponse closes it)
        receipt_book.write(span, kind, out)
        out.seek(0)
        return FileResponse(out, as_attachment=True, filename=f"{span.name}.{kind}")

    def _export_page(
        self, request: HttpRequest, staff: StaffMember, refused: MoveRefused | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Receipts of several days"),
            "offices": offices_of(staff),
            "province": staff.oversees_province,
            "formats": receipt_book.FORMATS,
            "typed": request.POST if refused else request.GET,
            "refused": refused,
        }
        status = 422 if refused else 200
        return render(request, "admin/payments/receipt_export.html", context, status=status)


def _span(request: HttpRequest, staff: StaffMember) -> tuple[Span, str]:
    """What is to be exported and as what; raises ``MoveRefused``."""
    first, last = days_of(request.POST)
    if (last - first).days >= MOST_DAYS:
        raise MoveRefused(_("Choose at most %(n)d days.") % {"n": MOST_DAYS}, field="to_day")
    kind, slug = request.POST.get("kind", ""), request.POST.get("office", "")
    if kind not in receipt_book.FORMATS:
        raise MoveRefused(_("Choose a format."), field="kind")
    office = offices_of(staff).filter(slug=slug).first()
    if office is None and not (staff.oversees_province and not slug):
        raise MoveRefused(_("Choose an office."), field="office")
    span = Span(office, first, last)
    if span.receipts().count() > settings.EXPORT_ROWS_AT_ONCE:
        words = _("These are more than %(n)d receipts: choose fewer days or one office.")
        raise MoveRefused(words % {"n": settings.EXPORT_ROWS_AT_ONCE}, field="to_day")
    return span, kind


def _state(receipt: Receipt) -> tuple[str, str]:
    """The tone and the words for whether a receipt holds."""
    if receipt.cancels is not None:
        return "grey", _("cancels %(code)s") % {"code": receipt.cancels.code}
    return ("red", _("cancelled")) if receipt.cancellation else ("green", _("valid"))


def _entries(receipt: Receipt) -> list[dict[str, Any]]:
    """What the ledger says of the order, an entry a row: debits and credits without a sign."""
    return [
        {
            "at": posting.posted_at,
            "account": entry.get_account_display(),
            "debit": max(entry.amount, Decimal(0)),
            "credit": max(-entry.amount, Decimal(0)),
        }
        for posting in ledger.postings_of(receipt.order)
        for entry in posting.entries.all()
    ]


def _address(receipt: Receipt) -> str:
    return reverse("admin:payments_receipt_change", args=[receipt.pk])


def _log_read(request: HttpRequest, receipt: Receipt, what: str) -> None:
    """A receipt names its payer and whom it was paid for."""
    AccessLog.objects.create(user=staff_user(request), about=receipt.code, what=what)
