"""Lists of parcels handed from office to office, and pictures of parcels."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = """
CREATE TRIGGER handover_list_stays BEFORE DELETE ON procedures_handoverlist
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER handover_row_stays BEFORE DELETE ON procedures_handoverrow
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER handover_list_numbered BEFORE UPDATE OF
    office_id, to_id, year, number, code, closed_at, closed_by_id
    ON procedures_handoverlist FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER parcel_photo_append_only BEFORE UPDATE OR DELETE ON procedures_parcelphoto
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
"""
LOOSE = """
DROP TRIGGER parcel_photo_append_only ON procedures_parcelphoto;
DROP TRIGGER handover_list_numbered ON procedures_handoverlist;
DROP TRIGGER handover_row_stays ON procedures_handoverrow;
DROP TRIGGER handover_list_stays ON procedures_handoverlist;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0012_areas"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HandoverList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField()),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("code", models.CharField(max_length=24, unique=True, verbose_name="number of the list")),
                ("closed_at", models.DateTimeField(verbose_name="closed")),
                ("left_at", models.DateTimeField(blank=True, null=True, verbose_name="left")),
                (
                    "closed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="closed by",
                    ),
                ),
                (
                    "left_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers",
                        to="procedures.office",
                        verbose_name="from",
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.office",
                        verbose_name="to",
                    ),
                ),
            ],
            options={
                "verbose_name": "handover list",
                "verbose_name_plural": "handover lists",
                "ordering": ["-closed_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("office", "year", "number"), name="handover_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("office", models.F("to")), _negated=True),
                        name="handover_to_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HandoverRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("arrived_at", models.DateTimeField(blank=True, null=True)),
                ("taken_off_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "arrived_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "arrived_office",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.office",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rows",
                        to="procedures.handoverlist",
                    ),
                ),
                (
                    "parcel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handover_rows",
                        to="procedures.parcel",
                    ),
                ),
                (
                    "taken_off_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("list", "position"), name="handover_position_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("arrived_at", None), ("taken_off_at", None)),
                        fields=("parcel",),
                        name="parcel_on_one_open_list",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_off_at", None),
                            models.Q(
                                models.Q(("reason", ""), _negated=True), ("taken_off_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="taken_off_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("arrived_at", None), ("taken_off_at", None), _connector="OR"),
                        name="arrived_or_taken_off",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ParcelPhoto",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file", models.FileField(max_length=200, upload_to="")),
                ("media_type", models.CharField(max_length=40)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("taken_at", models.DateTimeField()),
                (
                    "parcel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="photos",
                        to="procedures.parcel",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("parcel", "sha256"), name="photo_once_a_parcel"),
                ],
            },
        ),
        migrations.RunSQL(KEPT, LOOSE),
    ]
