"""When an office is open for visits, and which of its counters is for what."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.fields import DateTimeField
from django.utils.translation import gettext_lazy as _

from portal.models import Confidence
from procedures.models.offices import Office


def _moment(name: str) -> Func:
    """A time of day as a moment of one fixed day: PostgreSQL has no ranges of times."""
    return Func(name, template="('2000-01-01'::date + %(expressions)s)", output_field=DateTimeField())


class OfficeHours(models.Model):
    """A span of a weekday in which an office is open; morning and afternoon are two rows.

    An office without rows has hours nobody has told us: pages say so and name no time.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 1, _("Monday")
        TUESDAY = 2, _("Tuesday")
        WEDNESDAY = 3, _("Wednesday")
        THURSDAY = 4, _("Thursday")
        FRIDAY = 5, _("Friday")
        SATURDAY = 6, _("Saturday")
        SUNDAY = 7, _("Sunday")

    office = models.ForeignKey(Office, models.CASCADE, related_name="hours", verbose_name=_("office"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence, default=Confidence.UNSURE
    )

    class Meta:
        ordering: ClassVar = ["weekday", "opens"]
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        constraints: ClassVar = [
            ExclusionConstraint(
                name="hours_do_not_overlap",
                expressions=[
                    ("office", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (Func(_moment("opens"), _moment("closes"), function="tsrange"), RangeOperators.OVERLAPS),
                    (
                        Func("valid_from", "valid_to", Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Two spans of one weekday overlap."),
            ),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="office_closes_after_it_opens",
                violation_error_message=_("It must close after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="hours_end_after_they_begin",
                violation_error_message=_("The last day lies before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self) -> None:
        if self.opens and self.closes and self.closes <= self.opens:
            raise ValidationError({"closes": _("It must close after it opens.")})
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("The last day lies before the first.")})


class Counter(models.Model):
    """A counter of an office: its number or name, and what people come to it for."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="counters", verbose_name=_("office"))
    name = models.CharField(_("number or name"), max_length=40)
    purpose = models.CharField(_("what for"), max_length=150)
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence, default=Confidence.UNSURE
    )

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["office", "name"],
                name="counter_once",
                violation_error_message=_("The office has a counter of this name already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.purpose}"
