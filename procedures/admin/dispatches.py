"""Posting results: what waits, the batches made of it, packing by scanner, handing over."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.http import form_key, see_other
from portal.models import AccessLog, District, OutboxMessage
from portal.roles import EVERYBODY, RoleAdmin, role
from procedures import desk, dispatches, manifests, packing
from procedures.admin.assigning import staff_user
from procedures.catalogue import definition_for
from procedures.dispatches import OPEN, State
from procedures.models import DispatchBatch, DispatchLabels, DispatchManifest, Shipment
from procedures.parcels import may_work
from procedures.routes import post_office
from procedures.workflow import MoveRefused

NO_ROUTE = "000"


@admin.register(DispatchBatch)
class DispatchBatchAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("__str__", "office", "made_at", "whom", "to_pack", "packed", "sent")
    list_filter = ("office", "year")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/procedures/dispatch_batches.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[DispatchBatch]:
        def counted(*states: str) -> Count:
            return Count("shipments", filter=Q(shipments__state__in=states))

        return dispatches.batches(staff_user(request)).annotate(
            listed=counted(State.LISTED),
            ready=counted(State.PACKED),
            gone=Count("shipments", filter=Q(shipments__manifest__isnull=False)),
        )

    @admin.display(description=gettext_lazy("made by"))
    def whom(self, batch: DispatchBatch) -> str:
        return batch.made_by.full_name

    @admin.display(description=gettext_lazy("to be packed"))
    def to_pack(self, batch: Any) -> int:
        return int(batch.listed)

    @admin.display(description=gettext_lazy("packed"))
    def packed(self, batch: Any) -> int:
        return int(batch.ready)

    @admin.display(description=gettext_lazy("handed over"))
    def sent(self, batch: Any) -> int:
        return int(batch.gone)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "procedures_dispatchbatch"
        own = [
            path("cho-gui/", view(self.waiting), name=f"{name}_waiting"),
            path("<int:pk>/dong-goi/", view(self.pack), name=f"{name}_pack"),
            path("<int:pk>/buu-gui/<int:row>/<slug:doing>/", view(self.act), name=f"{name}_act"),
            path("<int:pk>/tuyen/<slug:route>/<slug:doing>/", view(self.leave), name=f"{name}_leave"),
            path("<int:pk>/ban-ke/<slug:route>/<slug:kind>/", view(self.manifest), name=f"{name}_manifest"),
            path("<int:pk>/nhan/", view(self.labels), name=f"{name}_labels"),
            path("<int:pk>/nhan/<slug:size>/", view(self.label_file), name=f"{name}_label_file"),
        ]
        return [*own, *super().get_urls()]

    def _show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        works = may_work(staff_user(request))
        return self._render(request, f"procedures/{template}", title, may_work=works, **context)

    # --- What waits ------------------------------------------------------------------------------

    def waiting(self, request: HttpRequest) -> HttpResponse:
        """The results that wait; POST makes a batch of those that are ticked."""
        if not role(request.user):
            raise PermissionDenied
        if request.method != "POST":
            return self._waiting(request)
        user = working(request)
        chosen = {int(n) for n in request.POST.getlist("chon") if n.isascii() and n.isdigit()}
        try:
            batch, taken = dispatches.make_batch(
                chosen, actor=user, key=form_key(request), now=timezone.now()
            )
        except MoveRefused as refused:
            return self._waiting(request, refused=refused)
        if taken:
            words = _("Somebody else has just taken: %(codes)s.") % {"codes": ", ".join(taken)}
            self.message_user(request, words, messages.WARNING)
        return see_other(_address(batch))

    def _waiting(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        rows, count = dispatches.waiting(staff_user(request))
        if rows:
            _log(request, "results to be posted", "–")
        chosen = request.POST.getlist("chon") if refused else None
        return self._show(
            request,
            "dispatch_waiting",
            _("Results to be posted"),
            rows=[{"of": row, "chosen": chosen is None or str(row.dossier.pk) in chosen} for row in rows],
            count=count,
            more=count - len(rows),
            refused=refused,
        )

    # --- A batch ---------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, batch: DispatchBatch, refused: MoveRefused | None = None, **more: Any
    ) -> HttpResponse:
        _log(request, "dispatch batch", batch)
        rows = _rows(batch)
        return self._show(
            request,
            "dispatch_batch",
            _("Dispatch batch %(number)s") % {"number": batch},
            batch=batch,
            routes=_routes(batch, rows),
            to_pack=sum(row.state == State.LISTED for row in rows),
            districts=District.objects.all(),
            works=_works(request, batch),
            no_route=NO_ROUTE,
            refused=refused,
            **_labels_of(batch),
            **more,
        )

    def act(self, request: HttpRequest, pk: int, row: int, doing: str) -> HttpResponse:
        """Take a sticker off again (``go``), or change route and counts (``sua``) of one parcel."""
        batch = self._mine(request, pk)
        shipment = get_object_or_404(batch.shipments.select_related("dossier"), pk=row)
        if doing not in {"go", "sua"}:
            raise Http404
        if request.method != "POST":
            return see_other(_address(batch))
        user = working(request, batch)
        try:
            if doing == "go":
                packing.unpack(shipment, actor=user, now=timezone.now())
            else:
                packing.amend(shipment, **_amended(request), actor=user, now=timezone.now())
        except MoveRefused as refused:
            return self._page(
                request,
                batch,
                refused,
                refused_row=shipment.pk,
                typed_originals=request.POST.get("ban-chinh", ""),
            )
        words = _("%(code)s: changed.") % {"code": shipment.dossier}
        self.message_user(request, words, messages.SUCCESS)
        return see_other(f"{_address(batch)}#r{shipment.pk}")

    def leave(self, request: HttpRequest, pk: int, route: str, doing: str) -> HttpResponse:
        """Hand a route over to the post (``ban-giao``), or let all of it wait again (``tra-lai``)."""
        batch, district = self._mine(request, pk), _route(route)
        if doing not in {"ban-giao", "tra-lai"}:
            raise Http404
        if request.method != "POST":
            return see_other(_address(batch))
        user = working(request, batch)
        if doing == "tra-lai":
            count = packing.give_back(batch, district, actor=user, now=timezone.now())
            self.message_user(
                request, _("%(count)d results wait again.") % {"count": count}, messages.SUCCESS
            )
            return see_other(_address(batch))
        taken_by = request.POST.get("nguoi-nhan", "")
        try:
            done = packing.hand_over(batch, district, actor=user, now=timezone.now(), taken_by=taken_by)
        except MoveRefused as refused:
            return self._page(request, batch, refused, refused_route=route)
        self._told(request, done)
        return see_other(_address(batch))

    def _told(self, request: HttpRequest, done: packing.HandOver) -> None:
        number = packing.manifest_number(done.manifest.batch, done.manifest.route)
        words = _("Manifest %(number)s is closed: %(count)d parcels are with the post.")
        count = done.manifest.shipments.count()
        self.message_user(request, words % {"number": number, "count": count}, messages.SUCCESS)
        for code, why in done.left.items():
            words = _("%(code)s stays behind: %(why)s")
            self.message_user(request, words % {"code": code, "why": why}, messages.WARNING)

    # --- Packing ---------------------------------------------------------------------------------

    def pack(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One field: the label of a parcel, then the post's sticker on it, then the next label."""
        batch = self._mine(request, pk)
        open_parcel = _wanted(batch, request.GET.get("goi", ""))
        if request.method != "POST":
            return self._scanner(request, batch, open_parcel)
        user, scanned = working(request, batch), request.POST.get("ma", "").strip()[:60]
        here = reverse("admin:procedures_dispatchbatch_pack", args=[batch.pk])
        try:
            if open_parcel is None:
                return see_other(f"{here}?goi={packing.find(batch, scanned).pk}")
            packed = packing.pack(open_parcel, scanned, actor=user, now=timezone.now())
        except MoveRefused as refused:
            return self._scanner(request, batch, open_parcel, refused=refused, scanned=scanned)
        return see_other(f"{here}?xong={packed.pk}")

    def _scanner(
        self,
        request: HttpRequest,
        batch: DispatchBatch,
        open_parcel: Shipment | None,
        *,
        refused: MoveRefused | None = None,
        scanned: str = "",
    ) -> HttpResponse:
        rows = _rows(batch)
        done = next((row for row in rows if str(row.pk) == request.GET.get("xong")), None)
        if open_parcel is not None:
            desk.log_read(request.user, open_parcel.dossier, "dispatch")
        return self._show(
            request,
            "dispatch_pack",
            _("Pack batch %(number)s") % {"number": batch},
            batch=batch,
            parcel=open_parcel,
            done=done if done and done.state == State.PACKED else None,
            to_pack=[row for row in rows if row.state == State.LISTED],
            packed=sum(row.state == State.PACKED for row in rows),
            works=_works(request, batch),
            refused=refused,
            scanned=scanned,
        )

    # --- Papers ----------------------------------------------------------------------------------

    def labels(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The links to the labels alone: the page asks for them until they are made."""
        batch = self._mine(request, pk)
        context = {"batch": batch, **_labels_of(batch)}
        return render(request, "admin/procedures/_dispatch_labels.html", context)

    def label_file(self, request: HttpRequest, pk: int, size: str) -> FileResponse:
        batch = self._mine(request, pk)
        made = batch.labels.filter(size=size).order_by("-revision").first()
        if made is None:
            raise Http404
        _log(request, "dispatch labels", batch)
        name = f"nhan-lo-{batch.number}-{batch.year}-{size}.pdf"
        return FileResponse(made.file.open("rb"), content_type="application/pdf", filename=name)

    def manifest(self, request: HttpRequest, pk: int, route: str, kind: str) -> HttpResponse:
        """The manifest of a route: closed, or a draft of what is packed so far."""
        batch, district = self._mine(request, pk), _route(route)
        closed = batch.manifests.select_related("route", "handed_by", "batch").filter(route=district).first()
        rows = [row for row in _rows(batch) if row.route == district and _on_manifest(row, closed)]
        if kind not in manifests.KINDS or not rows:
            raise Http404
        _log(request, f"dispatch manifest {kind}", batch)
        name = f"bang-ke-{batch.number}-{batch.year}-{route}.{kind}"
        how = "inline" if kind == "pdf" else "attachment"
        return HttpResponse(
            manifests.written(kind, batch, rows, closed),
            content_type=manifests.KINDS[kind],
            headers={"Content-Disposition": f'{how}; filename="{name}"'},
        )


def _address(batch: DispatchBatch) -> str:
    return reverse("admin:procedures_dispatchbatch_change", args=[batch.pk])


def working(request: HttpRequest, batch: DispatchBatch | None = None) -> Any:
    """Who posts results here; others look on."""
    user = staff_user(request)
    if not may_work(user) or (batch and batch.office_id != user.staff.office_id):
        raise PermissionDenied
    return user


def _works(request: HttpRequest, batch: DispatchBatch) -> bool:
    user = staff_user(request)
    return may_work(user) and batch.office_id == user.staff.office_id


def _log(request: HttpRequest, what: str, about: object) -> None:
    """Such a page names everybody whose result is on it."""
    said = f"{about} {about.office}" if isinstance(about, DispatchBatch) else str(about)
    AccessLog.objects.create(user=staff_user(request), about=said[:40], what=what)


def _rows(batch: DispatchBatch) -> list[Shipment]:
    rows = batch.shipments.select_related("dossier", "route", "manifest").order_by("position")
    return list(rows)


def _routes(batch: DispatchBatch, rows: list[Shipment]) -> list[dict[str, Any]]:
    """The parcels by route, with the manifest where one is closed."""
    closed = {m.route_id: m for m in batch.manifests.select_related("route", "handed_by", "batch")}
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        if row.route_id not in found:
            found[row.route_id] = _route_of(batch, row, closed.get(row.route_id))
        entry = found[row.route_id]
        entry["packed"] += row.state == State.PACKED
        entry["listed"] += row.state == State.LISTED
        entry["rows"].append({"of": row, "open": row.state in OPEN, "wrong": _may_not_leave(row)})
    return list(found.values())


def _route_of(batch: DispatchBatch, row: Shipment, manifest: DispatchManifest | None) -> dict[str, Any]:
    """The head of a route that ``row`` is the first parcel of."""
    return {
        "slug": row.route_id or NO_ROUTE,
        "name": row.route,
        "post_office": post_office(row.route),
        "number": packing.manifest_number(batch, row.route),
        "manifest": manifest,
        "holds": packing.verify(manifest) if manifest else True,
        "rows": [],
        "packed": 0,
        "listed": 0,
    }


def _may_not_leave(row: Shipment) -> str:
    """The state of a dossier whose result is no longer to be posted, in words; else nothing."""
    if row.state not in OPEN or row.dossier.state in {"approved", "dispatched"}:
        return ""
    return str(definition_for(row.dossier).state(row.dossier.state).label)


def _labels_of(batch: DispatchBatch) -> dict[str, Any]:
    """Which labels there are; ``making`` while a newer revision is on its way, ``failed`` where it is not."""
    made = {row.size: row for row in batch.labels.filter(revision=batch.revision)}
    failed = OutboxMessage.objects.filter(
        topic="dispatches.labels", key=f"{batch.pk}:{batch.revision}", state=OutboxMessage.State.DEAD
    )
    making = len(made) < len(DispatchLabels.Size.values)
    return {"labels": made, "making": making, "failed": making and failed.exists()}


def _route(slug: str) -> District | None:
    return None if slug == NO_ROUTE else get_object_or_404(District, pk=slug)


def _wanted(batch: DispatchBatch, number: str) -> Shipment | None:
    """The parcel that waits for its sticker."""
    if not (number.isascii() and number.isdigit()):
        return None
    found = batch.shipments.filter(pk=int(number[:12]), state=State.LISTED)
    return found.select_related("dossier", "route", "batch").first()


def _amended(request: HttpRequest) -> dict[str, Any]:
    slug = request.POST.get("tuyen", "")
    route = District.objects.filter(pk=slug).first()
    if route is None and slug != NO_ROUTE:
        raise MoveRefused(_("Choose the route."))
    return {"route": route, "originals": _count(request, "ban-chinh"), "copies": _count(request, "ban-sao")}


def _count(request: HttpRequest, name: str) -> int:
    typed = request.POST.get(name, "").strip()
    if not (typed.isascii() and typed.isdigit() and int(typed[:5]) <= 99):
        raise MoveRefused(_("Originals and copies are numbers from 0 to 99."))
    return int(typed)


def _on_manifest(row: Shipment, closed: DispatchManifest | None) -> bool:
    return row.manifest_id == closed.pk if closed else row.state == State.PACKED
