"""What stands on official forms, and on lists laid out like them."""

from datetime import datetime

import msgspec


class Choice(msgspec.Struct, frozen=True):
    """A box of an official form, crossed when chosen."""

    label: str
    chosen: bool


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item of an official form: a label with a value, or with boxes to cross.

    Items are numbered through the whole form; ``number`` replaces the running number where a form
    has its own ("[07.1]"), and a ``sub`` item is indented and has a dash instead. Two ``half``
    items that follow each other share a line. ``stacked`` puts each box on a line of its own.
    """

    label: str
    value: str | None = None
    choices: tuple[Choice, ...] = ()
    number: str | None = None
    sub: bool = False
    half: bool = False
    stacked: bool = False


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A headed part of an official form."""

    title: str | None
    items: tuple[Item, ...]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody signs. A ``note`` stands in place of the room for the pen."""

    title: str
    hint: str | None = "(Ký, ghi rõ họ tên)"
    name: str | None = None
    place_and_date: str | None = None
    note: str | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A list on a landscape sheet; ``widths`` are in millimetres, 262 in all."""

    title: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str | None, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in (self.widths, *self.rows)):
            raise ValueError(f"{self.title}: every row has a cell for every column")


class OfficialForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form printed for signature: 14-HSB, TK1-TS, 2-CBH and the like.

    ``issued_by`` names the decision that issued the form, ``to_office`` follows "Kính gửi:". The
    dossier code is printed with its barcode so that the clerk can scan the posted form. ``annex`` is
    a list on sheets of its own; ``certified`` leaves room for the authority that certifies the paper.
    Items are not ``numbered`` where the official numbers are not known.
    """

    form_code: str
    issued_by: str | None
    title: str
    subtitle: str | None
    to_office: str
    sections: tuple[Section, ...]
    commitments: tuple[str, ...]
    signatures: tuple[Signature, ...]
    dossier_code: str
    annex: Table | None = None
    certified: bool = False
    numbered: bool = True


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    """A list that a collecting agent hands in: D03-TS, D05-TS. Its columns are ours (likely)."""

    form_code: str
    title: str
    agent: str
    agent_code: str | None
    to_office: str
    issued_at: datetime
    table: Table
    signatures: tuple[Signature, ...]
    dossier_code: str
