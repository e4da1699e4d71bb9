import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.models.accounts
import portal.sealing

GUARDS = "".join(
    f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON payments_{table} "
    "FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();"
    for table in ("webhookcall", "statementline", "settlement", "suspensestep")
)
UNDO = "".join(
    f"DROP TRIGGER append_only ON payments_{table};"
    for table in ("webhookcall", "statementline", "settlement", "suspensestep")
)


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0003_contributions"),
        ("procedures", "0024_legal_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StatementFile",
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
                            ("camt.053", "statement of the day (camt.053)"),
                            ("camt.054", "notice of bookings (camt.054)"),
                            ("csv", "CSV of the bank"),
                            ("call", "call of the bank"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="name")),
                ("sha256", models.CharField(max_length=64)),
                ("file", models.FileField(blank=True, max_length=150, upload_to="", verbose_name="file")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checked", "checked, not taken in"),
                            ("queued", "being taken in"),
                            ("taken", "taken in"),
                            ("refused", "refused"),
                        ],
                        default="checked",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                ("read_at", models.DateTimeField(verbose_name="read")),
                ("taken_at", models.DateTimeField(blank=True, null=True, verbose_name="taken in")),
                (
                    "opening",
                    payments.models.accounts.Dong(
                        blank=True, decimal_places=0, max_digits=15, null=True, verbose_name="opening balance"
                    ),
                ),
                (
                    "closing",
                    payments.models.accounts.Dong(
                        blank=True, decimal_places=0, max_digits=15, null=True, verbose_name="closing balance"
                    ),
                ),
                (
                    "credit",
                    payments.models.accounts.Dong(
                        decimal_places=0, default=0, max_digits=15, verbose_name="money in"
                    ),
                ),
                (
                    "debit",
                    payments.models.accounts.Dong(
                        decimal_places=0, default=0, max_digits=15, verbose_name="money out"
                    ),
                ),
                ("line_count", models.PositiveIntegerField(default=0, verbose_name="lines")),
                ("outcome", models.JSONField(default=dict, verbose_name="what came of it")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="payments.officeaccount",
                        verbose_name="account",
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
                    "read_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="read by",
                    ),
                ),
            ],
            options={
                "verbose_name": "bank statement",
                "verbose_name_plural": "bank statements",
                "ordering": ["-read_at", "-id"],
                "indexes": [
                    models.Index(fields=["office", "-read_at", "-id"], name="statement_desk"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "sha256"), name="statement_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "taken"), _negated=True),
                            ("taken_at__isnull", False),
                            _connector="OR",
                        ),
                        name="statement_taken_at",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(verbose_name="row")),
                ("reference", models.CharField(max_length=80, verbose_name="bank's reference")),
                ("booked_on", models.DateField(verbose_name="booked")),
                ("is_credit", models.BooleanField(verbose_name="money in")),
                ("is_return", models.BooleanField(default=False, verbose_name="sent back to us")),
                (
                    "amount",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="amount"),
                ),
                ("payer", models.CharField(blank=True, max_length=140, verbose_name="payer")),
                ("text", models.CharField(blank=True, max_length=420, verbose_name="transfer text")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.officeaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="payments.statementfile",
                    ),
                ),
            ],
            options={
                "verbose_name": "line of a statement",
                "verbose_name_plural": "lines of statements",
                "ordering": ["file_id", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "reference"), name="bank_reference_once"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="line_of_an_amount"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
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
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("ref", "by its reference"),
                            ("payer", "by amount and payer"),
                            ("desk", "at the desk"),
                        ],
                        max_length=5,
                        verbose_name="matched",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="settled")),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="settled by",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="payments.contributionorder",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="payments.statementline",
                    ),
                ),
            ],
            options={
                "verbose_name": "settlement",
                "verbose_name_plural": "settlements",
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="settlement_of_an_amount"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuspenseItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unknown", "no order found"),
                            ("under", "less than is due"),
                            ("over", "more than is due"),
                            ("double", "paid already"),
                            ("late", "order expired or cancelled"),
                            ("several", "several orders named"),
                            ("return", "a payment of ours came back"),
                        ],
                        max_length=7,
                        verbose_name="reason",
                    ),
                ),
                (
                    "amount",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="amount"),
                ),
                (
                    "left",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="undecided"),
                ),
                ("payer_account", portal.sealing.SealedField(blank=True, verbose_name="payer's account")),
                ("opened_at", models.DateTimeField(verbose_name="since")),
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suspense",
                        to="payments.statementline",
                        verbose_name="line",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suspense",
                        to="payments.contributionorder",
                        verbose_name="order named",
                    ),
                ),
            ],
            options={
                "verbose_name": "suspense item",
                "verbose_name_plural": "suspense desk",
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("left__gt", 0)), fields=["office", "id"], name="suspense_desk"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("left__gte", 0), ("left__lte", models.F("amount"))),
                        name="suspense_left",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuspenseReturn",
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
                ("payee", models.CharField(max_length=100, verbose_name="payee")),
                ("account_number", portal.sealing.SealedField(verbose_name="account number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "waits for approval"),
                            ("sent", "to be paid by the bank"),
                            ("no", "declined"),
                            ("paid", "paid back"),
                            ("failed", "rejected by the bank"),
                        ],
                        default="asked",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("proposed_at", models.DateTimeField(verbose_name="proposed")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.bank",
                        verbose_name="bank",
                    ),
                ),
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
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="payments.suspenseitem",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "money sent back",
                "verbose_name_plural": "money sent back",
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="return_of_an_amount"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="return_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by", None), ("state", "asked")),
                            models.Q(
                                models.Q(("state", "asked"), _negated=True),
                                models.Q(("decided_by", None), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="return_decided",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuspenseStep",
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
                            ("settled", "settled an order"),
                            ("back", "proposed to send it back"),
                            ("sent", "approved to send it back"),
                            ("no", "declined to send it back"),
                            ("failed", "the bank could not pay it back"),
                            ("paid", "paid back"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "amount",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="amount"),
                ),
                ("at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=300)),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="payments.suspenseitem",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="WebhookCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=40)),
                ("event", models.CharField(max_length=80, verbose_name="event")),
                ("sent_at", models.DateTimeField(verbose_name="sent")),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("signature", models.CharField(max_length=64)),
                ("body", models.BinaryField()),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.bank",
                        verbose_name="bank",
                    ),
                ),
            ],
            options={
                "verbose_name": "call of a bank",
                "verbose_name_plural": "calls of banks",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("bank", "event"), name="bank_call_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="statementfile",
            name="call",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="statement",
                to="payments.webhookcall",
                verbose_name="call",
            ),
        ),
        migrations.CreateModel(
            name="CsvMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("booked_on", models.CharField(max_length=60, verbose_name="column of the day of booking")),
                ("reference", models.CharField(max_length=60, verbose_name="column of the bank's reference")),
                ("text", models.CharField(max_length=60, verbose_name="column of the transfer text")),
                (
                    "amount",
                    models.CharField(
                        blank=True,
                        help_text="Leave empty where money in and money out have a column each.",
                        max_length=60,
                        verbose_name="column of the amount with its sign",
                    ),
                ),
                ("credit", models.CharField(blank=True, max_length=60, verbose_name="column of money in")),
                ("debit", models.CharField(blank=True, max_length=60, verbose_name="column of money out")),
                (
                    "payer",
                    models.CharField(blank=True, max_length=60, verbose_name="column of the payer's name"),
                ),
                (
                    "payer_account",
                    models.CharField(blank=True, max_length=60, verbose_name="column of the payer's account"),
                ),
                (
                    "currency",
                    models.CharField(blank=True, max_length=60, verbose_name="column of the currency"),
                ),
                (
                    "account",
                    models.CharField(blank=True, max_length=60, verbose_name="column of our account"),
                ),
                (
                    "bank",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="csv_mapping",
                        to="procedures.bank",
                        verbose_name="bank",
                    ),
                ),
            ],
            options={
                "verbose_name": "columns of a bank's CSV",
                "verbose_name_plural": "columns of the banks' CSV",
                "ordering": ["bank_id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(models.Q(("amount", ""), _negated=True), ("credit", ""), ("debit", "")),
                            models.Q(("amount", ""), models.Q(("credit", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="csv_one_column_or_two",
                        violation_error_message="Name one column with a sign, or those of money in and out.",
                    )
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
