"""The lines of a statement as sets: into the ledger, to their orders, or into suspense.

All of it runs in the transaction that has locked the account (``taking``).
"""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from payments import contributions, results
from payments.models import ContributionOrder, OfficeAccount, StatementFile, SuspenseItem
from portal import outbox
from portal.text import without_marks

Reason, Order = SuspenseItem.Reason, ContributionOrder.State

INCOMING = """
DROP TABLE IF EXISTS incoming, fresh, named, exact;
CREATE TEMPORARY TABLE incoming (
    row integer, reference text, booked_on date, is_credit boolean, is_return boolean,
    amount numeric(15, 0), payer text, payer_account text, text text, named text[]
) ON COMMIT DROP;
CREATE TEMPORARY TABLE named (line_id bigint, order_id bigint, how text) ON COMMIT DROP;
"""
COPY = (
    "COPY incoming "
    "(row, reference, booked_on, is_credit, is_return, amount, payer, payer_account, text, named) FROM STDIN"
)


_AT_ONCE = 2000


def contradictions(cursor: Any, account: int) -> list[int]:
    """The rows whose reference is known, or stands there twice, with another amount."""
    cursor.execute(_CONTRADICTIONS, [account])
    return [row for (row,) in cursor.fetchall()]


def take(cursor: Any, file: StatementFile, account: OfficeAccount, now: datetime) -> dict[str, Any]:
    """Take in what is new; how many lines are ``new``, ``settled`` and in ``suspense``."""
    cursor.execute(_LINES, [file.pk, account.pk])
    new = cursor.rowcount
    cursor.execute(_FRESH, [file.pk])
    cursor.execute("ANALYZE fresh")
    returned = _come_back(cursor, account, now)
    cursor.execute(_RECEIVED, [account.office_id, now, account.pk])
    cursor.execute(_NAMED, [account.pk])
    cursor.execute("ANALYZE named")
    _by_payer(cursor, account)
    cursor.execute(_LOCK)
    cursor.execute(_EXACT)
    settled = _settle(cursor, now)
    suspense = _suspend(cursor, account, now)
    _look_again(cursor)
    return {"new": new, "settled": settled, "suspense": suspense, "returned": returned}


_CONTRADICTIONS = """
SELECT i.row FROM incoming i
    JOIN payments_statementline l ON l.account_id = %s AND l.reference = i.reference
    WHERE l.amount <> i.amount OR l.is_credit <> i.is_credit
UNION
SELECT max(row) FROM incoming GROUP BY reference HAVING count(DISTINCT (amount, is_credit)) > 1
ORDER BY 1 LIMIT 200
"""

_LINES = """
INSERT INTO payments_statementline
    (file_id, account_id, position, reference, booked_on, is_credit, is_return, amount, payer, text)
SELECT DISTINCT ON (reference)
    %s, %s, row, reference, booked_on, is_credit, is_return, amount, payer, text
    FROM incoming ORDER BY reference, row
ON CONFLICT (account_id, reference) DO NOTHING
"""

_FRESH = """
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT l.id, l.reference, l.booked_on, l.amount, l.payer, l.is_return, i.named, i.payer_account
    FROM payments_statementline l JOIN incoming i ON i.reference = l.reference AND i.row = l.position
    WHERE l.file_id = %s AND l.is_credit
"""

# The first line that names a payment out of this account and brings its amount is that payment come back.
_CAME_BACK = """
SELECT DISTINCT ON (o.id) f.id, o.id, f.reference, l.text
    FROM fresh f JOIN payments_statementline l ON l.id = f.id
    CROSS JOIN regexp_match(
        upper(regexp_replace(l.text, '[^A-Za-z0-9]', '', 'g')), 'KHC([0-9]{9})'
    ) AS said
    JOIN payments_paymentorder o ON o.id = said[1]::bigint AND o.amount = f.amount
    JOIN payments_payoutbatch b ON b.id = o.batch_id AND b.account_id = %s
    WHERE l.text ILIKE '%%khc%%' AND o.state IN ('sent', 'paid', 'returned') AND NOT EXISTS (
        SELECT 1 FROM payments_statementline e WHERE e.account_id = l.account_id AND e.file_id <> l.file_id
            AND e.is_credit AND e.amount = l.amount AND e.text ILIKE '%%' || said[1] || '%%'
    )
    ORDER BY o.id, f.id
"""


