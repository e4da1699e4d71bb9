"""Which collecting agents serve which wards."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.models import Filer, Organisation, Ward


class AgentArea(models.Model):
    """A ward that a collecting agent serves, and from when to when; empty days are no bound."""

    agent = models.ForeignKey(
        Organisation,
        models.PROTECT,
        limit_choices_to={"kind": Filer.AGENT},
        related_name="areas",
        verbose_name=_("collecting agent"),
    )
    ward = models.ForeignKey(Ward, models.PROTECT, related_name="+", verbose_name=_("ward"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["ward_id", "agent_id"]
        verbose_name = _("ward of a collecting agent")
        verbose_name_plural = _("wards of the collecting agents")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agent", "ward"], name="agent_serves_ward_once"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="agent_area_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} – {self.ward}"
