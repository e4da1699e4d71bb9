"""What the people of an office leave each other on a dossier, and the texts they use again."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.models import User
from procedures.models.catalogue import Procedure
from procedures.models.dossiers import Dossier
from procedures.models.offices import Office


class SupplementText(models.Model):
    """A line that citizens read often: what is missing, or why a filing is rejected.

    Without an office it serves the whole province, without a procedure every procedure.
    """

    class Purpose(models.TextChoices):
        MISSING = "missing", _("what is missing")
        REASON = "reason", _("why it is rejected")

    office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("office")
    )
    purpose = models.CharField(_("used for"), max_length=7, choices=Purpose, default=Purpose.MISSING)
    procedure = models.ForeignKey(
        Procedure, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("procedure")
    )
    document = models.CharField(_("paper"), max_length=60, blank=True)
    text = models.CharField(_("text"), max_length=500)
    active = models.BooleanField(_("offered"), default=True)
    used = models.PositiveIntegerField(_("times used"), default=0)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("entered by"))

    class Meta:
        ordering: ClassVar = ["-used", "-last_used_at", "text"]
        verbose_name = _("supplement text")
        verbose_name_plural = _("supplement texts")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(document="") | Q(procedure__isnull=False),
                name="supplement_text_paper_of_procedure",
            ),
            models.CheckConstraint(
                condition=~Q(text__contains="\n") & ~Q(text=""), name="supplement_text_is_a_line"
            ),
            models.UniqueConstraint(
                fields=["office", "purpose", "procedure", "document", "text"],
                nulls_distinct=False,
                name="supplement_text_once",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Note(models.Model):
    """What a member of staff tells the others of the office about a dossier. Rows are never changed."""

    class Kind(models.TextChoices):
        NOTE = "note", _("note")
        TAKE_OVER = "takeover", _("taken over")
        CARRIED_ON = "despite", _("carried on")

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="notes")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.NOTE)
    text = models.TextField()
    at = models.DateTimeField()
    key = models.CharField(max_length=80)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dossier", "author", "key"], name="note_once_per_key"),
            models.CheckConstraint(condition=~Q(text=""), name="note_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.pk}"


class Mention(models.Model):
    """A colleague whom a note is meant for, until it was read."""

    note = models.ForeignKey(Note, models.PROTECT, related_name="mentions")
    user = models.ForeignKey(User, models.PROTECT, related_name="mentions")
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["note", "user"], name="mentioned_once_a_note")
        ]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=Q(read_at=None), name="mention_unread"),
            models.Index(fields=["user", "-note"], name="mention_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.note_id} {self.user_id}"


class Presence(models.Model):
    """Somebody has the page of a dossier open; ``writing`` is the action whose form is being filled in."""

    dossier = models.ForeignKey(Dossier, models.CASCADE, related_name="presences")
    user = models.ForeignKey(User, models.CASCADE, related_name="presences")
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    writing = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering: ClassVar = ["since"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dossier", "user"], name="present_once_a_dossier")
        ]
        indexes: ClassVar = [models.Index(fields=["seen_at"], name="presence_seen")]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.user_id}"


class TakeOver(models.Model):
    """A clerk went on with a dossier that another was working on; open until that one takes it back."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="take_overs")
    taken_from = models.ForeignKey(User, models.PROTECT, related_name="+")
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dossier", "taken_from"], condition=Q(ended_at=None), name="taken_from_somebody_once"
            ),
            models.CheckConstraint(
                condition=~Q(taken_from=models.F("taken_by")), name="taken_over_by_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.taken_from_id} {self.taken_by_id}"