def _come_back(cursor: Any, account: OfficeAccount, now: datetime) -> int:
    """Payments out of the account that stand on it again: the payouts post them, none waits in suspense."""
    cursor.execute(_CAME_BACK, [account.pk])
    rows = cursor.fetchall()
    for _line, order, reference, text in rows:
        results.came_back(order, bank_reference=reference, reason=text[:200], now=now)
    cursor.execute("DELETE FROM fresh WHERE id = ANY(%s)", [[line for line, *_rest in rows]])
    return len(rows)


_RECEIVED = """
WITH made AS (
    INSERT INTO payments_posting
        (office_id, kind, document_kind, document_id, key, posted_at, posted_by_id, note)
    SELECT %s, 'received', 'statementline', id, 'received:' || id, %s, NULL, '' FROM fresh ORDER BY id
    RETURNING id, document_id
)
INSERT INTO payments_entry (posting_id, account, bank_account_id, amount)
SELECT made.id, side.account, side.bank, side.sign * fresh.amount
    FROM made JOIN fresh ON fresh.id = made.document_id
    CROSS JOIN (VALUES ('bank', %s::bigint, 1), ('suspense', NULL, -1)) AS side (account, bank, sign)
"""

# --- Which order it pays -------------------------------------------------------------------------

_NAMED = """
INSERT INTO named
SELECT f.id, o.id, 'ref' FROM fresh f CROSS JOIN unnest(f.named) AS said (reference)
    JOIN payments_contributionorder o ON o.reference = said.reference AND o.account_id = %s
    WHERE NOT f.is_return
"""

_NAMELESS = """
SELECT id, amount, payer FROM fresh
    WHERE NOT is_return AND payer <> '' AND NOT EXISTS (SELECT 1 FROM named WHERE line_id = fresh.id)
"""

_OPEN = """
SELECT id, amount - paid, payer_name FROM payments_contributionorder
    WHERE account_id = %s AND state = 'open' AND amount - paid = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM named WHERE order_id = payments_contributionorder.id)
"""


def _by_payer(cursor: Any, account: OfficeAccount) -> None:
    """Lines that name no order, but whose amount and payer are those of one open order alone."""
    cursor.execute(_NAMELESS)
    nameless = _grouped(cursor.fetchall())
    if not nameless:
        return
    cursor.execute(_OPEN, [account.pk, list({amount for amount, _payer in nameless})])
    due = _grouped(cursor.fetchall())
    pairs = [
        (lines[0], due[who][0], "payer")
        for who, lines in nameless.items()
        if len(lines) == 1 and len(due.get(who, ())) == 1
    ]
    cursor.executemany("INSERT INTO named VALUES (%s, %s, %s)", pairs) if pairs else None


def _grouped(rows: list[tuple[int, Decimal, str]]) -> dict[tuple[Decimal, str], list[int]]:
    found: dict[tuple[Decimal, str], list[int]] = defaultdict(list)
    for number, amount, payer in rows:
        found[amount, without_marks(payer)].append(number)
    return found


_LOCK = """
SELECT id FROM payments_contributionorder WHERE id IN (SELECT order_id FROM named)
    ORDER BY id FOR NO KEY UPDATE
"""

# Of several lines that would pay an order one does, the same in whatever order they stand.
_EXACT = """
CREATE TEMPORARY TABLE exact ON COMMIT DROP AS
SELECT DISTINCT ON (o.id) f.id AS line_id, o.id AS order_id, o.office_id, o.reference, f.booked_on,
        f.amount, one.how
    FROM (
        SELECT line_id, min(order_id) AS order_id, max(how) AS how FROM named
            GROUP BY line_id HAVING count(*) = 1
    ) AS one
    JOIN fresh f ON f.id = one.line_id
    JOIN payments_contributionorder o ON o.id = one.order_id
    WHERE o.state = 'open' AND f.amount = o.amount - o.paid
    ORDER BY o.id, one.how DESC, f.booked_on, f.reference;
ANALYZE exact
"""

# --- What contributions.settle does, for all of them ----------------------------------------------

_PAID = """
UPDATE payments_contributionorder o SET paid = o.paid + exact.amount, state = 'paid', closed_at = %s
    FROM exact WHERE o.id = exact.order_id
"""

