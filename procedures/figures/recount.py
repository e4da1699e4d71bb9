"""Everything counted anew by the database, to begin with and to compare with what is kept."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from procedures.figures import mark, months, rule
from procedures.models import DossierEvent, FiguresMark

FEW = 50  # differences named

FIELDS = (
    "office_id",
    "procedure_id",
    "channel",
    "received_on",
    "asked_on",
    "ended_on",
    "end_code",
    "days",
    "verdict",
    "redated",
    "to_account",
)

# The same as ``counting.count``, of all dossiers at once: the nightly comparison holds one against the other.
_RECOUNT = """
CREATE TEMP TABLE recounted ON COMMIT DROP AS
WITH arrivals AS NOT MATERIALIZED (
    SELECT e.dossier_id, e.sequence, e.at, s.code,
        s.code = ANY(%(ends)s) AND (s.code <> 7 OR s.final) AS ends
    FROM procedures_dossierevent e
    JOIN procedures_dossier d ON d.id = e.dossier_id
    JOIN procedures_state s ON s.version_id = d.version_id AND s.slug = e.to_state
    WHERE e.from_state <> e.to_state
),
whole AS (
    SELECT dossier_id, coalesce(max(sequence) FILTER (WHERE NOT ends), 0) AS open_until,
        (array_agg(at ORDER BY sequence) FILTER (WHERE code = %(supplement)s))[1] AS asked_at
    FROM arrivals GROUP BY dossier_id
),
ended AS (
    SELECT DISTINCT ON (a.dossier_id) a.dossier_id, a.sequence, a.at, a.code
    FROM arrivals a JOIN whole w ON w.dossier_id = a.dossier_id AND a.sequence > w.open_until
    WHERE a.ends
    ORDER BY a.dossier_id, array_position(%(ends)s, a.code::int), a.sequence
),
redated AS MATERIALIZED (
    SELECT dossier_id, sequence, action, nullif(facts->>'due_was', '') AS due_was
    FROM procedures_dossierevent WHERE facts ? 'due_was' OR action = 'apologise'
),
moved AS (
    SELECT DISTINCT ON (r.dossier_id) r.dossier_id, r.due_was::timestamptz AS due_was
    FROM redated r JOIN ended n ON n.dossier_id = r.dossier_id AND r.sequence > n.sequence
    WHERE r.due_was IS NOT NULL
    ORDER BY r.dossier_id, r.sequence
),
apologies AS (SELECT DISTINCT dossier_id FROM redated WHERE action = 'apologise'),
facts AS (
    SELECT d.id AS dossier_id, d.office_id, d.procedure_id, d.channel, d.days_left,
        (d.filed_at AT TIME ZONE %(zone)s)::date AS received_on,
        (w.asked_at AT TIME ZONE %(zone)s)::date AS asked_on,
        (n.at AT TIME ZONE %(zone)s)::date AS ended_on,
        n.at AS ended_at, n.code AS end_code, coalesce(m.due_was, d.due_at) AS due_at,
        n.dossier_id IS NOT NULL AND a.dossier_id IS NOT NULL AS redated,
        coalesce(n.code = ANY(%(granted)s), false) AND p.slug = %(switch)s
            AND d."case" = 'cash_to_account' AS to_account
    FROM procedures_dossier d
    JOIN procedures_procedure p ON p.id = d.procedure_id
    LEFT JOIN whole w ON w.dossier_id = d.id
    LEFT JOIN ended n ON n.dossier_id = d.id
    LEFT JOIN moved m ON m.dossier_id = d.id
    LEFT JOIN apologies a ON a.dossier_id = d.id
    WHERE d.filed_at IS NOT NULL AND d.state <> 'draft'
)
SELECT dossier_id, office_id, procedure_id, channel, received_on, asked_on, ended_on, end_code,
    ended_on - received_on AS days,
    CASE
        WHEN ended_on IS NULL THEN ''
        WHEN due_at IS NOT NULL THEN CASE WHEN ended_at <= due_at THEN 'on_time' ELSE 'late' END
        WHEN days_left IS NOT NULL THEN CASE WHEN days_left >= 0 THEN 'on_time' ELSE 'late' END
        ELSE 'unpromised'
    END AS verdict,
    redated, to_account
