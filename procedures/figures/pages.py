"""All of the page: its tables and charts."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from procedures.figures import reading
from procedures.figures.charts import Chart, Series
from procedures.figures.reading import Line, Selection
from procedures.figures.tables import PERIOD_COLUMNS, Cell, Column, Table, columns, number

MANY = 10  # bars of a chart; the table behind the page has all


@dataclass(frozen=True)
class Report:
    tables: list[Table]
    charts: list[Chart]
    tiles: list[tuple[Column, Cell]]
    switched: Cell


def report(chosen: Selection, now: datetime) -> Report:
    """Everything the page shows of what is chosen."""
    waiting = reading.open_now(chosen, now)
    offices = reading.by_office(chosen, waiting)
    procedures = reading.by_procedure(chosen, waiting)
    months = reading.by_month(chosen)
    whole = reading.total(offices, _("Together"), chosen.query)
    previous, every = chosen.period.previous, columns(now)
    tables = [
        Table("co-quan", _("By office"), _("Office"), every, offices, previous, whole),
        Table("thu-tuc", _("By procedure"), _("Procedure"), every, procedures, previous, whole),
        Table("thang", _("By month"), _("Month"), _without_comparison(), months, previous),
        Table("tom-tat", _("Summary"), "", every, [whole], previous),
    ]
    bars = (offices, _("Office")) if len(offices) > 1 else (procedures[:MANY], _("Procedure"))
    shown = [replace(column, compared=column.name not in _LIVE) for column in every]
    return Report(
        tables,
        _charts(bars, months, procedures[:MANY]),
        [(column, column.cell(whole, previous)) for column in shown],
        _SWITCHED.cell(whole, previous),
    )


_LIVE = {"open", "overdue", "oldest"}
_SWITCHED = Column("to_account", "", lambda sums: number(sums.count["to_account"]))


def _without_comparison() -> tuple[Column, ...]:
    return tuple(replace(column, compared=False) for column in PERIOD_COLUMNS)


def _charts(bars: tuple[list[Line], str], months: list[Line], procedures: list[Line]) -> list[Chart]:
    lines, what = bars
    return [
        Chart(
            "dung-han",
            _("Decided on time and late"),
            _("For each line three pieces: on time, late, and where no day was promised."),
            what,
            [
                _of("on_time", _("On time"), "a"),
                _of("late", _("Late"), "b"),
                _of("unpromised", _("No day promised"), "c"),
            ],
            lines,
        ),
        Chart(
            "theo-thang",
            _("Received and decided, month by month"),
            _("For each month two bars: dossiers received and dossiers decided."),
            _("Month"),
            [_of("received", _("Received"), "a"), _of("decided", _("Dossiers decided"), "c")],
            months,
            stacked=False,
        ),
        Chart(
            "hinh-thuc",
            _("How dossiers are filed"),
            _("For each line the shares filed online, by post and at the counter."),
            what,
            [
                _of("online", _("Online"), "a"),
                _of("post", _("By post"), "b"),
                _of("counter", _("At the counter"), "c"),
            ],
            lines,
            shares=True,
        ),
        Chart(
            "trung-vi",
            _("Median days from filing to decision"),
            _("A bar for each of the procedures with most dossiers."),
            _("Procedure"),
            [Series(_("Median days"), "a", lambda line: line.now.median)],
            [line for line in procedures if line.now.median is not None],
        ),
    ]


def _of(name: str, label: str, fill: str) -> Series:
    return Series(label, fill, lambda line: line.now.count[name], name)
