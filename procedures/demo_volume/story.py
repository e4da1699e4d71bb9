"""What becomes of a dossier: who does what and when, with the clock as ``procedures.workflow`` keeps it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from procedures import deadlines
from procedures.demo_volume.plan import Days
from procedures.demo_volume.templates import Template

OWNER, CLERK, HEAD = "owner", "clerk", "head"
_LAST_MINUTE = time(16, 50)
# Of a hundred dossiers.
_REFUSED, _WITHDRAWN, _ASKED, _SENT_BACK, _REJECTED, _LATE, _NEVER_POSTED = 2, 2, 8, 2, 4, 7, 3
_PATIENCE = 20  # working days, then who has not sent what was asked for gives up


@dataclass(frozen=True)
class Step:
    """Something done with a dossier."""

    action: str
    at: datetime
    who: str
    note: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Life:
    """A dossier on its way; ``marks``: since when it has been in a state, and what was promised then."""

    template: Template
    days: Days
    at: datetime
    state: str = "draft"
    ended: bool = False
    clock_started_on: date | None = None
    rest_of_days: int | None = None
    due_at: datetime | None = None
    decided_at: datetime | None = None
    steps: list[tuple[Step, str, str]] = field(default_factory=list)
    marks: list[tuple[datetime, str, datetime | None]] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Do what ``step`` says; it must be possible here."""
        transition = self.template.definition.transition(step.action)
        assert transition is not None and self.state in transition.sources, (step.action, self.state)
        before, self.at = self.state, step.at
        self._enter(transition.leads_to(self.state))
        self.steps.append((step, before, self.state))
        self.marks.append((step.at, self.state, self.due_at))

    def _enter(self, target: str) -> None:
        """As ``workflow._enter``, with a calendar that answers at once."""
        state = self.template.definition.state(target)
        self.state, self.ended = target, state.final
        if state.clock == "running" and self.clock_started_on is None:
            self.clock_started_on = deadlines.day_zero(self.at, self.days)
            self._promise(self.clock_started_on, self.template.limit)
        elif state.clock == "running" and self.rest_of_days is not None:
            rest = msgspec.structs.replace(self.template.limit, days=max(self.rest_of_days, 1))
            self._promise(deadlines.day_zero(self.at, self.days), rest)
            self.rest_of_days = None
        elif state.clock == "paused" and self.rest_of_days is None and self.due_at is not None:
            today, last = timezone.localdate(self.at), timezone.localdate(self.due_at)
            self.rest_of_days = deadlines.days_between(today, last, self.template.limit, self.days)
            self.due_at = None
        elif state.clock == "stopped" and self.decided_at is None:
            self.decided_at = self.at

    def _promise(self, start: date, limit: Any) -> None:
        self.due_at = deadlines.closing(deadlines.due_on(start, limit, self.days))

    def as_of(self, moment: datetime) -> tuple[str, datetime | None]:
        """(state, promised for) at ``moment``, which is not before the filing."""
        return next((state, due) for at, state, due in reversed(self.marks) if at <= moment)

    def can(self, action: str) -> bool:
        transition = self.template.definition.transition(action)
        return transition is not None and self.state in transition.sources


def lived(template: Template, filed_at: datetime, days: Days, chance: random.Random, end: datetime) -> Life:
    """A dossier filed at ``filed_at`` as it stands at ``end``."""
    life = Life(template, days, filed_at)
    for step in _steps(life, chance):
        if step.at > end:
            break
        life.take(step)
    return life


def _steps(life: Life, chance: random.Random) -> Iterator[Step]:
    yield Step(life.template.action, life.at, OWNER)
    if life.state == "waiting_originals":
        yield from _papers(life, chance)
    if not life.ended:
        yield from _beginning(life, chance)
    if not life.ended:
        yield from _decision(life, chance)
    if life.state == "approved":
        yield from _handing_over(life, chance)


def _papers(life: Life, chance: random.Random) -> Iterator[Step]:
    if _one_of(_NEVER_POSTED, chance):
        yield Step("withdraw", _later(life, chance, _PATIENCE), OWNER, "Không gửi được giấy tờ.")
    else:
        yield Step("record_originals", _later(life, chance, chance.choice((1, 2, 2, 3, 3, 4, 5, 8))), CLERK)


def _beginning(life: Life, chance: random.Random) -> Iterator[Step]:
    if _one_of(_REFUSED, chance):
        note = "Hồ sơ trùng với hồ sơ đã nộp trước."
        yield Step("refuse", _later(life, chance, 1), CLERK, note)
    elif _one_of(_WITHDRAWN, chance):
        yield Step("withdraw", _later(life, chance, 1), OWNER, "Tôi sẽ nộp lại sau.")
    else:
        yield Step("accept", _later(life, chance, chance.choice((0, 0, 1))), CLERK)
        if _one_of(_ASKED, chance):
            yield from _supplement(life, chance)


