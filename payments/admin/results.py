"""Files of results: upload, and what came of every row."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import results
from payments.admin.payouts import read
from payments.models import ResultFile, ResultRow
from portal.http import see_other
from portal.roles import EVERYBODY, RoleAdmin, role
from procedures.admin.assigning import staff_user
from procedures.parcels import may_work
from procedures.workflow import MoveRefused

_TONES = {"paid": "green", "rejected": "red", "returned": "red", "waiting": "blue", "known": "grey"}
_SHOWN = 200  # rows of a file that was not taken


@admin.register(ResultFile)
class ResultFileAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("name", "kind", "office", "read_at", "whom", "row_count")
    list_filter = ("kind", "office")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/payments/result_files.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResultFile]:
        return results.files(staff_user(request))

    @admin.display(description=gettext_lazy("read by"))
    def whom(self, file: ResultFile) -> str:
        return file.read_by.full_name

    def get_urls(self) -> list[URLPattern]:
        upload = self.admin_site.admin_view(self.upload)
        return [path("tai-len/", upload, name="payments_resultfile_upload"), *super().get_urls()]

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file of the bank: all of it or nothing."""
        if not role(request.user):
            raise PermissionDenied
        if request.method != "POST":
            return self._form(request)
        user = staff_user(request)
        if not may_work(user):
            raise PermissionDenied
        try:
            name, data = _uploaded(request)
            file, new = results.take_in(name, data, actor=user, now=timezone.now())
        except MoveRefused as refused:
            return self._form(request, refused)
        if not new:
            words = _("This file has been read before; here is its report.")
            self.message_user(request, words, messages.INFO)
        return see_other(reverse("admin:payments_resultfile_change", args=[file.pk]))

    def _form(self, request: HttpRequest, refused: MoveRefused | None = None) -> HttpResponse:
        lines = refused.lines if isinstance(refused, results.NotTaken) else []
        wrong_first = sorted(lines, key=lambda line: not line.why)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Read a file of results"),
            "may_work": may_work(staff_user(request)),
            "refused": refused,
            "lines": wrong_first[:_SHOWN],
            "more": len(lines) - _SHOWN if len(lines) > _SHOWN else 0,
        }
        return render(request, "admin/payments/result_upload.html", context, status=422 if refused else 200)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What came of every row."""
        file = self._mine(request, object_id)
        read(request, "file of results", file.name)
        wanted = request.GET.get("ra", "")
        rows = file.rows.select_related("order__dossier")
        shown = rows.filter(outcome=wanted) if wanted in ResultRow.Outcome.values else rows
        found = dict(file.rows.order_by().values_list("outcome").annotate(Count("pk")))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": file.name,
            "file": file,
            "wanted": wanted,
            "counts": [
                {"value": o.value, "label": o.label, "count": found[o.value], "tone": _TONES[o.value]}
                for o in ResultRow.Outcome
                if o.value in found
            ],
            "page_obj": Paginator(shown, 100).get_page(request.GET.get("p")),
        }
        return render(request, "admin/payments/result_file.html", context)


def _uploaded(request: HttpRequest) -> tuple[str, bytes]:
    sent = request.FILES.get("tep")
    if sent is None:
        raise MoveRefused(_("Choose the file of the bank."))
    if (sent.size or 0) > settings.MAX_UPLOAD_MB * 1024 * 1024:
        raise MoveRefused(_("The file is larger than %(mb)d MB.") % {"mb": settings.MAX_UPLOAD_MB})
    return (sent.name or "").replace("\\", "/").rpartition("/")[2], sent.read()
