"""A procedure and the rows its versions own."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import Confidence, User


class Procedure(models.Model):
    slug = models.SlugField(_("short name"), unique=True, max_length=60)

    class Meta:
        verbose_name = _("procedure")
        verbose_name_plural = _("procedures")

    def __str__(self) -> str:
        return self.slug


class ProcedureVersion(models.Model):
    """One version of a procedure. Once published its content refuses change in the database."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", _("retired")

    class Origin(models.TextChoices):
        FILE = "file", _("file")
        STAFF = "staff", _("staff")

    procedure = models.ForeignKey(
        Procedure, models.PROTECT, related_name="versions", verbose_name=_("procedure")
    )
    number = models.PositiveIntegerField(_("version"))
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)
    origin = models.CharField(_("comes from"), max_length=5, choices=Origin)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    published_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    group = models.CharField(_("group"), max_length=1)
    order = models.PositiveSmallIntegerField(_("order"))
    title_vi = models.CharField(_("title (Vietnamese)"), max_length=300)
    title_en = models.CharField(_("title (English)"), max_length=300)
    summary_vi = models.TextField(_("summary (Vietnamese)"))
    summary_en = models.TextField(_("summary (English)"))
    who_vi = models.TextField(_("who may file (Vietnamese)"))
    who_en = models.TextField(_("who may file (English)"))
    filers = models.JSONField(_("filers"), default=list)
    handled_by = models.CharField(_("handled by"), max_length=8)
    where_vi = models.TextField(_("where to file (Vietnamese)"))
    where_en = models.TextField(_("where to file (English)"))
    result = models.JSONField(_("result"))
    fee = models.PositiveIntegerField(_("fee, đồng"), default=0)
    legal = models.JSONField(_("legal basis"), default=list)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence)
    envelope = models.CharField(_("words on the envelope"), max_length=120, blank=True)
    notes = models.JSONField(_("notes"), default=list)
    form_code = models.CharField(_("form"), max_length=40, blank=True)
    declaration = models.JSONField(_("declaration"), null=True, blank=True)
    synonyms = models.JSONField(_("what people call it"), default=list, blank=True)
    urgent_when = models.JSONField(_("urgent when"), null=True, blank=True)

    class Meta:
        verbose_name = _("procedure version")
        verbose_name_plural = _("procedure versions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["procedure", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["procedure"], condition=Q(status="published"), name="one_published_version"
            ),
            models.UniqueConstraint(
                fields=["procedure"], condition=Q(status="draft"), name="one_draft_version"
            ),
            models.CheckConstraint(
                condition=Q(origin="file") | Q(status="draft") | ~Q(published_by=F("drafted_by")),
                name="second_person_publishes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.procedure.slug} {self.number}"


class VersionChange(models.Model):
    """Who did what to a version, and when: rows are never changed."""

    class Action(models.TextChoices):
        DRAFTED = "drafted", _("drafted")
        EDITED = "edited", _("edited")
        IMPORTED = "imported", _("imported from a file")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", _("retired")
        DISCARDED = "discarded", _("set aside")

    version = models.ForeignKey(
        ProcedureVersion, models.PROTECT, related_name="changes", verbose_name=_("version")
    )
    action = models.CharField(_("action"), max_length=9, choices=Action)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    lines_vi = models.JSONField(_("what changed (Vietnamese)"), default=list)
    lines_en = models.JSONField(_("what changed (English)"), default=list)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        verbose_name = _("change of a version")
        verbose_name_plural = _("changes of versions")

    def __str__(self) -> str:
        return f"{self.version_id} {self.action} {self.at:%Y-%m-%d %H:%M}"


class VersionRow(models.Model):
    """A piece of a version, in its place."""

    version = models.ForeignKey(ProcedureVersion, models.CASCADE, related_name="%(class)ss")
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        abstract = True
        ordering: ClassVar = ["position"]


class Case(VersionRow):
    slug = models.SlugField(_("short name"), max_length=60)
    label_vi = models.CharField(_("label (Vietnamese)"), max_length=300)
    label_en = models.CharField(_("label (English)"), max_length=300)
    legal = models.CharField(_("legal basis"), max_length=300, blank=True)
    needs = models.JSONField(_("conditions in words"), null=True, blank=True)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence)
    synonyms = models.JSONField(_("what people call it"), default=list, blank=True)
    when = models.JSONField(_("only when"), null=True, blank=True)
    filers = models.JSONField(_("only filed by"), default=list, blank=True)


