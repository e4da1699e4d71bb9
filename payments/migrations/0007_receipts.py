"""Receipts: append-only, and numbered without gaps whoever writes them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.models.accounts

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON payments_receipt
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON payments_receiptpaper
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();

CREATE FUNCTION payments_require_next_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
BEGIN
    SELECT coalesce(max(number), 0) INTO last FROM payments_receipt WHERE series_id = NEW.series_id;
    IF NEW.number <> last + 1 THEN
        RAISE EXCEPTION 'series % goes on with %, not with %', NEW.series_id, last + 1, NEW.number
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER without_gaps BEFORE INSERT ON payments_receipt
    FOR EACH ROW EXECUTE FUNCTION payments_require_next_number();
"""

UNDO = """
DROP TRIGGER append_only ON payments_receipt;
DROP TRIGGER append_only ON payments_receiptpaper;
DROP TRIGGER without_gaps ON payments_receipt;
DROP FUNCTION payments_require_next_number();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0006_refunds"),
        ("procedures", "0024_legal_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceiptSeries",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.office",
                        verbose_name="office",
                    ),
                ),
            ],
            options={
                "ordering": ["-year", "office_id"],
                "constraints": [
                    models.UniqueConstraint(fields=("office", "year"), name="receipt_series_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("receipt", "contribution receipt"),
                            ("cancellation", "cancellation of a receipt"),
                        ],
                        default="receipt",
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("code", models.CharField(max_length=24, unique=True, verbose_name="number of the receipt")),
                (
                    "amount",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="amount"),
                ),
                ("said", models.JSONField()),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("token", models.CharField(max_length=32, unique=True)),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "cancels",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cancelled_by",
                        to="payments.receipt",
                        verbose_name="cancels",
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="issued by",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.office",
                        verbose_name="office",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="payments.contributionorder",
                        verbose_name="contribution order",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="payments.receipt",
                        verbose_name="in place of",
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="payments.receiptseries",
                        verbose_name="series",
                    ),
                ),
            ],
            options={
                "verbose_name": "contribution receipt",
                "verbose_name_plural": "contribution receipts",
                "ordering": ["-issued_at", "-id"],
                "indexes": [
                    models.Index(fields=["office", "-issued_at", "-id"], name="receipt_desk"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("series", "number"), name="receipt_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "receipt"), ("replaces", None)),
                        fields=("order",),
                        name="one_first_receipt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("number__gt", 0)), name="receipt_of_an_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancels", None), ("kind", "receipt"), ("reason", "")),
                            models.Q(
                                ("cancels__isnull", False),
                                ("issued_by__isnull", False),
                                ("kind", "cancellation"),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="cancellation_says_what_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replaces", None),
                            models.Q(("issued_by__isnull", False), ("kind", "receipt")),
                            _connector="OR",
                        ),
                        name="receipt_replaced_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReceiptPaper",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("revision", models.PositiveSmallIntegerField()),
                ("file", models.FileField(max_length=200, upload_to="")),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                (
                    "receipt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="payments.receipt",
                    ),
                ),
            ],
            options={
                "ordering": ["receipt_id", "revision"],
                "constraints": [
                    models.UniqueConstraint(fields=("receipt", "revision"), name="receipt_paper_once"),
                    models.CheckConstraint(
                        condition=models.Q(("revision__in", [1, 2])), name="receipt_paper_known"
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
