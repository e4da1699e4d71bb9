"""What is counted, what it is called, and which dossiers stand behind it."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procedures.figures.periods import Period


@dataclass(frozen=True)
class Measure:
    """A figure of a period. ``day`` is what puts a dossier into it, ``only`` narrows further."""

    slug: str
    label: str | Promise
    day: str
    only: dict[str, Any] = field(default_factory=dict)

    def condition(self, period: Period) -> dict[str, Any]:
        """Which counted dossiers make the figure of ``period``."""
        return {f"{self.day}__gte": period.first, f"{self.day}__lt": period.after, **self.only}


MEASURES = {
    "received": Measure("tiep-nhan", _("Received"), "received_on"),
    "online": Measure("truc-tuyen", _("Received online"), "received_on", {"channel": "2"}),
    "post": Measure("buu-chinh", _("Received by post"), "received_on", {"channel": "3"}),
    "counter": Measure("tai-quay", _("Received at the counter"), "received_on", {"channel": "1"}),
    "asked": Measure("bo-sung", _("Supplement asked for"), "asked_on"),
    "decided": Measure("giai-quyet", _("Dossiers decided"), "ended_on"),
    "on_time": Measure("dung-han", _("On time"), "ended_on", {"verdict": "on_time"}),
    "late": Measure("tre-han", _("Late"), "ended_on", {"verdict": "late"}),
    "unpromised": Measure("khong-hen", _("No day promised"), "ended_on", {"verdict": "unpromised"}),
    "redated": Measure("hen-lai", _("Decided after a new date"), "ended_on", {"redated": True}),
    "to_account": Measure("sang-tai-khoan", _("Cash to bank account"), "ended_on", {"to_account": True}),
}
"""By the column of ``MonthFigures``."""

LIVE = {"open": ("dang-giai-quyet", _("Open now")), "overdue": ("qua-han", _("Overdue now"))}
"""What is so at this moment, whatever the period: slug and words."""

BY_SLUG = {measure.slug: name for name, measure in MEASURES.items()} | {
    slug: name for name, (slug, _words) in LIVE.items()
}


def label(name: str) -> str:
    return str(MEASURES[name].label if name in MEASURES else LIVE[name][1])


def slug(name: str) -> str:
    return MEASURES[name].slug if name in MEASURES else LIVE[name][0]
