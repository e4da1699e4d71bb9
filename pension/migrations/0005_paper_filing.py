"""Forms that are filled in here and come by post; what was typed is sealed."""

import django.db.models.deletion
from django.db import migrations, models

import portal.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("pension", "0004_roster_guards"),
        ("procedures", "0027_agents"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaperFiling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=43, unique=True)),
                (
                    "code",
                    models.CharField(blank=True, max_length=24, null=True, unique=True, verbose_name="code"),
                ),
                ("typed", portal.sealing.SealedField(blank=True)),
                ("answers", portal.sealing.SealedField(blank=True)),
                ("helper", portal.sealing.SealedField(blank=True)),
                ("begun_at", models.DateTimeField()),
                ("printed_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField()),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
                ("arrived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "dossier",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.dossier",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.procedureversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "form on paper",
                "verbose_name_plural": "forms on paper",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("dossier", None), ("erased_at", None)),
                        fields=["expires_at"],
                        name="paper_to_expire",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", None), ("dossier", None), ("printed_at", None)),
                            models.Q(("code__isnull", False), ("printed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="paper_coded_when_printed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("arrived_at", None), ("dossier", None)),
                            models.Q(("arrived_at__isnull", False), ("dossier__isnull", False)),
                            _connector="OR",
                        ),
                        name="paper_arrived_is_a_dossier",
                    ),
                ],
            },
        ),
    ]
