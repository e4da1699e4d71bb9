"""Daily intake lists and their rows."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import User
from procedures.models.dossiers import Dossier
from procedures.models.offices import Office


class IntakeList(models.Model):
    """Sổ theo dõi hồ sơ of an office and a day (mẫu 06, TT 01/2018/TT-VPCP): closed, numbered, hashed."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="intake_lists", verbose_name=_("office"))
    day = models.DateField(_("day"))
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField(_("number"))
    opened_at = models.DateTimeField(_("from"))
    closed_at = models.DateTimeField(_("closed"))
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    row_count = models.PositiveIntegerField(_("rows"))
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        ordering: ClassVar = ["-day", "office"]
        verbose_name = _("daily intake list")
        verbose_name_plural = _("daily intake lists")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "day"], name="one_list_a_day"),
            models.UniqueConstraint(fields=["office", "year", "number"], name="list_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.year} {self.office}"


class IntakeRow(models.Model):
    """A dossier on a list, as it stood when the list was closed."""

    list = models.ForeignKey(IntakeList, models.PROTECT, related_name="rows")
    position = models.PositiveIntegerField()
    dossier = models.OneToOneField(Dossier, models.PROTECT, related_name="intake_row")
    late = models.BooleanField(default=False)
    content = models.JSONField()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["list", "position"], name="list_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.list_id} {self.position}"
