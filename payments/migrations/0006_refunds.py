"""Refunds of contributions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.models.accounts
import portal.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0005_payouts"),
        ("procedures", "0027_agents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.CharField(
                        choices=[
                            ("voluntary", "Voluntary social insurance"),
                            ("household", "Health insurance of households"),
                        ],
                        max_length=9,
                        verbose_name="product",
                    ),
                ),
                ("ground", models.CharField(max_length=40, verbose_name="ground")),
                ("ground_date", models.DateField(verbose_name="day the reason arose")),
                ("refundee", models.CharField(max_length=200, verbose_name="person refunded")),
                ("insurance_number", models.CharField(max_length=10, verbose_name="social insurance number")),
                ("paid_from", models.DateField(verbose_name="paid from month")),
                ("paid_to", models.DateField(verbose_name="paid to month")),
                ("paid_method", models.CharField(max_length=2, verbose_name="method of payment")),
                (
                    "paid_amount",
                    payments.models.accounts.Dong(
                        decimal_places=0, max_digits=15, verbose_name="amount paid"
                    ),
                ),
                ("receipt_no", models.CharField(blank=True, max_length=60, verbose_name="receipt")),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="confirmed by the agent"),
                ),
                ("payee", models.CharField(max_length=100, verbose_name="payee")),
                ("account_number", portal.sealing.SealedField(verbose_name="account number")),
                (
                    "amount",
                    payments.models.accounts.Dong(
                        blank=True, decimal_places=0, max_digits=15, null=True, verbose_name="amount refunded"
                    ),
                ),
                ("steps", models.JSONField(default=list, verbose_name="how the amount came about")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "to be examined"),
                            ("proposed", "amount proposed"),
                            ("approved", "approved, to be paid"),
                            ("paid", "paid"),
                            ("failed", "the bank could not pay"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("proposed_at", models.DateTimeField(blank=True, null=True, verbose_name="proposed")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="approved")),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
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
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="confirmed by",
                    ),
                ),
                (
                    "dossier",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refund",
                        to="procedures.dossier",
                        verbose_name="dossier",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.paymentorder",
                        verbose_name="payment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.coveredperson",
                        verbose_name="payment known to the portal",
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
                "verbose_name": "refund",
                "verbose_name_plural": "refunds",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["product", "insurance_number"], name="refunds_of_a_person"),
                    models.Index(fields=["state", "-id"], name="refund_desk"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("paid_amount__gt", 0), ("paid_to__gte", models.F("paid_from"))),
                        name="refund_of_a_payment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount", None),
                            models.Q(("amount__gt", 0), ("amount__lte", models.F("paid_amount"))),
                            _connector="OR",
                        ),
                        name="refund_within_what_was_paid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", None),
                            models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="refund_approved_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"),
                            models.Q(
                                ("amount__isnull", False),
                                ("proposed_at__isnull", False),
                                ("proposed_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="refund_proposed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["open", "proposed"]),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("approved_by__isnull", False),
                                ("payment__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="refund_decided_by_somebody",
                    ),
                ],
            },
        ),
    ]
