"""Changes of legal figures: one proposes, another decides; both rows stay as they were written."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import Confidence, User
from procedures.models.rates import LegalFigure


class FigureProposal(models.Model):
    """A row as it shall be. ``figure``: the row it takes the place of; none: a new row.

    ``before``: that row when it was proposed; approving it once it has become another is refused.
    """

    figure = models.ForeignKey(
        LegalFigure,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proposals",
        verbose_name=_("row to change"),
    )
    name = models.CharField(_("figure"), max_length=80)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    value = models.JSONField(_("value"))
    unit = models.CharField(_("unit"), max_length=80, blank=True)
    source = models.CharField(_("source"), max_length=300)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence)
    reason = models.CharField(_("reason"), max_length=300)
    before = models.JSONField(_("before"), null=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering: ClassVar = ["-proposed_at", "-id"]
        verbose_name = _("proposed figure")
        verbose_name_plural = _("proposed figures")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="proposal_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.valid_from:%d/%m/%Y})"


class FigureDecision(models.Model):
    """What became of a proposal. ``closed``: the row before, which now ends the day before, if one did."""

    class What(models.TextChoices):
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    proposal = models.OneToOneField(
        FigureProposal, models.PROTECT, related_name="decision", verbose_name=_("proposed figure")
    )
    what = models.CharField(_("outcome"), max_length=9, choices=What)
    note = models.CharField(_("note"), max_length=300, blank=True)
    figure = models.ForeignKey(LegalFigure, models.PROTECT, null=True, related_name="+")
    closed = models.ForeignKey(LegalFigure, models.PROTECT, null=True, related_name="+")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-decided_at", "-id"]
        verbose_name = _("decision on a figure")
        verbose_name_plural = _("decisions on figures")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(what="withdrawn") & Q(decided_by=F("proposed_by")))
                | (~Q(what="withdrawn") & ~Q(decided_by=F("proposed_by"))),
                name="figure_decided_by_another",
            )
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id} {self.what}"
