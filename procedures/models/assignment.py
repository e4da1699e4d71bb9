"""By which rules the dossiers of an office go to its clerks."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from portal.models import User, Ward
from procedures.models.catalogue import Procedure
from procedures.models.offices import Office


class AssignmentRule(models.Model):
    """To whom new dossiers of an office go: of a ward, of a procedure, of both, or all of them.

    The rule that says more wins; ward before procedure. Without a clerk: to whom has the fewest open ones.
    """

    office = models.ForeignKey(
        Office, models.PROTECT, related_name="assignment_rules", verbose_name=_("office")
    )
    ward = models.ForeignKey(
        Ward,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ward"),
        help_text=_("Empty: every ward."),
    )
    procedure = models.ForeignKey(
        Procedure,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("procedure"),
        help_text=_("Empty: every procedure."),
    )
    clerk = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("goes to"),
        help_text=_("Empty: the clerk who has the fewest open dossiers."),
    )
    active = models.BooleanField(_("in use"), default=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["office", "ward", "procedure", "id"]
        verbose_name = _("assignment rule")
        verbose_name_plural = _("assignment rules")
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_rule_a_kind",
                expressions=[
                    ("office", RangeOperators.EQUAL),
                    (Coalesce("ward", Value("")), RangeOperators.EQUAL),
                    (Coalesce("procedure", Value(0)), RangeOperators.EQUAL),
                    (
                        Func("valid_from", "valid_to", Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(active=True),
                violation_error_message=_(
                    "There is a rule for this ward and procedure on some of these days."
                ),
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="rule_ends_after_it_begins",
                violation_error_message=_("It must end after it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office}: {self.ward or '*'}, {self.procedure or '*'}"

    def clean(self) -> None:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("It must end after it starts.")})
        if self.clerk and self.office_id and not self._works_here(self.clerk):
            raise ValidationError({"clerk": _("This person does not work on dossiers of the office.")})

    def _works_here(self, user: User) -> bool:
        staff = getattr(user, "staff", None)
        return bool(staff and staff.office_id == self.office_id and staff.role in {"clerk", "supervisor"})
