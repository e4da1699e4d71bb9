"""The mailroom: a scanner that types, the parcel it means, and the parcels that wait for somebody."""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.http import form_key, see_other, signed_in
from portal.models import User
from portal.roles import EVERYBODY, RoleAdmin
from procedures import arrivals, desk, handovers, parcels, photos
from procedures.catalogue import definition_for
from procedures.models import Parcel, ParcelPaper
from procedures.parcels import Paper
from procedures.workflow import MoveRefused

LAST_SCANS = 10


def scan(request: HttpRequest) -> HttpResponse:
    """One field: Enter receives a parcel (POST) and shows what to do with it (``?buu=``)."""
    user = _user(request)
    if request.method == "POST":
        return _receive(request, user)
    number = request.GET.get("buu", "")
    parcel = parcels.get_for(user, int(number)) if number.isascii() and number.isdigit() else None
    return _page(request, user, parcel)


def _receive(request: HttpRequest, user: User) -> HttpResponse:
    _working(user)
    scanned, bare = request.POST.get("ma", "").strip()[:60], "khong-ma" in request.POST
    if not scanned and not bare:
        return _page(request, user, None, refused=MoveRefused(_("Scan or type a code first."), field="ma"))
    if handovers.is_code(scanned.upper()):
        return _list(request, user, scanned.upper())
    try:
        parcel, fresh = parcels.receive(
            "" if bare else scanned,
            actor=user,
            key=form_key(request),
            now=timezone.now(),
            another="nua" in request.POST,
        )
    except MoveRefused as refused:  # misread: the envelope is still in the hand
        return _page(request, user, None, refused=refused)
    if parcel.dossier is not None:
        desk.log_read(user, parcel.dossier, "scan")
    if not fresh:
        words = _("Parcel %(number)s was received before: see its steps below.")
        messages.info(request, words % {"number": parcel.pk})
    return see_other(_next(request, user, parcel))


def _list(request: HttpRequest, user: User, code: str) -> HttpResponse:
    """The bars of a handover list lead to what should arrive."""
    found = handovers.visible_to(user).filter(code=code).first()
    if found is None:
        words = _("Your office has no handover list %(code)s.") % {"code": code}
        return _page(request, user, None, refused=MoveRefused(words, field="ma"))
    return see_other(reverse("admin:procedures_handoverlist_change", args=[found.pk]))


