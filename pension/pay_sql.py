"""The statements of a payment list, each over all rows at once.

Parameters: ``list``, ``office``, ``month``.
"""

# The newest change of each person that is in force for the month, as long as the roster says what it said
# when the change was filed.
_CHANGES = """
SELECT DISTINCT ON (s.beneficiary_id) s.* FROM pension_switchrequest s
WHERE s.state IN ('waiting', 'trying', 'done') AND s.kind <> 'personal_info'
    AND s.effective_month <= %(month)s
ORDER BY s.beneficiary_id, s.id DESC
"""

# Lines to accounts whose last word from the bank is no, and that no later line makes good.
FAILED = """
SELECT l.id FROM pension_paymentline l JOIN pension_paymentlist p ON p.id = l.list_id
JOIN LATERAL (
    SELECT paid FROM pension_paymentresult r WHERE r.line_id = l.id ORDER BY r.id DESC LIMIT 1
) said ON NOT said.paid
WHERE p.office_id = %(office)s AND (%(month)s::date IS NULL OR p.month = %(month)s)
    AND NOT EXISTS (SELECT 1 FROM pension_paymentline f WHERE f.follows_id = l.id)
"""

# Both parts are constants of this module: nothing anybody typed gets in.
LINES = f"""
WITH changed AS ({_CHANGES}),
fresh AS (
    SELECT e.id AS entry, NULL::bigint AS follows, e.beneficiary_id, e.benefit, e.amount,
        coalesce(nullif(s.method, ''), e.method) AS method, s.id AS switch,
        coalesce(s.ward_id, e.ward_id) AS ward,
        CASE WHEN s.pay_point <> '' THEN s.pay_point ELSE e.pay_point END AS pay_point,
        CASE WHEN s.method = 'account' THEN s.bank_id ELSE e.bank_id END AS bank,
        CASE WHEN s.method = 'account' THEN s.account_number ELSE e.account_number END AS account_number,
        CASE WHEN s.method = 'account' THEN s.account_print ELSE e.account_print END AS account_print,
        CASE WHEN s.method = 'account' THEN s.account_holder ELSE e.account_holder END AS account_holder
    FROM pension_benefitentry e
    LEFT JOIN changed s ON s.beneficiary_id = e.beneficiary_id
        AND s.old_method = e.method AND s.old_print = e.account_print
    WHERE e.office_id = %(office)s AND e.month = %(month)s
        AND NOT EXISTS (SELECT 1 FROM pension_paymentline l WHERE l.entry_id = e.id)
),
sent_back AS (
    SELECT l.entry_id, l.id, l.beneficiary_id, l.benefit, l.amount, 'cash', NULL::bigint, l.ward_id,
        coalesce(nullif(e.pay_point, ''), l.pay_point), NULL::text, '', '', ''
    FROM pension_paymentline l JOIN pension_benefitentry e ON e.id = l.entry_id
    WHERE l.id IN ({FAILED})
),
every AS (SELECT * FROM fresh UNION ALL SELECT * FROM sent_back)
INSERT INTO pension_paymentline (list_id, position, entry_id, follows_id, beneficiary_id, payee, benefit,
    amount, method, switch_id, ward_id, pay_point, bank_id, account_number, account_print)
SELECT %(list)s,
    row_number() OVER (ORDER BY e.method DESC, e.pay_point, e.ward, b.bare_name, e.entry),
    e.entry, e.follows, e.beneficiary_id,
    CASE WHEN e.method = 'account' THEN e.account_holder
         WHEN b.recipient <> '' AND (b.recipient_until IS NULL OR b.recipient_until >= %(month)s)
             THEN b.recipient
         ELSE b.full_name END,
    e.benefit, e.amount, e.method, e.switch, e.ward, e.pay_point,
    CASE WHEN e.method = 'account' THEN e.bank END,
    CASE WHEN e.method = 'account' THEN e.account_number ELSE '' END,
    CASE WHEN e.method = 'account' THEN e.account_print ELSE '' END
FROM every e JOIN pension_beneficiary b ON b.id = e.beneficiary_id
"""  # noqa: S608

SUMS = """
SELECT count(*), coalesce(sum(amount), 0),
    count(*) FILTER (WHERE method = 'cash'), coalesce(sum(amount) FILTER (WHERE method = 'cash'), 0),
    count(*) FILTER (WHERE method = 'account'), coalesce(sum(amount) FILTER (WHERE method = 'account'), 0)
FROM pension_paymentline WHERE list_id = %(list)s
"""

# A digest of digests, so that no row is ever sent anywhere for it.
DIGEST = """
SELECT encode(sha256(string_agg(sha256(convert_to((position, entry_id, beneficiary_id, payee, benefit, amount,
    method, ward_id, pay_point, bank_id, account_print, switch_id, follows_id)::text, 'UTF8')), ''::bytea
    ORDER BY position)), 'hex')
FROM pension_paymentline WHERE list_id = %(list)s
"""

POINTS = """
SELECT pay_point, count(*), sum(amount) FROM pension_paymentline
WHERE list_id = %(list)s AND method = 'cash' GROUP BY pay_point ORDER BY pay_point
"""
