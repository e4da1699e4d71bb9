"""The lists of an office: closed every day, numbered, each with the digest of the one before."""

from datetime import date, datetime, time
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from portal.fields import PhoneField
from procedures import intake
from procedures.deadlines import start_of
from procedures.demo_volume.filed import Filed, Task, named_on
from procedures.demo_volume.rows import Batch, Lines, encoded
from procedures.models import IntakeList, IntakeRow

CLOSES = time(17, 30)

LISTS = Lines(
    IntakeList,
    (
        *("id", "office_id", "day", "year", "number", "opened_at", "closed_at", "row_count"),
        *("previous_digest", "digest"),
    ),
)
ROWS = Lines(IntakeRow, ("list_id", "position", "dossier_id", "late", "content"))


def closing_of(day: date) -> datetime:
    """When the list of ``day`` is closed."""
    return datetime.combine(day, CLOSES, tzinfo=timezone.get_default_timezone())


class Book:
    """The lists of an office, one a day, each with the digest of the one before."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._office = SimpleNamespace(slug=task.desk.slug)
        self._waiting: list[Filed] = []
        self._next, self._number, self._year = task.firsts.intake_list, 0, 0
        self._digest, self._closed_at = "", start_of(task.shares[0].day)

    def close(self, batch: Batch, day: date, came: list[Filed]) -> None:
        """The list of ``day``: what came until it closed, and yesterday's that came after that."""
        closed_at = closing_of(day)
        due = [*self._waiting, *(filed for filed in came if filed.filed_at <= closed_at)]
        self._waiting = [filed for filed in came if filed.filed_at > closed_at]
        contents = [(intake._is_late(f, day), self._content(f, closed_at)) for f in due]  # type: ignore[arg-type]
        self._number = self._number + 1 if day.year == self._year else 1
        self._year = day.year
        digest = intake._digest(self._office, day, self._number, self._digest, contents)  # type: ignore[arg-type]
        about = (self._next, self._task.desk.pk, day, day.year, self._number, self._closed_at, closed_at)
        batch.add(LISTS, *about, len(due), self._digest, digest)
        for position, (filed, (late, content)) in enumerate(zip(due, contents, strict=True), start=1):
            batch.add(ROWS, self._next, position, filed.pk, late, encoded(content))
        self._next, self._digest, self._closed_at = self._next + 1, digest, closed_at

    def _content(self, filed: Filed, at: datetime) -> dict[str, Any]:
        """As ``intake._content`` at the moment ``at``."""
        template, who = filed.template, filed.citizen
        state, due_at = filed.life.as_of(at)
        said = template.rows[filed.channel]
        address = said["address"].partition("; ĐT ")[0] if template.owner else who.address
        own: dict[str, Any] = {
            "code": filed.code,
            "applicant": intake._applicant(named_on(filed)),  # type: ignore[arg-type]
            "address": f"{address}; ĐT {_PHONE.display(who.phone)}",
            "office": self._task.desk.name,
            "received": intake._moment(filed.filed_at),
            "state": template.definition.state(state).label.vi,
        }
        if "codes" in said:
            own["codes"] = {**said["codes"], "state": state}
        promised = {"promised": intake._moment(due_at)} if due_at else _NOT_PROMISED
        return {**said, **own, **promised}


_PHONE = PhoneField()
_NOT_PROMISED = {"promised": "Chưa hẹn: chờ hồ sơ giấy"}
