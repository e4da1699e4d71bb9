"""A change of how somebody is paid, from filing to the first payment that came through."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pension.models.roster import Beneficiary, Method
from portal.models import User, Ward
from portal.sealing import SealedField
from procedures.models import Bank, Dossier, Office


class SwitchRequest(models.Model):
    """What a dossier of ``change-payment-method`` does to the payment lists.

    ``old_method`` and ``old_print`` are what the roster said when it was filed: the change holds for as long
    as the roster says that, and gives way to whatever else the roster says later. ``doubts`` are names of
    reasons for which the office calls back; only staff read them. The code of the second channel is kept as
    a fingerprint, and sealed until it has been sent.

    Another receiving place hands the benefit over from ``old_office`` to ``new_office`` where they differ,
    for as long as the roster has it in ``old_ward``. ``id_number``, ``phone`` and ``address`` are what a
    change of personal details says; empty is unchanged.
    """

    class Kind(models.TextChoices):
        CASH_TO_ACCOUNT = "cash_to_account", _("cash to bank account")
        ACCOUNT_TO_CASH = "account_to_cash", _("bank account to cash")
        CHANGE_ACCOUNT = "change_account", _("other bank account")
        CHANGE_PLACE = "change_place", _("other receiving place")
        PERSONAL_INFO = "personal_info", _("personal details")

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("waits for the code")
        HELD = "held", _("held for a call-back")
        CONFIRMED = "confirmed", _("confirmed")
        WAITING = "waiting", _("waits for the next list")
        TRYING = "trying", _("first payment under way")
        DONE = "done", _("in force")
        FAILED = "failed", _("first payment failed")
        ENDED = "ended", _("ended without effect")

    dossier = models.OneToOneField(Dossier, models.PROTECT, related_name="+", verbose_name=_("dossier"))
    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="switches", verbose_name=_("beneficiary")
    )
    kind = models.CharField(_("what changes"), max_length=15, choices=Kind)
    method = models.CharField(_("new method"), max_length=7, choices=Method, blank=True)
    bank = models.ForeignKey(
        Bank, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("bank")
    )
    account_number = SealedField(_("account number"), blank=True)
    account_print = models.CharField(max_length=64, blank=True)
    account_holder = models.CharField(_("account holder"), max_length=100, blank=True)
    ward = models.ForeignKey(Ward, models.PROTECT, null=True, blank=True, related_name="+")
    pay_point = models.CharField(_("paying point"), max_length=100, blank=True)
    old_ward = models.ForeignKey(Ward, models.PROTECT, null=True, blank=True, related_name="+")
    old_office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("office until now")
    )
    new_office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("office from then on")
    )
    id_number = SealedField(_("new identity number"), blank=True)
    phone = models.CharField(_("new phone"), max_length=11, blank=True)
    address = models.CharField(_("new address"), max_length=300, blank=True)
    old_method = models.CharField(_("method until now"), max_length=7, choices=Method)
    old_print = models.CharField(max_length=64, blank=True)
    effective_month = models.DateField(_("from the list of"))
    state = models.CharField(_("state"), max_length=11, choices=State, default=State.UNCONFIRMED)
    doubts = models.JSONField(_("reasons to call back"), default=list, blank=True)
    code_print = models.CharField(max_length=64, blank=True)
    code = SealedField(blank=True)
    code_until = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by_phone = models.BooleanField(_("confirmed by call-back"), default=False)
    called_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("called back by")
    )
    call_note = models.CharField(_("what was said"), max_length=300, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("why the first payment failed"), max_length=200, blank=True)
    filed_at = models.DateTimeField(_("filed"))

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("change of payment")
        verbose_name_plural = _("changes of payment")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(method="account", bank__isnull=False) & ~Q(account_print="")
                | ~Q(method="account") & Q(account_print=""),
                name="switch_has_its_account",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "waiting", "trying", "done", "failed"])
                | Q(confirmed_at__isnull=False),
                name="switch_confirmed_first",
            ),
            models.CheckConstraint(
                condition=Q(called_by=None) | Q(decided_by=None) | ~Q(called_by=F("decided_by")),
                name="switch_decided_by_another",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["beneficiary", "state"], name="switch_in_force"),
            models.Index(fields=["account_print"], condition=~Q(account_print=""), name="switch_account"),
            models.Index(
                fields=["new_office", "state"],
                condition=Q(new_office__isnull=False),
                name="switch_hands_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.kind}"

    @property
    def hands_over(self) -> bool:
        """Whether another office pays the benefit from then on."""
        return self.new_office_id is not None and self.new_office_id != self.old_office_id


class HandOver(models.Model):
    """What two offices did about a benefit that moves from one to the other. Append-only."""

    class Step(models.TextChoices):
        AGREED = "agreed", _("decided: the new office pays from its next list on")
        SEEN = "seen", _("the office until now has taken note")
        LISTED = "listed", _("stands on a list of the new office")
        ENDED = "ended", _("taken back: it stays where it was")

    switch = models.ForeignKey(SwitchRequest, models.PROTECT, related_name="hand_overs")
    step = models.CharField(_("step"), max_length=6, choices=Step)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("when"))

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = _("hand-over of a benefit")
        verbose_name_plural = _("hand-overs of benefits")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["switch", "step"], name="hand_over_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.switch_id} {self.step}"
