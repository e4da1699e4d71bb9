"""Money of orders paid in part, statements that are discarded, lump sums in cash and as calculated."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import payments.models.accounts
import portal.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0008_ledger_views"),
        ("procedures", "0027_agents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CashDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "opening",
                    payments.models.accounts.Dong(
                        decimal_places=0, max_digits=15, verbose_name="at the beginning"
                    ),
                ),
                (
                    "supplied",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="drawn"),
                ),
                (
                    "paid",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="paid out"),
                ),
                (
                    "book",
                    payments.models.accounts.Dong(
                        decimal_places=0, max_digits=15, verbose_name="in the ledger"
                    ),
                ),
                (
                    "counted",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="counted"),
                ),
                ("pieces", models.JSONField(default=dict, verbose_name="notes")),
                ("last_posting", models.BigIntegerField()),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why it differs")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("counted", "waits for the second person"),
                            ("closed", "closed"),
                            ("back", "to be counted again"),
                        ],
                        default="counted",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                ("counted_at", models.DateTimeField(verbose_name="counted at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why it was sent back")),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "confirmed_by",
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
                    "counted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="counted by",
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
            ],
            options={
                "verbose_name": "closing of a till",
                "verbose_name_plural": "closings of the tills",
                "ordering": ["-day", "-id"],
                "indexes": [
                    models.Index(fields=["office", "-day"], name="cash_day_desk"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "back"), _negated=True),
                        fields=("office", "day"),
                        name="cash_day_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "book",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("opening"), "+", models.F("supplied")
                                    ),
                                    "-",
                                    models.F("paid"),
                                ),
                            ),
                            ("book__gte", 0),
                            ("counted__gte", 0),
                        ),
                        name="cash_day_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("counted", models.F("book")),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="cash_day_difference_explained",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_by", None), ("state", "counted")),
                            models.Q(("confirmed_by__isnull", False), ("state", "closed")),
                            models.Q(
                                ("confirmed_by__isnull", False),
                                ("state", "back"),
                                models.Q(("note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="cash_day_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed_by", None),
                            models.Q(("confirmed_by", models.F("counted_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="cash_day_by_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CashSupply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[("counter", "at the counter of the office"), ("post", "at the post office")],
                        max_length=7,
                        verbose_name="where it is paid",
                    ),
                ),
                (
                    "amount",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="amount"),
                ),
                ("reference", models.CharField(max_length=60, verbose_name="cheque or transfer")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "waits for approval"),
                            ("done", "in the till"),
                            ("no", "declined"),
                        ],
                        default="asked",
                        max_length=5,
                        verbose_name="state",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
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
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
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
                "verbose_name": "cash drawn",
                "verbose_name_plural": "cash drawn for the tills",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["office", "-id"], name="cash_supply_desk"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="cash_supply_of_an_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by", None), ("state", "asked")),
                            models.Q(("decided_by__isnull", False), ("state", "done")),
                            models.Q(
                                ("decided_by__isnull", False),
                                ("state", "no"),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="cash_supply_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="cash_supply_by_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CashVoucher",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[("counter", "at the counter of the office"), ("post", "at the post office")],
                        max_length=7,
                        verbose_name="where it is paid",
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("payee", models.CharField(max_length=200, verbose_name="payee")),
                (
                    "amount",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="amount"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("made", "to be paid out"), ("paid", "paid in cash"), ("gone", "cancelled")],
                        default="made",
                        max_length=4,
                        verbose_name="state",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made out")),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid out")),
                ("collected_by", models.CharField(blank=True, max_length=200, verbose_name="signed by")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why it was cancelled")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled")),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "cancelled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="cancelled by",
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
                    "lump_sum",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vouchers",
                        to="payments.lumpsum",
                        verbose_name="lump sum",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made out by",
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
                    "paid_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="paid by",
                    ),
                ),
            ],
            options={
                "verbose_name": "cash voucher",
                "verbose_name_plural": "cash vouchers",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["office", "state", "-id"], name="cash_voucher_desk"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("office", "year", "number"), name="cash_voucher_number_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "gone"), _negated=True),
                        fields=("lump_sum",),
                        name="cash_voucher_once_a_sum",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="cash_voucher_of_an_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("paid_at__isnull", False),
                                ("paid_by__isnull", False),
                                ("state", "paid"),
                                models.Q(("collected_by", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "paid"), _negated=True),
                                ("collected_by", ""),
                                ("paid_at", None),
                                ("paid_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="cash_voucher_paid_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_by", None),
                            models.Q(("paid_by", models.F("made_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="cash_voucher_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cancelled_at__isnull", False),
                                ("cancelled_by__isnull", False),
                                ("state", "gone"),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "gone"), _negated=True),
                                ("cancelled_at", None),
                                ("cancelled_by", None),
                                ("reason", ""),
                            ),
                            _connector="OR",
                        ),
                        name="cash_voucher_cancelled_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderReturn",
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
                            ("asked", "to be examined"),
                            ("proposed", "waits for approval"),
                            ("sent", "to be paid by the bank"),
                            ("no", "declined"),
                            ("paid", "paid back"),
                            ("failed", "the bank could not pay"),
                        ],
                        default="asked",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("proposed_at", models.DateTimeField(blank=True, null=True, verbose_name="proposed")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
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
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="payments.contributionorder",
                        verbose_name="contribution order",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "money of an order given back",
                "verbose_name_plural": "money of orders given back",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["state", "-id"], name="order_return_desk"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="order_return_of_an_amount"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "proposed", "sent", "paid"])),
                        fields=("order",),
                        name="order_return_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            ("proposed_by", None),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="order_return_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by", None), ("proposed_by", None), ("state", "asked")),
                            models.Q(
                                ("decided_by", None), ("proposed_by__isnull", False), ("state", "proposed")
                            ),
                            models.Q(
                                ("decided_by__isnull", False),
                                ("proposed_by__isnull", False),
                                ("state__in", ["sent", "paid", "failed"]),
                            ),
                            models.Q(
                                ("decided_by__isnull", False),
                                ("state", "no"),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="order_return_decided_in_order",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="statementfile",
            name="statement_once",
        ),
        migrations.AddField(
            model_name="lumpsum",
            name="calculated",
            field=payments.models.accounts.Dong(
                blank=True, decimal_places=0, max_digits=15, null=True, verbose_name="calculated"
            ),
        ),
        migrations.AddField(
            model_name="lumpsum",
            name="calculation",
            field=models.JSONField(default=dict, verbose_name="how the amount came about"),
        ),
        migrations.AddField(
            model_name="lumpsum",
            name="difference",
            field=models.CharField(
                blank=True, max_length=300, verbose_name="why it is not the calculated amount"
            ),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="discard_reason",
            field=models.CharField(blank=True, max_length=300, verbose_name="why it was discarded"),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="discarded_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="discarded"),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="discarded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="discarded by",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="account",
            field=models.CharField(
                choices=[
                    ("receivable", "Contributions receivable"),
                    ("bank", "Bank clearing"),
                    ("refunds", "Refunds payable"),
                    ("benefits", "Benefits payable"),
                    ("suspense", "Suspense"),
                    ("returned", "Returned payments"),
                    ("fund", "Insurance fund"),
                    ("cash", "Cash at the counter"),
                    ("post", "Cash with the post"),
                ],
                max_length=10,
                verbose_name="account",
            ),
        ),
        migrations.AlterField(
            model_name="lumpsum",
            name="state",
            field=models.CharField(
                choices=[
                    ("recorded", "waits for the second person"),
                    ("decided", "amount decided"),
                    ("back", "sent back"),
                ],
                default="recorded",
                max_length=8,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="statementfile",
            name="state",
            field=models.CharField(
                choices=[
                    ("checked", "checked, not taken in"),
                    ("queued", "being taken in"),
                    ("taken", "taken in"),
                    ("refused", "refused"),
                    ("dropped", "discarded"),
                ],
                default="checked",
                max_length=7,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="lumpsum",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("calculated", None),
                    ("amount", models.F("calculated")),
                    models.Q(("difference", ""), _negated=True),
                    _connector="OR",
                ),
                name="lump_sum_difference_explained",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "dropped"), _negated=True),
                fields=("account", "sha256"),
                name="statement_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("discarded_at__isnull", False),
                        ("discarded_by__isnull", False),
                        ("state", "dropped"),
                        ("taken_at", None),
                        models.Q(("discard_reason", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "dropped"), _negated=True),
                        ("discard_reason", ""),
                        ("discarded_at", None),
                        ("discarded_by", None),
                    ),
                    _connector="OR",
                ),
                name="statement_discarded_whole",
            ),
        ),
    ]
