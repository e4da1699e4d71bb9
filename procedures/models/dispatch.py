"""Results on their way by post: batches, parcels, manifests, and what the post says of them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.models import Confidence, District, User
from procedures.models.dossiers import Dossier
from procedures.models.offices import Office


class PostOffice(models.Model):
    """Where a delivery route ends: the post office of a district."""

    district = models.OneToOneField(District, models.PROTECT, related_name="+", verbose_name=_("district"))
    address = models.CharField(_("address"), max_length=200)
    phone = models.CharField(_("phone"), max_length=11, blank=True)
    code = models.CharField(_("post-office code"), max_length=6, blank=True)
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence, default=Confidence.LIKELY
    )
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["district_id"]
        verbose_name = _("post office")
        verbose_name_plural = _("post offices")

    def __str__(self) -> str:
        return self.address


class DispatchBatch(models.Model):
    """Results of an office that are packed together; numbered per office and year without gaps.

    ``revision`` counts the changes that show on its labels.
    """

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("number"))
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    revision = models.PositiveIntegerField(default=1)
    key = models.CharField(max_length=150, unique=True)

    class Meta:
        ordering: ClassVar = ["-made_at", "-id"]
        verbose_name = _("dispatch batch")
        verbose_name_plural = _("dispatch batches")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "year", "number"], name="batch_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"


class DispatchLabels(models.Model):
    """The labels of a batch as a PDF; the newest revision counts, earlier ones are kept."""

    class Size(models.TextChoices):
        A6 = "a6", "A6"
        A4 = "a4", "A4"

    batch = models.ForeignKey(DispatchBatch, models.PROTECT, related_name="labels")
    size = models.CharField(max_length=2, choices=Size)
    revision = models.PositiveIntegerField()
    file = models.FileField(max_length=200)
    sha256 = models.CharField(max_length=64)
    length = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "size", "revision"], name="labels_once")
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.size} {self.revision}"


class DispatchManifest(models.Model):
    """What was handed to the post of one route of a batch: closed, hashed, never changed."""

    batch = models.ForeignKey(DispatchBatch, models.PROTECT, related_name="manifests")
    route = models.ForeignKey(District, models.PROTECT, null=True, related_name="+")
    handed_at = models.DateTimeField()
    handed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    taken_by = models.CharField(_("taken by (post office)"), max_length=100, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "route"], name="manifest_once_a_route", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.route_id}"


class Shipment(models.Model):
    """One result on its way: from the batch it is packed in to the hand of its recipient.

    Recipient and address are as printed. ``batch`` is empty where it was sent by itself. ``route`` is
    the district it is delivered in, empty where no district is known; ``guessed``: read out of free text.
    """

    class State(models.TextChoices):
        LISTED = "listed", _("to be packed")
        PACKED = "packed", _("packed")
        LEFT = "left", _("stayed behind")
        SENT = "sent", _("with the post")
        DELIVERED = "done", _("delivered")
        FAILED = "failed", _("not delivered")
        ASKED = "asked", _("the citizen is asked for an address")
        AGAIN = "again", _("to be sent again")
        RESENT = "resent", _("sent again")
        KEPT = "kept", _("kept for collection")

    class Reason(models.TextChoices):
        ADDRESS = "address", _("the address is wrong or incomplete")
        ABSENT = "absent", _("nobody was there")
        UNCLAIMED = "unclaimed", _("it was not collected in time")
        REFUSED = "refused", _("it was refused")
        MOVED = "moved", _("the recipient has moved")
        OTHER = "other", _("another reason")

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="shipments", verbose_name=_("dossier"))
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    batch = models.ForeignKey(
        DispatchBatch, models.PROTECT, null=True, related_name="shipments", verbose_name=_("dispatch batch")
    )
    position = models.PositiveSmallIntegerField(default=1)
    manifest = models.ForeignKey(DispatchManifest, models.PROTECT, null=True, related_name="shipments")
    route = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("route")
    )
    guessed = models.BooleanField(default=False)
    recipient = models.CharField(_("recipient"), max_length=200)
    address = models.CharField(_("address"), max_length=500, blank=True)
    new_address = models.CharField(_("corrected address"), max_length=500, blank=True)
    originals = models.PositiveSmallIntegerField(_("originals"), default=1)
    copies = models.PositiveSmallIntegerField(_("plain copies"), default=0)
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.LISTED)
    tracking = models.CharField(_("tracking number"), max_length=20, blank=True)
    checked = models.BooleanField(_("check digit verified"), default=False)
    sent_on = models.DateField(_("posted"), null=True)
    reported_on = models.DateField(_("reported"), null=True)
    reason = models.CharField(_("reason"), max_length=9, choices=Reason, blank=True)
    signed_by = models.CharField(_("signed for by"), max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["batch_id", "position"]
        verbose_name = _("parcel to the citizen")
        verbose_name_plural = _("parcels to citizens")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dossier"], condition=Q(state__in=["listed", "packed"]), name="one_open_batch"
            ),
            models.UniqueConstraint(fields=["tracking"], condition=~Q(tracking=""), name="sticker_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["packed", "sent", "done"]) | ~Q(tracking=""),
                name="packed_has_sticker",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["office", "state"],
                condition=Q(state__in=["failed", "asked", "again", "kept"]),
                name="shipment_desk",
            )
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.tracking}"


class ShipmentStep(models.Model):
    """Who did what with a parcel to a citizen, and when; never changed."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    state = models.CharField(max_length=6, choices=Shipment.State)
    note = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.shipment_id} {self.state}"


class DeliveryFile(models.Model):
    """A file of the post office about parcels of an office, as it was read; never changed."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    name = models.CharField(_("name"), max_length=150)
    sha256 = models.CharField(max_length=64)
    read_at = models.DateTimeField(_("read"))
    read_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("read by"))
    row_count = models.PositiveIntegerField(_("rows"))

    class Meta:
        ordering: ClassVar = ["-read_at", "-id"]
        verbose_name = _("delivery file")
        verbose_name_plural = _("delivery files")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "sha256"], name="delivery_file_once")
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryRow(models.Model):
    """A line of a delivery file and what came of it; never changed."""

    class Outcome(models.TextChoices):
        DELIVERED = "done", _("delivered")
        FAILED = "failed", _("not delivered")
        UNDERWAY = "way", _("still on its way")
        DOUBLE = "double", _("known already")
        UNKNOWN = "unknown", _("no such parcel of this office")
        CONTRADICTORY = "contra", _("contradictory")
        WRONG = "wrong", _("not understood")

    file = models.ForeignKey(DeliveryFile, models.PROTECT, related_name="rows")
    line = models.PositiveIntegerField()
    shipment = models.ForeignKey(Shipment, models.PROTECT, null=True, related_name="reports")
    tracking = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=60, blank=True)
    on = models.DateField(null=True)
    person = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=7, choices=Outcome)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["line"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "line"], name="delivery_line_once"),
            models.UniqueConstraint(
                fields=["tracking", "outcome", "on"],
                condition=Q(outcome__in=["done", "failed"]),
                name="delivery_taken_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.line}"
