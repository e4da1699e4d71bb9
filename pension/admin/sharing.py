"""Cash and accounts: the share over time, where the cash is, and whom to call."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pension import roster
from pension import shares as paid
from pension.admin.asking import as_workbook, log_read, month_of, user_of
from pension.models import RosterImport, RosterSum
from portal import geography
from portal.roles import EVERYBODY, role
from procedures.figures.tables import number, percent
from procedures.models import Office
from procedures.workflow import MoveRefused

MOST_CALLS = 500  # on a page; the file has all


def _offices(request: HttpRequest) -> list[Office]:
    """The offices whoever asks may look at."""
    user = user_of(request)
    staff = getattr(user, "staff", None)
    if role(user) not in EVERYBODY or staff is None:
        raise PermissionDenied
    return list(Office.objects.all()) if staff.oversees_province else [staff.office]


def _chosen(request: HttpRequest) -> tuple[list[Office], list[Office], date | None]:
    """All offices there are to choose from, those chosen, and the month."""
    offices = _offices(request)
    slug = request.GET.get("co-quan", "")
    chosen = [office for office in offices if office.slug == slug] if slug else offices
    if not chosen:
        raise Http404
    today = timezone.localdate()
    try:
        asked = month_of(request.GET["thang"]) if request.GET.get("thang") else date(today.year + 1, 12, 1)
    except MoveRefused:
        raise Http404 from None
    return offices, chosen, roster.newest_month(asked)


@never_cache
@require_safe
def shares(request: HttpRequest) -> HttpResponse:
    """Shares by month, office, ward and paying point."""
    offices, chosen, month = _chosen(request)
    ward = _ward(request)
    sums = RosterSum.objects.filter(office__in=chosen, **({"ward": ward} if ward else {}))
    rows = sums.filter(month=month) if month else sums.none()
    months = paid.by_month(chosen, month, ward) if month else []
    first = sums.filter(month=months[0].key) if len(months) > 1 else sums.none()
    context = {
        **admin.site.each_context(request),
        "opts": RosterImport._meta,
        "title": _("Cash and accounts"),
        "offices": offices,
        "office": chosen[0] if len(chosen) == 1 else None,
        "month": month,
        "ward": geography.ward_name(ward) if ward else "",
        "ward_code": ward,
        "since": months[0].name if len(months) > 1 else "",
        "tables": [
            (_("By month"), _("Month"), _lines(months), ""),
            (_("By office"), _("Office"), _since(rows, first, "office__name", "office__slug"), "co-quan"),
            (_("By ward"), _("Ward"), _since(rows, first, "ward__name", "ward"), "xa"),
            (_("Paying points with cash"), _("Paying point"), _lines(_with_cash(rows)), ""),
        ],
        "chart": _chart(months),
    }
    return render(request, "admin/pension/shares.html", context)


def _ward(request: HttpRequest) -> str:
    """The ward asked for; empty for all. ``Http404`` for what is no code of one."""
    ward = request.GET.get("xa", "")
    if ward and not (ward.isascii() and ward.isdigit() and len(ward) == 5):
        raise Http404
    return ward


def _since(rows: Any, first: Any, name: str, key: str) -> list[dict[str, Any]]:
    """Lines of places, each with its share in the first month that is shown."""
    before = {share.key: percent(share.to_account, share.people) for share in paid.by(first, name, key)}
    return [{**line, "before": before.get(line["key"], "–")} for line in _lines(paid.by(rows, name, key))]


def _with_cash(rows: Any) -> list[paid.Share]:
    return [share for share in paid.by(rows, "pay_point", "pay_point") if share.in_cash][:50]


def _lines(found: list[paid.Share]) -> list[dict[str, Any]]:
    return [
        {
            "name": share.name or _("no paying point given"),
            "key": share.key,
            "people": number(share.people),
            "to_account": number(share.to_account),
            "share": percent(share.to_account, share.people),
            "in_cash": number(share.in_cash),
            "cash": share.cash,
        }
        for share in found
    ]


def _chart(months: list[paid.Share]) -> dict[str, Any]:
    """A bar a month, as wide as the share."""
    return {
        "height": 28 * len(months) + 4,
        "bars": [
            {
                "name": share.name,
                "words": 28 * place + 12,
                "y": 28 * place + 16,
                "width": 280 * share.to_account // max(share.people, 1),
                "said": percent(share.to_account, share.people),
            }
            for place, share in enumerate(months)
        ],
    }


@never_cache
@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Those who are paid in cash, to be called, ward by ward; made to be printed."""
    offices, office, month, ward = _called(request)
    entries = paid.in_cash(office, month, ward)
    log_read(request, f"{office.slug} {month:%m/%Y}", "call list")
    context = {
        **admin.site.each_context(request),
        "opts": RosterImport._meta,
        "title": _("Call list"),
        "offices": offices,
        "office": office,
        "month": month,
        "ward": geography.ward_name(ward) if ward else "",
        "columns": paid.CALL_COLUMNS,
        "rows": list(paid.call_rows(entries[:MOST_CALLS])),
        "count": entries.count(),
        "most": MOST_CALLS,
        "query": request.GET.urlencode(),
    }
    return render(request, "admin/pension/calls.html", context)


def _called(request: HttpRequest) -> tuple[list[Office], Office, date, str]:
    """Of one office: the one chosen, else the own."""
    offices, chosen, month = _chosen(request)
    own = user_of(request).staff.office
    office = own if len(chosen) > 1 and own in chosen else chosen[0]
    return offices, office, month or timezone.localdate().replace(day=1), _ward(request)


@never_cache
@require_safe
def calls_file(request: HttpRequest) -> HttpResponseBase:
    """The call list as a workbook."""
    _all, office, month, ward = _called(request)
    log_read(request, f"{office.slug} {month:%m/%Y}", "call list")
    return as_workbook(
        f"goi-dien-{office.slug}-{month:%Y%m}.xlsx",
        paid.CALL_COLUMNS,
        paid.call_rows(paid.in_cash(office, month, ward)),
        title=f"Người còn lĩnh tiền mặt, {office.name}, {month:%m/%Y}",
        widths=(6, 22, 24, 28, 13, 13, 24, 18, 14, 24),
    )
