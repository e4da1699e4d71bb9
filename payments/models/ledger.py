"""The ledger: double entry in whole đồng, append-only. The database keeps every posting balanced."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong
from portal.models import User
from procedures.models import Office


class Account(models.TextChoices):
    """The chart of accounts. Debits are positive, credits negative.

    ``FUND`` stands for the insurance fund: contributions charged are credited to it, refunds and
    benefits decided are drawn from it. ``CASH`` is what lies in the tills of the offices, ``POST`` what the
    post was given to pay out for them. ``LISTS`` is what paying points paid out of the cash lists of
    monthly benefits and have to get, or had in advance: on either side.
    """

    RECEIVABLE = "receivable", _("Contributions receivable")
    BANK = "bank", _("Bank clearing")
    REFUNDS = "refunds", _("Refunds payable")
    BENEFITS = "benefits", _("Benefits payable")
    SUSPENSE = "suspense", _("Suspense")
    RETURNED = "returned", _("Returned payments")
    FUND = "fund", _("Insurance fund")
    CASH = "cash", _("Cash at the counter")
    POST = "post", _("Cash with the post")
    LISTS = "lists", _("Cash lists, between us and the post")


class Posting(models.Model):
    """One event of money at an office, with entries that sum to zero. ``document``: what explains it."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    kind = models.CharField(_("kind"), max_length=30)
    document_kind = models.CharField(_("document"), max_length=30)
    document_id = models.BigIntegerField(_("number of the document"))
    key = models.CharField(max_length=120, unique=True)
    posted_at = models.DateTimeField(_("booked at"), db_index=True)
    posted_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("booked by")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("posting")
        verbose_name_plural = _("ledger")
        indexes: ClassVar = [
            models.Index(fields=["document_kind", "document_id"], name="posting_document"),
            models.Index(fields=["office", "-id"], name="posting_office"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Entry(models.Model):
    """A debit (positive) or credit (negative) of one account. ``bank_account``: of ``BANK`` alone."""

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="entries")
    account = models.CharField(_("account"), max_length=10, choices=Account)
    bank_account = models.ForeignKey(
        "payments.OfficeAccount",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("account at the bank"),
    )
    amount = Dong(_("amount"))

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount=0), name="entry_moves_money"),
            models.CheckConstraint(
                condition=Q(account="bank", bank_account__isnull=False)
                | (~Q(account="bank") & Q(bank_account=None)),
                name="entry_of_a_bank_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
