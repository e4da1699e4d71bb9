"""Batches of payments, lump sums and what banks answer; what was written of them is append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.models.accounts

GUARDED = (
    "payments_batchfile",
    "payments_batchrelease",
    "payments_batchdownload",
    "payments_resultfile",
    "payments_resultrow",
)
GUARDS = "".join(
    f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();"
    for table in GUARDED
)
UNDO = "".join(f"DROP TRIGGER append_only ON {table};" for table in GUARDED)


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_statements"),
        ("procedures", "0024_legal_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BatchFile",
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
                        choices=[("xml", "ISO 20022 pain.001.001.09"), ("xlsx", "Bulk transfer workbook")],
                        max_length=4,
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("file", models.FileField(max_length=200, upload_to="")),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["kind"],
            },
        ),
        migrations.CreateModel(
            name="ResultFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pain.002", "ISO 20022 pain.002"),
                            ("camt.054", "ISO 20022 camt.054"),
                            ("csv", "CSV"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("read_at", models.DateTimeField(verbose_name="read")),
                ("row_count", models.PositiveIntegerField(verbose_name="rows")),
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
                    "read_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="read by",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of results",
                "verbose_name_plural": "files of results",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("office", "sha256"), name="result_file_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ResultRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField(verbose_name="line")),
                ("status", models.CharField(blank=True, max_length=60)),
                (
                    "amount",
                    payments.models.accounts.Dong(
                        blank=True, decimal_places=0, max_digits=15, null=True, verbose_name="amount"
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason of the bank")),
                ("bank_reference", models.CharField(blank=True, max_length=40)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("paid", "paid out"),
                            ("rejected", "rejected"),
                            ("returned", "returned"),
                            ("waiting", "still on its way"),
                            ("known", "known already"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rows",
                        to="payments.resultfile",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="payments.paymentorder",
                        verbose_name="payment",
                    ),
                ),
            ],
            options={
                "ordering": ["line"],
                "constraints": [
                    models.UniqueConstraint(fields=("file", "line"), name="result_line_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("outcome__in", ["paid", "rejected", "returned"])),
                        fields=("order", "outcome"),
                        name="result_taken_once",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="paymentorder",
            name="position",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="paymentorder",
            name="state",
            field=models.CharField(
                choices=[
                    ("ready", "waits for a batch"),
                    ("batched", "in a batch"),
                    ("sent", "with the bank"),
                    ("paid", "paid out"),
                    ("rejected", "rejected by the bank"),
                    ("returned", "returned by the bank"),
                    ("cancelled", "cancelled"),
                ],
                default="ready",
                max_length=9,
                verbose_name="state",
            ),
        ),
        migrations.CreateModel(
            name="BatchRelease",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("released_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "released_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number", 1), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="payout_release_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BatchDownload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("taken_at", models.DateTimeField()),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="downloads",
                        to="payments.batchfile",
                    ),
                ),
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="download",
                        to="payments.batchrelease",
                    ),
                ),
            ],
            options={
                "ordering": ["taken_at"],
            },
        ),
        migrations.CreateModel(
            name="LumpSum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="amount"),
                ),
                ("decision", models.CharField(max_length=40, verbose_name="number of the decision")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("recorded", "waits for the second person"),
                            ("decided", "decided"),
                            ("back", "sent back"),
                        ],
                        default="recorded",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why it was sent back")),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.dossier",
                        verbose_name="dossier",
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
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "lump sum",
                "verbose_name_plural": "lump sums",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["office", "state", "-id"], name="lump_sum_desk"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="lump_sum_of_an_amount"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "back"), _negated=True),
                        fields=("dossier",),
                        name="lump_sum_once_a_dossier",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("state", "recorded")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state__in", ["decided", "back"]),
                            ),
                            _connector="OR",
                        ),
                        name="lump_sum_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("recorded_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="lump_sum_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "back"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="lump_sum_sent_back_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("pay_on", models.DateField(verbose_name="to be paid on")),
                ("count", models.PositiveIntegerField(verbose_name="payments")),
                (
                    "total",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="total"),
                ),
                (
                    "hash_total",
                    models.DecimalField(
                        decimal_places=0, max_digits=30, verbose_name="hash total of the accounts"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("made", "waits for the first approval"),
                            ("checked", "waits for the second approval"),
                            ("approved", "approved twice"),
                            ("sent", "with the bank"),
                            ("closed", "the bank has answered all"),
                            ("cancelled", "taken apart"),
                        ],
                        default="made",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("first_at", models.DateTimeField(blank=True, null=True)),
                ("second_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reason",
                    models.CharField(blank=True, max_length=300, verbose_name="why it was taken apart"),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.officeaccount",
                        verbose_name="from account",
                    ),
                ),
                (
                    "first_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="first approval",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
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
                    "second_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="second approval",
                    ),
                ),
            ],
            options={
                "verbose_name": "payout batch",
                "verbose_name_plural": "payout batches",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["office", "-id"], name="payout_batch_desk"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("office", "year", "number"), name="payout_batch_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0), ("total__gt", 0)),
                        name="payout_batch_of_payments",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("first_by", None), ("second_by", None), ("state", "made")),
                            models.Q(("first_by__isnull", False), ("second_by", None), ("state", "checked")),
                            models.Q(
                                ("first_by__isnull", False),
                                ("second_by__isnull", False),
                                ("state__in", ["approved", "sent", "closed"]),
                            ),
                            models.Q(("second_by", None), ("state", "cancelled")),
                            _connector="OR",
                        ),
                        name="payout_batch_approved_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_by", None),
                            models.Q(("first_by", models.F("made_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="payout_batch_first_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_by", None),
                            models.Q(
                                models.Q(("second_by", models.F("made_by")), _negated=True),
                                models.Q(("second_by", models.F("first_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="payout_batch_second_eyes",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="batchrelease",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="releases",
                to="payments.payoutbatch",
            ),
        ),
        migrations.AddField(
            model_name="batchfile",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="files", to="payments.payoutbatch"
            ),
        ),
        migrations.AddField(
            model_name="paymentorder",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="payments.payoutbatch",
                verbose_name="batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("batch", None), ("position", None), ("state", "ready")),
                    models.Q(
                        ("batch__isnull", False),
                        ("position__isnull", False),
                        ("state__in", ["batched", "sent"]),
                    ),
                    ("state__in", ["paid", "rejected", "returned", "cancelled"]),
                    _connector="OR",
                ),
                name="payout_batched_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentorder",
            constraint=models.UniqueConstraint(fields=("batch", "position"), name="payout_position_once"),
        ),
        migrations.AddConstraint(
            model_name="batchrelease",
            constraint=models.UniqueConstraint(fields=("batch", "number"), name="payout_release_once"),
        ),
        migrations.AddConstraint(
            model_name="batchfile",
            constraint=models.UniqueConstraint(fields=("batch", "kind"), name="payout_batch_file_once"),
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
