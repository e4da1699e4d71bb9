"""Tags of the staff's pages about money."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from payments import verifying
from portal.text import dong
from procedures.workflow import role_of

register = template.Library()
_ALARMED = frozenset({"director", "administrator"})


@register.filter
def balance(amount: Decimal) -> str:
    """A balance as bookkeepers write it: the amount, and the side it stands on."""
    if not amount:
        return dong(0)
    side = _("debit") if amount > 0 else _("credit")
    return f"{dong(abs(amount))} {side}"


@register.inclusion_tag("admin/payments/_alarm.html", takes_context=True)
def ledger_alarm(context: dict[str, Any]) -> dict[str, Any]:
    """A line above every page of directors and administrators while the ledger does not hold."""
    if role_of(context["request"].user) not in _ALARMED:
        return {}
    check = verifying.last()
    return {"check": check} if check and check.problems else {}


@register.filter
def unsigned(amount: Decimal) -> Decimal:
    """An amount that stands in a column of its side."""
    return abs(amount)


@register.filter
def key(asked: Mapping[str, str], name: str) -> str:
    """What the address says of ``name``, a word that a template cannot write as an attribute."""
    return asked.get(name, "")


@register.filter
def iso_day(kept: str) -> str:
    """A day kept in a row, ``2021-07-05``, the way it is written here."""
    return f"{date.fromisoformat(kept):%d/%m/%Y}"


@register.filter
def whole_dong(kept: str) -> str:
    """An amount kept in a row as digits."""
    return dong(int(kept))
