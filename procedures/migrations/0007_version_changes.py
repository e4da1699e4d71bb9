"""Who changed which version, and what a citizen's draft was begun with."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON procedures_versionchange "
    "FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();"
)
UNDO = "DROP TRIGGER append_only ON procedures_versionchange;"


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0006_search_urgency_and_corrections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="dossier",
            name="begun_with",
            field=models.ForeignKey(
                blank=True,
                help_text="the version a draft was begun with, when another was published since",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procedures.procedureversion",
            ),
        ),
        migrations.CreateModel(
            name="VersionChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("drafted", "drafted"),
                            ("edited", "edited"),
                            ("imported", "imported from a file"),
                            ("published", "published"),
                            ("retired", "retired"),
                            ("discarded", "set aside"),
                        ],
                        max_length=9,
                        verbose_name="action",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                ("lines_vi", models.JSONField(default=list, verbose_name="what changed (Vietnamese)")),
                ("lines_en", models.JSONField(default=list, verbose_name="what changed (English)")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="procedures.procedureversion",
                        verbose_name="version",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a version",
                "verbose_name_plural": "changes of versions",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, UNDO),
    ]
