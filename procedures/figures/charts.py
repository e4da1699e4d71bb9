"""Bars drawn on the server: each with its words and numbers, told apart by pattern as well as colour.

A drawing is 280 units wide, so that it can be read on a phone; nothing in it depends on a script.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.text import Truncator

from procedures.figures.reading import Line
from procedures.figures.tables import NOTHING, Cell, list_url, number, percent

WIDTH, ROW, BAR, LEGEND = 280, 34, 12, 18


@dataclass(frozen=True)
class Series:
    """A kind of bar: what it is called, how it is filled (a, b, c), and its value in a line."""

    label: str
    fill: str
    value: Callable[[Line], int | Decimal | None]
    name: str = ""  # of the figure behind it

    def cell(self, line: Line) -> Cell:
        value = self.value(line)
        url = list_url(self.name, line.query) if self.name and value else ""
        return Cell(number(value), url)


@dataclass(frozen=True)
class Piece:
    x: str
    y: int
    width: str
    fill: str


@dataclass(frozen=True)
class Bar:
    """A line of the drawing: words on the left, numbers on the right, the pieces below."""

    label: str
    full: str
    numbers: str
    y: int
    pieces: list[Piece]


@dataclass(frozen=True)
class Chart:
    """``stacked``: pieces one after the other; ``shares``: each line as wide as the drawing."""

    slug: str
    title: str
    about: str
    first: str
    series: Sequence[Series]
    lines: Sequence[Line]
    stacked: bool = True
    shares: bool = False
    note: str = ""
    legend: list[tuple[Series, int]] = field(init=False)

    def __post_init__(self) -> None:
        rows = [(one, 12 + LEGEND * place) for place, one in enumerate(self.series)]
        object.__setattr__(self, "legend", rows)

    @property
    def height(self) -> int:
        return self._top + self._row * len(self.lines)

    @property
    def _top(self) -> int:
        return LEGEND * len(self.series) + 6

    @property
    def _row(self) -> int:
        return ROW if self.stacked else ROW + (BAR + 2) * (len(self.series) - 1)

    @property
    def bars(self) -> list[Bar]:
        return [self._bar(line, self._top + self._row * place) for place, line in enumerate(self.lines)]

    @property
    def rows(self) -> list[tuple[Line, list[Cell]]]:
        """The table behind the drawing."""
        return [(line, [one.cell(line) for one in self.series]) for line in self.lines]

    def _bar(self, line: Line, y: int) -> Bar:
        values = [one.value(line) for one in self.series]
        return Bar(
            Truncator(line.name).chars(24 if self.shares else 32),
            line.name,
            self._numbers(values),
            y + 12,
            list(self._pieces([Decimal(value or 0) for value in values], y + 17)),
        )

    def _numbers(self, values: list[int | Decimal | None]) -> str:
        if self.shares:
            whole = int(sum(value or 0 for value in values))
            return " · ".join(percent(int(value or 0), whole) for value in values) if whole else NOTHING
        return " · ".join(number(value) for value in values)

    def _pieces(self, values: list[Decimal], y: int) -> "list[Piece]":
        scale, x, made = self._scale(values), Decimal(0), []
        for one, value in zip(self.series, values, strict=True):
            width = value * scale
            if width:
                made.append(Piece(f"{x:.1f}", y, f"{max(width, Decimal(1)):.1f}", one.fill))
            x, y = (x + width, y) if self.stacked else (x, y + BAR + 2)
        return made

    def _scale(self, values: list[Decimal]) -> Decimal:
        if self.shares:
            most = sum(values, Decimal(0))
        else:
            every = [[Decimal(one.value(line) or 0) for one in self.series] for line in self.lines]
            most = max(
                (sum(row, Decimal(0)) if self.stacked else max(row) for row in every), default=Decimal(0)
            )
        return WIDTH / most if most > 0 else Decimal(0)
