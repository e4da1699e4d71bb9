"""The auditor's page: the journal, the balances behind it, every posting with what explains it."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from payments import journal, kinds, verifying
from payments.admin.files import FORMATS, MOST_ROWS, Table, as_file
from payments.journal import Selection
from payments.models import Account, Posting
from portal.dated import typed_day
from portal.http import signed_in
from portal.models import AccessLog, User
from portal.roles import EVERYBODY, RoleAdmin

_STALE = timedelta(hours=36)
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class WrongDay(ValueError):
    """A day nobody can read; ``field`` is where it was typed."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


@admin.register(Posting)
class PostingAdmin(RoleAdmin):
    """The ledger of the offices somebody may look at. Nothing is changed here."""

    viewers = EVERYBODY

    def get_queryset(self, request: HttpRequest) -> QuerySet[Posting]:
        return journal.visible_to(_user(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [path("tai-ve/<slug:kind>/", view(self.download), name="payments_posting_download")]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return self._journal(request)

    def _journal(self, request: HttpRequest, refused: str = "") -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen, wrong = _chosen(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Ledger"),
            "chosen": chosen,
            "asked": request.GET,
            "wrong": wrong,
            "refused": refused,
            "offices": journal.offices_of(_user(request)),
            "accounts": Account.choices,
            "kinds": kinds.KINDS.items(),
            "trial": _trial(chosen, request.GET),
            "banks": journal.banks(chosen),
            "page": journal.page(chosen, _number(request.GET.get("truoc", ""))),
            "query": _query(request.GET),
            "check": _check(_user(request)),
        }
        status = 422 if wrong or refused else 200
        return render(request, "admin/payments/journal.html", context, status=status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A posting: its entries, the document that explains it, what else was posted for that."""
        posting = self._mine(request, object_id)
        ((_same, document),) = journal.explained([posting])
        others = journal.of_document(posting.document_kind, posting.document_id, _user(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{_('Posting')} {posting.pk}",
            "posting": posting,
            "entries": posting.entries.select_related("bank_account__bank"),
            "document": document,
            "others": [row for row, _document in journal.explained(others)],
        }
        return render(request, "admin/payments/posting.html", context)

    def download(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The journal as it is filtered, a row an entry; who takes it away is recorded."""
        if kind not in FORMATS:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen, wrong = _chosen(request)
        if wrong:
            return self._journal(request)
        if journal.entries(chosen).count() > MOST_ROWS[kind]:
            words = _("This is more than a file of this kind holds: choose fewer days, or CSV.")
            return self._journal(request, words)
        AccessLog.objects.create(user=_user(request), about=_about(chosen), what=f"ledger {kind}")
        return as_file(_table(chosen), kind)


# --- What the address asks for -------------------------------------------------------------------


def _chosen(request: HttpRequest) -> tuple[Selection, WrongDay | None]:
    """What the address names; where a day makes no sense, everything and why."""
    asked = request.GET
    offices = journal.offices_of(_user(request))
    if asked.get("co-quan"):
        offices = [office for office in offices if office.slug == asked["co-quan"]]
        if not offices:
            raise Http404
    account, kind = asked.get("tai-khoan", ""), asked.get("loai", "")[:30]
    chosen = Selection(offices, account if account in Account.values else "", kind)
    try:
        first, last = _days(asked)
    except WrongDay as wrong:
        return chosen, wrong
    return Selection(chosen.offices, chosen.account, chosen.kind, first, last), None


def _days(asked: QueryDict) -> tuple[date | None, date | None]:
    first, last = _day(asked, "tu"), _day(asked, "den")
    if first and last and first > last:
        raise WrongDay(_("The first day comes after the last."), "tu")
    return first, last


def _day(asked: QueryDict, name: str) -> date | None:
    """A day as 05/07/2021 or 2021-07-05, or none; raises ``WrongDay``."""
    words = asked.get(name, "").strip()
    if not words:
        return None
    found = typed_day(words)
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise WrongDay(_("Write the day as 05/07/2021."), name)
    return found


def _number(words: str) -> int | None:
    return int(words) if words.isascii() and words.isdigit() and len(words) < 18 else None


def _query(asked: QueryDict, **instead: str) -> str:
    """The filters as the end of an address, without the place in the list."""
    kept = {name: asked.get(name, "")[:30] for name in ("co-quan", "tai-khoan", "loai", "tu", "den")}
    return urlencode({name: value for name, value in {**kept, **instead}.items() if value})


# --- What the page shows -------------------------------------------------------------------------


def _trial(chosen: Selection, asked: QueryDict) -> dict[str, Any]:
    """The trial balance with the part of the journal behind each figure."""
    told = journal.trial(chosen)
    rows = [
        (account.label, balance, _query(asked, **{"tai-khoan": account.value}))
        for account, balance in told.accounts.items()
    ]
    matrix = [
        (office, [_cell(asked, office.slug, account, of) for account in Account], sum_of(of))
        for office, of in told.offices
    ]
    return {"rows": rows, "total": told.total, "holds": told.holds, "matrix": matrix}


def _cell(asked: QueryDict, office: str, account: Account, of: dict[Account, journal.Balance]) -> Any:
    query = _query(asked, **{"co-quan": office, "tai-khoan": account.value})
    return (of[account].closing, query) if account in of else (None, query)


def sum_of(balances: dict[Account, journal.Balance]) -> Any:
    return sum(balance.closing for balance in balances.values())


def _check(user: User) -> dict[str, Any]:
    """The last check; its lines name documents of every office, so only who sees all reads them."""
    last, staff = verifying.last(), getattr(user, "staff", None)
    lines = last.problems if last and staff and staff.oversees_province else []
    return {"last": last, "lines": lines, "stale": bool(last and timezone.now() - last.at > _STALE)}


# --- The file ------------------------------------------------------------------------------------


def _about(chosen: Selection) -> str:
    offices = chosen.offices[0].slug if len(chosen.offices) == 1 else "*"
    return f"{offices} {chosen.first or ''}–{chosen.last or ''}"[:40]


def _table(chosen: Selection) -> Table:
    return Table("so-cai", _("Ledger"), journal.COLUMNS, journal.WIDTHS, journal.table(chosen))


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]
