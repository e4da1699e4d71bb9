"""Cash of the monthly lists by paying point, and the account it is settled on."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import payments.models.accounts


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0010_sealed_hash_totals"),
        ("procedures", "0027_agents"),
    ]

    operations = [
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
                    ("lists", "Cash lists, between us and the post"),
                ],
                max_length=10,
                verbose_name="account",
            ),
        ),
        migrations.CreateModel(
            name="CashOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("list_kind", models.CharField(max_length=30)),
                ("list_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=100, verbose_name="list")),
                ("pay_point", models.CharField(blank=True, max_length=100, verbose_name="paying point")),
                ("rows", models.PositiveIntegerField(verbose_name="rows")),
                (
                    "amount",
                    payments.models.accounts.Dong(decimal_places=0, max_digits=15, verbose_name="amount"),
                ),
                (
                    "paid",
                    payments.models.accounts.Dong(
                        decimal_places=0, default=0, max_digits=15, verbose_name="paid out"
                    ),
                ),
                (
                    "left",
                    payments.models.accounts.Dong(
                        decimal_places=0, default=0, max_digits=15, verbose_name="not collected"
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="ordered")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
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
                "verbose_name": "cash of a paying point",
                "verbose_name_plural": "cash of paying points",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("list_kind", "list_id", "pay_point"), name="cash_ordered_once_a_point"
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="cash_of_an_amount"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("left", 0), ("paid", 0), ("settled_at", None)),
                            models.Q(
                                (
                                    "amount",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("paid"), "+", models.F("left")
                                    ),
                                ),
                                ("left__gte", 0),
                                ("paid__gte", 0),
                                ("settled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="cash_settled_whole",
                    ),
                ],
            },
        ),
    ]
