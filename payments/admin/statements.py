"""Statements of the bank: checked, shown, taken in; and how the CSV of each bank is read."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.models import (
    CsvMapping,
    OfficeAccount,
    Settlement,
    StatementFile,
    StatementLine,
)
from payments.statements import suspense, taking
from payments.statements.lines import FileRefused, Problem
from portal.http import see_other
from portal.models import AccessLog
from portal.roles import ADMINISTRATOR, EVERYBODY, RoleAdmin
from portal.text import clean, dong
from procedures.admin.assigning import staff_user
from procedures.offices import of_office
from procedures.workflow import MoveRefused

State = StatementFile.State
_TONES = {
    State.TAKEN: "green",
    State.REFUSED: "red",
    State.QUEUED: "blue",
    State.CHECKED: "yellow",
    State.DISCARDED: "grey",
}
_ROWS_SHOWN = 100


@admin.register(CsvMapping)
class CsvMappingAdmin(RoleAdmin):
    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = ("bank", "booked_on", "reference", "text", "amount", "credit", "debit")


@admin.register(StatementFile)
class StatementFileAdmin(RoleAdmin):
    """The statements of the office; a row opens with its report and its lines."""

    viewers = EVERYBODY
    list_display = ("name", "our_account", "kind", "stage", "line_count", "came_in", "read_at", "reader")
    list_display_links = ("name",)
    list_filter = ("state", "kind", "office")
    list_select_related = ("account__bank", "read_by")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/payments/statements.html"

    @admin.display(description=gettext_lazy("account"))
    def our_account(self, file: StatementFile) -> str:
        return f"{file.account.number} – {file.account.bank.short_name}"

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def stage(self, file: StatementFile) -> str:
        return str(file.get_state_display())

    @admin.display(description=gettext_lazy("money in"), ordering="credit")
    def came_in(self, file: StatementFile) -> str:
        return dong(file.credit) or "0 đ"

    @admin.display(description=gettext_lazy("read by"))
    def reader(self, file: StatementFile) -> str:
        return file.read_by.full_name if file.read_by else "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatementFile]:
        files = StatementFile.objects.select_related(
            "account__bank", "office", "read_by", "discarded_by", "call"
        )
        return of_office(files, staff_user(request))

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "payments_statementfile"
        own = [
            path("tai-len/", view(self.upload), name=f"{name}_upload"),
            path("<int:pk>/nhap/", view(self.take), name=f"{name}_take"),
            path("<int:pk>/loai-bo/", view(self.discard), name=f"{name}_discard"),
        ]
        return [*own, *super().get_urls()]

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Check a file; nothing of it is taken in before somebody has seen what it says."""
        user = staff_user(request)
        if not suspense.may_work(user):
            raise PermissionDenied
        accounts = list(
            OfficeAccount.objects.filter(office=user.staff.office_id).select_related("bank", "office")
        )
        if request.method != "POST":
            return self._upload_page(request, accounts)
        chosen = next((a for a in accounts if str(a.pk) == request.POST.get("tai-khoan")), None)
        try:
            name, data = _brought(request, chosen)
            assert chosen is not None
            file, new = taking.check(name, data, chosen, actor=user, now=timezone.now())
        except FileRefused as refused:
            return self._upload_page(request, accounts, refused)
        if not new:
            self.message_user(request, _("This file was read before."), messages.WARNING)
        return see_other(_address(file))

    def _upload_page(
        self, request: HttpRequest, accounts: list[OfficeAccount], refused: FileRefused | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Read a bank statement"),
            "accounts": accounts,
            "chosen": request.POST.get("tai-khoan", ""),
            "problems": refused.problems if refused else (),
            "most": settings.MAX_UPLOAD_MB,
        }
        status = 422 if refused else 200
        return render(request, "admin/payments/statement_upload.html", context, status=status)

    def take(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a checked file in; once, however often the button is pressed."""
        file = self._mine(request, pk)
        if request.method != "POST":
            return see_other(_address(file))
        if not suspense.may_work(staff_user(request), file.office_id):
            raise PermissionDenied
        taken = taking.order(file, now=timezone.now())
        if taken.state == State.TAKEN:
            self.message_user(request, _("The statement is taken in."), messages.SUCCESS)
        return see_other(_address(file))

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Discard a wrong file of which nothing was taken in."""
        file, user = self._mine(request, pk), staff_user(request)
        if request.method != "POST":
            return see_other(_address(file))
        if not suspense.may_work(user, file.office_id):
            raise PermissionDenied
        try:
            taking.discard(file, request.POST.get("ly-do", ""), actor=user, now=timezone.now())
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        words = _("The file is discarded; it stays in the list. A right one can be read now.")
        self.message_user(request, words, messages.SUCCESS)
        return see_other(_address(file))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, file: StatementFile, refused: MoveRefused | None = None
    ) -> HttpResponse:
        user = staff_user(request)
        works = suspense.may_work(user, file.office_id)
        AccessLog.objects.create(user=user, about=str(file)[:40], what=f"bank statement {file.pk}")
        wanted = clean(request.GET.get("q", ""))[:80]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": file.name,
            "file": file,
            "tone": _TONES[State(file.state)],
            "told": _told(file),
            "works": works and file.state in {State.CHECKED, State.REFUSED},
            "discards": works and taking.may_discard(file),
            "refused": refused,
            "typed": request.POST.get("ly-do", "") if refused else "",
            "wanted": wanted,
            "page_obj": Paginator(_lines(file, wanted), _ROWS_SHOWN).get_page(request.GET.get("p")),
            "key": secrets.token_urlsafe(12),
        }
        status = 422 if refused else 200
        return render(request, "admin/payments/statement.html", context, status=status)


def _brought(request: HttpRequest, account: OfficeAccount | None) -> tuple[str, bytes]:
    """Name and bytes of the upload."""
    if account is None:
        raise FileRefused(Problem(0, _("Choose the account the statement is of.")))
    upload = request.FILES.get("tep")
    if upload is None or not upload.size:  # type: ignore[union-attr]
        raise FileRefused(Problem(0, _("Choose a file of the bank.")))
    if upload.size > settings.MAX_UPLOAD_MB * 1024 * 1024:  # type: ignore[union-attr,operator]
        words = _("This file is too large: at most %(most)d MB.") % {"most": settings.MAX_UPLOAD_MB}
        raise FileRefused(Problem(0, words))
    return clean(str(upload.name)), upload.read()  # type: ignore[union-attr]


def _address(file: StatementFile) -> str:
    return reverse("admin:payments_statementfile_change", args=[file.pk])


def _told(file: StatementFile) -> dict[str, Any]:
    """What came of the file, or what would: a short one is tried out and undone."""
    if file.state == State.CHECKED and file.line_count <= taking.AT_ONCE:
        return taking.rehearse(file, now=timezone.now())
    return dict(file.outcome)


def _lines(file: StatementFile, wanted: str) -> QuerySet[StatementLine]:
    """The lines that are of this file first, with what became of them."""
    found = file.lines.order_by("position", "id").select_related("suspense")
    found = found.prefetch_related(
        Prefetch("settlements", Settlement.objects.select_related("order").order_by("id"))
    )
    return found.filter(reference=wanted) if wanted else found
