"""Legal figures as dated rows: what the law says changes without a deploy."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from portal.models import Confidence

# The days a figure holds, both ends included.
_VALID_DAYS = Func(
    F("valid_from"),
    F("valid_to"),
    RangeBoundary(inclusive_upper=True),
    function="DATERANGE",
    output_field=DateRangeField(),
)


class LegalFigure(models.Model):
    """A figure of the law, from when to when it holds, where it stands and how sure we are."""

    name = models.CharField(_("figure"), max_length=80)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    value = models.JSONField(_("value"))
    unit = models.CharField(_("unit"), max_length=80, blank=True)
    source = models.CharField(_("source"), max_length=300)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence)

    class Meta:
        ordering: ClassVar = ["name", "valid_from"]
        verbose_name = _("legal figure")
        verbose_name_plural = _("legal figures")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="figure_ends_after_start"
            ),
            ExclusionConstraint(
                name="one_figure_a_day",
                expressions=[
                    ("name", RangeOperators.EQUAL),
                    (_VALID_DAYS, RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Another row of this figure holds for some of these days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.valid_from:%d/%m/%Y})"
