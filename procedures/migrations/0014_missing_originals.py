"""The watch on posted papers that have not come."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0013_handover_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="WaitingDossier",
            fields=[],
            options={
                "verbose_name": "missing originals",
                "verbose_name_plural": "missing originals",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("procedures.dossier",),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                condition=models.Q(
                    ("state", "waiting_originals"), ("state", "lost_in_post"), _connector="OR"
                ),
                fields=["office", "filed_at"],
                name="dossier_awaits_post",
            ),
        ),
    ]
