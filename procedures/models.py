"""Catalogue rows and dossier rows: constraints, no flow."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import Confidence, District, Filer, User

# --- Offices -------------------------------------------------------------------------------------


class Office(models.Model):
    """An office of the agency. Unknown facts stay empty; known ones carry their confidence."""

    class Level(models.TextChoices):
        PROVINCE = "province", _("province")
        DISTRICT = "district", _("district")

    slug = models.SlugField(_("short name"), unique=True)
    number = models.CharField(_("number in dossier codes"), max_length=2, unique=True)
    level = models.CharField(_("level"), max_length=8, choices=Level)
    name = models.CharField(_("name"), max_length=120)
    street = models.CharField(_("street"), max_length=150, blank=True)
    town = models.CharField(_("ward, town"), max_length=150, blank=True)
    address_confidence = models.CharField(
        _("address is"), max_length=6, choices=Confidence, default=Confidence.UNSURE
    )
    phone = models.CharField(_("phone"), max_length=11, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=6, blank=True)
    postal_code_confidence = models.CharField(
        _("postal code is"), max_length=6, choices=Confidence, default=Confidence.UNSURE
    )
    agency_code = models.CharField(_("agency code"), max_length=5, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["number"]
        verbose_name = _("office")
        verbose_name_plural = _("offices")

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        return ", ".join(part for part in (self.street, self.town) if part)


class OfficeArea(models.Model):
    """Which district an office serves, and when: borders and tiers change."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="areas", verbose_name=_("office"))
    district = models.ForeignKey(District, models.PROTECT, related_name="+", verbose_name=_("district"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, default=Confidence.SURE)

    class Meta:
        verbose_name = _("area served")
        verbose_name_plural = _("areas served")
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_office_a_district",
                expressions=[
                    ("district", RangeOperators.EQUAL),
                    (
                        Func("valid_from", "valid_to", Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Another office serves this district on some of these days."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.office} – {self.district}"


class AdjoiningOffice(models.Model):
    """A neighbour of an office and the distance in km, straight line between town centres."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="adjoining")
    other = models.ForeignKey(Office, models.CASCADE, related_name="+")
    km = models.PositiveSmallIntegerField(_("km"))

    class Meta:
        ordering: ClassVar = ["km"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "other"], name="adjoining_once"),
            models.CheckConstraint(
                condition=~Q(office=F("other")),
                name="adjoining_another",
                violation_error_message=_("An office does not adjoin itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office} – {self.other}: {self.km} km"


class Closure(models.Model):
    """A time in which an office is closed, by whose order, and for what.

    ``pauses_clock`` needs the rule that allows it in ``pause_source``: days closed then do not count.
    """

    class Scope(models.TextChoices):
        COUNTER = "counter", _("counter visits")
        POST = "post", _("posted paper")
        ALL = "all", _("visits and posted paper")

    office = models.ForeignKey(Office, models.PROTECT, related_name="closures", verbose_name=_("office"))
    scope = models.CharField(_("closed for"), max_length=7, choices=Scope, default=Scope.ALL)
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until (empty: open)"), null=True, blank=True)
    reason = models.CharField(_("reason (citizens read it)"), max_length=200)
    document = models.CharField(_("document of the authority"), max_length=100)
    pauses_clock = models.BooleanField(_("days closed do not count for deadlines"), default=False)
    pause_source = models.CharField(_("the rule that allows it"), max_length=200, blank=True)
    entered_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("entered by")
    )
    begun_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-starts_at"]
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        constraints: ClassVar = [
            ExclusionConstraint(
                name="closures_do_not_overlap",
                expressions=[
                    ("office", RangeOperators.EQUAL),
                    (Func("starts_at", "ends_at", function="tstzrange"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The office is already closed then; change that closure."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="closure_ends_after_it_starts",
                violation_error_message=_("It must end after it starts."),
            ),
            models.CheckConstraint(
                condition=Q(pauses_clock=False) | ~Q(pause_source=""),
                name="pause_has_its_rule",
                violation_error_message=_("Name the rule that allows deadlines to pause."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office}, {self.starts_at:%d/%m/%Y}"

    def clean(self) -> None:
        if self.ends_at and self.starts_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("It must end after it starts.")})


class StaffMember(models.Model):
    """Where a member of staff works and in which role."""

    class Role(models.TextChoices):
        CLERK = "clerk", _("clerk")
        SUPERVISOR = "supervisor", _("supervisor")
        DIRECTOR = "director", _("director")
        ADMINISTRATOR = "administrator", _("administrator")

    user = models.OneToOneField(User, models.CASCADE, related_name="staff", verbose_name=_("user"))
    office = models.ForeignKey(Office, models.PROTECT, related_name="staff", verbose_name=_("office"))
    role = models.CharField(_("role"), max_length=13, choices=Role)

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("members of staff")

    def __str__(self) -> str:
        return f"{self.user.full_name}, {self.get_role_display()}, {self.office}"

    @property
    def oversees_province(self) -> bool:
        """Whether what every office holds is theirs to see."""
        leads = self.role in {StaffMember.Role.DIRECTOR, StaffMember.Role.ADMINISTRATOR}
        return leads and self.office.level == Office.Level.PROVINCE


class Bank(models.Model):
    """A bank by its Napas BIN: short names changed over the years, BINs did not."""

    bin = models.CharField(_("BIN"), max_length=6, primary_key=True)
    short_name = models.CharField(_("short name"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    swift = models.CharField(_("SWIFT"), max_length=11, blank=True)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, default=Confidence.SURE)

    class Meta:
        ordering: ClassVar = ["short_name"]
        verbose_name = _("bank")
        verbose_name_plural = _("banks")

    def __str__(self) -> str:
        return f"{self.short_name} – {self.name}"


class CalendarDay(models.Model):
    """A day off or a substitute working day that the law's general list does not know."""

    class Kind(models.TextChoices):
        OFF = "off", _("day off")
        WORKING = "working", _("working day")

    day = models.DateField(_("day"), unique=True)
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    note = models.CharField(_("note"), max_length=120, blank=True)
    source = models.CharField(_("source"), max_length=200)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, default=Confidence.SURE)

    class Meta:
        ordering: ClassVar = ["-day"]
        verbose_name = _("calendar exception")
        verbose_name_plural = _("calendar exceptions")

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.get_kind_display()}"


# --- Catalogue: rows owned by a version ---------------------------------------------------------


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


# --- Dossiers ------------------------------------------------------------------------------------


class DossierNumber(models.Model):
    """The last running number of an office's day; taken inside the filing transaction."""

    office = models.ForeignKey(Office, models.PROTECT)
    day = models.DateField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "day"], name="one_number_row_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.office_id} {self.day} {self.last}"


class Dossier(models.Model):
    """A citizen's filing, from the first page of the form to the returned result."""

    class Channel(models.TextChoices):
        COUNTER = "1", _("at the counter")
        ONLINE = "2", _("online")
        POST = "3", _("by post")

    draft_code = models.CharField(max_length=16, unique=True)
    code = models.CharField(_("code"), max_length=32, unique=True, null=True, blank=True)
    version = models.ForeignKey(ProcedureVersion, models.PROTECT, related_name="+", verbose_name=_("version"))
    begun_with = models.ForeignKey(
        ProcedureVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="the version a draft was begun with, when another was published since",
    )
    procedure = models.ForeignKey(
        Procedure, models.PROTECT, related_name="dossiers", verbose_name=_("procedure")
    )
    owner = models.ForeignKey(User, models.PROTECT, related_name="dossiers", verbose_name=_("filed by"))
    filer = models.CharField(_("filed as"), max_length=15, choices=Filer, default=Filer.CITIZEN)
    organisation_name = models.CharField(_("organisation"), max_length=200, blank=True)
    organisation_code = models.CharField(_("unit or facility code"), max_length=20, blank=True)
    case = models.CharField(_("case"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=60, default="draft")
    final = models.BooleanField(default=False)
    channel = models.CharField(_("channel"), max_length=1, choices=Channel, default=Channel.ONLINE)
    office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="dossiers", verbose_name=_("office")
    )
    post_to = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("papers go to"),
        help_text="another office, while its own takes no post",
    )

    typed = models.JSONField(default=dict, help_text="what stands in the form, as typed")
    answers = models.JSONField(_("answers"), default=dict, help_text="what was filed, cleaned")
    revision = models.PositiveIntegerField(default=0)
    saved_by = models.CharField(max_length=16, blank=True)

    applicant = models.CharField(_("applicant"), max_length=200, blank=True)
    applicant_bare = models.CharField(max_length=200, blank=True)
    insurance_number = models.CharField(_("social insurance number"), max_length=10, blank=True)
    urgent = models.BooleanField(_("urgent"), default=False)
    phone = models.CharField(_("phone"), max_length=11, blank=True)

    filed_at = models.DateTimeField(_("filed"), null=True, blank=True)
    clock_started_on = models.DateField(_("day 0 of the clock"), null=True, blank=True)
    days_left = models.SmallIntegerField(_("days left while paused"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    files_here: "list[Attachment]"  # where attachments.current has been asked

    class Meta:
        ordering: ClassVar = ["-filed_at", "-id"]
        verbose_name = _("dossier")
        verbose_name_plural = _("dossiers")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "procedure"], condition=Q(state="draft"), name="one_draft_a_procedure"
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(code__isnull=False, office__isnull=False, filed_at__isnull=False),
                name="filed_dossier_is_complete",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["office", "final", "due_at"], name="dossier_queue"),
            models.Index(fields=["office", "filed_at"], name="dossier_intake"),
            models.Index(fields=["insurance_number"], name="dossier_insurance_number"),
            models.Index(
                fields=["office"], condition=Q(urgent=True, final=False), name="dossier_urgent_open"
            ),
            models.Index(fields=["phone"], name="dossier_phone"),
            GinIndex(fields=["applicant_bare"], opclasses=["gin_trgm_ops"], name="dossier_applicant"),
        ]

    def __str__(self) -> str:
        return self.code or self.draft_code

    @property
    def is_draft(self) -> bool:
        return self.state == "draft"

    @property
    def by_organisation(self) -> bool:
        return self.filer != Filer.CITIZEN


