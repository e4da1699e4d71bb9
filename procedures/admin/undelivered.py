"""What the post brought back, and what it says: the desk of returned results and the delivery files."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.http import form_key, see_other
from portal.models import AccessLog, User
from portal.roles import ADMINISTRATOR, EVERYBODY, RoleAdmin, role
from procedures import deliveries, desk, dispatches, undelivered
from procedures.admin.assigning import staff_user
from procedures.admin.dispatches import working
from procedures.dispatches import State
from procedures.models import DeliveryFile, DeliveryRow, PostOffice, Shipment
from procedures.packing import by_number
from procedures.parcels import may_work
from procedures.workflow import MoveRefused

_TONES = {
    State.SENT: "blue",
    State.DELIVERED: "green",
    State.FAILED: "red",
    State.ASKED: "yellow",
    State.KEPT: "yellow",
}


@admin.register(PostOffice)
class PostOfficeAdmin(RoleAdmin):
    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = ("district", "address", "phone", "code", "confidence")


@admin.register(Shipment)
class ShipmentAdmin(RoleAdmin):
    """Every parcel to a citizen; a row opens with its steps and what can be done with it."""

    viewers = EVERYBODY
    list_display = ("dossier", "tracking", "recipient", "state", "sent_on", "reported_on", "reason", "office")
    list_filter = ("state", "reason", "office", "route")
    search_fields = ("dossier__code", "tracking")
    search_help_text = gettext_lazy("Dossier code or tracking number")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        return dispatches.shipments(staff_user(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("khong-phat-duoc/", view(self.desk), name="procedures_shipment_desk"),
            path("<int:pk>/viec/<slug:doing>/", view(self.act), name="procedures_shipment_act"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        shipment = self._mine(request, object_id)
        desk.log_read(request.user, shipment.dossier, "dispatch")
        return self._page(request, [shipment], one=shipment)

    def desk(self, request: HttpRequest) -> HttpResponse:
        """Results that came back; POST takes in one more by its sticker or dossier code."""
        if not role(request.user):
            raise PermissionDenied
        if request.method != "POST":
            return self._desk(request)
        user, reason = working(request), request.POST.get("ly-do", "")
        try:
            found = by_number(user, request.POST.get("ma", "")[:60])
            undelivered.came_back(found, reason, actor=user, key=form_key(request), now=timezone.now())
        except MoveRefused as refused:
            return self._desk(request, refused)
        self.message_user(request, _("%(code)s is on the desk.") % {"code": found.dossier}, messages.SUCCESS)
        return see_other(reverse("admin:procedures_shipment_desk"))

    def _desk(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        rows = undelivered.on_desk(staff_user(request))
        page = Paginator(rows, 50).get_page(request.GET.get("p"))
        _log_rows(staff_user(request), page.object_list)
        return self._page(request, list(page.object_list), page_obj=page, scan_refused=refused)

    def _page(self, request: HttpRequest, rows: list[Shipment], **more: Any) -> HttpResponse:
        user = staff_user(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Results that came back"),
            "rows": [_row(row, user) for row in rows],
            "reasons": Shipment.Reason.choices,
            "may_work": may_work(user),
            "key": secrets.token_urlsafe(12),
            "typed": request.POST,
            "typed_address": request.POST.get("dia-chi", ""),
            **more,
        }
        wrong = more.get("scan_refused") or more.get("refused")
        return render(request, "admin/procedures/undelivered.html", context, status=422 if wrong else 200)

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Send again, ask for the address, keep at the office, note."""
        shipment = self._mine(request, pk)
        if doing not in _DOINGS:
            raise Http404
        back = reverse("admin:procedures_shipment_change", args=[pk])
        if request.method != "POST":
            return see_other(back)
        user = working(request)
        if shipment.office_id != user.staff.office_id:
            raise PermissionDenied
        try:
            done = _DOINGS[doing](shipment, request, user)
        except MoveRefused as refused:
            return self._page(request, [shipment], one=shipment, refused=refused)
        self.message_user(request, f"{shipment.dossier}: {done}", messages.SUCCESS)
        return see_other(reverse("admin:procedures_shipment_desk"))


def _log_rows(user: User, rows: Any) -> None:
    AccessLog.objects.bulk_create(
        AccessLog(user=user, about=str(row.dossier), what="returned results") for row in rows
    )


