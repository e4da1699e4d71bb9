"""The legal figures now lie where contributions can read them too: the table keeps its rows."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pension", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE pension_legalfigure RENAME TO procedures_legalfigure",
                    "ALTER TABLE procedures_legalfigure RENAME TO pension_legalfigure",
                )
            ],
            state_operations=[migrations.DeleteModel("LegalFigure")],
        )
    ]
