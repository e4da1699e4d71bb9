"""Daily intake lists, their rows, what was put right later, and files made of them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
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
        ordering: ClassVar = ["-day", "office_id"]
        indexes: ClassVar = [models.Index(fields=["-day", "office_id"], name="intake_list_newest")]
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


class IntakeCorrection(models.Model):
    """Phiếu điều chỉnh: what is put right of a closed list, which itself stays as it is.

    Numbered per office and year, each carrying the digest of the one before. ``column`` is a key of
    the row's content; ``content`` is that of an added row.
    """

    class Kind(models.TextChoices):
        CHANGE = "change", _("a row says something wrong")
        STRIKE = "strike", _("a row does not belong on the list")
        ADD = "add", _("a row is missing")

    list = models.ForeignKey(IntakeList, models.PROTECT, related_name="corrections")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("what is put right"), max_length=6, choices=Kind)
    row = models.ForeignKey(IntakeRow, models.PROTECT, null=True, blank=True, related_name="corrections")
    dossier = models.ForeignKey(Dossier, models.PROTECT, null=True, blank=True, related_name="+")
    column = models.CharField(_("column"), max_length=20, blank=True)
    was = models.CharField(_("it says"), max_length=500, blank=True)
    should = models.CharField(_("it should say"), max_length=500, blank=True)
    content = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=500)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    key = models.CharField(max_length=100, unique=True)
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["year", "number"]
        verbose_name = _("correction of a list")
        verbose_name_plural = _("corrections of lists")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "year", "number"], name="correction_number_once"),
            models.UniqueConstraint(fields=["row"], condition=Q(kind="strike"), name="row_struck_once"),
            models.UniqueConstraint(
                fields=["list", "dossier"], condition=Q(kind="add"), name="row_added_once"
            ),
            models.CheckConstraint(
                condition=(Q(kind="change", row__isnull=False) & ~Q(column="") & ~Q(should=""))
                | Q(kind="strike", row__isnull=False)
                | Q(kind="add", row=None, dossier__isnull=False),
                name="correction_is_complete",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="correction_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"


class Export(models.Model):
    """A file made of intake lists by a worker: who asked for what, how far it is, where it lies."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for a worker")
        RUNNING = "running", _("being made")
        DONE = "done", _("ready")
        FAILED = "failed", _("could not be made")
        CANCELLED = "stopped", _("cancelled")
        EXPIRED = "expired", _("deleted after its time")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"
        PDF = "pdf", "PDF"

    office = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("office"),
        help_text="empty: the whole province",
    )
    from_day = models.DateField(_("from"))
    to_day = models.DateField(_("to"))
    format = models.CharField(_("format"), max_length=4, choices=Format)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"))
    key = models.CharField(max_length=100, unique=True)
    total = models.PositiveIntegerField(_("rows"), default=0)
    done = models.PositiveIntegerField(default=0)
    file = models.FileField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-asked_at", "-id"]
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(to_day__gte=models.F("from_day")), name="export_days_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(file="") & ~Q(sha256=""), name="export_done_has_its_file"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_day:%Y-%m-%d}–{self.to_day:%Y-%m-%d} {self.format}"
