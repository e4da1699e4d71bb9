"""The sums: every figure of a procedure at an office in a month, and of all offices, all procedures, both."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection

from portal.dated import month_after

SWITCH = "change-payment-method"
"""The procedure by whose case cash_to_account a pension moves to a bank account."""

SUMS = (
    "received",
    "online",
    "post",
    "counter",
    "asked",
    "decided",
    "on_time",
    "late",
    "unpromised",
    "redated",
    "to_account",
)

_COLUMNS = ", ".join((*SUMS, "days"))

# What each counted dossier adds, and to which month. A dossier stands in up to three months.
_ADDS = """
SELECT office_id, procedure_id, date_trunc('month', received_on)::date AS month,
    1 AS received, (channel = '2')::int AS online, (channel = '3')::int AS post,
    (channel = '1')::int AS counter,
    0 AS asked, 0 AS decided, 0 AS on_time, 0 AS late, 0 AS unpromised, 0 AS redated, 0 AS to_account,
    NULL::int AS days
FROM procedures_counteddossier WHERE {received}
UNION ALL
SELECT office_id, procedure_id, date_trunc('month', asked_on)::date,
    0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, NULL
FROM procedures_counteddossier WHERE asked_on IS NOT NULL AND {asked}
UNION ALL
SELECT office_id, procedure_id, date_trunc('month', ended_on)::date,
    0, 0, 0, 0, 0, 1, (verdict = 'on_time')::int, (verdict = 'late')::int, (verdict = 'unpromised')::int,
    redated::int, to_account::int, days
FROM procedures_counteddossier WHERE ended_on IS NOT NULL AND {ended}
"""

_OF_OFFICES = """
WITH adds AS ({adds}),
sums AS (
    SELECT month, office_id, procedure_id, {sums} FROM adds
    GROUP BY GROUPING SETS ((month, office_id, procedure_id), (month, office_id))
),
spans AS (
    SELECT month, office_id, procedure_id, jsonb_object_agg(days, n) AS days FROM (
        SELECT month, office_id, procedure_id, days, count(*) AS n FROM adds WHERE days IS NOT NULL
        GROUP BY GROUPING SETS ((month, office_id, procedure_id, days), (month, office_id, days))
    ) AS each GROUP BY month, office_id, procedure_id
)
SELECT sums.month, sums.office_id, sums.procedure_id, {names}, coalesce(spans.days, '{{}}') AS days
FROM sums LEFT JOIN spans ON spans.month = sums.month AND spans.office_id = sums.office_id
    AND spans.procedure_id IS NOT DISTINCT FROM sums.procedure_id
"""

_OF_PROVINCE = """
WITH cells AS ({cells}),
sums AS (
    SELECT month, procedure_id, {sums} FROM cells WHERE procedure_id IS NOT NULL
    GROUP BY GROUPING SETS ((month, procedure_id), (month))
),
spans AS (
    SELECT month, procedure_id, jsonb_object_agg(days, n) AS days FROM (
        SELECT month, procedure_id, span.key AS days, sum(span.value::int) AS n
        FROM cells, jsonb_each_text(cells.days) AS span WHERE procedure_id IS NOT NULL
        GROUP BY GROUPING SETS ((month, procedure_id, span.key), (month, span.key))
    ) AS each GROUP BY month, procedure_id
)
SELECT sums.month, NULL::bigint AS office_id, sums.procedure_id, {names}, coalesce(spans.days, '{{}}') AS days
FROM sums LEFT JOIN spans ON spans.month = sums.month
    AND spans.procedure_id IS NOT DISTINCT FROM sums.procedure_id
"""

_SUMMED = ", ".join(f"sum({name})::int AS {name}" for name in SUMS)
_NAMES = ", ".join(f"sums.{name}" for name in SUMS)
_INSERT = f"INSERT INTO procedures_monthfigures (month, office_id, procedure_id, {_COLUMNS}) "


def of_offices(*, narrowed: bool) -> str:
    """The query of the figures of offices; ``narrowed`` to the pairs %(offices)s and %(months)s."""
    span = "{0} >= %(first)s AND {0} < %(after)s"
    span += f" AND (office_id, date_trunc('month', {{0}})::date) IN ({_PAIRS})"
    where = {
        name: span.format(f"{name}_on") if narrowed else "true" for name in ("received", "asked", "ended")
    }
    return _OF_OFFICES.format(adds=_ADDS.format(**where), sums=_SUMMED, names=_NAMES)


def of_province(cells: str) -> str:
    """The query of the figures of all offices together, from the query of those of each."""
    return _OF_PROVINCE.format(cells=cells, sums=_SUMMED, names=_NAMES)


_KEPT = f"""
SELECT month, office_id, procedure_id, {_COLUMNS} FROM procedures_monthfigures WHERE office_id IS NOT NULL
"""  # noqa: S608 (our own names)

_PAIRS = "SELECT * FROM unnest(%(offices)s::bigint[], %(months)s::date[])"
_FORGET_OFFICES = f"DELETE FROM procedures_monthfigures WHERE (office_id, month) IN ({_PAIRS})"  # noqa: S608
_FORGET_PROVINCE = "DELETE FROM procedures_monthfigures WHERE office_id IS NULL AND month = ANY(%(months)s)"


def add_up(cells: Collection[tuple[int, date]]) -> None:
    """Sum up again the offices' months ``cells`` and the province's months that hold them."""
    ordered = sorted(cells)
    months = [month for _office, month in ordered]
    named: dict[str, Any] = {
        "offices": [office for office, _month in ordered],
        "months": months,
        "first": min(months),
        "after": month_after(max(months)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_OFFICES, named)
        cursor.execute(_INSERT + of_offices(narrowed=True), named)
        cursor.execute(_FORGET_PROVINCE, named)
        cursor.execute(_INSERT + of_province(_KEPT + " AND month = ANY(%(months)s)"), named)


def add_up_everything() -> None:
    """Sum up every month."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procedures_monthfigures")
        cursor.execute(_INSERT + of_offices(narrowed=False))
        cursor.execute(_INSERT + of_province(_KEPT))
