"""Who uses the site, what was queued, who read what, and the country's map of wards."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Confidence(models.TextChoices):
    """How well a fact is established; ``likely`` and ``unsure`` are shown to staff as such."""

    SURE = "sure", _("sure")
    LIKELY = "likely", _("likely")
    UNSURE = "unsure", _("unsure")


class District(models.Model):
    code = models.CharField(_("code"), max_length=3, primary_key=True)
    name = models.CharField(_("name"), max_length=80)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["code"]
        verbose_name = _("district")
        verbose_name_plural = _("districts")

    def __str__(self) -> str:
        return self.name


class Ward(models.Model):
    """A ward of the General Statistics Office list; wards end and others begin, so both are dated."""

    code = models.CharField(_("code"), max_length=5, primary_key=True)
    name = models.CharField(_("name"), max_length=80)
    district = models.ForeignKey(District, models.PROTECT, related_name="wards", verbose_name=_("district"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["district_id", "code"]
        verbose_name = _("ward")
        verbose_name_plural = _("wards")

    def __str__(self) -> str:
        return self.name


class FormerPlace(models.Model):
    """What a ward was called and belonged to until it was renamed or moved: its code stayed. Append-only."""

    ward = models.ForeignKey(Ward, models.PROTECT, related_name="former")
    name = models.CharField(_("name"), max_length=80)
    district = models.ForeignKey(District, models.PROTECT, related_name="+", verbose_name=_("district"))
    valid_to = models.DateField(_("valid to"))
    document = models.CharField(_("document of the authority"), max_length=100)

    class Meta:
        ordering: ClassVar = ["valid_to", "id"]

    def __str__(self) -> str:
        return f"{self.name}, {self.district} ({self.valid_to:%d/%m/%Y})"


class User(AbstractUser):
    """Whoever signs in: a citizen (user name: mã số BHXH), an organisation (e-mail address) or staff.

    An organisation has a row in ``Organisation``; its ``full_name`` is the name of the organisation.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    full_name = models.CharField(_("full name"), max_length=200)
    date_of_birth = models.CharField(
        _("date of birth"),
        max_length=10,
        blank=True,
        help_text=_("YYYY-MM-DD, or YYYY where the papers carry only a year"),
    )
    id_number = models.CharField(_("citizen or identity card"), max_length=12, blank=True)
    phone = models.CharField(_("phone"), max_length=11, blank=True)
    street = models.CharField(_("house number, street or hamlet"), max_length=150, blank=True)
    ward = models.ForeignKey(Ward, models.PROTECT, null=True, blank=True, verbose_name=_("ward"))
    ward_in_doubt = models.BooleanField(
        _("ward to be asked"), default=False, help_text=_("the ward was split: only the person knows")
    )

    contact_changed_at = models.DateTimeField(
        _("phone or e-mail changed"), null=True, blank=True, editable=False
    )

    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return f"{self.full_name} ({self.username})"

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.rsplit(" ", 1)[-1]


class SessionManager(BaseSessionManager["Session"]):
    def get_queryset(self) -> models.QuerySet["Session"]:
        return super().get_queryset().select_related("user")


class Session(AbstractBaseSession):
    """A browser's session, and who is signed in by it; see ``portal.sessions``."""

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")

    objects: ClassVar[SessionManager] = SessionManager()

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from portal.sessions import SessionStore

        return SessionStore


class Filer(models.TextChoices):
    """As what somebody files; the names that definitions use."""

    CITIZEN = "citizen", _("citizen")
    EMPLOYER = "employer", _("employer")
    HEALTH_FACILITY = "health_facility", _("health facility")
    AGENT = "agent", _("collecting agent")


class Organisation(models.Model):
    """An employer, a health facility or a collecting agent; it files once its office has confirmed it.

    ``code`` is the unit code (mã đơn vị) or facility code, empty where none was given yet. Two
    accounts may claim a code, one can be confirmed. ``remark`` says why it is not confirmed.
    """

    user = models.OneToOneField(
        User, models.PROTECT, related_name="organisation", verbose_name=_("organisation")
    )
    kind = models.CharField(_("kind"), max_length=15, choices=Filer.choices[1:])
    code = models.CharField(_("unit or facility code"), max_length=20, blank=True)
    contact = models.CharField(_("contact person"), max_length=100)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name=_("confirmed by"), related_name="+"
    )
    remark = models.CharField(_("why it is not confirmed"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "code"],
                condition=Q(confirmed_at__isnull=False) & ~Q(code=""),
                name="organisation_code_confirmed_once",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="organisation_confirmed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.full_name} ({self.code})" if self.code else self.user.full_name


class Device(models.Model):
    """A browser somebody has signed in from, told again by a cookie of which only a fingerprint is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="devices")
    fingerprint = models.CharField(max_length=64)
    first_seen = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "fingerprint"], name="device_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.first_seen:%Y-%m-%d}"


class OutboxMessage(models.Model):
    """A side effect that a committed transaction owes. The payload holds ids only."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        DONE = "done", _("done")
        DEAD = "dead", _("failed")
        BURIED = "buried", _("set aside")

    topic = models.CharField(_("topic"), max_length=60)
    key = models.CharField(_("key"), max_length=120)
    payload = models.JSONField(_("payload"), default=dict)
    about = models.CharField(_("about"), max_length=40, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name=_("set aside by"), related_name="+"
    )
    closed_reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("queued side effect")
        verbose_name_plural = _("queued side effects")
        constraints: ClassVar = [models.UniqueConstraint(fields=["topic", "key"], name="outbox_once_per_key")]
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=Q(state="pending"), name="outbox_due"),
            models.Index(fields=["about"], name="outbox_about"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"


class Heartbeat(models.Model):
    """The last time a periodic job reported."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """Something told to a citizen: on the site always, by e-mail where there is an address."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    facts = models.JSONField(default=dict, help_text="what the text of this kind fills in")
    about = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    emailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["user", "-created_at"], name="notice_of_user")]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


class AccessLog(models.Model):
    """Who of the staff read whose data, and why it was open to them. Rows are never changed."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("user"))
    about = models.CharField(_("dossier"), max_length=40, db_index=True)
    what = models.CharField(_("what was read"), max_length=60)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["-at", "-id"], name="access_log_newest")]
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.user_id} {self.about} {self.what}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("the access log is append-only")
        super().save(*args, **kwargs)
