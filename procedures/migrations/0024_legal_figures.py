"""The legal figures, whose table was pension's until then."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procedures", "0023_figures"), ("pension", "0002_figures_move_down")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="LegalFigure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=80, verbose_name="figure")),
                        ("valid_from", models.DateField(verbose_name="valid from")),
                        ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                        ("value", models.JSONField(verbose_name="value")),
                        ("unit", models.CharField(blank=True, max_length=80, verbose_name="unit")),
                        ("source", models.CharField(max_length=300, verbose_name="source")),
                        (
                            "confidence",
                            models.CharField(
                                choices=[("sure", "sure"), ("likely", "likely"), ("unsure", "unsure")],
                                max_length=6,
                                verbose_name="confidence",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "legal figure",
                        "verbose_name_plural": "legal figures",
                        "ordering": ["name", "valid_from"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_to", None),
                                    ("valid_to__gte", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="figure_ends_after_start",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    ("name", "="),
                                    (
                                        models.Func(
                                            models.F("valid_from"),
                                            models.F("valid_to"),
                                            django.contrib.postgres.fields.ranges.RangeBoundary(
                                                inclusive_upper=True
                                            ),
                                            function="DATERANGE",
                                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_figure_a_day",
                                violation_error_message=(
                                    "Another row of this figure holds for some of these days."
                                ),
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
