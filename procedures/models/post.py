"""What comes and goes by post."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import User
from procedures.models.dossiers import Dossier, Original
from procedures.models.offices import Office


class PostalItem(models.Model):
    """A parcel on its way in or out."""

    class Direction(models.TextChoices):
        IN = "in", _("to the office")
        OUT = "out", _("to the citizen")

    dossier = models.ForeignKey(Dossier, models.CASCADE, related_name="postal_items")
    direction = models.CharField(max_length=3, choices=Direction)
    tracking = models.CharField(_("tracking number"), max_length=20)
    checked = models.BooleanField(_("check digit verified"), default=False)
    posted_on = models.DateField(_("posted"), null=True, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["recorded_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dossier", "direction", "tracking"], name="parcel_once")
        ]
        indexes: ClassVar = [models.Index(fields=["tracking"], name="parcel_tracking")]

    def __str__(self) -> str:
        return self.tracking


class Parcel(models.Model):
    """What came by post, from the moment it is in the hand, whatever it holds; it is never deleted."""

    class State(models.TextChoices):
        OPEN = "open", _("to be counted")
        COUNTED = "counted", _("with its dossier")
        UNKNOWN = "unknown", _("unidentified")
        FORWARD = "forward", _("for another office")
        RETURN = "return", _("to be sent back")
        RETURNED = "returned", _("sent back")
        STRUCK = "struck", _("scanned by mistake")

    office = models.ForeignKey(
        Office, models.PROTECT, related_name="parcels", verbose_name=_("lies at"), help_text="or lay last"
    )
    dossier = models.ForeignKey(
        Dossier, models.PROTECT, null=True, blank=True, related_name="parcels", verbose_name=_("dossier")
    )
    scanned = models.CharField(_("scanned"), max_length=40, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=20, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State)
    received_at = models.DateTimeField(_("received"))
    received_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("received by"))
    key = models.CharField(max_length=150, unique=True)

    class Meta:
        ordering: ClassVar = ["-received_at", "-id"]
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tracking"], condition=~Q(tracking=""), name="parcel_received_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["unknown", "returned", "struck"]) | Q(dossier__isnull=False),
                name="parcel_has_its_dossier",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["office", "state", "received_at"], name="parcel_desk")]

    def __str__(self) -> str:
        return f"{self.pk}"


class ParcelStep(models.Model):
    """Who did what with a parcel, when and where."""

    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=Parcel.State)
    note = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.state}"


class ParcelPaper(models.Model):
    """A paper found in a parcel: an awaited original, or only a copy of it."""

    class Condition(models.TextChoices):
        GOOD = "good", _("good")
        DAMAGED = "damaged", _("damaged")
        INCOMPLETE = "part", _("incomplete")

    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="papers")
    original = models.ForeignKey(Original, models.PROTECT, related_name="+")
    copy = models.BooleanField(_("only a copy"), default=False)
    pages = models.PositiveSmallIntegerField(_("pages"), null=True)
    condition = models.CharField(_("condition"), max_length=7, choices=Condition, default=Condition.GOOD)

    class Meta:
        ordering: ClassVar = ["original__position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["parcel", "original"], name="paper_once_a_parcel")
        ]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.original_id}"
