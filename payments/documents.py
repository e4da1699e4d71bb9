"""What explains a posting: the row it names, and the page that shows it.

A posting names its document by model and number. The page is known by the name of its address, so
that whoever adds a kind of document adds one line here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from payments.models import Posting

PAGES = {
    "contributionorder": "admin:payments_contributionorder_change",
    "orderreturn": "admin:payments_orderreturn_change",
    "statementline": "admin:payments_statementline_change",
    "suspenseitem": "admin:payments_suspenseitem_change",
    "refund": "admin:payments_refund_change",
    "lumpsum": "admin:payments_lumpsum_change",
    "cashvoucher": "admin:payments_cashvoucher_change",
    "cashsupply": "admin:payments_cashsupply_change",
    "cashorder": "admin:payments_cashorder_change",
    "paymentorder": "admin:payments_paymentorder_change",
    "receipt": "admin:payments_receipt_change",
    "dossier": "admin:procedures_dossier_change",
}
"""Name of the page by document kind; its one argument is the number of the document. One that is not
there yet shows nothing, and the document is named without a link."""

_APPS = ("payments", "procedures")


@dataclass(frozen=True)
class Document:
    """``words`` name it; ``url`` is empty where no page shows it; ``there``: its row exists."""

    words: str
    url: str = ""
    there: bool = True


def model_of(kind: str) -> type[models.Model] | None:
    """The model a posting means by ``kind``; ``None`` where there is no such model."""
    for app in _APPS:
        try:
            return apps.get_model(app, kind)
        except LookupError:
            continue
    return None


def of(postings: Iterable[Posting]) -> dict[tuple[str, int], Document]:
    """The document of each posting, by its kind and number; one query for each kind."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for posting in postings:
        numbers[posting.document_kind].add(posting.document_id)
    return {(kind, pk): made for kind, pks in numbers.items() for pk, made in _found(kind, pks).items()}


def _found(kind: str, pks: set[int]) -> dict[int, Document]:
    model = model_of(kind)
    if model is None:
        return {pk: Document(f"{kind} {pk}", there=False) for pk in pks}
    name = str(model._meta.verbose_name)
    rows = model._default_manager.in_bulk(pks)
    return {
        pk: Document(f"{name} {rows[pk]}", page(kind, pk))
        if pk in rows
        else Document(
            _("%(document)s %(number)d is not there") % {"document": name, "number": pk}, there=False
        )
        for pk in pks
    }


def page(kind: str, pk: int) -> str:
    """The address that shows the document, "" where there is none yet."""
    try:
        return reverse(PAGES[kind], args=[pk])
    except (KeyError, NoReverseMatch):
        return ""