def _supplement(life: Life, chance: random.Random) -> Iterator[Step]:
    missing = {"missing": [chance.choice(_MISSING)]}
    yield Step("ask_supplement", _later(life, chance, 0), CLERK, "Xin gửi trong 10 ngày.", missing)
    if _one_of(10, chance):
        yield Step("withdraw", _later(life, chance, _PATIENCE), OWNER, "Tôi chưa tìm được giấy tờ.")
    else:
        said = {"message": "Tôi đã gửi bổ sung."}
        yield Step("answer_supplement", _later(life, chance, chance.randint(1, 8)), OWNER, "", said)


def _decision(life: Life, chance: random.Random) -> Iterator[Step]:
    """Proposed and decided by two where the procedure wants two, by one where one may."""
    day = _decided_on(life, chance)
    rejects = _one_of(_REJECTED, chance)
    if life.can("propose"):
        note = "Chưa đủ điều kiện." if rejects else "Đủ điều kiện."
        proposed_on = _between(timezone.localdate(life.at), day, life.days, chance)
        yield Step("propose_rejection" if rejects else "propose", _on(life, chance, proposed_on), CLERK, note)
        if _one_of(_SENT_BACK, chance):
            yield Step("send_back", _on(life, chance, day), HEAD, "Kiểm tra lại thời gian đóng.")
            yield Step("propose_rejection" if rejects else "propose", _on(life, chance, day), CLERK, note)
    who = HEAD if life.state == "proposed" else CLERK
    if rejects and life.can("reject"):
        law = {"legal_basis": "Luật BHXH 58/2014/QH13"}
        yield Step("reject", _on(life, chance, day), who, "Chưa đủ điều kiện hưởng.", law)
    elif life.can("approve"):
        yield Step("approve", _on(life, chance, day), who)


def _handing_over(life: Life, chance: random.Random) -> Iterator[Step]:
    if life.template.by_post and life.can("dispatch"):
        number = {"tracking": tracking("RA", chance.randrange(10**8))}
        yield Step("dispatch", _later(life, chance, chance.randint(0, 1)), CLERK, "", number)
    note = "Bưu điện đã phát." if life.state == "dispatched" else "Người dân nhận tại quầy."
    yield Step("close", _later(life, chance, chance.randint(1, 3)), CLERK, note)


_MISSING = (
    "Ảnh chụp CCCD hai mặt, rõ số",
    "Sổ BHXH thứ hai",
    "Giấy ra viện có dấu của bệnh viện",
    "Trang cuối của tờ khai, có chữ ký",
)


def _one_of(in_hundred: int, chance: random.Random) -> bool:
    return chance.random() * 100 < in_hundred


# --- When ----------------------------------------------------------------------------------------


def _decided_on(life: Life, chance: random.Random) -> date:
    """A working day up to the promised one, seldom after it."""
    assert life.due_at is not None
    today, last = timezone.localdate(life.at), timezone.localdate(life.due_at)
    left = max(life.days.count(today, last), 0)
    if _one_of(_LATE, chance):
        return life.days.add(last, chance.randint(1, 6))
    return life.days.add(today, chance.randint(left // 2, left))


def _between(first: date, last: date, days: Days, chance: random.Random) -> date:
    """The last working day or one of the two before it, not before ``first``."""
    return days.add(first, max(days.count(first, last) - chance.randint(0, 2), 0))


def _later(life: Life, chance: random.Random, working_days: int) -> datetime:
    """A moment of office hours some days on."""
    today = deadlines.day_zero(life.at, life.days)
    return _on(life, chance, life.days.add(today, working_days))


def _on(life: Life, chance: random.Random, day: date) -> datetime:
    """A moment of ``day`` after what happened last; where the day is over, of the next one."""
    opening = _moment(day, settings.OFFICE_HOURS[0])
    earliest = max(opening, life.at + timedelta(minutes=2))
    left = int((_moment(day, _LAST_MINUTE) - earliest).total_seconds())
    if left <= 0:
        return _on(life, chance, life.days.add(timezone.localdate(earliest), 1))
    return earliest + timedelta(seconds=chance.randrange(left))


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=timezone.get_default_timezone())


_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def tracking(service: str, number: int) -> str:
    """A tracking number with its check digit (UPU S10)."""
    digits = f"{number:08d}"
    rest = 11 - sum(int(d) * weight for d, weight in zip(digits, _WEIGHTS, strict=True)) % 11
    return f"{service}{digits}{ {10: 0, 11: 5}.get(rest, rest) }VN"
