"""Lists that another app pays: who makes lists says here what stands on them, and hears what came of it.

The maker of a list queues a topic of the payments with the number of the list; the payments read the rows
through ``lists`` and tell the outcome of each through ``results``. Neither imports the other.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class PayRow:
    """One amount in whole đồng to one account; ``row_id`` is the maker's own number of it."""

    row_id: int
    payee: str
    bank_bin: str
    account_number: str
    amount: Decimal
    purpose: str


lists: dict[str, Callable[[int], Iterable[PayRow]]] = {}
"""The rows of the list with this number, by the kind of list; read again they are the same."""

results: dict[str, Callable[[int, bool, str], None]] = {}
"""Told of each row: whether it was paid, and the bank's reason where it was not. May be told twice."""
