"""Changes of borders and tiers: a file is tried out, then ordered; what was ordered stays readable."""

import base64
import binascii
import hashlib
from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from portal.dated import typed_day
from portal.http import form_key, see_other, signed_in
from portal.roles import ADMINISTRATOR, RoleAdmin, role
from procedures.areas import files, orders, plan, staffing
from procedures.areas.operations import OPERATIONS
from procedures.models import AreaChange

_SALT = "areas.dry-run"


class Stale(Exception):
    """What is to be ordered is not what was tried out."""


_TOUCHED = {
    "dossiers": ngettext_lazy(
        "%(n)d open dossier goes over or is looked at", "%(n)d open dossiers go over or are looked at", "n"
    ),
    "citizens": ngettext_lazy("%(n)d citizen", "%(n)d citizens", "n"),
    "asked": ngettext_lazy(
        "%(n)d account is asked for its ward", "%(n)d accounts are asked for their ward", "n"
    ),
    "organisations": ngettext_lazy("%(n)d organisation", "%(n)d organisations", "n"),
    "lists": ngettext_lazy(
        "%(n)d intake list stays readable for the successor",
        "%(n)d intake lists stay readable for the successor",
        "n",
    ),
    "parcels": ngettext_lazy(
        "%(n)d parcel in a mailroom goes over", "%(n)d parcels in a mailroom go over", "n"
    ),
    "unidentified": ngettext_lazy(
        "%(n)d of them is unidentified and goes to the successor",
        "%(n)d of them are unidentified and go to the successor",
        "n",
    ),
    "coming": ngettext_lazy(
        "%(n)d parcel at another office is to be handed to the successor",
        "%(n)d parcels at other offices are to be handed to the successor",
        "n",
    ),
    "results": ngettext_lazy(
        "%(n)d result to be posted or on its way goes over",
        "%(n)d results to be posted or on their way go over",
        "n",
    ),
    "staff": ngettext_lazy(
        "%(n)d member of staff of an office that ends", "%(n)d members of staff of an office that ends", "n"
    ),
}


def words(counts: dict[str, int]) -> list[str]:
    """Whom a change touches, a line each."""
    said = [str(line % {"n": counts[name]}) for name, line in _TOUCHED.items() if counts.get(name)]
    return said or [_("It touches no dossier, person or list.")]


def oversees(request: HttpRequest) -> bool:
    staff = getattr(request.user, "staff", None)
    return role(request.user) in ADMINISTRATOR and (staff is None or staff.oversees_province)


