"""Money of orders that were never paid in full, on its way back to who paid it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong
from payments.models.orders import ContributionOrder
from portal.models import User
from portal.sealing import SealedField
from procedures.models import Bank


class OrderReturn(models.Model):
    """All that came in for an order that ended unpaid: asked for, proposed by one, decided by another.

    ``asked_by`` is the payer, or who of the staff typed the account for them. One stands an order; those
    that were declined, or that the bank could not pay, are kept. The account number is sealed at rest.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("to be examined")
        PROPOSED = "proposed", _("waits for approval")
        APPROVED = "sent", _("to be paid by the bank")
        DECLINED = "no", _("declined")
        PAID = "paid", _("paid back")
        FAILED = "failed", _("the bank could not pay")

    STANDING = (State.ASKED, State.PROPOSED, State.APPROVED, State.PAID)
    OWED = (State.APPROVED, State.PAID)

    order = models.ForeignKey(
        ContributionOrder, models.PROTECT, related_name="returns", verbose_name=_("contribution order")
    )
    amount = Dong(_("amount"))
    payee = models.CharField(_("payee"), max_length=100)
    bank = models.ForeignKey(Bank, models.PROTECT, related_name="+", verbose_name=_("bank"))
    account_number = SealedField(_("account number"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"))
    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("money of an order given back")
        verbose_name_plural = _("money of orders given back")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_return_of_an_amount"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["asked", "proposed", "sent", "paid"]),
                name="order_return_once",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(proposed_by=None) | ~Q(decided_by=F("proposed_by")),
                name="order_return_by_two",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", proposed_by=None, decided_by=None)
                | Q(state="proposed", proposed_by__isnull=False, decided_by=None)
                | Q(state__in=["sent", "paid", "failed"], proposed_by__isnull=False, decided_by__isnull=False)
                | Q(state="no", decided_by__isnull=False) & ~Q(reason=""),
                name="order_return_decided_in_order",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-id"], name="order_return_desk")]

    def __str__(self) -> str:
        return f"{self.order}"