_SETTLED = """
WITH made AS (
    INSERT INTO payments_posting
        (office_id, kind, document_kind, document_id, key, posted_at, posted_by_id, note)
    SELECT office_id, 'settled', 'contributionorder', order_id, 'settled:line:' || line_id, %s, NULL,
        'statementline ' || line_id
        FROM exact ORDER BY order_id
    RETURNING id, document_id
)
INSERT INTO payments_entry (posting_id, account, bank_account_id, amount)
SELECT made.id, side.account, NULL, side.sign * exact.amount
    FROM made JOIN exact ON exact.order_id = made.document_id
    CROSS JOIN (VALUES ('suspense', 1), ('receivable', -1)) AS side (account, sign)
"""

_SETTLEMENTS = """
INSERT INTO payments_settlement (line_id, order_id, amount, how, made_at, made_by_id, key)
SELECT line_id, order_id, amount, how, %s, NULL, 'settled:line:' || line_id
    FROM exact ORDER BY line_id
"""

_RECEIPTS = """
SELECT 'settled:line:' || line_id, '', jsonb_build_object('order', order_id) FROM exact ORDER BY order_id
"""


def _settle(cursor: Any, now: datetime) -> int:
    cursor.execute(_PAID, [now])
    cursor.execute(_SETTLED, [now])
    cursor.execute(_SETTLEMENTS, [now])
    settled = int(cursor.rowcount)
    cursor.execute("SELECT order_id, booked_on FROM exact ORDER BY order_id")
    while paid := cursor.fetchmany(_AT_ONCE):
        contributions.date_cards(dict(paid))
    if contributions.RECEIPT in outbox.handlers:
        outbox.enqueue_selected(contributions.RECEIPT, _RECEIPTS, [])
    return settled


# --- What is left over ---------------------------------------------------------------------------

_LEFT = """
SELECT f.id, f.amount, f.is_return, f.payer_account, count(n.order_id), min(o.id), min(o.state),
        min(o.amount - o.paid)
    FROM fresh f LEFT JOIN named n ON n.line_id = f.id
    LEFT JOIN payments_contributionorder o ON o.id = n.order_id
    WHERE NOT EXISTS (SELECT 1 FROM exact WHERE line_id = f.id)
    GROUP BY f.id, f.amount, f.is_return, f.payer_account ORDER BY f.id
"""


def _suspend(cursor: Any, account: OfficeAccount, now: datetime) -> int:
    cursor.execute(_LEFT)
    items = [
        SuspenseItem(
            line_id=line,
            office_id=account.office_id,
            order_id=order if orders == 1 else None,
            reason=Reason.RETURNED if is_return else reason(orders, state, due, amount),
            amount=amount,
            left=amount,
            payer_account=payer_account,
            opened_at=now,
        )
        for line, amount, is_return, payer_account, orders, order, state, due in cursor.fetchall()
    ]
    SuspenseItem.objects.bulk_create(items, batch_size=1000)
    return len(items)


def reason(orders: int, state: str | None, due: Decimal | None, left: Decimal) -> str:
    """Why ``left`` of a line that names so many ``orders`` does not settle the one in ``state``."""
    if orders != 1 or due is None:
        return Reason.SEVERAL if orders else Reason.UNKNOWN
    if state == Order.PAID:
        return Reason.DUPLICATE
    if state != Order.OPEN:
        return Reason.LATE
    return Reason.OVER if left > due else Reason.UNDER


def _look_again(cursor: Any) -> None:
    """An order that was paid now changes why other money for it waits."""
    cursor.execute(
        "SELECT order_id FROM exact WHERE order_id IN (SELECT order_id FROM payments_suspenseitem)"
    )
    look_again([order for (order,) in cursor.fetchall()])


def look_again(orders: list[int]) -> None:
    """Say anew why money for ``orders`` waits."""
    waiting = SuspenseItem.objects.filter(order__in=orders, left__gt=0).exclude(reason=Reason.RETURNED)
    changed = []
    for item in waiting.select_related("order"):
        assert item.order is not None
        now = reason(1, item.order.state, item.order.amount - item.order.paid, item.left)
        if now != item.reason:
            item.reason = now
            changed.append(item)
    SuspenseItem.objects.bulk_update(changed, ["reason"], batch_size=1000)
