"""Monthly payment lists: closed, numbered, hashed; and what came of each line."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pension.models.roster import Beneficiary, BenefitEntry, Dong, Method
from pension.models.switches import SwitchRequest
from portal.models import User, Ward
from portal.sealing import SealedField
from procedures.models import Bank, Office


class PaymentList(models.Model):
    """What an office pays in a month. A second list of the month holds what the first could not pay.

    Closed it does not change; one person closes it, another releases it to the bank.
    """

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    month = models.DateField(_("month"))
    number = models.PositiveSmallIntegerField(_("number"))
    rows = models.PositiveIntegerField(_("rows"))
    total = Dong(_("total"))
    cash_rows = models.PositiveIntegerField(_("in cash"))
    cash_total = Dong(_("total in cash"))
    account_rows = models.PositiveIntegerField(_("to accounts"))
    account_total = Dong(_("total to accounts"))
    closed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("closed by"))
    closed_at = models.DateTimeField(_("closed"))
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(_("digest"), max_length=64)
    released_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("released by")
    )
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    key = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering: ClassVar = ["-month", "office", "-number"]
        verbose_name = _("payment list")
        verbose_name_plural = _("payment lists")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "month", "number"], name="pay_list_number_once"),
            models.CheckConstraint(
                condition=Q(rows=F("cash_rows") + F("account_rows"))
                & Q(total=F("cash_total") + F("account_total")),
                name="pay_list_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(released_by=None, released_at=None)
                | Q(released_at__isnull=False) & ~Q(released_by=F("closed_by")),
                name="pay_list_released_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}-{self.number} {self.office}"


class PaymentLine(models.Model):
    """A benefit on a list, as it stood when the list was closed; ``follows`` the line that failed.

    ``news`` is a change of personal details that the list is the first to show.
    """

    list = models.ForeignKey(PaymentList, models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField(_("number"))
    entry = models.ForeignKey(BenefitEntry, models.PROTECT, related_name="lines")
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+")
    payee = models.CharField(_("payee"), max_length=100)
    benefit = models.CharField(max_length=16)
    amount = Dong(_("amount"))
    method = models.CharField(_("paid by"), max_length=7, choices=Method)
    ward = models.ForeignKey(Ward, models.PROTECT, related_name="+")
    pay_point = models.CharField(_("paying point"), max_length=100, blank=True)
    bank = models.ForeignKey(Bank, models.PROTECT, null=True, blank=True, related_name="+")
    account_number = SealedField(blank=True)
    account_print = models.CharField(max_length=64, blank=True)
    switch = models.ForeignKey(SwitchRequest, models.PROTECT, null=True, blank=True, related_name="lines")
    news = models.ForeignKey(
        SwitchRequest, models.PROTECT, null=True, blank=True, related_name="told_on", verbose_name=_("news")
    )
    follows = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="followed_by")

    class Meta:
        ordering: ClassVar = ["list", "position"]
        verbose_name = _("line of a payment list")
        verbose_name_plural = _("lines of payment lists")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["list", "position"], name="pay_line_position_once"),
            models.UniqueConstraint(fields=["entry"], condition=Q(follows=None), name="benefit_listed_once"),
            models.CheckConstraint(
                condition=Q(method="cash", account_print="")
                | Q(method="account", bank__isnull=False) & ~Q(account_print=""),
                name="pay_line_has_its_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_id} {self.position}"


class PaymentResult(models.Model):
    """What the bank said of a line, each time it said something new. Append-only."""

    line = models.ForeignKey(PaymentLine, models.PROTECT, related_name="results")
    paid = models.BooleanField(_("paid"))
    reason = models.CharField(_("reason of the bank"), max_length=200, blank=True)
    at = models.DateTimeField(_("heard"))

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = _("result of a payment")
        verbose_name_plural = _("results of payments")

    def __str__(self) -> str:
        return f"{self.line_id} {'paid' if self.paid else self.reason}"
