"""What banks answer: files of results as they were read, and what came of every row."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong
from payments.models.payouts import PaymentOrder
from portal.models import User
from procedures.models import Office


class ResultFile(models.Model):
    """A file of results about payments of an office; never changed."""

    class Kind(models.TextChoices):
        PAIN = "pain.002", "ISO 20022 pain.002"
        CAMT = "camt.054", "ISO 20022 camt.054"
        CSV = "csv", "CSV"

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    sha256 = models.CharField(max_length=64)
    read_at = models.DateTimeField(_("read"))
    read_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("read by"))
    row_count = models.PositiveIntegerField(_("rows"))

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("file of results")
        verbose_name_plural = _("files of results")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "sha256"], name="result_file_once")
        ]

    def __str__(self) -> str:
        return self.name


class ResultRow(models.Model):
    """What a bank said of one payment, and what came of it; never changed."""

    class Outcome(models.TextChoices):
        PAID = "paid", _("paid out")
        REJECTED = "rejected", _("rejected")
        RETURNED = "returned", _("returned")
        WAITING = "waiting", _("still on its way")
        KNOWN = "known", _("known already")

    file = models.ForeignKey(ResultFile, models.PROTECT, related_name="rows")
    line = models.PositiveIntegerField(_("line"))
    order = models.ForeignKey(PaymentOrder, models.PROTECT, related_name="results", verbose_name=_("payment"))
    status = models.CharField(max_length=60, blank=True)
    amount = Dong(_("amount"), null=True, blank=True)
    reason = models.CharField(_("reason of the bank"), max_length=200, blank=True)
    bank_reference = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)

    class Meta:
        ordering: ClassVar = ["line"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "line"], name="result_line_once"),
            models.UniqueConstraint(
                fields=["order", "outcome"],
                condition=models.Q(outcome__in=["paid", "rejected", "returned"]),
                name="result_taken_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.line}"