FROM facts
"""

_NAMES = ", ".join(FIELDS)
_KEPT, _FRESH = (", ".join(f"{table}.{name}" for name in FIELDS) for table in ("k", "r"))
_REMOVE = """
DELETE FROM procedures_counteddossier c WHERE NOT EXISTS (
    SELECT FROM recounted r WHERE r.dossier_id = c.dossier_id
)
"""
_WRITE = """
INSERT INTO procedures_counteddossier AS c (dossier_id, {names})
SELECT r.dossier_id, {fresh} FROM recounted r
LEFT JOIN procedures_counteddossier k ON k.dossier_id = r.dossier_id
WHERE k.dossier_id IS NULL OR ({fresh}) IS DISTINCT FROM ({kept})
ON CONFLICT (dossier_id) DO UPDATE SET {sets}
""".format(names=_NAMES, fresh=_FRESH, kept=_KEPT, sets=", ".join(f"{n} = excluded.{n}" for n in FIELDS))
_DIFFER = f"""
SELECT coalesce(k.dossier_id, r.dossier_id), to_jsonb(k), to_jsonb(r)
FROM recounted r FULL JOIN procedures_counteddossier k ON k.dossier_id = r.dossier_id
WHERE ({_FRESH}) IS DISTINCT FROM ({_KEPT})
ORDER BY 1 LIMIT %s
"""  # noqa: S608 (our own names)


def _recount(cursor: Any) -> None:
    cursor.execute("DROP TABLE IF EXISTS recounted")
    cursor.execute(
        _RECOUNT,
        {
            "ends": list(rule.ENDS),
            "granted": list(rule.GRANTED),
            "supplement": rule.SUPPLEMENT,
            "switch": months.SWITCH,
            "zone": settings.TIME_ZONE,
        },
    )
    cursor.execute("ANALYZE recounted")


def apply() -> int:
    """Put everything right that is not; how many dossiers count differently. In the caller's transaction."""
    with connection.cursor() as cursor:
        _recount(cursor)
        cursor.execute(_REMOVE)
        removed: int = cursor.rowcount
        cursor.execute(_WRITE)
        written: int = cursor.rowcount
        cursor.execute("DROP TABLE recounted")
    months.add_up_everything()
    return removed + written


def rebuild(now: datetime) -> int:
    """Count everything anew; how many dossiers counted differently before."""
    FiguresMark.objects.get_or_create(pk=1)
    with transaction.atomic():
        kept = FiguresMark.objects.select_for_update().get(pk=1)
        seen = mark.look()
        changed = apply()
        mark.pass_on(kept, seen, now)
    return changed


def check(now: datetime) -> list[str]:
    """What is kept and should be otherwise, a line each: nothing is mended. The lines stay on the page."""
    FiguresMark.objects.get_or_create(pk=1)
    with transaction.atomic():
        kept = FiguresMark.objects.select_for_update().get(pk=1)
        found = [*_wrong_dossiers(kept.seen), *_wrong_sums()]
        kept.checked_at, kept.differences = now, found
        kept.save(update_fields=["checked_at", "differences"])
    return found


def _wrong_dossiers(seen: int) -> list[str]:
    """Dossiers that count otherwise, but for those whose next step has not been counted yet."""
    with connection.cursor() as cursor:
        _recount(cursor)
        cursor.execute(_DIFFER, [FEW + 1000])
        rows = cursor.fetchall()
        cursor.execute("DROP TABLE recounted")
    newer = DossierEvent.objects.filter(pk__gt=seen, dossier_id__in=[pk for pk, _kept, _due in rows])
    moving = set(newer.values_list("dossier_id", flat=True))
    return [_line(pk, kept, due) for pk, kept, due in rows if pk not in moving][:FEW]


def _line(pk: int, kept: str | None, due: str | None) -> str:
    one, other = (json.loads(row) if row else {} for row in (kept, due))
    names = [name for name in FIELDS if one.get(name) != other.get(name)]
    told = ", ".join(f"{name} {one.get(name, '–')} ≠ {other.get(name, '–')}" for name in names)
    return f"dossier {pk}: {told}"


_ODD = """
WITH due AS (SELECT * FROM ({offices}) AS o UNION ALL SELECT * FROM ({province}) AS p),
kept AS (SELECT month, office_id, procedure_id, {sums}, days FROM procedures_monthfigures)
SELECT DISTINCT month, office_id, procedure_id FROM (
    (SELECT * FROM due EXCEPT SELECT * FROM kept) UNION ALL (SELECT * FROM kept EXCEPT SELECT * FROM due)
) AS odd ORDER BY 1, 2, 3 LIMIT %s
"""


def _wrong_sums() -> list[str]:
    """Months whose sums are not those of their dossiers."""
    offices = months.of_offices(narrowed=False)
    sums = ", ".join(months.SUMS)
    with connection.cursor() as cursor:
        cursor.execute(_ODD.format(offices=offices, province=months.of_province(offices), sums=sums), [FEW])
        rows = cursor.fetchall()
    return [
        f"month {month:%m/%Y}, office {office}, procedure {procedure}" for month, office, procedure in rows
    ]
