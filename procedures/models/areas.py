"""Changes of borders and tiers, as imported, and what became of each."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import User
from procedures.models.offices import Office, StaffMember


class AreaChange(models.Model):
    """A file of operations that an administrator ordered for a day; its row never changes.

    ``content`` are the bytes as uploaded, ``digest`` their SHA-256, ``counts`` what the dry run said.
    """

    effective_on = models.DateField(_("takes effect on"))
    document = models.CharField(_("document of the authority"), max_length=100)
    file_name = models.CharField(_("file"), max_length=120)
    content = models.BinaryField()
    digest = models.CharField("SHA-256", max_length=64)
    operations = models.JSONField(_("operations"))
    counts = models.JSONField(_("counts of the dry run"))
    ordered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("ordered by"))
    ordered_at = models.DateTimeField(_("ordered"), default=timezone.now)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering: ClassVar = ["-ordered_at", "-id"]
        verbose_name = _("change of areas")
        verbose_name_plural = _("changes of areas")

    def __str__(self) -> str:
        return f"{self.document}, {self.effective_on:%d/%m/%Y}"


class AreaOutcome(models.Model):
    """What became of a change on its day: it took effect, could not any more, or was called off."""

    class What(models.TextChoices):
        DONE = "done", _("in effect")
        REFUSED = "refused", _("refused on its day")
        OFF = "off", _("called off")

    change = models.OneToOneField(AreaChange, models.PROTECT, related_name="outcome")
    what = models.CharField(_("outcome"), max_length=7, choices=What)
    at = models.DateTimeField(_("at"), default=timezone.now)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    counts = models.JSONField(default=dict)
    routes = models.JSONField(default=dict)
    """What hands dossiers over: see ``procedures.areas.routes``."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(what="off", actor__isnull=False) | ~Q(what="off"),
                name="called_off_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.change_id} {self.what}"


class StaffMove(models.Model):
    """A member of staff of an office that ended: where they went; its row never changes.

    Without ``to`` they stand on the list of those an administrator places; a second row says where.
    ``by`` is empty where the change itself placed them, at the only office that took over.
    """

    outcome = models.ForeignKey(
        AreaOutcome, models.PROTECT, related_name="staff", verbose_name=_("change of areas")
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=13, choices=StaffMember.Role)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("from"))
    away_until = models.DateField(null=True)
    to = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+", verbose_name=_("to"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("placed by"))
    at = models.DateTimeField(_("at"))
    key = models.CharField(max_length=150, unique=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        verbose_name = _("move of a member of staff")
        verbose_name_plural = _("staff of offices that ended")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["outcome", "user"], condition=Q(to=None), name="without_office_once_a_change"
            ),
            models.UniqueConstraint(
                fields=["outcome", "user"], condition=Q(to__isnull=False), name="placed_once_a_change"
            ),
            models.CheckConstraint(condition=Q(by=None) | ~Q(by=F("user")), name="nobody_places_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.office_id}"
