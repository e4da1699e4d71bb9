"""Which orders a transfer names: references found in whatever people and banks make of them."""

import re
from collections.abc import Collection

from django.db.models.functions import Left, Length

from payments.models import ContributionOrder, OfficeAccount
from portal.text import without_marks

_APART = re.compile(r"[^A-Z0-9]+")
Shapes = dict[str, tuple[int, ...]]
"""The lengths of references, by how they begin."""
_BEGINNING = 2


def shapes_of(account: OfficeAccount) -> Shapes:
    """How the references of ``account`` look: nothing else is worth asking the database for."""
    found = (
        ContributionOrder.objects.filter(account=account)
        .order_by()
        .values_list(Left("reference", _BEGINNING), Length("reference"))
        .distinct()
    )
    shapes: dict[str, set[int]] = {}
    for begins, size in found:
        shapes.setdefault(begins, set()).add(size)
    return {begins: tuple(sorted(sizes)) for begins, sizes in shapes.items()}


def compact(text: str) -> str:
    """Capital letters and digits of ``text``: banks cut, space and capitalise as they like."""
    if not text.isascii():
        text = without_marks(text)
    return _APART.sub("", text.upper())


def candidates(text: str, shapes: Shapes) -> Collection[str]:
    """All in ``text`` that might be a reference; most of it is none."""
    bare = compact(text)
    found: set[str] = set()
    for begins, sizes in shapes.items():
        at = bare.find(begins)
        while at >= 0:
            found.update(bare[at : at + size] for size in sizes if at + size <= len(bare))
            at = bare.find(begins, at + 1)
    return found
