"""Parcels on their way from one office to another, and pictures of what came."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.models import User
from procedures.models.offices import Office
from procedures.models.post import Parcel


class HandoverList(models.Model):
    """What one office hands to another: numbered by the giving office and year, without gaps.

    ``left_at`` is when the parcels were handed to the carrier; until then one may be taken off again.
    """

    office = models.ForeignKey(Office, models.PROTECT, related_name="handovers", verbose_name=_("from"))
    to = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("to"))
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField(_("number"))
    code = models.CharField(_("number of the list"), max_length=24, unique=True)
    closed_at = models.DateTimeField(_("closed"))
    closed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("closed by"))
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    left_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-closed_at", "-id"]
        verbose_name = _("handover list")
        verbose_name_plural = _("handover lists")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "year", "number"], name="handover_number_once"),
            models.CheckConstraint(condition=~Q(office=F("to")), name="handover_to_another"),
        ]

    def __str__(self) -> str:
        return self.code


class HandoverRow(models.Model):
    """A parcel on a handover list: under way until it is scanned in somewhere or taken off again."""

    list = models.ForeignKey(HandoverList, models.PROTECT, related_name="rows")
    position = models.PositiveIntegerField()
    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="handover_rows")
    arrived_at = models.DateTimeField(null=True, blank=True)
    arrived_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    arrived_office = models.ForeignKey(Office, models.PROTECT, null=True, blank=True, related_name="+")
    taken_off_at = models.DateTimeField(null=True, blank=True)
    taken_off_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["list", "position"], name="handover_position_once"),
            models.UniqueConstraint(
                fields=["parcel"],
                condition=Q(arrived_at=None, taken_off_at=None),
                name="parcel_on_one_open_list",
            ),
            models.CheckConstraint(
                condition=Q(taken_off_at=None) | (~Q(reason="") & Q(taken_off_by__isnull=False)),
                name="taken_off_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(arrived_at=None) | Q(taken_off_at=None), name="arrived_or_taken_off"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_id} {self.position}"


class ParcelPhoto(models.Model):
    """A picture of a parcel or of what was in it; for the offices only, never shown to citizens."""

    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="photos")
    file = models.FileField(max_length=200)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["parcel", "sha256"], name="photo_once_a_parcel")
        ]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.pk}"
