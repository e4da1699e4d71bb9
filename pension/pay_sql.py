"""The statements of a payment list, each over all rows at once.

Parameters: ``list``, ``office``, ``month``; ``offices``: the own one and those that hand benefits over to it.
"""

_IN_FORCE = """
    s.state IN ('waiting', 'trying', 'done') AND s.kind <> 'personal_info' AND s.effective_month <= %(month)s
"""

# The newest change of the way of paying and the newest of the place of each person that are in force for the
# month, each as long as the roster says what it said when the change was filed.
_CHANGES = f"""
ways AS (
    SELECT DISTINCT ON (s.beneficiary_id) s.* FROM pension_switchrequest s
    WHERE {_IN_FORCE} AND s.method <> '' ORDER BY s.beneficiary_id, s.id DESC
),
places AS (
    SELECT DISTINCT ON (s.beneficiary_id) s.* FROM pension_switchrequest s
    WHERE {_IN_FORCE} AND (s.ward_id IS NOT NULL OR s.pay_point <> '') ORDER BY s.beneficiary_id, s.id DESC
)
"""  # noqa: S608

# The benefits of the month that stand on no list yet and that ``office`` is to pay.
_OPEN = """
FROM pension_benefitentry e
LEFT JOIN ways s ON s.beneficiary_id = e.beneficiary_id
    AND s.old_method = e.method AND s.old_print = e.account_print
LEFT JOIN places p ON p.beneficiary_id = e.beneficiary_id
    AND CASE WHEN p.kind = 'change_place' AND p.old_ward_id IS NOT NULL THEN p.old_ward_id = e.ward_id
        ELSE p.old_method = e.method AND p.old_print = e.account_print END
WHERE e.office_id = ANY(%(offices)s) AND e.month = %(month)s
    AND coalesce(CASE WHEN p.old_office_id = e.office_id THEN p.new_office_id END, e.office_id) = %(office)s
    AND NOT EXISTS (SELECT 1 FROM pension_paymentline l WHERE l.entry_id = e.id)
"""

IS_OPEN = f"WITH {_CHANGES} SELECT EXISTS (SELECT 1 {_OPEN})"

# Lines to accounts whose last word from the bank is no, and that no later line makes good.
FAILED = """
SELECT l.id FROM pension_paymentline l JOIN pension_paymentlist p ON p.id = l.list_id
JOIN LATERAL (
    SELECT paid FROM pension_paymentresult r WHERE r.line_id = l.id ORDER BY r.id DESC LIMIT 1
) said ON NOT said.paid
WHERE p.office_id = %(office)s AND (%(month)s::date IS NULL OR p.month = %(month)s)
    AND NOT EXISTS (SELECT 1 FROM pension_paymentline f WHERE f.follows_id = l.id)
"""

# Lines of earlier months that nobody collected in cash, as two persons have found, that may be paid again.
UNCOLLECTED = """
SELECT l.id FROM pension_cashoutcome o
JOIN pension_cashreturn c ON c.id = o.cash_return_id AND c.state = 'checked'
JOIN pension_paymentline l ON l.id = o.line_id
JOIN pension_paymentlist p ON p.id = l.list_id
WHERE NOT o.paid AND o.reason <> 'died' AND p.office_id = %(office)s AND p.month < %(month)s
    AND NOT EXISTS (SELECT 1 FROM pension_paymentline f WHERE f.follows_id = l.id)
"""