def _row(row: Shipment, user: User) -> dict[str, Any]:
    here = may_work(user) and row.office_id == user.staff.office_id
    acts = here and row.state in undelivered.ON_DESK and not row.dossier.final
    return {
        "of": row,
        "tone": _TONES.get(State(row.state), "grey"),
        "acts": acts,
        "asks": acts and row.state == State.FAILED,
        "keeps": acts and row.state != State.KEPT,
        "notes": here,
        "steps": row.steps.all(),
    }


def _note(request: HttpRequest) -> str:
    return request.POST.get("note", "").strip()[:1000]


def _again(shipment: Shipment, request: HttpRequest, user: User) -> str:
    undelivered.send_again(
        shipment,
        request.POST.get("dia-chi", ""),
        actor=user,
        key=form_key(request),
        now=timezone.now(),
        note=_note(request),
    )
    return _("waits among the results to be posted.")


def _ask(shipment: Shipment, request: HttpRequest, user: User) -> str:
    undelivered.ask_address(shipment, actor=user, key=form_key(request), now=timezone.now())
    return _("the citizen is asked for the address.")


def _keep(shipment: Shipment, request: HttpRequest, user: User) -> str:
    undelivered.keep(shipment, actor=user, key=form_key(request), now=timezone.now(), note=_note(request))
    return _("kept; the citizen is told.")


def _write(shipment: Shipment, request: HttpRequest, user: User) -> str:
    undelivered.note(shipment, _note(request), actor=user, now=timezone.now())
    return _("noted.")


_DOINGS = {"gui-lai": _again, "hoi-dia-chi": _ask, "giu-lai": _keep, "ghi-chu": _write}


@admin.register(DeliveryFile)
class DeliveryFileAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("name", "office", "read_at", "whom", "row_count")
    list_filter = ("office",)
    list_per_page = 50
    change_list_template = "admin/procedures/delivery_files.html"

    @admin.display(description=gettext_lazy("read by"))
    def whom(self, file: DeliveryFile) -> str:
        return file.read_by.full_name

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryFile]:
        return deliveries.files(staff_user(request))

    def get_urls(self) -> list[URLPattern]:
        upload = self.admin_site.admin_view(self.upload)
        return [path("tai-len/", upload, name="procedures_deliveryfile_upload"), *super().get_urls()]

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file of the post."""
        if not role(request.user):
            raise PermissionDenied
        if request.method != "POST":
            return self._form(request)
        user = working(request)
        try:
            name, data = _uploaded(request)
            file, new = deliveries.read_in(name, data, actor=user, now=timezone.now())
        except MoveRefused as refused:
            return self._form(request, refused)
        if not new:
            self.message_user(
                request, _("This file has been read before; here is its report."), messages.INFO
            )
        return see_other(reverse("admin:procedures_deliveryfile_change", args=[file.pk]))

    def _form(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Read a delivery file"),
            "may_work": may_work(staff_user(request)),
            "refused": refused,
        }
        return render(
            request, "admin/procedures/delivery_upload.html", context, status=422 if refused else 200
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What came of every row, those to look at first."""
        file: DeliveryFile | None = self.get_object(request, object_id)
        if file is None:
            raise Http404
        AccessLog.objects.create(user=staff_user(request), about=file.name[:40], what="delivery file")
        wanted = request.GET.get("ra", "")
        rows = file.rows.select_related("shipment__dossier")
        shown = rows.filter(outcome=wanted) if wanted in DeliveryRow.Outcome.values else rows
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": file.name,
            "file": file,
            "wanted": wanted,
            "counts": _counts(file),
            "page_obj": Paginator(shown, 100).get_page(request.GET.get("p")),
        }
        return render(request, "admin/procedures/delivery_file.html", context)


def _uploaded(request: HttpRequest) -> tuple[str, bytes]:
    sent = request.FILES.get("tep")
    if sent is None:
        raise MoveRefused(_("Choose the file of the post office."))
    if (sent.size or 0) > settings.MAX_UPLOAD_MB * 1024 * 1024:
        raise MoveRefused(_("The file is larger than %(mb)d MB.") % {"mb": settings.MAX_UPLOAD_MB})
    return (sent.name or "").replace("\\", "/").rpartition("/")[2], sent.read()


_OUTCOME_TONES = {"done": "green", "failed": "red", "way": "blue", "double": "grey"}


def _counts(file: DeliveryFile) -> list[dict[str, Any]]:
    """How many rows came to what, in the order of the outcomes."""
    found = dict(file.rows.order_by().values_list("outcome").annotate(Count("pk")))
    return [
        {"value": o.value, "label": o.label, "count": found[o.value], "tone": _OUTCOME_TONES.get(o, "yellow")}
        for o in DeliveryRow.Outcome
        if o.value in found
    ]
