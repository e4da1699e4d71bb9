"""Receipts for contributions: numbered without gaps, never changed, cancelled by another document."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong
from payments.models.orders import ContributionOrder
from portal.models import User
from procedures.models import Office


class ReceiptSeries(models.Model):
    """The receipts of an office and a year; whoever takes the next number holds this row."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    year = models.PositiveSmallIntegerField(_("year"))

    class Meta:
        ordering: ClassVar = ["-year", "office_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "year"], name="receipt_series_once")
        ]

    def __str__(self) -> str:
        return f"BL056.{self.office.number}-{self.year % 100:02}"


class Receipt(models.Model):
    """A receipt, or the document that cancels one: both take their number from the same series.

    ``said`` is what the paper says beside number and amount, frozen (``payments.receipts``). A receipt
    is cancelled when another row ``cancels`` it; no row is ever changed. ``issued_by`` is empty where
    the portal itself issued it.
    """

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("contribution receipt")
        CANCELLATION = "cancellation", _("cancellation of a receipt")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.RECEIPT)
    series = models.ForeignKey(
        ReceiptSeries, models.PROTECT, related_name="receipts", verbose_name=_("series")
    )
    number = models.PositiveIntegerField(_("number"))
    code = models.CharField(_("number of the receipt"), max_length=24, unique=True)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    order = models.ForeignKey(
        ContributionOrder, models.PROTECT, related_name="receipts", verbose_name=_("contribution order")
    )
    amount = Dong(_("amount"))
    said = models.JSONField()
    cancels = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cancelled_by",
        verbose_name=_("cancels"),
    )
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("in place of"),
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    issued_at = models.DateTimeField(_("issued"))
    issued_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("issued by")
    )
    token = models.CharField(max_length=32, unique=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-issued_at", "-id"]
        verbose_name = _("contribution receipt")
        verbose_name_plural = _("contribution receipts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "number"], name="receipt_number_once"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(kind="receipt", replaces=None), name="one_first_receipt"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0, number__gt=0), name="receipt_of_an_amount"),
            models.CheckConstraint(
                condition=Q(kind="receipt", cancels=None, reason="")
                | (Q(kind="cancellation", cancels__isnull=False, issued_by__isnull=False) & ~Q(reason="")),
                name="cancellation_says_what_and_why",
            ),
            models.CheckConstraint(
                condition=Q(replaces=None) | Q(kind="receipt", issued_by__isnull=False),
                name="receipt_replaced_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["office", "-issued_at", "-id"], name="receipt_desk"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def cancellation(self) -> "Receipt | None":
        """The document that cancels this one, if there is one."""
        return getattr(self, "cancelled_by", None)


class ReceiptPaper(models.Model):
    """A PDF of a receipt: revision 1 as it was issued, revision 2 marked as cancelled. Both are kept."""

    AS_ISSUED, MARKED = 1, 2

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="papers")
    revision = models.PositiveSmallIntegerField()
    file = models.FileField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar = ["receipt_id", "revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["receipt", "revision"], name="receipt_paper_once"),
            models.CheckConstraint(condition=Q(revision__in=[1, 2]), name="receipt_paper_known"),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id} {self.revision}"
