"""What the district really has, held against its intake lists."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import User
from procedures.models.offices import Office


class Reconciliation(models.Model):
    """One comparison: open while codes are scanned, fixed in the database once it is signed off."""

    class Source(models.TextChoices):
        BOOK = "book", _("the paper book")
        PARCELS = "parcels", _("parcels received")
        COUNTER = "counter", _("the list of the counter")

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    from_day = models.DateField(_("from"))
    to_day = models.DateField(_("to"))
    source = models.CharField(_("compared with"), max_length=7, choices=Source)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("begun by"))
    started_at = models.DateTimeField(_("begun"), default=timezone.now)
    key = models.CharField(max_length=100, unique=True)
    signed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("signed off by")
    )
    signed_at = models.DateTimeField(_("signed off"), null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    digest = models.CharField(_("digest"), max_length=64, blank=True)

    class Meta:
        ordering: ClassVar = ["-started_at", "-id"]
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(to_day__gte=models.F("from_day")), name="reconciliation_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_by=None, result=None, digest="")
                | Q(signed_at__isnull=False, signed_by__isnull=False, result__isnull=False) & ~Q(digest=""),
                name="reconciliation_signed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office}, {self.from_day:%d/%m/%Y}–{self.to_day:%d/%m/%Y}"


class FoundCode(models.Model):
    """A code that was scanned or stood in a file: one line for each time it was there."""

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="found")
    code = models.CharField(_("code"), max_length=40)
    place = models.CharField(max_length=60, blank=True, help_text="row of the file; empty: scanned")
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=150)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reconciliation", "key"], name="found_once_per_key")
        ]
        indexes: ClassVar = [models.Index(fields=["reconciliation", "code"], name="found_code")]

    def __str__(self) -> str:
        return self.code


class DifferenceReason(models.Model):
    """Why a code is missing, extra or double, in the clerk's words."""

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="reasons")
    code = models.CharField(max_length=40)
    words = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reconciliation", "code"], name="one_reason_a_difference")
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.words}"
