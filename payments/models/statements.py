"""What the bank says came in: files and calls as they arrived, their lines, and what became of each."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong, OfficeAccount
from payments.models.orders import ContributionOrder
from portal.models import User
from portal.sealing import SealedField
from procedures.models import Bank, Office


class CsvMapping(models.Model):
    """How the CSV files of a bank are read: under which header each thing stands.

    Headers are compared without marks and capitals. Money stands in one signed column or in two.
    """

    bank = models.OneToOneField(Bank, models.PROTECT, related_name="csv_mapping", verbose_name=_("bank"))
    booked_on = models.CharField(_("column of the day of booking"), max_length=60)
    reference = models.CharField(_("column of the bank's reference"), max_length=60)
    text = models.CharField(_("column of the transfer text"), max_length=60)
    amount = models.CharField(
        _("column of the amount with its sign"),
        max_length=60,
        blank=True,
        help_text=_("Leave empty where money in and money out have a column each."),
    )
    credit = models.CharField(_("column of money in"), max_length=60, blank=True)
    debit = models.CharField(_("column of money out"), max_length=60, blank=True)
    payer = models.CharField(_("column of the payer's name"), max_length=60, blank=True)
    payer_account = models.CharField(_("column of the payer's account"), max_length=60, blank=True)
    currency = models.CharField(_("column of the currency"), max_length=60, blank=True)
    account = models.CharField(_("column of our account"), max_length=60, blank=True)

    class Meta:
        ordering: ClassVar = ["bank_id"]
        verbose_name = _("columns of a bank's CSV")
        verbose_name_plural = _("columns of the banks' CSV")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(amount="") & Q(credit="", debit="") | Q(amount="") & ~Q(credit=""),
                name="csv_one_column_or_two",
                violation_error_message=_("Name one column with a sign, or those of money in and out."),
            )
        ]

    def __str__(self) -> str:
        return str(self.bank)


class WebhookCall(models.Model):
    """A signed call of a collecting bank, its body as it came; never changed. ``event``: the bank's own."""

    bank = models.ForeignKey(Bank, models.PROTECT, related_name="+", verbose_name=_("bank"))
    slug = models.SlugField(max_length=40)
    event = models.CharField(_("event"), max_length=80)
    sent_at = models.DateTimeField(_("sent"))
    received_at = models.DateTimeField(_("received"))
    signature = models.CharField(max_length=64)
    body = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("call of a bank")
        verbose_name_plural = _("calls of banks")
        constraints: ClassVar = [models.UniqueConstraint(fields=["bank", "event"], name="bank_call_once")]

    def __str__(self) -> str:
        return f"{self.slug} {self.event}"


class StatementFile(models.Model):
    """A statement, whole: all of its lines are taken in, or none. The same bytes are read once an account.

    A file of which nothing was taken in can be discarded, with a reason; it is kept, and the same bytes may
    come anew.
    """

    class Kind(models.TextChoices):
        CAMT053 = "camt.053", _("statement of the day (camt.053)")
        CAMT054 = "camt.054", _("notice of bookings (camt.054)")
        CSV = "csv", _("CSV of the bank")
        CALL = "call", _("call of the bank")

    class State(models.TextChoices):
        CHECKED = "checked", _("checked, not taken in")
        QUEUED = "queued", _("being taken in")
        TAKEN = "taken", _("taken in")
        REFUSED = "refused", _("refused")
        DISCARDED = "dropped", _("discarded")

    account = models.ForeignKey(
        OfficeAccount, models.PROTECT, related_name="statements", verbose_name=_("account")
    )
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    name = models.CharField(_("name"), max_length=150)
    sha256 = models.CharField(max_length=64)
    file = models.FileField(_("file"), max_length=150, blank=True)
    call = models.OneToOneField(
        WebhookCall, models.PROTECT, null=True, blank=True, related_name="statement", verbose_name=_("call")
    )
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.CHECKED)
    read_at = models.DateTimeField(_("read"))
    read_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("read by")
    )
    taken_at = models.DateTimeField(_("taken in"), null=True, blank=True)
    discarded_at = models.DateTimeField(_("discarded"), null=True, blank=True)
    discarded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("discarded by")
    )
    discard_reason = models.CharField(_("why it was discarded"), max_length=300, blank=True)
    opening = Dong(_("opening balance"), null=True, blank=True)
    closing = Dong(_("closing balance"), null=True, blank=True)
    credit = Dong(_("money in"), default=0)
    debit = Dong(_("money out"), default=0)
    line_count = models.PositiveIntegerField(_("lines"), default=0)
    outcome = models.JSONField(_("what came of it"), default=dict)
    """Counts by name (``new``, ``known``, ``settled``, ``suspense``) and ``problems``: [row, words]."""

    class Meta:
        ordering: ClassVar = ["-read_at", "-id"]
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "sha256"], condition=~Q(state="dropped"), name="statement_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="taken") | Q(taken_at__isnull=False), name="statement_taken_at"
            ),
            models.CheckConstraint(
                condition=Q(
                    state="dropped",
                    taken_at=None,
                    discarded_at__isnull=False,
                    discarded_by__isnull=False,
                )
                & ~Q(discard_reason="")
                | ~Q(state="dropped") & Q(discarded_at=None, discarded_by=None, discard_reason=""),
                name="statement_discarded_whole",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["office", "-read_at", "-id"], name="statement_desk")]

    def __str__(self) -> str:
        return self.name


