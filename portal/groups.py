"""Questions asked over and over: the members of a household, relatives, periods.

Typed and cleaned answers are both lists of rows, a row a dictionary by column. A browser sends the
number of rows under the name of the field and every input as ``<field>-<row>-<column>``.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.fields import PortalField

Row = dict[str, Any]
ToldRow = tuple[str, list[tuple[str, str]]]

MOST_ROWS = 100
_LONGEST = 4000


class RowErrors(ValidationError):
    """What is wrong inside the rows of a group, by number of the row (from 0) and column."""

    def __init__(self, wrong: Mapping[tuple[int, str], ValidationError]) -> None:
        super().__init__(_("Please check the answers in the list."), code="rows")
        self.wrong = wrong


def is_filled(row: Mapping[str, Any]) -> bool:
    """Whether anything stands in a row, typed or cleaned."""
    return any(cell not in (None, "", []) for cell in row.values())


class GroupWidget(forms.Widget):
    """The rows as typed, from a browser or as they were kept."""

    def __init__(self, columns: Mapping[str, forms.Widget]) -> None:
        super().__init__()
        self.columns = columns

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Row]:
        kept = data.get(name) or ""
        if isinstance(kept, list):
            return kept
        count = int(kept) if re.fullmatch("[0-9]{1,3}", str(kept)) else 0
        return [self._row(data, files, f"{name}-{i}") for i in range(min(count, MOST_ROWS))]

    def _row(self, data: Mapping[str, Any], files: Any, prefix: str) -> Row:
        row = {}
        for column, widget in self.columns.items():
            cell = widget.value_from_datadict(data, files, f"{prefix}-{column}")
            row[column] = cell if isinstance(cell, list) else str(cell or "")[:_LONGEST]
        return row

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data


class GroupField(PortalField):
    """Rows of the same questions, ``columns``. Empty rows do not count, nor do they disturb.

    ``row`` is what one of them is called: “relative”. Cleaned to a list of rows without empty cells.
    """

    kind = "group"

    def __init__(
        self,
        *,
        columns: Mapping[str, PortalField],
        row: str,
        minimum: int = 0,
        maximum: int = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(widget=GroupWidget({n: column.widget for n, column in columns.items()}), **kwargs)
        self.columns, self.row = columns, row
        self.fewest, self.most = max(minimum, int(self.required)), maximum

    def named(self, number: int) -> str:
        """What the row ``number`` (from 0) is called: “Relative 2”."""
        return f"{self.row} {number + 1}"

    def clean(self, value: Any) -> list[Row]:
        wrong: dict[tuple[int, str], ValidationError] = {}
        rows = [self._clean_row(row, i, wrong) for i, row in enumerate(value or []) if is_filled(row)]
        if wrong:
            raise RowErrors(wrong)
        if not rows and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        if rows and len(rows) < self.fewest:
            raise ValidationError(
                ngettext("Please fill in at least %d row.", "Please fill in at least %d rows.", self.fewest)
                % self.fewest
            )
        if len(rows) > self.most:
            raise ValidationError(
                ngettext("At most %d row is possible.", "At most %d rows are possible.", self.most)
                % self.most
            )
        return rows

    def _clean_row(self, row: Row, number: int, wrong: dict[tuple[int, str], ValidationError]) -> Row:
        """The cleaned row; what is not valid goes to ``wrong`` instead."""
        cleaned = {}
        for name, column in self.columns.items():
            try:
                cleaned[name] = column.clean(row.get(name, ""))
            except ValidationError as error:
                wrong[number, name] = error
        return {name: cell for name, cell in cleaned.items() if cell not in ("", [])}

    def told(self, value: Any) -> list[ToldRow]:
        """Cleaned rows as people read them: the name of each, and label and words of what it holds."""
        return [(self.named(i), self._told(row, _display)) for i, row in enumerate(value or [])]

    def display(self, value: Any) -> str:
        return _text(self.told(value))

    def shown(self, raw: Any) -> str:
        rows = [row for row in raw or [] if is_filled(row)]
        return _text([(self.named(i), self._told(row, _shown)) for i, row in enumerate(rows)])

    def _told(self, row: Row, words: Callable[[PortalField, Any], str]) -> list[tuple[str, str]]:
        told = [(str(c.label), words(c, row[name])) for name, c in self.columns.items() if name in row]
        return [(label, cell) for label, cell in told if cell]


def _display(column: PortalField, cell: Any) -> str:
    return column.display(cell)


def _shown(column: PortalField, cell: Any) -> str:
    return column.shown(cell)


def _text(rows: list[ToldRow]) -> str:
    """Each row under its name, a line for each answer in it."""
    return "\n\n".join(
        "\n".join([named, *(f"{label}: {cell}" for label, cell in row)]) for named, row in rows
    )


def with_row(rows: list[Row], *, fewest: int) -> list[Row]:
    """``rows`` as they are drawn, and an empty one more."""
    return [*drawn_rows(rows, fewest=fewest), {}]


def without_row(rows: list[Row], number: int) -> list[Row]:
    """``rows`` but the one at ``number``; all of them where there is no such row."""
    return [row for i, row in enumerate(rows) if i != number]


def drawn_rows(rows: list[Row], *, fewest: int) -> list[Row]:
    """``rows`` and as many empty ones as there must be."""
    return [*rows, *({} for _missing in range(fewest - len(rows)))]