class TimeLimit(VersionRow):
    days = models.PositiveSmallIntegerField(_("days"))
    unit = models.CharField(_("unit"), max_length=8)
    source = models.CharField(_("source"), max_length=300)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence)
    note = models.JSONField(_("note"), null=True, blank=True)
    cases = models.JSONField(_("cases"), default=list)
    when = models.JSONField(_("only when"), null=True, blank=True)


class Step(VersionRow):
    slug = models.SlugField(_("short name"), max_length=60)
    title_vi = models.CharField(_("title (Vietnamese)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200)
    intro = models.JSONField(_("introduction"), null=True, blank=True)
    notes = models.JSONField(_("notes"), default=list)
    rules = models.JSONField(_("rules"), default=list)
    when = models.JSONField(_("only when"), null=True, blank=True)


class Field(VersionRow):
    name = models.SlugField(_("name"), max_length=60)
    step = models.SlugField(_("step"), max_length=60)
    kind = models.CharField(_("kind"), max_length=30)
    label_vi = models.CharField(_("label (Vietnamese)"), max_length=300)
    label_en = models.CharField(_("label (English)"), max_length=300)
    help = models.JSONField(_("help"), null=True, blank=True)
    required = models.BooleanField(_("required"), default=True)
    when = models.JSONField(_("only when"), null=True, blank=True)
    choices = models.JSONField(_("choices"), default=list)
    minimum = models.IntegerField(_("at least"), null=True, blank=True)
    maximum = models.IntegerField(_("at most"), null=True, blank=True)
    latest = models.CharField(_("latest day"), max_length=5, blank=True)
    prefill = models.CharField(_("filled in from the account"), max_length=30, blank=True)
    rules = models.JSONField(_("rules"), default=list)
    replaces = models.CharField(_("corrects the answer"), max_length=60, blank=True)
    row = models.JSONField(_("what a row is called"), null=True, blank=True)
    columns = models.JSONField(_("questions of a row"), default=list, blank=True)


class Document(VersionRow):
    slug = models.SlugField(_("short name"), max_length=60)
    label_vi = models.CharField(_("label (Vietnamese)"), max_length=300)
    label_en = models.CharField(_("label (English)"), max_length=300)
    mode = models.CharField(_("handed in"), max_length=20)
    when = models.JSONField(_("only when"), null=True, blank=True)
    required = models.BooleanField(_("required"), default=True)
    form = models.CharField(_("form"), max_length=60, blank=True)
    help = models.JSONField(_("help"), null=True, blank=True)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence)
    proves = models.CharField(_("evidence for the page"), max_length=60, blank=True)


class State(VersionRow):
    slug = models.SlugField(_("short name"), max_length=60)
    label_vi = models.CharField(_("label (Vietnamese)"), max_length=200)
    label_en = models.CharField(_("label (English)"), max_length=200)
    code = models.PositiveSmallIntegerField(_("national status code"))
    clock = models.CharField(_("clock"), max_length=8)
    final = models.BooleanField(_("final"), default=False)
    tone = models.CharField(_("colour"), max_length=6)
    hint = models.JSONField(_("what happens now"), null=True, blank=True)


class Transition(VersionRow):
    action = models.SlugField(_("action"), max_length=60)
    label_vi = models.CharField(_("label (Vietnamese)"), max_length=200)
    label_en = models.CharField(_("label (English)"), max_length=200)
    sources = models.JSONField(_("from"), default=list)
    target = models.SlugField(_("to"), max_length=60, blank=True)
    roles = models.JSONField(_("who"), default=list)
    rules = models.JSONField(_("rules"), default=list)
    topics = models.JSONField(_("side effects"), default=list)
    four_eyes = models.JSONField(_("not who did"), default=list, blank=True)
    note = models.CharField(_("reason"), max_length=8)
    note_public = models.BooleanField(_("the citizen reads the reason"), default=False)
    prompt = models.JSONField(_("asks for"), null=True, blank=True)
    tone = models.CharField(_("button"), max_length=9)