def _next(request: HttpRequest, user: User, parcel: Parcel) -> str:
    """Back to the handover list whose parcels are being ticked off, else the parcel's own page."""
    number = request.POST.get("ds", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return _address(parcel)
    found = handovers.visible_to(user).filter(pk=int(number), rows__parcel=parcel).first()
    if found is None:  # it came along without being on the list
        return _address(parcel)
    return reverse("admin:procedures_handoverlist_change", args=[found.pk])


def _page(
    request: HttpRequest, user: User, parcel: Parcel | None, *, refused: MoveRefused | None = None
) -> HttpResponse:
    dossier = parcel.dossier if parcel else None
    here = getattr(getattr(user, "staff", None), "office_id", None)
    words = request.GET.get("tim", "").strip()[:60]
    may_scan = parcels.may_work(user)
    works = parcel is not None and may_scan and parcel.office_id == here
    context = {
        **admin.site.each_context(request),
        "opts": Parcel._meta,
        "title": _("Mailroom"),
        "parcel": parcel,
        "own": dossier is not None and dossier.office_id == here,
        "may_scan": may_scan,
        "works": works and parcel is not None and parcel.state in parcels.WAITING,
        "state": definition_for(dossier).state(dossier.state) if dossier else None,
        "originals": _awaited(parcel, request.POST if refused else None),
        "nothing_kept": arrivals.says(parcel.scanned) if parcel and dossier is None else None,
        "typed_form": _typed_form(words) if works and dossier is None else "",
        "conditions": ParcelPaper.Condition.choices,
        "papers": parcel.papers.select_related("original") if parcel else [],
        "photos": parcel.photos.select_related("taken_by") if parcel else [],
        "accept": photos.ACCEPT,
        "listed": handovers.open_list(parcel) if parcel else None,
        "overdue": handovers.missing(user, timezone.now()).count() if may_scan else 0,
        "steps": parcel.steps.select_related("actor", "office") if parcel else [],
        "words": words,
        "candidates": parcels.candidates(words, actor=user) if works and words else [],
        "last": parcels.visible_to(user).filter(office=here)[:LAST_SCANS] if here else [],
        "refused": refused,
        "typed": request.POST if refused else {},
        "own_parcel": works,
        "key": secrets.token_urlsafe(12),
    }
    return render(request, "admin/procedures/scan.html", context, status=422 if refused else 200)


def _typed(typed: QueryDict | None, name: str) -> str:
    return str(typed.get(name, "")) if typed is not None else ""


def _typed_form(words: str) -> str:
    """The code of a form typed on the site, where ``words`` are one; "" also where it was misread."""
    try:
        return arrivals.reads(words)
    except MoveRefused:
        return ""


def _awaited(parcel: Parcel | None, typed: QueryDict | None) -> list[dict[str, Any]]:
    """The papers to be counted, each with what was typed beside it when the count was refused."""
    if parcel is None or parcel.dossier is None:
        return []
    rows, here = parcel.dossier.originals.all(), {None, parcel.received_at}
    return [
        {
            "row": row,
            "arrived": row.received_at in here if typed is None else row.document in typed.getlist("arrived"),
            "pages": _typed(typed, f"{row.document}-to"),
            "kind": _typed(typed, f"{row.document}-la"),
            "condition": _typed(typed, f"{row.document}-tt"),
        }
        for row in rows
    ]


@admin.register(Parcel)
class ParcelAdmin(RoleAdmin):
    """Parcels of the office and those coming to it; a row opens on the scanner's page."""

    viewers = EVERYBODY
    list_display = ("pk", "state", "dossier_code", "tracking", "scanned", "office", "received_at", "whom")
    list_filter = ("state", "office")
    search_fields = ("dossier__code", "tracking", "scanned")
    search_help_text = gettext_lazy("Dossier code, tracking number or what was scanned")
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Parcel]:
        return parcels.visible_to(_user(request))

    @admin.display(description=gettext_lazy("dossier"))
    def dossier_code(self, parcel: Parcel) -> str:
        return str(parcel.dossier or "–")

    @admin.display(description=gettext_lazy("received by"))
    def whom(self, parcel: Parcel) -> str:
        return parcel.received_by.full_name

    def get_urls(self) -> list[URLPattern]:
        doing = path(
            "<int:pk>/viec/<slug:doing>/", self.admin_site.admin_view(self.act), name="procedures_parcel_act"
        )
        photo = path(
            "<int:pk>/anh/<int:number>/",
            self.admin_site.admin_view(self.photo),
            name="procedures_parcel_photo",
        )
        return [doing, photo, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return see_other(_address(self._mine(request, object_id)))

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Count a parcel, say whose it is, note something, send it back or strike it out."""
        parcel, user = self._mine(request, pk), _user(request)
        if doing not in _DOINGS:
            raise Http404
        if request.method != "POST":
            return see_other(_address(parcel))
        _working(user)
        try:
            done = _DOINGS[doing](parcel, request, user)
        except MoveRefused as refused:
            return _page(request, user, parcel, refused=refused)
        self.message_user(request, f"{parcel.dossier or parcel.pk}: {done}", messages.SUCCESS)
        stays = doing in {"la-cua", "ghi-chu", "anh"}
        return see_other(_address(parcel) if stays else reverse("admin:procedures_dossier_scan"))

    def photo(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """A picture of the parcel, small with ``?nho``."""
        parcel, small = self._mine(request, pk), "nho" in request.GET
        picture = photos.show(parcel, number, small=small, viewer=_user(request))
        sealed = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}
        return HttpResponse(picture.data, content_type=picture.media_type, headers=sealed)


def _address(parcel: Parcel) -> str:
    return f"{reverse('admin:procedures_dossier_scan')}?buu={parcel.pk}"


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]


def _working(user: User) -> None:
    if not parcels.may_work(user):
        raise PermissionDenied


def _note(request: HttpRequest) -> str:
    return request.POST.get("note", "").strip()[:1000]


def _count(parcel: Parcel, request: HttpRequest, user: User) -> str:
    complete = parcels.count(parcel, _papers(request), actor=user, now=timezone.now(), note=_note(request))
    if complete:
        return _("the parcel is counted, no paper is missing.")
    return _("the parcel is counted, but something is still missing.")


def _papers(request: HttpRequest) -> list[Paper]:
    """What was ticked, with the number of pages and the condition typed beside it."""
    posted = request.POST
    return [
        Paper(
            document,
            pages=_pages(posted.get(f"{document}-to", "")),
            copy=posted.get(f"{document}-la") == "copy",
            condition=_condition(posted.get(f"{document}-tt", "")),
        )
        for document in dict.fromkeys(posted.getlist("arrived"))
    ]


def _pages(typed: str) -> int | None:
    typed = typed.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:5]) <= 999):
        raise MoveRefused(_("Pages are a number from 1 to 999."), field="pages")
    return int(typed)


def _condition(typed: str) -> str:
    return typed if typed in ParcelPaper.Condition.values else ParcelPaper.Condition.GOOD


def _identify(parcel: Parcel, request: HttpRequest, user: User) -> str:
    found = parcels.identify(parcel, request.POST.get("ma", "")[:60], actor=user, now=timezone.now())
    if found.dossier is not None:
        desk.log_read(user, found.dossier, "scan")
    return _("the parcel has found its dossier: %(code)s.") % {"code": found.dossier}


def _keep(parcel: Parcel, request: HttpRequest, user: User) -> str:
    parcels.note(parcel, _note(request), actor=user, now=timezone.now())
    return _("noted.")


def _send_back(parcel: Parcel, request: HttpRequest, user: User) -> str:
    parcels.send_back(parcel, actor=user, now=timezone.now(), words=_note(request))
    return _("the parcel goes back to its sender.")


def _strike(parcel: Parcel, request: HttpRequest, user: User) -> str:
    parcels.strike(parcel, actor=user, now=timezone.now(), words=_note(request))
    return _("struck out; the row stays.")


def _photo(parcel: Parcel, request: HttpRequest, user: User) -> str:
    photos.add(parcel, request.FILES.get("anh"), actor=user, now=timezone.now())
    return _("the photo is kept with the parcel.")


_DOINGS = {
    "anh": _photo,
    "dem": _count,
    "la-cua": _identify,
    "ghi-chu": _keep,
    "tra-lai": _send_back,
    "gach": _strike,
}
