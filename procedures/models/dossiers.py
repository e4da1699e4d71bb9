"""A dossier: its answers, history, papers and files."""

from datetime import UTC, datetime
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Substr, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import Filer, Organisation, User
from portal.sealing import SealingDecoder, SealingEncoder
from procedures.models.catalogue import Procedure, ProcedureVersion
from procedures.models.offices import Office

# What still has to be decided, and the order of it: urgent ones, then by the day they are due, those
# without a day last. Indexes hold rows in just this order; all of it ascends, so that one comparison of
# whole keys finds the next page (``procedures.worklist``).
UNDECIDED = Q(final=False, decided_at=None) & ~Q(state="draft")
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
URGENT_FIRST = Case(When(urgent=True, then=Value(0)), default=Value(1))
BY_DUE = Coalesce(F("due_at"), Value(NEVER))
# Where in a dossier code the part begins that tells the dossiers of an office apart: ``yymmdd-nnnn``.
CODE_TAIL = Substr("code", 12)


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
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dossiers",
        db_index=False,  # many indexes below begin with it
        verbose_name=_("office"),
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

    assignee = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("assigned to"),
    )

    agent = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("collecting agent"),
        help_text="whom the citizen has handed the dossier to, for confirmation",
    )

    # Numbers of bank accounts in them are ``Sealed`` (``procedures.sealed_answers``).
    typed = models.JSONField(
        default=dict,
        encoder=SealingEncoder,
        decoder=SealingDecoder,
        help_text="what stands in the form, as typed",
    )
    answers = models.JSONField(
        _("answers"),
        default=dict,
        encoder=SealingEncoder,
        decoder=SealingDecoder,
        help_text="what was filed, cleaned",
    )
    revision = models.PositiveIntegerField(default=0)
    saved_by = models.CharField(max_length=16, blank=True)

    applicant = models.CharField(_("applicant"), max_length=200, blank=True)
    applicant_bare = models.CharField(max_length=200, blank=True)
    insurance_number = models.CharField(_("social insurance number"), max_length=10, blank=True)
    urgent = models.BooleanField(_("urgent"), default=False)
    phone = models.CharField(_("phone"), max_length=11, blank=True)

    filed_at = models.DateTimeField(_("filed"), null=True, blank=True)
    listed = models.BooleanField(
        default=False, db_default=False, help_text="it stands on an intake list: closing looks for the others"
    )
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
            models.Index(
                fields=["agent", "-filed_at"], condition=Q(agent__isnull=False), name="tasks_of_agent"
            ),
            models.Index(
                "office", URGENT_FIRST, BY_DUE, "filed_at", "id", condition=UNDECIDED, name="queue_of_office"
            ),
            models.Index(
                URGENT_FIRST, BY_DUE, "filed_at", "id", condition=UNDECIDED, name="queue_of_province"
            ),
            models.Index(
                "assignee", URGENT_FIRST, BY_DUE, "filed_at", "id", condition=UNDECIDED, name="queue_of_clerk"
            ),
            models.Index(fields=["office", "due_at"], condition=UNDECIDED, name="queue_due"),
            models.Index(
                fields=["office"], condition=UNDECIDED & Q(days_left__isnull=False), name="queue_citizen"
            ),
            models.Index(
                fields=["office"], condition=UNDECIDED & Q(clock_started_on=None), name="queue_papers"
            ),
            models.Index(
                fields=["office", "decided_at", "id"],
                condition=Q(final=False, decided_at__isnull=False),
                name="queue_to_return",
            ),
            models.Index(fields=["office", "filed_at", "id"], condition=Q(final=True), name="queue_finished"),
            models.Index(fields=["office", "filed_at", "id"], name="dossier_intake"),
            models.Index(fields=["filed_at", "id"], name="dossier_filed"),
            models.Index(
                fields=["office", "filed_at"],
                condition=Q(listed=False) & ~Q(state="draft"),
                name="dossier_unlisted",
            ),
            models.Index(
                fields=["office"], condition=Q(urgent=True, final=False), name="dossier_urgent_open"
            ),
            models.Index(
                OpClass(F("insurance_number"), "varchar_pattern_ops"), name="dossier_insurance_prefix"
            ),
            models.Index(OpClass(CODE_TAIL, "text_pattern_ops"), name="dossier_code_tail"),
            models.Index(
                OpClass(Upper("organisation_code"), "text_pattern_ops"),
                condition=~Q(organisation_code=""),
                name="dossier_organisation_code",
            ),
            GinIndex(OpClass(Upper("organisation_name"), "gin_trgm_ops"), name="dossier_organisation"),
            models.Index(fields=["phone"], name="dossier_phone"),
            models.Index(
                fields=["office", "filed_at"],
                condition=Q(state="waiting_originals") | Q(state="lost_in_post"),
                name="dossier_awaits_post",
            ),
            models.Index(
                fields=["office", "procedure", "filed_at"],
                include=["due_at"],
                condition=Q(final=False, decided_at=None, filed_at__isnull=False),
                name="dossier_undecided",
            ),
            models.Index(
                F("office"), OpClass(F("applicant_bare"), "varchar_pattern_ops"), name="dossier_whole_name"
            ),
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


class WaitingDossier(Dossier):
    """A dossier whose posted papers have not all come: the rows of the watch on missing originals."""

    class Meta:
        proxy = True
        verbose_name = _("missing originals")
        verbose_name_plural = _("missing originals")


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
    pages = models.PositiveIntegerField(null=True, help_text="of a PDF, once somebody looked into it")
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
        # No longer issued: drawn when asked for.
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
