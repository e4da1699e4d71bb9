"""Contributions ordered by citizens: what is to be paid, for whom, for which months."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong, OfficeAccount
from portal.models import User
from procedures.models import Dossier, Office


class Product(models.TextChoices):
    VOLUNTARY = "voluntary", _("Voluntary social insurance")
    HOUSEHOLD = "household", _("Health insurance of households")


class ContributionOrder(models.Model):
    """What a citizen undertook to pay, under a transfer reference of its own.

    ``quote`` is how the amount came about, frozen: inputs, steps in words, figures used with source
    and confidence. ``paid`` is what the ledger has received for it; never above ``amount``.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be paid")
        PAID = "paid", _("paid")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")

    reference = models.CharField(_("transfer reference"), max_length=16, unique=True)
    product = models.CharField(_("product"), max_length=9, choices=Product)
    kind = models.CharField(_("kind"), max_length=20)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    account = models.ForeignKey(OfficeAccount, models.PROTECT, related_name="+", verbose_name=_("to account"))
    payer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("payer"))
    payer_name = models.CharField(_("name of the payer"), max_length=200)
    dossier = models.ForeignKey(
        Dossier, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("dossier")
    )
    amount = Dong(_("amount"))
    paid = Dong(_("paid"), default=0)
    quote = models.JSONField(_("how the amount came about"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    made_at = models.DateTimeField(_("ordered"))
    expires_at = models.DateTimeField(_("to be paid by"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("contribution order")
        verbose_name_plural = _("contribution orders")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_of_an_amount"),
            models.CheckConstraint(
                condition=Q(paid__gte=0, paid__lte=F("amount")), name="order_not_paid_beyond"
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(paid=F("amount")), name="order_paid_in_full"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["office", "state", "-id"], name="order_desk"),
            models.Index(fields=["payer", "-id"], name="order_payer"),
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="order_due"),
        ]

    def __str__(self) -> str:
        return self.reference


class CoveredPerson(models.Model):
    """A person an order pays for: whole months from ``first_month`` to ``last_month`` (their first days).

    ``amount`` is what is really paid for all of them, state support of ``support`` already taken off.
    ``card_from`` and ``card_to``: how long the health card it buys is valid.
    """

    order = models.ForeignKey(ContributionOrder, models.PROTECT, related_name="people")
    position = models.PositiveSmallIntegerField()
    full_name = models.CharField(_("full name"), max_length=200)
    insurance_number = models.CharField(_("social insurance number"), max_length=10, blank=True)
    date_of_birth = models.CharField(_("date of birth"), max_length=10, blank=True)
    first_month = models.DateField(_("from month"))
    last_month = models.DateField(_("to month"))
    income = Dong(_("income chosen"), null=True, blank=True)
    method = models.CharField(_("method of payment"), max_length=2, blank=True)
    amount = Dong(_("amount"))
    support = Dong(_("state support"), default=0)
    card_from = models.DateField(_("card valid from"), null=True, blank=True)
    card_to = models.DateField(_("card valid to"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["order_id", "position"]
        verbose_name = _("covered person")
        verbose_name_plural = _("covered persons")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "position"], name="covered_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, support__gte=0, last_month__gte=F("first_month")),
                name="covered_for_money_and_time",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name
