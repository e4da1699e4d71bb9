"""What the ledger says of a document, as an expression beside its row."""

from decimal import Decimal

from django.db.models import DecimalField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from payments.models import Account, Entry

ZERO = Decimal(0)
MONEY: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=20, decimal_places=0)


def entered(document: str, account: Account, *kinds: str) -> Coalesce:
    """Debits less credits of ``account`` in the postings of the outer row, a ``document`` by model name.

    ``kinds``: of these events alone.
    """
    rows = Entry.objects.filter(
        posting__document_kind=document, posting__document_id=OuterRef("pk"), account=account
    )
    if kinds:
        rows = rows.filter(posting__kind__in=kinds)
    summed = rows.order_by().values("posting__document_id").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(summed, output_field=MONEY), ZERO, output_field=MONEY)