class DossierEvent(models.Model):
    """A step in a dossier's history: never changed, each carrying the hash of the one before."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    action = models.CharField(max_length=60)
    from_state = models.CharField(max_length=60)
    to_state = models.CharField(max_length=60)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=13)
    note = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    key = models.CharField(max_length=80)
    at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dossier", "sequence"], name="event_sequence_once"),
            models.UniqueConstraint(fields=["dossier", "key"], name="event_once_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.sequence} {self.action}"


class Original(models.Model):
    """A paper original that must reach the office."""

    dossier = models.ForeignKey(Dossier, models.CASCADE, related_name="originals")
    document = models.CharField(max_length=60)
    label_vi = models.CharField(max_length=300)
    label_en = models.CharField(max_length=300)
    copies = models.PositiveSmallIntegerField(_("copies"), default=1)
    position = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    received_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dossier", "document"], name="original_once")
        ]

    def __str__(self) -> str:
        return self.label_vi


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


class Attachment(models.Model):
    """A file the citizen handed in: sniffed, kept under our own name, private."""

    class Scan(models.TextChoices):
        WAITING = "waiting", _("being checked")
        CLEAN = "clean", _("checked")
        INFECTED = "infected", _("harmful")
        UNCHECKED = "unchecked", _("not checked: no virus scanner is set up")

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="attachments")
    document = models.CharField(max_length=60)
    file = models.FileField(max_length=200)
    name = models.CharField(_("name"), max_length=150)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(max_length=9, choices=Scan, default=Scan.UNCHECKED)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["dossier", "document"], name="attachment_of_document")]

    def __str__(self) -> str:
        return self.name


class IssuedDocument(models.Model):
    """A PDF the portal made for a dossier. A newer one replaces it; it is kept all the same."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("receipt")
        FORM = "form", _("form to sign")
        LABEL = "label", _("posting label")
        LABEL_SHEET = "label_sheet", _("posting labels, four on a sheet")
        RETURN_LABEL = "return_label", _("return label")
        CARD_SLIP = "card_slip", _("slip to show in place of the health card")
        SUPPLEMENT = "supplement", _("supplement request")
        REFUSAL = "refusal", _("refusal")
        APOLOGY = "apology", _("apology with a new date")
        AGENT_LIST = "agent_list", _("list of the collecting agent")

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=12, choices=Kind)
    number = models.PositiveSmallIntegerField()
    file = models.FileField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    token = models.CharField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["made_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dossier", "kind", "number"], name="document_number_once"),
            models.UniqueConstraint(
                fields=["dossier", "kind"], condition=Q(replaced_at=None), name="one_valid_document_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.kind} {self.number}"


# --- Daily intake lists --------------------------------------------------------------------------


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
