"""Who receives which monthly benefit, how it is paid, and how that changes."""

from pension.models.cash import CashOutcome, CashReturn
from pension.models.lists import PaymentLine, PaymentList, PaymentResult
from pension.models.paper import PaperFiling
from pension.models.roster import (
    Beneficiary,
    BenefitEntry,
    Method,
    RosterImport,
    RosterRow,
    RosterSum,
)
from pension.models.switches import HandOver, SwitchRequest

__all__ = [
    "Beneficiary",
    "BenefitEntry",
    "CashOutcome",
    "CashReturn",
    "HandOver",
    "Method",
    "PaperFiling",
    "PaymentLine",
    "PaymentList",
    "PaymentResult",
    "RosterImport",
    "RosterRow",
    "RosterSum",
    "SwitchRequest",
]
