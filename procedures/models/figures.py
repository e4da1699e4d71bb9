"""What the director's page counts: kept beside the dossiers, so that its cost does not grow with them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from procedures.models.catalogue import Procedure
from procedures.models.dossiers import Dossier
from procedures.models.offices import Office


class CountedDossier(models.Model):
    """What a filed dossier counts for. Days are days of Asia/Ho_Chi_Minh; see ``procedures.figures``."""

    class Verdict(models.TextChoices):
        ON_TIME = "on_time", _("on time")
        LATE = "late", _("late")
        UNPROMISED = "unpromised", _("no day was promised")

    dossier = models.OneToOneField(Dossier, models.CASCADE, primary_key=True, related_name="counted")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", db_index=False)
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=1, choices=Dossier.Channel)
    received_on = models.DateField()
    asked_on = models.DateField(null=True, help_text="the first request for a supplement")
    ended_on = models.DateField(null=True)
    end_code = models.PositiveSmallIntegerField(null=True, help_text="national status code")
    days = models.IntegerField(null=True, help_text="calendar days from filing to the end")
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    redated = models.BooleanField(default=False, help_text="ended, with an apology and a new date before")
    to_account = models.BooleanField(default=False, help_text="granted: from cash to a bank account")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_on=None, end_code=None, days=None, verdict="", redated=False)
                | Q(ended_on__isnull=False, end_code__isnull=False, days__isnull=False) & ~Q(verdict=""),
                name="counted_end_is_complete",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["received_on", "dossier"], name="counted_received"),
            models.Index(fields=["office", "received_on", "dossier"], name="counted_received_office"),
            models.Index(
                fields=["ended_on", "dossier"], condition=Q(ended_on__isnull=False), name="counted_ended"
            ),
            models.Index(
                fields=["office", "ended_on", "dossier"],
                condition=Q(ended_on__isnull=False),
                name="counted_ended_office",
            ),
            models.Index(
                fields=["asked_on", "dossier"], condition=Q(asked_on__isnull=False), name="counted_asked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.received_on} {self.verdict}"


class MonthFigures(models.Model):
    """The figures of a month: of a procedure at an office; without office or procedure: of all of them."""

    office = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+", db_index=False)
    procedure = models.ForeignKey(Procedure, models.PROTECT, null=True, related_name="+", db_index=False)
    month = models.DateField(help_text="its first day")
    received = models.PositiveIntegerField(default=0)
    online = models.PositiveIntegerField(default=0)
    post = models.PositiveIntegerField(default=0)
    counter = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    decided = models.PositiveIntegerField(default=0)
    on_time = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)
    unpromised = models.PositiveIntegerField(default=0)
    redated = models.PositiveIntegerField(default=0)
    to_account = models.PositiveIntegerField(default=0)
    days = models.JSONField(default=dict, help_text="how many were decided after so many days")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "office", "procedure"], nulls_distinct=False, name="figures_once_a_month"
            ),
            models.CheckConstraint(
                condition=Q(received=F("online") + F("post") + F("counter")), name="figures_of_every_channel"
            ),
            models.CheckConstraint(
                condition=Q(decided=F("on_time") + F("late") + F("unpromised")),
                name="figures_of_every_verdict",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="figures_begin_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.office_id} {self.procedure_id}"


class FiguresMark(models.Model):
    """How far the history has been counted, one row; see ``procedures.figures.counting``."""

    seen = models.BigIntegerField(default=0, help_text="every event up to this one is counted")
    reached = models.BigIntegerField(default=0, help_text="the newest event at the last look")
    horizon = models.BigIntegerField(default=0, help_text="transactions before this one were begun then")
    counted_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    differences = models.JSONField(default=list, help_text="what the last recount found wrong")

    def __str__(self) -> str:
        return f"{self.seen} {self.reached}"
