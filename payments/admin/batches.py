"""Payout batches: built of what waits, approved twice, their files taken once an approval."""

from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import batches
from payments.admin.payouts import TONES, read
from payments.models import BatchFile, PaymentOrder, PayoutBatch
from portal.dated import typed_day
from portal.http import form_key, see_other
from portal.models import OutboxMessage, User
from portal.roles import EVERYBODY, RoleAdmin, role
from portal.text import dong, masked
from procedures import workflow
from procedures.admin.assigning import staff_user
from procedures.parcels import may_work
from procedures.workflow import MoveRefused

_BATCH_TONES = {"made": "yellow", "checked": "yellow", "approved": "blue", "sent": "blue", "closed": "green"}
_SHOWN = 300  # payments on one page
_TYPES = {
    "xml": "application/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@admin.register(PayoutBatch)
class PayoutBatchAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("__str__", "office", "account_name", "count", "money", "pay_on", "state", "whom")
    list_filter = ("state", "office", "year")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/payments/payout_batches.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PayoutBatch]:
        return batches.visible_to(staff_user(request))

    @admin.display(description=gettext_lazy("from account"))
    def account_name(self, batch: PayoutBatch) -> str:
        return f"{masked(batch.account.number)} {batch.account.bank.short_name}"

    @admin.display(description=gettext_lazy("total"), ordering="total")
    def money(self, batch: PayoutBatch) -> str:
        return dong(batch.total)

    @admin.display(description=gettext_lazy("made by"))
    def whom(self, batch: PayoutBatch) -> str:
        return batch.made_by.full_name

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "payments_payoutbatch"
        own = [
            path("lap-lo/", view(self.build), name=f"{name}_build"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name=f"{name}_act"),
            path("<int:pk>/tai-ve/<slug:kind>/", view(self.download), name=f"{name}_download"),
        ]
        return [*own, *super().get_urls()]

    def _show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        works = may_work(staff_user(request))
        return self._render(request, f"payments/{template}", title, may_work=works, **context)

    # --- Building --------------------------------------------------------------------------------

    def build(self, request: HttpRequest) -> HttpResponse:
        """The payments that wait; POST makes a batch of those that are ticked."""
        user = staff_user(request)
        if not role(user) or getattr(user, "staff", None) is None:
            raise PermissionDenied
        if request.method != "POST":
            return self._build(request)
        if not may_work(user):
            raise PermissionDenied
        try:
            batch = self._made(request, user)
        except MoveRefused as refused:
            return self._build(request, refused)
        words = _("Batch %(number)s is made; two others approve it now.") % {"number": batch}
        self.message_user(request, words, messages.SUCCESS)
        return see_other(_address(batch))

    def _made(self, request: HttpRequest, user: User) -> PayoutBatch:
        own = batches.accounts(user.staff.office, timezone.localdate())
        account = next((a for a in own if str(a.pk) == request.POST.get("tai-khoan")), None)
        if account is None:
            raise MoveRefused(_("Choose the account of the office that pays."), field="tai-khoan")
        chosen = {int(n[:18]) for n in request.POST.getlist("chon") if n.isascii() and n.isdigit()}
        if "tat-ca" in request.POST:
            every = batches.ready(user.staff.office, _source(request)).values_list("pk", flat=True)
            chosen = set(every[: batches.MOST])
        return batches.make(
            account,
            chosen,
            pay_on=_day(request.POST.get("ngay", "")),
            actor=user,
            key=form_key(request),
            now=timezone.now(),
        )

    def _build(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        office, today = staff_user(request).staff.office, timezone.localdate()
        source = _source(request)
        waiting = batches.ready(office, source)
        rows, count = list(waiting[:_SHOWN]), waiting.count()
        if rows:
            read(request, "payments to be batched", "–")
        chosen = request.POST.getlist("chon") if refused else None
        return self._show(
            request,
            "payout_build",
            _("Make a payout batch"),
            rows=[
                {
                    "of": row,
                    "account": masked(row.account_number),
                    "chosen": chosen is None or str(row.pk) in chosen,
                }
                for row in rows
            ],
            count=count,
            more=count - len(rows),
            most=min(count, batches.MOST),
            sources=PaymentOrder.Source.choices,
            source=source,
            accounts=batches.accounts(office, today),
            account=request.POST.get("tai-khoan", ""),
            day=request.POST.get("ngay") or f"{today:%d/%m/%Y}",
            refused=refused,
        )

    # --- One batch -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, batch: PayoutBatch, refused: MoveRefused | None = None
    ) -> HttpResponse:
        """The payments and approvals; who approves sees the whole account numbers."""
        user = staff_user(request)
        approves = batches.may_approve(user, batch)
        read(
            request, "payout batch, accounts whole" if approves else "payout batch", f"{batch} {batch.office}"
        )
        page = Paginator(batches.rows_of(batch), _SHOWN).get_page(request.GET.get("p"))
        return self._show(
            request,
            "payout_batch",
            _("Payout batch %(number)s") % {"number": batch},
            batch=batch,
            tone=_BATCH_TONES.get(batch.state, "grey"),
            rows=[
                {
                    "of": row,
                    "tone": TONES[row.state],
                    "account": row.account_number if approves else masked(row.account_number),
                }
                for row in page
            ],
            page_obj=page,
            approves=approves,
            works=_works(user, batch),
            releases_again=_works(user, batch) and workflow.role_of(user) == "supervisor",
            refused=refused,
            note=request.POST.get("note", "") if refused else "",
            **_files(batch),
        )

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Approve (``duyet``), take apart (``huy``), or give leave to take the file again (``cap-lai``)."""
        batch, user = self._mine(request, pk), staff_user(request)
        if doing not in {"duyet", "huy", "cap-lai"}:
            raise Http404
        if request.method != "POST":
            return see_other(_address(batch))
        note, now = request.POST.get("note", ""), timezone.now()
        try:
            if doing == "duyet":
                batches.approve(batch, actor=user, now=now)
            elif not _works(user, batch):
                raise PermissionDenied
            elif doing == "huy":
                batches.take_apart(batch, actor=user, reason=note, now=now)
            else:
                batches.release_again(batch, actor=user, reason=note, now=now)
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused)
        self.message_user(request, _("Done."), messages.SUCCESS)
        return see_other(_address(batch))

    def download(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """The file for the bank. It is taken by POST: it can be taken once."""
        batch, user = self._mine(request, pk), staff_user(request)
        if kind not in BatchFile.Kind.values:
            raise Http404
        if request.method != "POST":
            return see_other(_address(batch))
        if not _works(user, batch):
            raise PermissionDenied
        try:
            file, data = batches.take(batch, kind, actor=user, now=timezone.now())
        except MoveRefused as refused:
            return self._page(request, batch, refused)
        read(request, f"payout file {file.name}", f"{batch} {batch.office}")
        disposition = f'attachment; filename="{file.name}"'
        return HttpResponse(data, content_type=_TYPES[kind], headers={"Content-Disposition": disposition})


def _address(batch: PayoutBatch) -> str:
    return reverse("admin:payments_payoutbatch_change", args=[batch.pk])


def _works(user: User, batch: PayoutBatch) -> bool:
    return may_work(user) and batch.office_id == user.staff.office_id


def _files(batch: PayoutBatch) -> dict[str, Any]:
    """The files there are, who took them, and whether one may be taken now."""
    files = list(batch.files.all())
    failed = OutboxMessage.objects.filter(
        topic="payments.batch_files", key=str(batch.pk), state=OutboxMessage.State.DEAD
    )
    return {
        "files": files,
        "making": batch.state == PayoutBatch.State.APPROVED and not files,
        "failed": not files and failed.exists(),
        "release": batches.open_release(batch),
        "releases": list(
            batch.releases.select_related("released_by", "download__taken_by", "download__file")
        ),
    }


def _source(request: HttpRequest) -> str:
    """Of what kind the payments shall be: that of the address, or nothing for all."""
    wanted = request.GET.get("loai", "")
    return wanted if wanted in PaymentOrder.Source.values else ""


def _day(typed: str) -> date:
    if day := typed_day(typed):
        return day
    raise MoveRefused(_("The day of payment is a date such as 31/12/2021."), field="ngay")
