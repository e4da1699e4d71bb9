"""Offices, what they serve and when they are closed; who works there; banks and days off."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import Confidence, District, User


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
    delivery_email = models.EmailField(
        _("e-mail address told of closed lists"),
        blank=True,
        help_text=_("An address of the office. The message holds a link, no names."),
    )
    source = models.CharField(_("source"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("successor"),
        help_text=_("keeps lists and dossiers of an office that has ended"),
    )

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
    other = models.ForeignKey(Office, models.CASCADE, related_name="+", verbose_name=_("neighbour"))
    km = models.PositiveSmallIntegerField(_("km"))

    class Meta:
        ordering: ClassVar = ["km"]
        verbose_name = _("adjoining office")
        verbose_name_plural = _("adjoining offices")
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

    def clean(self) -> None:
        if self.other_id and self.other_id == self.office_id:
            raise ValidationError({"other": _("An office does not adjoin itself.")})


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
        if self.pauses_clock and not self.pause_source.strip():
            raise ValidationError({"pause_source": _("Name the rule that allows deadlines to pause.")})
        if other := self._in_the_way():
            raise ValidationError(
                {"starts_at": f"{_('The office is already closed then; change that closure.')} {other.span}"}
            )

    def _in_the_way(self) -> "Closure | None":
        """Another closure of the office on some of these days."""
        if not self.office_id or not self.starts_at:
            return None
        others = Closure.objects.filter(office=self.office_id).exclude(pk=self.pk)
        others = others.filter(Q(ends_at=None) | Q(ends_at__gt=self.starts_at))
        return (others.filter(starts_at__lt=self.ends_at) if self.ends_at else others).first()

    @property
    def span(self) -> str:
        """By whose order and when, in a few words."""
        moments = [
            f"{timezone.localtime(at):%H:%M %d/%m/%Y}" if at else "…" for at in (self.starts_at, self.ends_at)
        ]
        return f"({self.document}: {' – '.join(moments)})"


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
    away_until = models.DateField(
        _("away until and including"),
        null=True,
        blank=True,
        help_text=_("Until then no dossier is assigned to this person."),
    )

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
