"""Collecting agents: the wards they serve, and the dossiers handed to them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0003_dated_districts"),
        ("procedures", "0026_figure_proposals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AgentArea",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                (
                    "agent",
                    models.ForeignKey(
                        limit_choices_to={"kind": "agent"},
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="areas",
                        to="portal.organisation",
                        verbose_name="collecting agent",
                    ),
                ),
                (
                    "ward",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.ward",
                        verbose_name="ward",
                    ),
                ),
            ],
            options={
                "verbose_name": "ward of a collecting agent",
                "verbose_name_plural": "wards of the collecting agents",
                "ordering": ["ward_id", "agent_id"],
                "constraints": [
                    models.UniqueConstraint(fields=("agent", "ward"), name="agent_serves_ward_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from", None),
                            ("valid_to", None),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="agent_area_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="dossier",
            name="agent",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="whom the citizen has handed the dossier to, for confirmation",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="portal.organisation",
                verbose_name="collecting agent",
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                condition=models.Q(("agent__isnull", False)),
                fields=["agent", "-filed_at"],
                name="tasks_of_agent",
            ),
        ),
    ]
