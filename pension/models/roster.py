"""The monthly roster: who receives which benefit, how much, how and where."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.models import User, Ward
from portal.sealing import SealedField
from procedures.models import Bank, Office


class Dong(models.DecimalField):  # type: ignore[type-arg]
    """An amount in whole đồng, as ``Decimal``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "max_digits": 15, "decimal_places": 0})


class Method(models.TextChoices):
    CASH = "cash", _("cash")
    ACCOUNT = "account", _("bank account")


class Benefit(models.TextChoices):
    """The monthly benefits; the values are those of the form 2-CBH."""

    RETIREMENT = "retirement", _("pension")
    LOSS_OF_CAPACITY = "loss_of_capacity", _("loss-of-capacity allowance")
    ACCIDENT_DISEASE = "accident_disease", _("work accident or occupational disease allowance")
    SURVIVOR = "survivor", _("survivor allowance")
    COMMUNE_CADRE = "commune_cadre", _("commune cadre allowance")
    QD91_613 = "qd91_613", _("allowance under decisions 91/2000 and 613/2010")
    OTHER = "other", _("other benefit")


class Beneficiary(models.Model):
    """Somebody on the rosters; an import of a later month may correct all but the number.

    ``born`` is YYYY-MM-DD, or YYYY where the papers carry only a year. ``recipient`` is who receives the
    money under an authorisation 13-HSB, until and including ``recipient_until``.

    ``id_number`` and ``address`` come from changes of personal details alone. So may ``phone``: it then stays
    for as long as rosters repeat ``phone_before``, which it replaced.
    """

    insurance_number = models.CharField(_("social insurance number"), max_length=10, unique=True)
    full_name = models.CharField(_("full name"), max_length=100)
    bare_name = models.CharField(max_length=100)
    born = models.CharField(_("date of birth"), max_length=10)
    phone = models.CharField(_("phone"), max_length=11, blank=True)
    phone_before = models.CharField(max_length=11, null=True, blank=True)
    id_number = SealedField(_("identity number"), blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    recipient = models.CharField(_("authorised recipient"), max_length=100, blank=True)
    recipient_until = models.DateField(_("authorised until"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["bare_name", "id"]
        verbose_name = _("beneficiary")
        verbose_name_plural = _("beneficiaries")

    def __str__(self) -> str:
        return f"{self.full_name} ({self.insurance_number})"


class RosterImport(models.Model):
    """A file with the roster of a month: read, looked at, taken over whole or not at all.

    ``office`` empty: the whole province. ``errors`` are [line of the file, words]; ``told`` are the
    differences from the roster before it, counts and some examples of each.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("being read")
        CHECKED = "checked", _("to be looked at")
        TAKING = "taking", _("being taken over")
        TAKEN = "taken", _("taken over")
        FAILED = "failed", _("cannot be read")
        DISCARDED = "discarded", _("set aside")

    month = models.DateField(_("month"))
    office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("office")
    )
    file = models.FileField(max_length=200, blank=True)
    file_name = models.CharField(_("file"), max_length=150)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    wrong = models.PositiveIntegerField(_("wrong rows"), default=0)
    account_rows = models.PositiveIntegerField(_("to accounts"), default=0)
    total = Dong(_("total"), default=0)
    errors = models.JSONField(default=list)
    told = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded"))
    taken_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("taken over by")
    )
    taken_at = models.DateTimeField(_("taken over"), null=True, blank=True)
    key = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering: ClassVar = ["-month", "-id"]
        verbose_name = _("roster import")
        verbose_name_plural = _("roster imports")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(month__day=1), name="roster_of_a_month"),
            models.CheckConstraint(
                condition=~Q(state="taken") | Q(wrong=0, taken_by__isnull=False, taken_at__isnull=False),
                name="roster_taken_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y} {self.file_name}"


class RosterRow(models.Model):
    """A row of a file that is being looked at; gone once the file was taken over or set aside.

    No keys to other tables: the rows come and go by the hundred thousand, and are checked in one go.
    """

    id = models.BigAutoField(primary_key=True)
    roster = models.ForeignKey(RosterImport, models.CASCADE, related_name="staged")
    line = models.PositiveIntegerField()
    insurance_number = models.CharField(max_length=10)
    full_name = models.CharField(max_length=100)
    bare_name = models.CharField(max_length=100)
    born = models.CharField(max_length=10)
    phone = models.CharField(max_length=11)
    recipient = models.CharField(max_length=100)
    recipient_until = models.DateField(null=True)
    benefit = models.CharField(max_length=16)
    amount = Dong()
    method = models.CharField(max_length=7)
    ward_code = models.CharField(max_length=5)
    office_number = models.BigIntegerField()
    pay_point = models.CharField(max_length=100)
    bank_bin = models.CharField(max_length=6)
    account_number = SealedField()
    account_print = models.CharField(max_length=64)
    account_holder = models.CharField(max_length=100)

    class Meta:
        verbose_name = _("row of a roster file")
        verbose_name_plural = _("rows of a roster file")

    def __str__(self) -> str:
        return f"{self.roster_id} {self.line}"


class BenefitEntry(models.Model):
    """One benefit of one person in one month, as the roster has it. The account number is sealed;
    ``account_print`` tells like accounts without saying which they are.
    """

    month = models.DateField(_("month"))
    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="entries", verbose_name=_("beneficiary")
    )
    benefit = models.CharField(_("benefit"), max_length=16, choices=Benefit)
    amount = Dong(_("amount"))
    method = models.CharField(_("paid by"), max_length=7, choices=Method)
    ward = models.ForeignKey(Ward, models.PROTECT, related_name="+", verbose_name=_("ward"))
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    pay_point = models.CharField(_("paying point"), max_length=100, blank=True)
    bank = models.ForeignKey(
        Bank, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("bank")
    )
    account_number = SealedField(_("account number"), blank=True)
    account_print = models.CharField(max_length=64, blank=True)
    account_holder = models.CharField(_("account holder"), max_length=100, blank=True)
    roster = models.ForeignKey(RosterImport, models.PROTECT, related_name="entries")

    class Meta:
        ordering: ClassVar = ["-month", "id"]
        verbose_name = _("monthly benefit")
        verbose_name_plural = _("monthly benefits")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["beneficiary", "month", "benefit"], name="one_benefit_a_month"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="benefit_of_an_amount"),
            models.CheckConstraint(
                condition=Q(method="cash", bank=None, account_print="")
                | Q(method="account", bank__isnull=False) & ~Q(account_print=""),
                name="benefit_has_its_account",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["office", "month", "method"], name="benefit_of_office"),
            models.Index(
                fields=["account_print", "month"], condition=~Q(account_print=""), name="benefit_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.beneficiary_id} {self.month:%m/%Y} {self.benefit}"


class RosterSum(models.Model):
    """How the benefits of a ward were paid in a month, added up when the roster was taken over."""

    month = models.DateField(_("month"))
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    ward = models.ForeignKey(Ward, models.PROTECT, related_name="+")
    pay_point = models.CharField(max_length=100, blank=True)
    people = models.PositiveIntegerField()
    to_account = models.PositiveIntegerField()
    cash = Dong()
    total = Dong()

    class Meta:
        verbose_name = _("how benefits are paid")
        verbose_name_plural = _("how benefits are paid")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "office", "ward", "pay_point"], name="one_sum_a_month_and_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y} {self.ward_id}"
