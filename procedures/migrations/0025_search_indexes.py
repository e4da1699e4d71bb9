"""A whole name has an index; that of the office alone is the beginning of many others."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0024_legal_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="dossier",
            name="office",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="dossiers",
                to="procedures.office",
                verbose_name="office",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                models.F("office"),
                django.contrib.postgres.indexes.OpClass(models.F("applicant_bare"), "varchar_pattern_ops"),
                name="dossier_whole_name",
            ),
        ),
    ]
