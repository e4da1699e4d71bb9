"""Contributions given back: what was paid, what of it is due, who proposed and who approved it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong
from payments.models.orders import CoveredPerson, Product
from payments.models.payouts import PaymentOrder
from portal.models import User
from portal.sealing import SealedField
from procedures.models import Bank, Dossier


class Refund(models.Model):
    """The refund that a dossier asks for.

    ``paid_*`` is what the citizen says was paid, from the agent's confirmation on what the agent says,
    from the proposal on what the office goes by; ``person`` is that payment where this portal knows it.
    ``steps`` is how the amount came about, frozen: a list of words and amounts. The account number is
    sealed at rest.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be examined")
        PROPOSED = "proposed", _("amount proposed")
        APPROVED = "approved", _("approved, to be paid")
        PAID = "paid", _("paid")
        FAILED = "failed", _("the bank could not pay")

    DECIDED = (State.APPROVED, State.PAID, State.FAILED)

    dossier = models.OneToOneField(Dossier, models.PROTECT, related_name="refund", verbose_name=_("dossier"))
    product = models.CharField(_("product"), max_length=9, choices=Product)
    ground = models.CharField(_("ground"), max_length=40)
    ground_date = models.DateField(_("day the reason arose"))
    refundee = models.CharField(_("person refunded"), max_length=200)
    insurance_number = models.CharField(_("social insurance number"), max_length=10)
    paid_from = models.DateField(_("paid from month"))
    paid_to = models.DateField(_("paid to month"))
    paid_method = models.CharField(_("method of payment"), max_length=2)
    paid_amount = Dong(_("amount paid"))
    receipt_no = models.CharField(_("receipt"), max_length=60, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed by the agent"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("confirmed by")
    )
    person = models.ForeignKey(
        CoveredPerson,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
        verbose_name=_("payment known to the portal"),
    )
    payee = models.CharField(_("payee"), max_length=100)
    bank = models.ForeignKey(Bank, models.PROTECT, related_name="+", verbose_name=_("bank"))
    account_number = SealedField(_("account number"))
    amount = Dong(_("amount refunded"), null=True, blank=True)
    steps = models.JSONField(_("how the amount came about"), default=list)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), null=True, blank=True)
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    payment = models.ForeignKey(
        PaymentOrder, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("payment")
    )
    opened_at = models.DateTimeField(_("opened"))

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(paid_amount__gt=0, paid_to__gte=F("paid_from")), name="refund_of_a_payment"
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0, amount__lte=F("paid_amount")),
                name="refund_within_what_was_paid",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="refund_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="open")
                | Q(amount__isnull=False, proposed_by__isnull=False, proposed_at__isnull=False),
                name="refund_proposed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "proposed"])
                | Q(approved_by__isnull=False, approved_at__isnull=False, payment__isnull=False),
                name="refund_decided_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["product", "insurance_number"], name="refunds_of_a_person"),
            models.Index(fields=["state", "-id"], name="refund_desk"),
        ]

    def __str__(self) -> str:
        return str(self.dossier)