@admin.register(AreaChange)
class AreaChangeAdmin(RoleAdmin):
    """For administrators of the province office; nothing here is ever edited."""

    viewers = ADMINISTRATOR
    list_display = ("document", "effective_on", "state", "file_name", "ordered_by", "ordered_at")
    list_select_related = ("outcome", "ordered_by")
    change_list_template = "admin/procedures/area_changes.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return oversees(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return oversees(request)

    @admin.display(description=gettext_lazy("state"))
    def state(self, change: AreaChange) -> str:
        outcome = getattr(change, "outcome", None)
        return outcome.get_what_display() if outcome else _("waits for its day")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("nhap/", view(self.upload), name="procedures_areachange_upload"),
            path("mau/<slug:kind>/", view(self.template), name="procedures_areachange_template"),
            path("<int:pk>/tep/", view(self.file), name="procedures_areachange_file"),
            path("<int:pk>/huy/", view(self.call_off), name="procedures_areachange_off"),
        ]
        return [*own, *super().get_urls()]

    # --- One change ------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        change = self._change(request, object_id)
        outcome = getattr(change, "outcome", None)
        context = {
            "change": change,
            "outcome": outcome,
            "columns": files.COLUMNS,
            "rows": [[row.get(name, "") for name in files.COLUMNS] for row in change.operations],
            "touched": words(outcome.counts if outcome and outcome.counts else change.counts),
            "moves": outcome.staff.select_related("user", "office", "to", "by") if outcome else [],
        }
        return self._page(request, "area_change.html", str(change), context)

    def _change(self, request: HttpRequest, pk: str | int) -> AreaChange:
        if not oversees(request):
            raise PermissionDenied
        if not str(pk).isdecimal() or len(str(pk)) > 15:
            raise Http404
        return get_object_or_404(AreaChange.objects.select_related("outcome__actor", "ordered_by"), pk=pk)

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return render(request, f"admin/procedures/{name}", whole, status=status)

    def file(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The file of a change, as it was uploaded."""
        change = self._change(request, pk)
        return _download(bytes(change.content), f"{change.pk}-{change.file_name}")

    def template(self, request: HttpRequest, kind: str) -> HttpResponse:
        if not oversees(request):
            raise PermissionDenied
        if kind not in {"trong", "vi-du"}:
            raise Http404
        return _download(files.example(() if kind == "trong" else files.EXAMPLE), f"dia-ban-{kind}.csv")

    def call_off(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take back a change that waits for its day."""
        change = self._change(request, pk)
        reason = request.POST.get("reason", "").strip()[:300]
        if request.method == "POST" and not reason:
            self.message_user(request, _("Please write the reason."), messages.ERROR)
        elif request.method == "POST":
            actor = signed_in(request).user  # type: ignore[arg-type]
            done = orders.call_off(change, actor=actor, reason=reason, now=timezone.now())
            said = _("The change was called off.") if done else _("It does not wait any more.")
            self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)
        return see_other(reverse("admin:procedures_areachange_change", args=[pk]))

    # --- Dry run and order -----------------------------------------------------------------------

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Upload a file to try it out; order what was tried out."""
        if not oversees(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._upload(request, {})
        return self._order(request) if "apply" in request.POST else self._try(request)

    def _upload(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        known = {
            "columns": files.COLUMNS,
            "operations": [(name, found.needs, found.help) for name, found in OPERATIONS.items()],
            "day": request.POST.get("day", ""),
            "document": request.POST.get("document", ""),
            "key": form_key(request),
            **context,
        }
        status = 422 if known.get("errors") else 200
        return self._page(request, "area_import.html", _("Change of borders and tiers"), known, status)

    def _try(self, request: HttpRequest) -> HttpResponse:
        """The dry run: nothing is written."""
        sent, errors = request.FILES.get("file"), {}
        day = typed_day(request.POST.get("day", ""))
        if day is None:
            errors["day"] = _("Please write the day as dd/mm/yyyy.")
        if sent is None:
            errors["file"] = _("Please choose a file.")
        elif sent.size is not None and sent.size > files.MOST_BYTES:
            errors["file"] = _("The file is too large: at most 256 KB.")
        if errors or day is None or sent is None:
            return self._upload(request, {"errors": errors})
        return self._preview(request, sent.read(), day, str(sent.name))

    def _preview(
        self, request: HttpRequest, content: bytes, day: date, name: str, errors: Any = None
    ) -> HttpResponse:
        try:
            found = plan.make(files.read(content), day, timezone.localdate())
        except files.Unreadable as unreadable:
            return self._upload(request, {"errors": {"file": str(unreadable)}})
        digest = hashlib.sha256(content).hexdigest()
        context = {
            "plan": found,
            "touched": words(plan.counts(found)) if found.possible else [],
            "leaving": staffing.leaving(found) if found.possible else [],
            "effective_on": day,
            "today": day == timezone.localdate(),
            "digest": digest,
            "file_name": name[-120:],
            "content": base64.b64encode(content).decode(),
            "seal": signing.dumps([digest, day.isoformat(), request.user.pk], salt=_SALT),
            "errors": errors or {},
            "refused": not found.possible,
        }
        page = self._upload(request, context)
        page.status_code = 200 if found.possible and not errors else 422
        return page

    def _order(self, request: HttpRequest) -> HttpResponse:
        """Order the very bytes that were tried out."""
        document = request.POST.get("document", "").strip()
        try:
            content, day = _tried(request)
        except Stale:
            return self._upload(
                request,
                {"errors": {"file": _("This is not the file that was tried out: please upload it again.")}},
            )
        name = request.POST.get("file_name", "").replace("/", "_")[-120:] or "tep.csv"
        if not document or len(document) > 100:
            problem = _("Please write the number of the authority's document, at most 100 characters.")
            return self._preview(request, content, day, name, {"document": problem})
        try:
            change = orders.order(
                content,
                day=day,
                document=document,
                file_name=name,
                actor=signed_in(request).user,  # type: ignore[arg-type]
                key=form_key(request),
                now=timezone.now(),
            )
        except orders.NotPossible:
            return self._preview(request, content, day, name)
        self.message_user(request, _("The change is ordered."), messages.SUCCESS)
        return see_other(reverse("admin:procedures_areachange_change", args=[change.pk]))


def _tried(request: HttpRequest) -> tuple[bytes, date]:
    """The bytes and the day of the dry run; raises ``Stale`` when they are others."""
    try:
        digest, day, user = signing.loads(request.POST.get("seal", ""), salt=_SALT, max_age=24 * 3600)
        content = base64.b64decode(request.POST.get("content", ""), validate=True)
    except (signing.BadSignature, binascii.Error, ValueError):
        raise Stale from None
    if user != request.user.pk or hashlib.sha256(content).hexdigest() != digest:
        raise Stale
    return content, date.fromisoformat(day)


def _download(content: bytes, name: str) -> HttpResponse:
    kind = "text/csv; charset=utf-8" if name.endswith(".csv") else "application/octet-stream"
    safe = "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "_" for c in name)
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{safe}"'}
    )
