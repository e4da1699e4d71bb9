"""What offices owe to people and pay out through their bank."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong
from portal.sealing import SealedField
from procedures.models import Bank, Dossier, Office


class PaymentOrder(models.Model):
    """One amount owed to one person. An attempt that failed is followed by another order.

    ``document_kind`` and ``document_id`` name what it pays (a refund, a lump sum, a line of a pension
    list). The account number is sealed at rest.
    """

    class Source(models.TextChoices):
        REFUND = "refund", _("refund")
        LUMP_SUM = "lump_sum", _("lump sum")
        PENSION = "pension", _("monthly benefit")

    class State(models.TextChoices):
        READY = "ready", _("waits for a batch")
        BATCHED = "batched", _("in a batch")
        SENT = "sent", _("with the bank")
        PAID = "paid", _("paid out")
        REJECTED = "rejected", _("rejected by the bank")
        RETURNED = "returned", _("returned by the bank")
        CANCELLED = "cancelled", _("cancelled")

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    source = models.CharField(_("pays"), max_length=8, choices=Source)
    document_kind = models.CharField(max_length=30)
    document_id = models.BigIntegerField()
    dossier = models.ForeignKey(
        Dossier, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("dossier")
    )
    payee = models.CharField(_("payee"), max_length=100)
    bank = models.ForeignKey(Bank, models.PROTECT, related_name="+", verbose_name=_("bank"))
    account_number = SealedField(_("account number"))
    amount = Dong(_("amount"))
    purpose = models.CharField(_("purpose"), max_length=140)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.READY)
    batch = models.ForeignKey(
        "payments.PayoutBatch",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("batch"),
    )
    position = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(_("reason of the bank"), max_length=200, blank=True)
    follows = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="followed_by")
    made_at = models.DateTimeField(_("ordered"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("payment order")
        verbose_name_plural = _("payment orders")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_of_an_amount"),
            models.CheckConstraint(
                condition=Q(state="ready", batch=None, position=None)
                | Q(state__in=["batched", "sent"], batch__isnull=False, position__isnull=False)
                | Q(state__in=["paid", "rejected", "returned", "cancelled"]),
                name="payout_batched_whole",
            ),
            models.UniqueConstraint(fields=["batch", "position"], name="payout_position_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["office", "state", "id"], name="payout_desk"),
            models.Index(fields=["document_kind", "document_id"], name="payout_document"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """What the bank is told and says again: the end-to-end reference."""
        return f"KHC{self.pk:09d}"
