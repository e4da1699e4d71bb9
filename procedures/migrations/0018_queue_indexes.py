import datetime as dt

import django.contrib.postgres.indexes
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procedures", "0017_assignment")]

    operations = [
        migrations.RemoveIndex(
            model_name="dossier",
            name="dossier_queue",
        ),
        migrations.RemoveIndex(
            model_name="dossier",
            name="dossier_intake",
        ),
        migrations.RemoveIndex(
            model_name="dossier",
            name="dossier_insurance_number",
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                models.F("office"),
                models.Case(models.When(then=models.Value(0), urgent=True), default=models.Value(1)),
                django.db.models.functions.comparison.Coalesce(
                    models.F("due_at"),
                    models.Value(dt.datetime(9999, 12, 31, 0, 0, tzinfo=dt.UTC)),
                ),
                models.F("filed_at"),
                models.F("id"),
                condition=models.Q(
                    ("decided_at", None), ("final", False), models.Q(("state", "draft"), _negated=True)
                ),
                name="queue_of_office",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                models.Case(models.When(then=models.Value(0), urgent=True), default=models.Value(1)),
                django.db.models.functions.comparison.Coalesce(
                    models.F("due_at"),
                    models.Value(dt.datetime(9999, 12, 31, 0, 0, tzinfo=dt.UTC)),
                ),
                models.F("filed_at"),
                models.F("id"),
                condition=models.Q(
                    ("decided_at", None), ("final", False), models.Q(("state", "draft"), _negated=True)
                ),
                name="queue_of_province",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                models.F("assignee"),
                models.Case(models.When(then=models.Value(0), urgent=True), default=models.Value(1)),
                django.db.models.functions.comparison.Coalesce(
                    models.F("due_at"),
                    models.Value(dt.datetime(9999, 12, 31, 0, 0, tzinfo=dt.UTC)),
                ),
                models.F("filed_at"),
                models.F("id"),
                condition=models.Q(
                    ("decided_at", None), ("final", False), models.Q(("state", "draft"), _negated=True)
                ),
                name="queue_of_clerk",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                condition=models.Q(
                    ("decided_at", None), ("final", False), models.Q(("state", "draft"), _negated=True)
                ),
                fields=["office", "due_at"],
                name="queue_due",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                condition=models.Q(
                    ("decided_at", None),
                    ("final", False),
                    models.Q(("state", "draft"), _negated=True),
                    ("days_left__isnull", False),
                ),
                fields=["office"],
                name="queue_citizen",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                condition=models.Q(
                    ("decided_at", None),
                    ("final", False),
                    models.Q(("state", "draft"), _negated=True),
                    ("clock_started_on", None),
                ),
                fields=["office"],
                name="queue_papers",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                condition=models.Q(("decided_at__isnull", False), ("final", False)),
                fields=["office", "decided_at", "id"],
                name="queue_to_return",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                condition=models.Q(("final", True)),
                fields=["office", "filed_at", "id"],
                name="queue_finished",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(fields=["office", "filed_at", "id"], name="dossier_intake"),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(fields=["filed_at", "id"], name="dossier_filed"),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(models.F("insurance_number"), "varchar_pattern_ops"),
                name="dossier_insurance_prefix",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Substr("code", 12), "text_pattern_ops"
                ),
                name="dossier_code_tail",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("organisation_code"), "text_pattern_ops"
                ),
                condition=models.Q(("organisation_code", ""), _negated=True),
                name="dossier_organisation_code",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("organisation_name"), "gin_trgm_ops"
                ),
                name="dossier_organisation",
            ),
        ),
    ]
