"""Reading the ledger: what somebody may see of it, page by page, its balances, and as a table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import documents, kinds
from payments.documents import Document
from payments.models import Account, Entry, OfficeAccount, Posting
from portal.models import User
from procedures import offices
from procedures.exports import Cell
from procedures.models import Office, StaffMember

PAGE = 50
_ZERO = Decimal(0)


def offices_of(user: User) -> list[Office]:
    """The offices whose money ``user`` may look at: their own, every one for who oversees the province."""
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return []
    found = Office.objects.all()
    if not staff.oversees_province:
        found = found.filter(pk__in=offices.kept_by(staff.office_id))
    return list(found)


def visible_to(user: User) -> QuerySet[Posting]:
    """The postings of the offices of ``user``."""
    return Posting.objects.filter(office__in=offices_of(user)).select_related("office", "posted_by")


def get_for(user: User, pk: int) -> Posting:
    """The posting if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user).prefetch_related(_ENTRIES), pk=pk)


def of_document(kind: str, pk: int, user: User) -> QuerySet[Posting]:
    """What was posted for a document at the offices of ``user``, in order."""
    found = visible_to(user).filter(document_kind=kind, document_id=pk)
    return found.prefetch_related(_ENTRIES).order_by("pk")


_ENTRIES = Prefetch("entries", Entry.objects.select_related("bank_account__bank"))


# --- What is chosen ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Selection:
    """A part of the ledger. ``first`` and ``last`` are days, both included; empty means no bound."""

    offices: list[Office]
    account: str = ""
    kind: str = ""
    first: date | None = None
    last: date | None = None

    def begun(self, path: str = "") -> Q:
        """Not before the first day."""
        return Q(**{f"{path}posted_at__gte": _midnight(self.first)}) if self.first else Q()

    def over(self, path: str = "") -> Q:
        """Not after the last day."""
        end = _midnight(self.last + timedelta(days=1)) if self.last else None
        return Q(**{f"{path}posted_at__lt": end}) if end else Q()

    def postings(self) -> QuerySet[Posting]:
        """The postings of the part, newest first."""
        found = Posting.objects.filter(self.begun(), self.over(), office__in=self.offices).order_by("-id")
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.account:
            moved = Entry.objects.filter(posting=OuterRef("pk"), account=self.account)
            found = found.filter(Exists(moved))
        return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


# --- Page by page --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Some postings, newest first, each with its document; ``after`` is where the next page begins."""

    rows: list[tuple[Posting, Document]]
    after: int | None = None


def page(chosen: Selection, before: int | None = None) -> Page:
    """The newest ``PAGE`` postings of ``chosen``, of those with a number below ``before``."""
    found = chosen.postings().select_related("office").prefetch_related(_ENTRIES)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    more = rows[PAGE - 1].pk if len(rows) > PAGE else None
    return Page(explained(rows[:PAGE]), more)


def explained(postings: Iterable[Posting]) -> list[tuple[Posting, Document]]:
    """Each posting with the document it names; ``posting.words`` says what happened."""
    rows = list(postings)
    known = documents.of(rows)
    for row in rows:
        row.words = kinds.words(row.kind)  # type: ignore[attr-defined]
    return [(row, known[row.document_kind, row.document_id]) for row in rows]


# --- Balances ------------------------------------------------------------------------------------


@dataclass
class Balance:
    """What an account stood at, what moved in the days chosen, what it stands at. Debits are positive."""

    opening: Decimal = _ZERO
    debits: Decimal = _ZERO
    credits: Decimal = _ZERO

    @property
    def closing(self) -> Decimal:
        return self.opening + self.debits - self.credits

    def add(self, other: "Balance") -> None:
        self.opening += other.opening
        self.debits += other.debits
        self.credits += other.credits


@dataclass(frozen=True)
class Trial:
    """The trial balance: by account of all offices chosen together, and by office and account."""

    accounts: dict[Account, Balance]
    offices: list[tuple[Office, dict[Account, Balance]]] = field(default_factory=list)

    @property
    def total(self) -> Balance:
        """Of every account; it stands at zero when the ledger holds."""
        total = Balance()
        for balance in self.accounts.values():
            total.add(balance)
        return total

    @property
    def holds(self) -> bool:
        return self.total.closing == 0 and self.total.opening == 0


