"""What the apps above pay through one another without importing each other: lists in, results out.

Who keeps a list of people to be paid registers it here and queues ``payments.pay_pension_list`` with its
number; ``payments`` reads the rows and says of each what the bank said.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.models import User
from procedures import workflow
from procedures.catalogue import definition_for
from procedures.models import Dossier, DossierEvent, Office


@dataclass(frozen=True)
class PayRow:
    """One person of a list: ``amount`` in whole đồng to an account at the bank with ``bank_bin``."""

    row_id: int
    payee: str
    bank_bin: str
    account_number: str
    amount: Decimal
    purpose: str


lists: dict[str, Callable[[int], Iterable[PayRow]]] = {}
"""By name of the list's kind: the rows of the list with this number, the same each time."""

results: dict[str, Callable[[int, bool, str], None]] = {}
"""By the same name: told ``row_id``, whether the money is there, and the bank's reason where it is not.

Told again where money came back after all, and safe to be told twice.
"""


@dataclass(frozen=True)
class CashPoint:
    """What a released list pays in cash at one paying point of ``office``: ``amount`` in whole đồng."""

    office: Office
    name: str
    pay_point: str
    rows: int
    amount: Decimal


@dataclass(frozen=True)
class CashSettled:
    """What came of that, as two persons have found: ``paid`` and ``left`` make up the amount."""

    list_id: int
    pay_point: str
    paid: Decimal
    left: Decimal
    checked_by: User
    checked_at: datetime


cash_lists: dict[str, Callable[[int], Iterable[CashPoint]]] = {}
"""By name of the list's kind: the paying points of the list with this number, the same each time.

``payments.owe_pension_cash`` with the number of a released ``list`` puts them into the ledger.
"""

cash_settled: dict[str, Callable[[int], CashSettled]] = {}
"""By the same name: the return with this number; ``payments.settle_pension_cash`` posts it, once."""

# --- What the history of a dossier says of its payment ---------------------------------------------

ORDERED, PAID, FAILED, CORRECTED = "payment_ordered", "payment_made", "payment_failed", "account_corrected"
# The actions for it, where the version of the dossier has them; what it lacks is recorded under the name.
_ACTIONS: Mapping[str, Sequence[str]] = {
    ORDERED: ("order_payment",),
    PAID: ("note_paid",),
    FAILED: ("reject_payment", "reject_payment_posted"),
    CORRECTED: ("correct_account", "correct_account_posted"),
}


def note(
    dossier: Dossier, what: str, *, actor: User | None, key: str, facts: Mapping[str, Any], now: datetime
) -> DossierEvent:
    """Take ``dossier`` through the action for ``what``, or record it where its version knows none.

    The same ``key`` gives the same event. Raises ``MoveRefused`` where ``actor`` may not.
    """
    definition = definition_for(dossier)
    dossier.refresh_from_db()
    for action in _ACTIONS[what]:
        transition = definition.transition(action)
        if transition and dossier.state in transition.sources:
            return workflow.move(dossier, action, actor=actor, key=key, facts=facts, now=now)
    topics = ("notices.event",)
    return workflow.record(dossier, what, actor=actor, key=key, facts=facts, now=now, topics=topics)


def account_wanted(actions: Iterable[str]) -> bool:
    """Whether the newest word on the money is that the bank refused; ``actions`` the newest first."""
    money = {name: what for what, names in _ACTIONS.items() for name in (what, *names)}
    return next((money[action] for action in actions if action in money), "") == FAILED
