import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0002_organisations"),
        ("procedures", "0016_dispatch_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AssignmentRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="in use")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                (
                    "clerk",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the clerk who has the fewest open dossiers.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="goes to",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignment_rules",
                        to="procedures.office",
                        verbose_name="office",
                    ),
                ),
                (
                    "procedure",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: every procedure.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.procedure",
                        verbose_name="procedure",
                    ),
                ),
                (
                    "ward",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: every ward.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.ward",
                        verbose_name="ward",
                    ),
                ),
            ],
            options={
                "verbose_name": "assignment rule",
                "verbose_name_plural": "assignment rules",
                "ordering": ["office", "ward", "procedure", "id"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("active", True)),
                        expressions=[
                            ("office", "="),
                            (django.db.models.functions.comparison.Coalesce("ward", models.Value("")), "="),
                            (
                                django.db.models.functions.comparison.Coalesce("procedure", models.Value(0)),
                                "=",
                            ),
                            (
                                models.Func(
                                    "valid_from", "valid_to", models.Value("[]"), function="daterange"
                                ),
                                "&&",
                            ),
                        ],
                        name="one_rule_a_kind",
                        violation_error_message=(
                            "There is a rule for this ward and procedure on some of these days."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from", None),
                            ("valid_to", None),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="rule_ends_after_it_begins",
                        violation_error_message="It must end after it starts.",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="dossier",
            name="assignee",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="assigned to",
            ),
        ),
        migrations.AddField(
            model_name="staffmember",
            name="away_until",
            field=models.DateField(
                blank=True,
                help_text="Until then no dossier is assigned to this person.",
                null=True,
                verbose_name="away until and including",
            ),
        ),
    ]
