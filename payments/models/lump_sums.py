"""Lump sums: what an approved dossier comes to, written down by one person and decided by another."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong
from portal.models import User
from procedures.models import Dossier, Office


class LumpSum(models.Model):
    """The amount of a decided dossier. One stands a dossier; those sent back are kept.

    ``calculated`` is what the calculator says, where it could say something; ``calculation`` what it was
    given and how it came about, frozen. Another ``amount`` has its ``difference`` explained.
    """

    class State(models.TextChoices):
        RECORDED = "recorded", _("waits for the second person")
        DECIDED = "decided", _("amount decided")
        SENT_BACK = "back", _("sent back")

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="+", verbose_name=_("dossier"))
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    amount = Dong(_("amount"))
    calculated = Dong(_("calculated"), null=True, blank=True)
    calculation = models.JSONField(_("how the amount came about"), default=dict)
    difference = models.CharField(_("why it is not the calculated amount"), max_length=300, blank=True)
    decision = models.CharField(_("number of the decision"), max_length=40)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RECORDED)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("why it was sent back"), max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("lump sum")
        verbose_name_plural = _("lump sums")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="lump_sum_of_an_amount"),
            models.CheckConstraint(
                condition=Q(calculated=None) | Q(amount=F("calculated")) | ~Q(difference=""),
                name="lump_sum_difference_explained",
            ),
            models.UniqueConstraint(
                fields=["dossier"], condition=~Q(state="back"), name="lump_sum_once_a_dossier"
            ),
            models.CheckConstraint(
                condition=Q(state="recorded", decided_by=None, decided_at=None)
                | Q(state__in=["decided", "back"], decided_by__isnull=False, decided_at__isnull=False),
                name="lump_sum_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("recorded_by")), name="lump_sum_four_eyes"
            ),
            models.CheckConstraint(condition=~Q(state="back") | ~Q(reason=""), name="lump_sum_sent_back_why"),
        ]
        indexes: ClassVar = [models.Index(fields=["office", "state", "-id"], name="lump_sum_desk")]

    def __str__(self) -> str:
        return f"{self.dossier}"
