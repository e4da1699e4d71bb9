"""Batches of payments of one bank account: approved by two, written to files, taken once an approval."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong, OfficeAccount
from portal.models import User
from portal.sealing import SealedNumber
from procedures.models import Office


class PayoutBatch(models.Model):
    """Payments that leave an account together; numbered per office and year without gaps.

    ``count``, ``total`` and ``hash_total`` (the account numbers of all payees, their digits read as one
    number each, added up) are fixed when it is made. Three different persons make and approve it.
    """

    class State(models.TextChoices):
        MADE = "made", _("waits for the first approval")
        CHECKED = "checked", _("waits for the second approval")
        APPROVED = "approved", _("approved twice")
        SENT = "sent", _("with the bank")
        CLOSED = "closed", _("the bank has answered all")
        CANCELLED = "cancelled", _("taken apart")

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    account = models.ForeignKey(
        OfficeAccount, models.PROTECT, related_name="+", verbose_name=_("from account")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("number"))
    pay_on = models.DateField(_("to be paid on"))
    count = models.PositiveIntegerField(_("payments"))
    total = Dong(_("total"))
    hash_total = SealedNumber(_("hash total of the accounts"))  # of one payment, the very number
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.MADE)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))
    first_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first approval")
    )
    first_at = models.DateTimeField(null=True, blank=True)
    second_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second approval")
    )
    second_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("why it was taken apart"), max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("payout batch")
        verbose_name_plural = _("payout batches")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "year", "number"], name="payout_batch_number_once"),
            models.CheckConstraint(condition=Q(count__gt=0, total__gt=0), name="payout_batch_of_payments"),
            models.CheckConstraint(
                condition=Q(state="made", first_by=None, second_by=None)
                | Q(state="checked", first_by__isnull=False, second_by=None)
                | Q(state__in=["approved", "sent", "closed"], first_by__isnull=False, second_by__isnull=False)
                | Q(state="cancelled", second_by=None),
                name="payout_batch_approved_in_order",
            ),
            models.CheckConstraint(
                condition=Q(first_by=None) | ~Q(first_by=F("made_by")), name="payout_batch_first_eyes"
            ),
            models.CheckConstraint(
                condition=Q(second_by=None) | ~Q(second_by=F("made_by")) & ~Q(second_by=F("first_by")),
                name="payout_batch_second_eyes",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["office", "-id"], name="payout_batch_desk")]

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"


class BatchFile(models.Model):
    """A file of an approved batch, as it was made; never changed."""

    class Kind(models.TextChoices):
        PAIN = "xml", _("ISO 20022 pain.001.001.09")
        XLSX = "xlsx", _("Bulk transfer workbook")

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="files")
    kind = models.CharField(max_length=4, choices=Kind)
    name = models.CharField(max_length=60)
    file = models.FileField(max_length=200)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["kind"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "kind"], name="payout_batch_file_once")
        ]

    def __str__(self) -> str:
        return self.name


class BatchRelease(models.Model):
    """Leave to take a file of a batch once. The first comes with the second approval."""

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="releases")
    number = models.PositiveSmallIntegerField()
    released_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    released_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "number"], name="payout_release_once"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="payout_release_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.number}"


class BatchDownload(models.Model):
    """Who took which file of a batch, and under which leave: one a leave."""

    release = models.OneToOneField(BatchRelease, models.PROTECT, related_name="download")
    file = models.ForeignKey(BatchFile, models.PROTECT, related_name="downloads")
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["taken_at"]

    def __str__(self) -> str:
        return f"{self.file_id} {self.taken_at:%Y-%m-%d %H:%M}"