class StatementLine(models.Model):
    """A booking of an account: once for the bank's reference, in however many files; never changed."""

    file = models.ForeignKey(StatementFile, models.PROTECT, related_name="lines")
    account = models.ForeignKey(OfficeAccount, models.PROTECT, related_name="+", verbose_name=_("account"))
    position = models.PositiveIntegerField(_("row"))
    reference = models.CharField(_("bank's reference"), max_length=80)
    booked_on = models.DateField(_("booked"))
    is_credit = models.BooleanField(_("money in"))
    is_return = models.BooleanField(_("sent back to us"), default=False)
    amount = Dong(_("amount"))
    payer = models.CharField(_("payer"), max_length=140, blank=True)
    text = models.CharField(_("transfer text"), max_length=420, blank=True)

    class Meta:
        ordering: ClassVar = ["file_id", "position"]
        verbose_name = _("line of a statement")
        verbose_name_plural = _("lines of statements")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "reference"], name="bank_reference_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="line_of_an_amount"),
        ]

    def __str__(self) -> str:
        return self.reference


class Settlement(models.Model):
    """So much of a line paid an order; never changed."""

    class How(models.TextChoices):
        REFERENCE = "ref", _("by its reference")
        PAYER = "payer", _("by amount and payer")
        DESK = "desk", _("at the desk")

    line = models.ForeignKey(StatementLine, models.PROTECT, related_name="settlements")
    order = models.ForeignKey(ContributionOrder, models.PROTECT, related_name="settlements")
    amount = Dong(_("amount"))
    how = models.CharField(_("matched"), max_length=5, choices=How)
    made_at = models.DateTimeField(_("settled"))
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("settled by")
    )
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="settlement_of_an_amount")
        ]

    def __str__(self) -> str:
        return f"{self.line_id} → {self.order_id}"


class SuspenseItem(models.Model):
    """Money that came in and found no order by itself. ``left``: what nobody has decided about yet."""

    class Reason(models.TextChoices):
        UNKNOWN = "unknown", _("no order found")
        UNDER = "under", _("less than is due")
        OVER = "over", _("more than is due")
        DUPLICATE = "double", _("paid already")
        LATE = "late", _("order expired or cancelled")
        SEVERAL = "several", _("several orders named")
        RETURNED = "return", _("a payment of ours came back")

    line = models.OneToOneField(
        StatementLine, models.PROTECT, related_name="suspense", verbose_name=_("line")
    )
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    order = models.ForeignKey(
        ContributionOrder,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="suspense",
        verbose_name=_("order named"),
    )
    reason = models.CharField(_("reason"), max_length=7, choices=Reason)
    amount = Dong(_("amount"))
    left = Dong(_("undecided"))
    payer_account = SealedField(_("payer's account"), blank=True)
    opened_at = models.DateTimeField(_("since"))

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = _("suspense item")
        verbose_name_plural = _("suspense desk")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(left__gte=0, left__lte=F("amount")), name="suspense_left")
        ]
        indexes: ClassVar = [
            models.Index(fields=["office", "id"], condition=Q(left__gt=0), name="suspense_desk")
        ]

    def __str__(self) -> str:
        return f"{self.line_id}"


class SuspenseStep(models.Model):
    """Who decided what about money in suspense; never changed."""

    class Kind(models.TextChoices):
        SETTLED = "settled", _("settled an order")
        PROPOSED = "back", _("proposed to send it back")
        APPROVED = "sent", _("approved to send it back")
        DECLINED = "no", _("declined to send it back")
        FAILED = "failed", _("the bank could not pay it back")
        PAID = "paid", _("paid back")

    item = models.ForeignKey(SuspenseItem, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=7, choices=Kind)
    amount = Dong(_("amount"))
    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.item_id} {self.kind}"


class SuspenseReturn(models.Model):
    """Money from suspense on its way back to who sent it: one proposes, another person approves."""

    class State(models.TextChoices):
        PROPOSED = "asked", _("waits for approval")
        APPROVED = "sent", _("to be paid by the bank")
        DECLINED = "no", _("declined")
        PAID = "paid", _("paid back")
        FAILED = "failed", _("rejected by the bank")

    item = models.ForeignKey(SuspenseItem, models.PROTECT, related_name="returns")
    amount = Dong(_("amount"))
    payee = models.CharField(_("payee"), max_length=100)
    bank = models.ForeignKey(Bank, models.PROTECT, related_name="+", verbose_name=_("bank"))
    account_number = SealedField(_("account number"))
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.PROPOSED)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = _("money sent back")
        verbose_name_plural = _("money sent back")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="return_of_an_amount"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="return_by_two"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None) | ~Q(state="asked") & ~Q(decided_by=None),
                name="return_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee} {self.amount}"
