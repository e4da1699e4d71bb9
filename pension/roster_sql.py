"""The statements of a roster import: each over all rows at once.

Parameters: ``roster``, ``month``, ``office`` (null: the whole province), ``before`` (the month compared
with), ``some`` (how many examples).
"""

COPY = """
COPY pension_rosterrow (roster_id, line, insurance_number, full_name, bare_name, born, phone, recipient,
    recipient_until, benefit, amount, method, ward_code, office_number, pay_point, bank_bin,
    account_number, account_print, account_holder) FROM STDIN
"""

TWICE = """
SELECT max(line) FROM pension_rosterrow WHERE roster_id = %(roster)s
GROUP BY insurance_number, benefit HAVING count(*) > 1 ORDER BY 1
"""

# What another office took over for the same month: somebody would be paid twice.
ELSEWHERE = """
SELECT r.line FROM pension_rosterrow r
JOIN pension_beneficiary b ON b.insurance_number = r.insurance_number
JOIN pension_benefitentry e ON e.beneficiary_id = b.id AND e.month = %(month)s AND e.benefit = r.benefit
WHERE r.roster_id = %(roster)s AND %(office)s IS NOT NULL AND e.office_id <> %(office)s ORDER BY r.line
"""

TOTALS = """
SELECT count(*), count(*) FILTER (WHERE method = 'account'), coalesce(sum(amount), 0)
FROM pension_rosterrow WHERE roster_id = %(roster)s
"""

TOTAL_BEFORE = """
SELECT count(*), coalesce(sum(amount), 0) FROM pension_benefitentry
WHERE month = %(before)s AND (%(office)s IS NULL OR office_id = %(office)s)
"""

COMPARED = """
WITH before AS (
    SELECT b.insurance_number AS number, b.full_name AS name, e.* FROM pension_benefitentry e
    JOIN pension_beneficiary b ON b.id = e.beneficiary_id
    WHERE e.month = %(before)s AND (%(office)s IS NULL OR e.office_id = %(office)s)
), now AS (SELECT * FROM pension_rosterrow WHERE roster_id = %(roster)s),
compared AS (
    SELECT coalesce(n.insurance_number, o.number) AS number, coalesce(n.full_name, o.name) AS name, n.line,
        unnest(array_remove(ARRAY[
            CASE WHEN o.id IS NULL THEN 'new' END,
            CASE WHEN n.id IS NULL THEN 'gone' END,
            CASE WHEN n.amount > o.amount THEN 'more' WHEN n.amount < o.amount THEN 'less' END,
            CASE WHEN o.method = 'cash' AND n.method = 'account' THEN 'to_account'
                 WHEN o.method = 'account' AND n.method = 'cash' THEN 'to_cash'
                 WHEN o.method = 'account' AND n.account_print <> o.account_print THEN 'account' END,
            CASE WHEN n.ward_code <> o.ward_id THEN 'moved' END
        ], NULL)) AS kind,
        o.amount AS old_amount, n.amount AS new_amount, o.ward_id AS old_ward, n.ward_code AS new_ward
    FROM now n FULL JOIN before o ON o.number = n.insurance_number AND o.benefit = n.benefit
), counted AS (
    SELECT *, count(*) OVER (PARTITION BY kind) AS many,
        row_number() OVER (PARTITION BY kind ORDER BY line NULLS LAST, number) AS place FROM compared
)
SELECT kind, max(many), json_agg(json_build_array(number, name,
        CASE WHEN kind = 'moved' THEN old_ward ELSE old_amount::text END,
        CASE WHEN kind = 'moved' THEN new_ward ELSE new_amount::text END) ORDER BY place)
FROM counted WHERE place <= %(some)s GROUP BY kind
"""

_BENEFICIARIES = """
INSERT INTO pension_beneficiary AS b
    (insurance_number, full_name, bare_name, born, phone, recipient, recipient_until, id_number, address)
SELECT DISTINCT ON (insurance_number)
    insurance_number, full_name, bare_name, born, phone, recipient, recipient_until, '', ''
FROM pension_rosterrow WHERE roster_id = %(roster)s ORDER BY insurance_number, line
ON CONFLICT (insurance_number) DO UPDATE SET full_name = excluded.full_name,
    bare_name = excluded.bare_name, born = excluded.born,
    phone = CASE WHEN excluded.phone = b.phone_before THEN b.phone ELSE excluded.phone END,
    phone_before = CASE WHEN excluded.phone = b.phone_before THEN b.phone_before END,
    recipient = excluded.recipient, recipient_until = excluded.recipient_until
WHERE (b.full_name, b.born, b.phone, b.recipient, b.recipient_until) IS DISTINCT FROM
    (excluded.full_name, excluded.born, excluded.phone, excluded.recipient, excluded.recipient_until)
"""

_MAKE_PLACE = """
DELETE FROM pension_benefitentry
WHERE month = %(month)s AND (%(office)s IS NULL OR office_id = %(office)s)
"""

_ENTRIES = """
INSERT INTO pension_benefitentry (month, beneficiary_id, benefit, amount, method, ward_id, office_id,
    pay_point, bank_id, account_number, account_print, account_holder, roster_id)
SELECT %(month)s, b.id, r.benefit, r.amount, r.method, r.ward_code, r.office_number, r.pay_point,
    nullif(r.bank_bin, ''), r.account_number, r.account_print, r.account_holder, r.roster_id
FROM pension_rosterrow r JOIN pension_beneficiary b ON b.insurance_number = r.insurance_number
WHERE r.roster_id = %(roster)s
"""

_MAKE_PLACE_FOR_SUMS = """
DELETE FROM pension_rostersum
WHERE month = %(month)s AND (%(office)s IS NULL OR office_id = %(office)s)
"""

_SUMS = """
INSERT INTO pension_rostersum (month, office_id, ward_id, pay_point, people, to_account, cash, total)
SELECT month, office_id, ward_id, pay_point, count(*), count(*) FILTER (WHERE method = 'account'),
    coalesce(sum(amount) FILTER (WHERE method = 'cash'), 0), sum(amount)
FROM pension_benefitentry WHERE month = %(month)s AND (%(office)s IS NULL OR office_id = %(office)s)
GROUP BY month, office_id, ward_id, pay_point
"""

TAKE = (_BENEFICIARIES, _MAKE_PLACE, _ENTRIES, _MAKE_PLACE_FOR_SUMS, _SUMS)
