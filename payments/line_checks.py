"""Checks of what came in: lines of statements, suspense and receipts, against the ledger.

In SQL: there are as many lines as the bank has bookings.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext as _

from payments.entered import entered
from payments.models import Account, ContributionOrder, Receipt, SuspenseReturn
from payments.money_checks import due_of

# A line of money in is received in full, and pays orders or waits at the desk, in full. A payment of ours
# that came back is the payout's to post: its line names it and is nowhere else.
_LINES = """
WITH posted AS (
    SELECT p.document_id AS id, sum(e.amount) AS amount FROM payments_posting p
    JOIN payments_entry e ON e.posting_id = p.id AND e.account = 'bank'
    WHERE p.document_kind = 'statementline' GROUP BY p.document_id
), settled AS (
    SELECT line_id AS id, sum(amount) AS amount FROM payments_settlement WHERE how <> 'desk' GROUP BY line_id
)
SELECT l.id, l.reference, l.amount, coalesce(p.amount, 0), coalesce(s.amount, 0) + coalesce(i.amount, 0)
FROM payments_statementline l LEFT JOIN posted p ON p.id = l.id LEFT JOIN settled s ON s.id = l.id
LEFT JOIN payments_suspenseitem i ON i.line_id = l.id
WHERE CASE WHEN l.is_credit
    THEN coalesce(p.amount, 0) <> l.amount OR coalesce(s.amount, 0) + coalesce(i.amount, 0) <> l.amount
    ELSE p.id IS NOT NULL OR s.id IS NOT NULL OR i.id IS NOT NULL END
AND NOT (p.id IS NULL AND s.id IS NULL AND i.id IS NULL AND EXISTS (
    SELECT 1 FROM payments_paymentorder o WHERE o.amount = l.amount AND o.state = 'returned' AND o.id =
        substring(upper(regexp_replace(l.text, '[^A-Za-z0-9]', '', 'g')) FROM 'KHC([0-9]{9})')::bigint
))
ORDER BY l.id
"""

# Each settlement stands in the ledger under its own key.
_SETTLEMENTS = """
SELECT s.id, s.amount, coalesce(-sum(e.amount), 0) FROM payments_settlement s
LEFT JOIN payments_posting p ON p.key = s.key AND p.kind = 'settled'
    AND p.document_kind = 'contributionorder' AND p.document_id = s.order_id
LEFT JOIN payments_entry e ON e.posting_id = p.id AND e.account = 'receivable'
GROUP BY s.id, s.amount HAVING coalesce(-sum(e.amount), 0) <> s.amount ORDER BY s.id
"""

# What is not undecided any more was settled at the desk, or is on its way back.
_SUSPENSE = """
SELECT i.id, i.amount - i.left, coalesce(d.amount, 0) + coalesce(r.amount, 0)
FROM payments_suspenseitem i
LEFT JOIN (
    SELECT line_id, sum(amount) AS amount FROM payments_settlement WHERE how = 'desk' GROUP BY line_id
) AS d ON d.line_id = i.line_id
LEFT JOIN (
    SELECT item_id, sum(amount) AS amount FROM payments_suspensereturn
    WHERE state IN ('asked', 'sent', 'paid') GROUP BY item_id
) AS r ON r.item_id = i.id
WHERE i.amount - i.left <> coalesce(d.amount, 0) + coalesce(r.amount, 0) ORDER BY i.id
"""

# Numbers of a series run from 1 without gaps.
_SERIES = """
SELECT s.year, o.name, count(r.id), max(r.number) FROM payments_receipt r
JOIN payments_receiptseries s ON s.id = r.series_id JOIN procedures_office o ON o.id = s.office_id
GROUP BY s.id, s.year, o.name HAVING count(r.id) <> max(r.number) OR min(r.number) <> 1
ORDER BY o.name, s.year
"""


def lines() -> Iterator[str]:
    """Every line of money in is received and used up in full; money out is not booked by its line."""
    for pk, reference, amount, posted, used in _rows(_LINES):
        words = _(
            "statement line %(pk)d (%(reference)s): %(amount)s, but %(posted)s received and %(used)s for "
            "orders or in suspense"
        )
        facts = {"pk": pk, "reference": reference, "amount": amount, "posted": posted, "used": used}
        yield words % facts
    for pk, amount, posted in _rows(_SETTLEMENTS):
        words = _("settlement %(pk)d: %(amount)s, but %(posted)s in the ledger")
        yield words % {"pk": pk, "amount": amount, "posted": posted}


def suspense() -> Iterator[str]:
    """What the desk has decided of an item is what its settlements and returns come to."""
    for pk, decided, found in _rows(_SUSPENSE):
        words = _("suspense item %(pk)d: %(decided)s decided, but %(found)s settled or sent back")
        yield words % {"pk": pk, "decided": decided, "found": found}
    told = SuspenseReturn.objects.order_by("pk").annotate(
        due=due_of(state__in=["sent", "paid"]), out=entered("suspensereturn", Account.SUSPENSE)
    )
    for back in told.filter(~Q(out=F("due"))).iterator():
        words = _("money sent back %(back)d: %(due)s approved, but %(out)s left suspense")
        yield words % {"back": back.pk, "due": back.due, "out": back.out}


def receipts() -> Iterator[str]:
    """A receipt is for a paid order, and for all of it; one that cancels is for what it cancels."""
    told = Receipt.objects.select_related("order").order_by("pk")
    unpaid = ~Q(order__state=ContributionOrder.State.PAID) | ~Q(amount=F("order__amount"))
    for receipt in told.filter(unpaid).iterator():
        words = _("receipt %(code)s: for %(amount)s, but %(paid)s of %(ordered)s paid for its order")
        order = receipt.order
        facts = {"code": receipt.code, "amount": receipt.amount, "paid": order.paid, "ordered": order.amount}
        yield words % facts
    for receipt in told.filter(cancels__isnull=False).exclude(amount=F("cancels__amount")).iterator():
        words = _("receipt %(code)s cancels another amount than %(amount)s")
        yield words % {"code": receipt.code, "amount": receipt.amount}


def series() -> Iterator[str]:
    """Receipts of an office and a year are numbered from 1 without gaps."""
    for year, office, count, last in _rows(_SERIES):
        words = _("receipts of %(office)s in %(year)d: %(count)d of them, but the last is number %(last)d")
        yield words % {"office": office, "year": year, "count": count, "last": last}


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