# All parts are constants of this module: nothing anybody typed gets in.
LINES = f"""
WITH {_CHANGES},
news AS (
    SELECT DISTINCT ON (s.beneficiary_id) s.beneficiary_id, s.id FROM pension_switchrequest s
    WHERE s.state = 'waiting' AND s.kind = 'personal_info' AND s.effective_month <= %(month)s
    ORDER BY s.beneficiary_id, s.id DESC
),
fresh AS (
    SELECT e.id AS entry, NULL::bigint AS follows, e.beneficiary_id, e.benefit, e.amount,
        coalesce(s.method, e.method) AS method, coalesce(s.id, p.id) AS switch,
        coalesce(p.ward_id, e.ward_id) AS ward,
        CASE WHEN p.pay_point <> '' THEN p.pay_point ELSE e.pay_point END AS pay_point,
        CASE WHEN s.method = 'account' THEN s.bank_id ELSE e.bank_id END AS bank,
        CASE WHEN s.method = 'account' THEN s.account_number ELSE e.account_number END AS account_number,
        CASE WHEN s.method = 'account' THEN s.account_print ELSE e.account_print END AS account_print,
        CASE WHEN s.method = 'account' THEN s.account_holder ELSE e.account_holder END AS account_holder
    {_OPEN}
),
again AS (
    SELECT l.entry_id, l.id, l.beneficiary_id, l.benefit, l.amount, 'cash', NULL::bigint, l.ward_id,
        CASE WHEN l.method = 'cash' THEN l.pay_point ELSE coalesce(nullif(e.pay_point, ''), l.pay_point) END,
        NULL::text, '', '', ''
    FROM pension_paymentline l JOIN pension_benefitentry e ON e.id = l.entry_id
    WHERE l.id IN ({FAILED}) OR l.id IN ({UNCOLLECTED})
),
every AS (SELECT * FROM fresh UNION ALL SELECT * FROM again)
INSERT INTO pension_paymentline (list_id, position, entry_id, follows_id, beneficiary_id, payee, benefit,
    amount, method, switch_id, news_id, ward_id, pay_point, bank_id, account_number, account_print)
SELECT %(list)s,
    row_number() OVER (ORDER BY e.method DESC, e.pay_point, e.ward, b.bare_name, e.entry),
    e.entry, e.follows, e.beneficiary_id,
    CASE WHEN e.method = 'account' THEN e.account_holder
         WHEN b.recipient <> '' AND (b.recipient_until IS NULL OR b.recipient_until >= %(month)s)
             THEN b.recipient
         ELSE b.full_name END,
    e.benefit, e.amount, e.method, e.switch, n.id, e.ward, e.pay_point,
    CASE WHEN e.method = 'account' THEN e.bank END,
    CASE WHEN e.method = 'account' THEN e.account_number ELSE '' END,
    CASE WHEN e.method = 'account' THEN e.account_print ELSE '' END
FROM every e JOIN pension_beneficiary b ON b.id = e.beneficiary_id
LEFT JOIN news n ON n.beneficiary_id = e.beneficiary_id
"""  # noqa: S608

SUMS = """
SELECT count(*), coalesce(sum(amount), 0),
    count(*) FILTER (WHERE method = 'cash'), coalesce(sum(amount) FILTER (WHERE method = 'cash'), 0),
    count(*) FILTER (WHERE method = 'account'), coalesce(sum(amount) FILTER (WHERE method = 'account'), 0)
FROM pension_paymentline WHERE list_id = %(list)s
"""

# A digest of digests, so that no row is ever sent anywhere for it. News counts where there is some: lists
# that were closed before there could be any keep their digest.
DIGEST = """
SELECT encode(sha256(string_agg(sha256(convert_to((position, entry_id, beneficiary_id, payee, benefit, amount,
    method, ward_id, pay_point, bank_id, account_print, switch_id, follows_id)::text
    || coalesce(',' || news_id, ''), 'UTF8')), ''::bytea ORDER BY position)), 'hex')
FROM pension_paymentline WHERE list_id = %(list)s
"""

POINTS = """
SELECT pay_point, count(*), sum(amount) FROM pension_paymentline
WHERE list_id = %(list)s AND method = 'cash' GROUP BY pay_point ORDER BY pay_point
"""

# What the outcomes of a return add up to, and what its point adds up to on the list.
RETURNED = """
SELECT count(*) FILTER (WHERE o.paid), coalesce(sum(l.amount) FILTER (WHERE o.paid), 0),
    count(*) FILTER (WHERE NOT o.paid), coalesce(sum(l.amount) FILTER (WHERE NOT o.paid), 0),
    (SELECT count(*) FROM pension_paymentline x
        WHERE x.list_id = c.list_id AND x.method = 'cash' AND x.pay_point = c.pay_point),
    (SELECT coalesce(sum(amount), 0) FROM pension_paymentline x
        WHERE x.list_id = c.list_id AND x.method = 'cash' AND x.pay_point = c.pay_point)
FROM pension_cashreturn c
JOIN pension_cashoutcome o ON o.cash_return_id = c.id
JOIN pension_paymentline l ON l.id = o.line_id AND l.list_id = c.list_id AND l.method = 'cash'
    AND l.pay_point = c.pay_point
WHERE c.id = %(found)s GROUP BY c.id
"""
