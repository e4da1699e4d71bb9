"""Lump sums in cash: money drawn for a till, vouchers paid from it, and the closing of each day."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong, OfficeAccount
from payments.models.lump_sums import LumpSum
from portal.models import User
from procedures.models import Dossier, Office


class Place(models.TextChoices):
    """Who hands the cash out: the office at its counter, or the post with money the office gave it."""

    COUNTER = "counter", _("at the counter of the office")
    POST = "post", _("at the post office")


class CashSupply(models.Model):
    """Cash drawn from a bank account for a till: asked for by one, approved by another. Then it is posted."""

    class State(models.TextChoices):
        ASKED = "asked", _("waits for approval")
        DONE = "done", _("in the till")
        DECLINED = "no", _("declined")

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    place = models.CharField(_("where it is paid"), max_length=7, choices=Place)
    account = models.ForeignKey(
        OfficeAccount, models.PROTECT, related_name="+", verbose_name=_("from account")
    )
    amount = Dong(_("amount"))
    reference = models.CharField(_("cheque or transfer"), max_length=60)
    state = models.CharField(_("state"), max_length=5, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("cash drawn")
        verbose_name_plural = _("cash drawn for the tills")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="cash_supply_of_an_amount"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None)
                | Q(state="done", decided_by__isnull=False)
                | Q(state="no", decided_by__isnull=False) & ~Q(reason=""),
                name="cash_supply_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="cash_supply_by_two"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["office", "-id"], name="cash_supply_desk")]

    def __str__(self) -> str:
        return self.reference


class CashVoucher(models.Model):
    """A decided lump sum to be paid in cash: made out by one, paid by another, once.

    Numbered per office and year without gaps; a cancelled one keeps its number. One stands a lump sum.
    ``collected_by`` is who signed the printed receipt.
    """

    class State(models.TextChoices):
        MADE = "made", _("to be paid out")
        PAID = "paid", _("paid in cash")
        CANCELLED = "gone", _("cancelled")

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    place = models.CharField(_("where it is paid"), max_length=7, choices=Place)
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("number"))
    lump_sum = models.ForeignKey(LumpSum, models.PROTECT, related_name="vouchers", verbose_name=_("lump sum"))
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="+", verbose_name=_("dossier"))
    payee = models.CharField(_("payee"), max_length=200)
    amount = Dong(_("amount"))
    state = models.CharField(_("state"), max_length=4, choices=State, default=State.MADE)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made out by"))
    made_at = models.DateTimeField(_("made out"))
    paid_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("paid by")
    )
    paid_at = models.DateTimeField(_("paid out"), null=True, blank=True)
    collected_by = models.CharField(_("signed by"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    reason = models.CharField(_("why it was cancelled"), max_length=300, blank=True)
    cancelled_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("cancelled by")
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("cash voucher")
        verbose_name_plural = _("cash vouchers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "year", "number"], name="cash_voucher_number_once"),
            models.UniqueConstraint(
                fields=["lump_sum"], condition=~Q(state="gone"), name="cash_voucher_once_a_sum"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="cash_voucher_of_an_amount"),
            models.CheckConstraint(
                condition=Q(state="paid", paid_by__isnull=False, paid_at__isnull=False) & ~Q(collected_by="")
                | ~Q(state="paid") & Q(paid_by=None, paid_at=None, collected_by=""),
                name="cash_voucher_paid_whole",
            ),
            models.CheckConstraint(
                condition=Q(paid_by=None) | ~Q(paid_by=F("made_by")), name="cash_voucher_by_two"
            ),
            models.CheckConstraint(
                condition=Q(state="gone", cancelled_by__isnull=False, cancelled_at__isnull=False)
                & ~Q(reason="")
                | ~Q(state="gone") & Q(cancelled_by=None, cancelled_at=None, reason=""),
                name="cash_voucher_cancelled_why",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["office", "state", "-id"], name="cash_voucher_desk")]

    def __str__(self) -> str:
        return f"PC{self.office.number}-{self.year % 100:02}-{self.number:05}"


class CashDay(models.Model):
    """The till of an office at the end of a day: what the ledger says and what was counted.

    ``book`` is ``opening`` and ``supplied`` less ``paid``, up to the posting ``last_posting``. Counted by
    one, confirmed or sent back by another; a difference to the đồng is explained and stays. ``pieces``:
    number of notes by their value.
    """

    class State(models.TextChoices):
        COUNTED = "counted", _("waits for the second person")
        CONFIRMED = "closed", _("closed")
        SENT_BACK = "back", _("to be counted again")

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    day = models.DateField(_("day"))
    opening = Dong(_("at the beginning"))
    supplied = Dong(_("drawn"))
    paid = Dong(_("paid out"))
    book = Dong(_("in the ledger"))
    counted = Dong(_("counted"))
    pieces = models.JSONField(_("notes"), default=dict)
    last_posting = models.BigIntegerField()
    reason = models.CharField(_("why it differs"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.COUNTED)
    counted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("counted by"))
    counted_at = models.DateTimeField(_("counted at"))
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    confirmed_at = models.DateTimeField(_("decided"), null=True, blank=True)
    note = models.CharField(_("why it was sent back"), max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["-day", "-id"]
        verbose_name = _("closing of a till")
        verbose_name_plural = _("closings of the tills")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["office", "day"], condition=~Q(state="back"), name="cash_day_once"
            ),
            models.CheckConstraint(
                condition=Q(book=F("opening") + F("supplied") - F("paid"), book__gte=0, counted__gte=0),
                name="cash_day_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(counted=F("book")) | ~Q(reason=""), name="cash_day_difference_explained"
            ),
            models.CheckConstraint(
                condition=Q(state="counted", confirmed_by=None)
                | Q(state="closed", confirmed_by__isnull=False)
                | Q(state="back", confirmed_by__isnull=False) & ~Q(note=""),
                name="cash_day_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("counted_by")), name="cash_day_by_two"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["office", "-day"], name="cash_day_desk")]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y}"

    @property
    def difference(self) -> int:
        """What was counted above what the ledger says; negative where some is missing."""
        return int(self.counted - self.book)