def trial(chosen: Selection) -> Trial:
    """The balances of the offices chosen over the days chosen; account and kind do not narrow them."""
    per_office: dict[int, dict[Account, Balance]] = {}
    together = {account: Balance() for account in Account}
    for row in _sums(chosen):
        balance = Balance(row["opening"] or _ZERO, row["debits"] or _ZERO, -(row["credits"] or _ZERO))
        account = Account(row["account"])
        per_office.setdefault(row["posting__office"], {})[account] = balance
        together[account].add(balance)
    shown = [office for office in chosen.offices if office.pk in per_office]
    return Trial(together, [(office, per_office[office.pk]) for office in shown])


def _sums(chosen: Selection) -> Iterable[Mapping[str, Any]]:
    moved = chosen.begun("posting__")
    before = ~moved if chosen.first else Q(pk__lt=0)  # no days chosen: nothing came before
    return (
        Entry.objects.filter(chosen.over("posting__"), posting__office__in=chosen.offices)
        .order_by()
        .values("posting__office", "account")
        .annotate(
            opening=Sum("amount", filter=before),
            debits=Sum("amount", filter=moved & Q(amount__gt=0)),
            credits=Sum("amount", filter=moved & Q(amount__lt=0)),
        )
    )


def banks(chosen: Selection) -> list[tuple[OfficeAccount, Decimal]]:
    """What every bank account of the offices chosen stands at after the last day, as the bank should say."""
    summed = Entry.objects.filter(
        chosen.over("posting__"), account=Account.BANK, posting__office__in=chosen.offices
    )
    totals = dict(summed.order_by().values_list("bank_account").annotate(total=Sum("amount")))
    accounts = OfficeAccount.objects.filter(pk__in=totals).select_related("bank", "office")
    return [(account, totals[account.pk]) for account in accounts]


# --- As a table ----------------------------------------------------------------------------------

COLUMNS = (
    gettext_lazy("Posting"),
    gettext_lazy("Booked"),
    gettext_lazy("Office"),
    gettext_lazy("What happened"),
    gettext_lazy("Voucher"),
    gettext_lazy("Number of the voucher"),
    gettext_lazy("Account"),
    gettext_lazy("Bank account"),
    gettext_lazy("Debit"),
    gettext_lazy("Credit"),
    gettext_lazy("Booked by"),
    gettext_lazy("Note"),
)
WIDTHS = (10, 18, 24, 24, 22, 14, 24, 22, 16, 16, 22, 40)


def entries(chosen: Selection) -> QuerySet[Entry]:
    """Every entry of the postings chosen, oldest first."""
    return (
        Entry.objects.filter(posting__in=chosen.postings().order_by())
        .select_related("posting__office", "posting__posted_by", "bank_account")
        .order_by("posting_id", "id")
    )


def table(chosen: Selection) -> Iterator[list[Cell]]:
    """The journal, a row an entry, in constant memory."""
    accounts = {account.value: str(account.label) for account in Account}
    names = _Names()
    for entry in entries(chosen).iterator(chunk_size=2000):
        posting, amount = entry.posting, int(entry.amount)
        yield [
            posting.pk,
            f"{timezone.localtime(posting.posted_at):%d/%m/%Y %H:%M:%S}",
            posting.office.name,
            kinds.words(posting.kind),
            names[posting.document_kind],
            posting.document_id,
            accounts[entry.account],
            entry.bank_account.number if entry.bank_account else "",
            max(amount, 0),
            max(-amount, 0),
            posting.posted_by.full_name if posting.posted_by else _("the portal"),
            posting.note,
        ]


class _Names(dict[str, str]):
    """What kinds of documents are called."""

    def __missing__(self, kind: str) -> str:
        model = documents.model_of(kind)
        self[kind] = str(model._meta.verbose_name) if model else kind
        return self[kind]
