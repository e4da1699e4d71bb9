"""The bank accounts of the offices, and the column that amounts are kept in."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from procedures.models import Bank, Office


class Dong(models.DecimalField):  # type: ignore[type-arg]
    """An amount in whole đồng, as ``Decimal``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "max_digits": 15, "decimal_places": 0})


class OfficeAccount(models.Model):
    """A bank account of an office: contributions come in on one, payouts leave from one, or both."""

    class Purpose(models.TextChoices):
        IN = "in", _("contributions come in")
        OUT = "out", _("refunds and benefits go out")
        BOTH = "both", _("both")

    office = models.ForeignKey(Office, models.PROTECT, related_name="accounts", verbose_name=_("office"))
    bank = models.ForeignKey(Bank, models.PROTECT, related_name="+", verbose_name=_("bank"))
    number = models.CharField(_("account number"), max_length=19)
    holder = models.CharField(_("account holder"), max_length=100)
    purpose = models.CharField(_("purpose"), max_length=4, choices=Purpose, default=Purpose.BOTH)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["office_id", "id"]
        verbose_name = _("bank account of an office")
        verbose_name_plural = _("bank accounts of the offices")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bank", "number"], name="office_account_once"),
            models.CheckConstraint(
                condition=Q(number__regex=r"^[0-9A-Z]{6,19}$"), name="office_account_number_form"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.bank})"
