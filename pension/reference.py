"""Seeds the legal figures from the project's data; rows that are there already stay."""

import tomllib
from pathlib import Path

from pension.models import LegalFigure

DATA = Path(__file__).parent / "data"


def load_figures() -> int:
    """Add the figures of the file whose name and first day are not there yet; return how many."""
    entries = tomllib.loads((DATA / "figures.toml").read_text(encoding="utf-8"))["figures"]
    created = 0
    for entry in entries:
        key = {"name": entry.pop("name"), "valid_from": entry.pop("valid_from")}
        created += LegalFigure.objects.get_or_create(**key, defaults=entry)[1]
    return created
