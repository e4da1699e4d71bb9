"""Figures that no source at hand confirms are taken out, unless staff have proposed something about them."""

from django.db import migrations

DROP = """
DELETE FROM procedures_legalfigure f
WHERE f.confidence = 'unsure' AND f.source LIKE '%%chưa đối chiếu với%%'
    AND NOT EXISTS (SELECT 1 FROM procedures_figureproposal p WHERE p.figure_id = f.id)
    AND NOT EXISTS (
        SELECT 1 FROM procedures_figuredecision d WHERE f.id IN (d.figure_id, d.closed_id)
    )
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pension", "0006_cash_returns_and_hand_overs"),
        ("procedures", "0026_figure_proposals"),
    ]

    operations = [migrations.RunSQL(DROP, migrations.RunSQL.noop)]
