"""What the post says of a cash list: who was paid on which day, and what nobody collected."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pension.models.lists import PaymentLine, PaymentList
from pension.models.roster import Dong
from portal.models import User


class CashReturn(models.Model):
    """The return of one paying point of a released list: every line of the point, each once.

    One person records it, another checks it; then it is fixed, and the ledger hears of it. What was wrong
    is set aside and recorded anew.
    """

    class State(models.TextChoices):
        TRIED = "tried", _("to be looked at")
        RECORDED = "recorded", _("waits for a second person")
        CHECKED = "checked", _("settled")
        DISCARDED = "discarded", _("set aside")

    list = models.ForeignKey(
        PaymentList, models.PROTECT, related_name="cash_returns", verbose_name=_("payment list")
    )
    pay_point = models.CharField(_("paying point"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State)
    rows = models.PositiveIntegerField(_("rows"))
    total = Dong(_("total"))
    paid_rows = models.PositiveIntegerField(_("paid"))
    paid_total = Dong(_("total paid"))
    left_rows = models.PositiveIntegerField(_("not collected"))
    left_total = Dong(_("total not collected"))
    file_name = models.CharField(_("file"), max_length=150, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded"))
    checked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("checked by")
    )
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    reason = models.CharField(_("why it was set aside"), max_length=300, blank=True)
    key = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("return of a paying point")
        verbose_name_plural = _("returns of paying points")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["list", "pay_point"], condition=~Q(state="discarded"), name="one_return_of_a_point"
            ),
            models.CheckConstraint(
                condition=Q(rows=F("paid_rows") + F("left_rows"))
                & Q(total=F("paid_total") + F("left_total")),
                name="cash_return_adds_up",
            ),
            models.CheckConstraint(
                condition=~Q(state="checked")
                | Q(checked_by__isnull=False, checked_at__isnull=False) & ~Q(checked_by=F("recorded_by")),
                name="cash_return_checked_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.pay_point}"


class CashOutcome(models.Model):
    """What came of a cash line, by a return: paid on a day, or not collected and why. Append-only."""

    class Reason(models.TextChoices):
        ABSENT = "absent", _("did not come")
        MOVED = "moved", _("is said to have moved")
        DIED = "died", _("is said to have died")
        OTHER = "other", _("another reason")

    cash_return = models.ForeignKey(CashReturn, models.PROTECT, related_name="outcomes")
    line = models.ForeignKey(PaymentLine, models.PROTECT, related_name="outcomes")
    paid = models.BooleanField(_("paid"))
    on = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=6, choices=Reason, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["cash_return", "line"]
        verbose_name = _("outcome of a cash line")
        verbose_name_plural = _("outcomes of cash lines")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cash_return", "line"], name="cash_outcome_once"),
            models.CheckConstraint(
                condition=Q(paid=True, reason="") | Q(paid=False) & ~Q(reason=""),
                name="cash_outcome_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {'paid' if self.paid else self.reason}"
