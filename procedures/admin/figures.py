"""The director's page: figures of the office or the province, charts, lists behind them, CSV."""

import io
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.models import AccessLog, User
from portal.roles import LEADERS, role
from procedures.figures import lists, measures, pages, payments, periods, reading, rule
from procedures.figures.reading import Selection
from procedures.figures.tables import number, percent
from procedures.models import Dossier, FiguresMark, Procedure

View = Callable[..., HttpResponse]


def urls(view: Callable[[View], View]) -> list[URLPattern]:
    """The addresses of these pages, ``view`` making a view one of the admin's."""
    return [
        path("so-lieu/", view(figures), name="procedures_dossier_figures"),
        path("so-lieu/<slug:table>.csv", view(as_csv), name="procedures_dossier_figures_csv"),
        path("so-lieu/danh-sach/<slug:measure>/", view(behind), name="procedures_dossier_figures_list"),
    ]


def leader(request: HttpRequest) -> User:
    """Whoever asks, if they lead an office."""
    user = request.user
    if not isinstance(user, User) or role(user) not in LEADERS:
        raise PermissionDenied
    return user


def _selection(request: HttpRequest, now: datetime) -> tuple[Selection, periods.BadPeriod | None]:
    """What the address names; where its months make no sense, this month and why."""
    offices, whole = reading.offices_of(leader(request))
    asked, today = request.GET, timezone.localdate(now)
    wrong = None
    try:
        period = periods.read(asked.get("ky", ""), asked.get("tu", ""), asked.get("den", ""), today)
    except periods.BadPeriod as error:
        period, wrong = periods.read("", "", "", today), error
    office = next((o for o in offices if o.slug == asked.get("co-quan")), None)
    procedure = Procedure.objects.filter(slug=asked.get("thu-tuc", "")).first()
    if (asked.get("co-quan") and not office) or (asked.get("thu-tuc") and not procedure):
        raise Http404
    return Selection(offices, whole, period, office, procedure), wrong


@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The page: tables and charts of a period."""
    now = timezone.now()
    chosen, wrong = _selection(request, now)
    report, paid = pages.report(chosen, now), payments.paid_how(chosen.chosen, chosen.period.last)
    context = {
        **admin.site.each_context(request),
        "opts": Dossier._meta,
        "title": _("Figures"),
        "chosen": chosen,
        "report": report,
        "mark": FiguresMark.objects.first(),
        "administers": role(request.user) == "administrator",
        "choices": periods.CHOICES.items(),
        "choice": _choice(request),
        "asked": request.GET if wrong else chosen.period.query,
        "wrong": wrong,
        "titles": reading.titles(),
        "paid_words": _paid_words(paid) if paid else "",
        "paid": paid,
        "confidence": rule.CONFIDENCE,
        "query": request.GET.urlencode(),
        "now": now,
    }
    return render(request, "admin/procedures/figures/page.html", context, status=422 if wrong else 200)


def _paid_words(paid: payments.PaidHow) -> str:
    share = percent(paid.to_account, paid.people)
    return _("%(share)s in %(month)s: %(some)s of %(all)s people") % {
        "share": share,
        "month": f"{paid.month:%m/%Y}",
        "some": number(paid.to_account),
        "all": number(paid.people),
    }


def _choice(request: HttpRequest) -> str:
    asked = request.GET.get("ky", "")
    return asked if asked in periods.CHOICES else "thang-nay"


@never_cache
@require_safe
def as_csv(request: HttpRequest, table: str) -> HttpResponse:
    """A table of the page for a spreadsheet."""
    now = timezone.now()
    chosen, wrong = _selection(request, now)
    found = next((t for t in pages.report(chosen, now).tables if t.slug == table), None)
    if found is None or wrong:
        raise Http404
    out = io.StringIO(newline="")
    found.write_csv(out)
    name = f"so-lieu-{table}-{chosen.period.first:%Y%m}-{chosen.period.last:%Y%m}.csv"
    return HttpResponse(
        out.getvalue().encode(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@never_cache
@require_safe
def behind(request: HttpRequest, measure: str) -> HttpResponse:
    """The dossiers behind a figure, some at a time; who reads them is recorded."""
    now = timezone.now()
    chosen, wrong = _selection(request, now)
    name = measures.BY_SLUG.get(measure)
    if name is None or wrong:
        raise Http404
    found = lists.page(chosen, name, request.GET.get("sau", ""), now)
    _log_read(leader(request), chosen, name)
    kept = {key: value for key, value in request.GET.items() if key != "sau"}
    context = {
        **admin.site.each_context(request),
        "opts": Dossier._meta,
        "title": measures.label(name),
        "chosen": chosen,
        "live": name in measures.LIVE,
        "list": found,
        "number": number(found.number),
        "procedure": dict(reading.titles()).get(chosen.procedure.slug) if chosen.procedure else "",
        "query": urlencode(kept),
        "back": reverse("admin:procedures_dossier_figures"),
    }
    return render(request, "admin/procedures/figures/list.html", context)


def _log_read(user: User, chosen: Selection, name: str) -> None:
    """A list names everybody on it."""
    where = chosen.office.slug if chosen.office else ("*" if chosen.whole else chosen.offices[0].slug)
    about = f"{where} {chosen.period.words}"
    AccessLog.objects.create(user=user, about=about[:40], what=f"figures: {name}"[:60])
