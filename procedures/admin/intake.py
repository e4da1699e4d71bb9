"""Daily intake lists: close, look, put right, take away."""

import secrets
import tempfile
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.http import form_key, see_other, signed_in
from portal.models import AccessLog, User
from portal.periods import by_period
from portal.roles import EVERYBODY, RoleAdmin, role
from procedures import books, corrections, downloads, intake, offices
from procedures.admin.ranges import offices_of, range_of
from procedures.books import Scope
from procedures.corrections import Wish
from procedures.models import IntakeCorrection, IntakeList, IntakeRow, StaffMember
from procedures.workflow import MoveRefused

ROWS_A_PAGE = 200
READY_DAYS = 14


@admin.register(IntakeList)
class IntakeListAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("day", "office", "number", "row_count", "closed_at", "short_digest")
    list_filter = (by_period("day"), "office")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/procedures/intake_lists.html"

    @admin.display(description="SHA-256")
    def short_digest(self, closed: IntakeList) -> str:
        return closed.digest[:12]

    def get_queryset(self, request: HttpRequest) -> QuerySet[IntakeList]:
        lists: QuerySet[IntakeList] = super().get_queryset(request).select_related("office")
        staff = getattr(request.user, "staff", None)
        if staff is None:
            return lists.none()
        if staff.oversees_province:
            return lists
        return lists.filter(office__in=offices.kept_by(staff.office_id))

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "procedures_intakelist"
        own = [
            path("chot/", view(self.close), name=f"{name}_close"),
            path("san-sang/", view(self.ready), name=f"{name}_ready"),
            path("xuat/", view(self.export), name=f"{name}_export"),
            path("<int:pk>/tai-ve/<str:kind>/", view(self.download), name=f"{name}_download"),
            path("<int:pk>/dieu-chinh/", view(self.correct), name=f"{name}_correct"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, closed: IntakeList, *, refused: MoveRefused | None = None
    ) -> HttpResponse:
        _log_read(request, str(closed), "intake list")
        pages = max(1, -(-closed.row_count // ROWS_A_PAGE))
        page = _page_number(request, pages)
        first = (page - 1) * ROWS_A_PAGE + 1
        made = closed.corrections.select_related("made_by", "row", "dossier").order_by("year", "number")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(closed),
            "list": closed,
            "columns": books.COLUMNS,
            "rows": books.rows(closed, first=first, last=first + ROWS_A_PAGE - 1),
            "added": books.added(closed) if page == pages else [],
            "page": page,
            "pages": range(1, pages + 1) if pages > 1 else [],
            "totals": books.totals(IntakeRow.objects.filter(list=closed)),
            "holds": intake.verify(closed),
            "corrections": [(correction, books.words_of(correction)) for correction in made],
            "may_correct": corrections.may_correct(closed, _user(request)),
            "kinds": IntakeCorrection.Kind.choices,
            "correctable": books.CORRECTABLE.items(),
            "refused": refused,
            "typed": request.POST if refused else {},
            "key": secrets.token_urlsafe(12),
        }
        status = 422 if refused else 200
        return render(request, "admin/procedures/intake_list.html", context, status=status)

    def close(self, request: HttpRequest) -> HttpResponse:
        """Close every day of the clerk's office that is over and has no list yet."""
        back = reverse("admin:procedures_intakelist_changelist")
        staff = getattr(request.user, "staff", None)
        if request.method != "POST" or staff is None or role(request.user) == "administrator":
            return see_other(back)
        now, count = timezone.now(), 0
        try:
            for day in intake.days_to_close(staff.office, timezone.localdate(now)):
                intake.close_list(staff.office, day, actor=_user(request), now=now)
                count += 1
        except intake.NotYet:
            self.message_user(request, _("Today's list can be closed after office hours."), messages.INFO)
        self.message_user(request, _("%(count)d lists closed.") % {"count": count}, messages.SUCCESS)
        return see_other(back)

    def correct(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put something right beside a closed list (a supervisor of the office)."""
        closed = self._mine(request, pk)
        address = reverse("admin:procedures_intakelist_change", args=[closed.pk])
        if request.method != "POST":
            return see_other(address)
        said = {name: request.POST.get(name, "")[:1000] for name in Wish.__dataclass_fields__}
        try:
            made = corrections.correct(
                closed, Wish(**said), actor=_user(request), key=form_key(request), now=timezone.now()
            )
        except MoveRefused as refused:
            return self._page(request, closed, refused=refused)
        words = _("Correction %(number)s is noted; the list stays as it was closed.") % {"number": made}
        self.message_user(request, words, messages.SUCCESS)
        return see_other(f"{address}#dieu-chinh")

    def ready(self, request: HttpRequest) -> HttpResponse:
        """The download desk: the lists of the last days and the files made for the office."""
        staff = _staff(request)
        since = timezone.localdate() - timedelta(days=READY_DAYS)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Ready for you"),
            "office": staff.office,
            "lists": self.get_queryset(request).filter(day__gte=since).order_by("-day", "office")[:150],
            "exports": downloads.visible_to(_user(request))[:30],
            "formats": books.FORMATS,
        }
        return render(request, "admin/procedures/intake_ready.html", context)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Several days, or the whole province, in one file: at once, or by a worker when it is long."""
        staff = _staff(request)
        if request.method != "POST":
            return self._export_page(request, staff)
        try:
            scope, kind = range_of(request.POST, staff)
        except MoveRefused as refused:
            return self._export_page(request, staff, refused)
        if scope.count() <= _at_once():
            _log_read(request, str(scope), f"intake export {kind}")
            return _file(scope, kind)
        export = downloads.ask(scope, kind, actor=_user(request), key=form_key(request), now=timezone.now())
        return see_other(reverse("admin:procedures_export_change", args=[export.pk]))

    def _export_page(
        self, request: HttpRequest, staff: StaffMember, refused: MoveRefused | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Several days in one file"),
            "offices": offices_of(staff),
            "province": staff.oversees_province,
            "formats": books.FORMATS,
            "at_once": _at_once(),
            "typed": request.POST if refused else request.GET,
            "refused": refused,
            "key": secrets.token_urlsafe(12),
        }
        status = 422 if refused else 200
        return render(request, "admin/procedures/intake_export.html", context, status=status)

    def download(self, request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
        """A closed list as CSV, XLSX or the printed book; a long one is asked of a worker."""
        closed = self._mine(request, pk)
        if kind not in books.FORMATS:
            raise Http404
        if closed.row_count > _at_once():
            day = f"{closed.day:%Y-%m-%d}"
            words = _("This list is long: a worker makes the file once you ask for it here.")
            self.message_user(request, words, messages.INFO)
            query = f"office={closed.office.slug}&from_day={day}&to_day={day}&kind={kind}"
            return see_other(f"{reverse('admin:procedures_intakelist_export')}?{query}")
        _log_read(request, str(closed), f"intake list {kind}")
        return _file(books.scope_of(closed), kind)


def _at_once() -> int:
    return int(settings.EXPORT_ROWS_AT_ONCE)


def _file(scope: Scope, kind: str) -> FileResponse:
    out = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (FileResponse closes it)
    books.write(scope, kind, out)
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=scope.filename(kind))


def _page_number(request: HttpRequest, pages: int) -> int:
    asked = request.GET.get("trang", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    return min(max(number, 1), pages)


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]


def _staff(request: HttpRequest) -> StaffMember:
    staff: StaffMember | None = getattr(request.user, "staff", None)
    if staff is None:
        raise PermissionDenied
    return staff


def _log_read(request: HttpRequest, about: str, what: str) -> None:
    """A list names everybody who filed that day."""
    AccessLog.objects.create(user=_user(request), about=about[:40], what=what[:60])
