"""Rows as lines of COPY: every column of the table, what is not said from the model's default."""

from collections import defaultdict
from typing import Any

import msgspec
from django.db.models import JSONField, Model
from django.db.models.fields import NOT_PROVIDED

from portal.sealing import Sealed as SealedText

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Lines:
    """Lines of one table. ``named``: the attributes given for each row; ids that are not come from it."""

    def __init__(self, model: type[Model], named: tuple[str, ...]) -> None:
        fields = [f for f in model._meta.concrete_fields if _is_written(f, named)]
        self.table = model._meta.db_table
        self.columns = [str(field.column) for field in fields]
        self._base = ["" if f.attname in named else cell(_default(f)) for f in fields]
        places = {field.attname: place for place, field in enumerate(fields)}
        self._places = [places[name] for name in named]

    def line(self, *values: Any) -> str:
        """The row of ``values``, in the order they were named."""
        cells = self._base.copy()
        for place, value in zip(self._places, values, strict=True):
            cells[place] = cell(value)
        return "\t".join(cells) + "\n"


def _is_written(field: Any, named: tuple[str, ...]) -> bool:
    if field.attname in named:
        return True
    return not (field.primary_key or field.generated or field.db_default is not NOT_PROVIDED)


def _default(field: Any) -> Any:
    value = field.get_default()
    return encoded(value) if isinstance(field, JSONField) and value is not None else value


def cell(value: Any) -> str:
    """``value`` in COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    text = str(value)
    return text if text.isalnum() else text.translate(_ESCAPED)


def encoded(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=_as_json).decode()


def _as_json(value: Any) -> Any:
    if isinstance(value, SealedText):
        return value.as_json()
    raise NotImplementedError(type(value))


class Batch:
    """Lines of several tables that go to the database together."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = defaultdict(list)
        self.dossiers = 0

    def add(self, lines: Lines, *values: Any) -> None:
        self._lines[lines.table].append(lines.line(*values))

    def sealed(self) -> "Sealed":
        """What is in it, ready to be sent from one process to another."""
        return Sealed({table: "".join(some).encode() for table, some in self._lines.items()}, self.dossiers)


class Sealed:
    """A batch as bytes."""

    def __init__(self, data: dict[str, bytes], dossiers: int) -> None:
        self.data, self.dossiers = data, dossiers
