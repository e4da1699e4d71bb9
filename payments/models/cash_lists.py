"""What is owed in cash at one paying point of a list, and what the point has settled."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.accounts import Dong
from procedures.models import Office


class CashOrder(models.Model):
    """The cash of one paying point of a released list. ``list_kind`` and ``list_id`` name the list.

    Open, the whole amount is owed; settled, what was paid out and what nobody collected make it up.
    """

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=_("office"))
    list_kind = models.CharField(max_length=30)
    list_id = models.BigIntegerField()
    name = models.CharField(_("list"), max_length=100)
    pay_point = models.CharField(_("paying point"), max_length=100, blank=True)
    rows = models.PositiveIntegerField(_("rows"))
    amount = Dong(_("amount"))
    paid = Dong(_("paid out"), default=0)
    left = Dong(_("not collected"), default=0)
    made_at = models.DateTimeField(_("ordered"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("cash of a paying point")
        verbose_name_plural = _("cash of paying points")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["list_kind", "list_id", "pay_point"], name="cash_ordered_once_a_point"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="cash_of_an_amount"),
            models.CheckConstraint(
                condition=Q(settled_at=None, paid=0, left=0)
                | Q(settled_at__isnull=False, paid__gte=0, left__gte=0, amount=F("paid") + F("left")),
                name="cash_settled_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pay_point}".strip()
