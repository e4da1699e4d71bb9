"""A living office for a newcomer: accounts of every role, dossiers of many procedures in every state.

Everything goes through the same functions as real filings, with the clock set back. Papers and notices
are left to the worker, so that the portal opens at once.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from portal.models import User
from procedures import dossiers, mailroom, workflow
from procedures.catalogue import definition_for
from procedures.deadlines import WorkCalendar, calendar
from procedures.demo import PASSWORD, WARDS, Person, citizen, draft, organisation, person, staff
from procedures.demo_filings import SAMPLES, Sample, sample_draft
from procedures.models import AgentArea, Dossier, Office


@dataclass
class Day:
    """Working moments of the past, one after the other."""

    now: datetime
    work: WorkCalendar = field(default_factory=calendar)

    def later(self, days: int = 1) -> datetime:
        day = self.work.add(timezone.localdate(self.now), days)
        moment = self.now.astimezone(timezone.get_current_timezone())
        self.now = min(moment.replace(year=day.year, month=day.month, day=day.day), timezone.now())
        return self.now


Act = Callable[[Dossier, "Desk", Day], Any]


@dataclass(frozen=True)
class Desk:
    clerk: User
    supervisor: User


def _do(action: str, who: str = "clerk", note: str = "", **facts: Any) -> Act:
    def act(dossier: Dossier, desk: Desk, day: Day) -> None:
        agent = dossier.agent.user if dossier.agent else None
        people = {
            "clerk": desk.clerk,
            "supervisor": desk.supervisor,
            "citizen": dossier.owner,
            "agent": agent,
        }
        actor = people[who]
        workflow.move(
            dossier, action, actor=actor, key=f"demo-{action}", note=note, facts=facts, now=day.later()
        )

    return act


def _papers(dossier: Dossier, desk: Desk, day: Day) -> None:
    every = list(dossier.originals.values_list("document", flat=True))
    mailroom.receive(dossier, every, actor=desk.clerk, key="demo-originals", now=day.later(2))


def _one_paper(dossier: Dossier, desk: Desk, day: Day) -> None:
    mailroom.receive(dossier, ["form"], actor=desk.clerk, key="demo-first", now=day.later(2))


def _posted(dossier: Dossier, desk: Desk, day: Day) -> None:
    number = f"KH{dossier.pk:08}"  # a code of the post's own, no two alike
    mailroom.dispatch(dossier, number, actor=desk.clerk, key="demo-dispatch", now=day.later())


_ASK = _do(
    "ask_supplement", note="Xin gửi trong 10 ngày.", missing=["Sổ BHXH thứ hai (đóng ở Ninh Hòa năm 2012)"]
)
_TO_APPROVAL = (_papers, _do("accept"), _do("propose", note="Đủ điều kiện theo NQ 93/2015/QH13."))
STORIES: tuple[tuple[Act, ...], ...] = (
    (),
    (_one_paper,),
    (_papers,),
    (_papers, _do("accept")),
    (_papers, _do("accept"), _ASK),
    (_papers, _do("accept"), _ASK, _do("answer_supplement", "citizen", message="Tôi đã gửi sổ thứ hai.")),
    _TO_APPROVAL,
    (*_TO_APPROVAL, _do("approve", "supervisor")),
    (*_TO_APPROVAL, _do("approve", "supervisor"), _posted),
    (*_TO_APPROVAL, _do("approve", "supervisor"), _do("close", note="Người dân nhận tại quầy.")),
    (*_TO_APPROVAL, _do("send_back", "supervisor", note="Kiểm tra lại thời gian đóng năm 2013.")),
    (
        _papers,
        _do("accept"),
        _do("propose_rejection", note="Đang đóng BHXH bắt buộc."),
        _do(
            "reject",
            "supervisor",
            note="Ông/bà đang tham gia BHXH bắt buộc nên chưa đủ điều kiện.",
            legal_basis="Nghị quyết 93/2015/QH13",
        ),
    ),
    (_do("refuse", note="Hồ sơ trùng với hồ sơ đã nộp trước."),),
    (_do("withdraw", "citizen"),),
)


def fill_office(office: Office, desk: Desk, chance: random.Random) -> Iterator[Dossier]:
    """One dossier of every story for ``office``, and a draft."""
    cases = ("stopped_1_year", "stopped_1_year", "emigration", "serious_illness", "armed_forces")
    for number, story in enumerate(STORIES):
        who = person(chance, chance.choice(WARDS[office.slug]))
        start = timezone.now() - timedelta(days=chance.randint(1, 4) + 2 * len(story))
        day = Day(
            start.astimezone(timezone.get_current_timezone()).replace(hour=8 + number % 8, minute=number)
        )
        dossier = draft(citizen(who), who, cases[number % len(cases)], timezone.localdate(day.now), chance)
        dossiers.file(dossier, actor=dossier.owner, key="demo", now=min(day.now, timezone.now()))
        for act in story:
            act(dossier, desk, day)
        yield dossier


def fill_samples(office: Office, desk: Desk, chance: random.Random) -> Iterator[Dossier]:
    """The dossiers of other procedures that ``office`` has."""
    today = timezone.localdate()
    for number, sample in enumerate(SAMPLES[office.slug]):
        who = person(chance, chance.choice(WARDS[office.slug]))
        day = Day(_filed_at(sample, number))
        dossier = sample_draft(sample, who, citizen(who), today, chance)
        dossiers.file(dossier, actor=dossier.owner, key="demo", now=day.now)
        for action in sample.done:
            _step(dossier, action, desk, day)
        yield dossier


def _filed_at(sample: Sample, number: int) -> datetime:
    """A working hour some days ago; of today not later than now."""
    now = timezone.localtime()
    moment = (now - timedelta(days=sample.days)).replace(hour=8 + number % 8, minute=5 + number)
    return min(moment, now)


def _step(dossier: Dossier, action: str, desk: Desk, day: Day) -> None:
    """Take ``action`` as a person of the office would; what this dossier does not need is left out."""
    transition = definition_for(dossier).transition(action)
    if action == "originals":
        if dossier.state == "waiting_originals":
            _papers(dossier, desk, day)
    elif action == "dispatch":
        _posted(dossier, desk, day)
    elif transition and dossier.state in transition.sources:
        who = next((role for role in ("clerk", "agent") if role in transition.roles), "supervisor")
        note, facts = _REMARKS.get(action, ("", {}))
        _do(action, who, note, **facts)(dossier, desk, day)


_REMARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "agent_return": ("Xin gửi ảnh biên lai quý 2.", {}),
    "ask_supplement": ("Xin gửi trong 10 ngày.", {"missing": ["Ảnh chụp CCCD hai mặt, rõ số"]}),
    "propose": ("Đủ điều kiện.", {}),
    "propose_rejection": ("Nghỉ hưu ngoài thời gian quy định.", {}),
    "reject": ("Nghỉ hưu không thuộc 01/01/1994 đến 31/05/2011.", {"legal_basis": "NĐ 14/2020/NĐ-CP"}),
    "refuse": ("Hồ sơ trùng với hồ sơ đã nộp trước.", {}),
    "note_lost": ("Bưu điện báo chưa tìm thấy bưu phẩm.", {}),
    "close": ("Người dân nhận tại quầy.", {}),
}


def build() -> list[tuple[str, str]]:
    """Accounts and dossiers; returns (user name, what it is) for each account. Safe to repeat."""
    accounts = []
    for slug, place, names in (
        ("cam-ranh", "Cam Ranh", ("Lê Thị Hạnh", "Trần Quốc Sơn")),
        ("khanh-hoa", "tỉnh", ("Phạm Ngọc Ánh", "Võ Minh Khánh")),
    ):
        office = Office.objects.get(slug=slug)
        clerk = staff(f"canbo.{slug}", names[0], office, "clerk", password=PASSWORD)
        head = staff(f"phutrach.{slug}", names[1], office, "supervisor", password=PASSWORD)
        accounts += [(clerk.username, f"cán bộ, BHXH {place}"), (head.username, f"phụ trách, BHXH {place}")]
        if slug == "cam-ranh":
            accounts.append((_agent(clerk).username, "đại lý thu"))
        if not Dossier.objects.filter(office=office).exists():
            desk, chance = Desk(clerk, head), random.Random(slug)  # noqa: S311
            for _dossier in (*fill_office(office, desk, chance), *fill_samples(office, desk, chance)):
                pass
    for made, what in (
        (_employer(User.objects.get(username="canbo.cam-ranh")), "đơn vị sử dụng lao động"),
        (_facility(User.objects.get(username="canbo.khanh-hoa")), "cơ sở khám chữa bệnh"),
    ):
        accounts.append((made.username, what))
    province = Office.objects.get(level=Office.Level.PROVINCE)
    boss = staff("quantri", "Đặng Hữu Phước", province, "administrator", password=PASSWORD)
    accounts.append((boss.username, "quản trị hệ thống"))
    who = person(random.Random("citizen"), "22429")  # noqa: S311
    me = citizen(Person(**{**who.__dict__, "number": "5612345678"}), password=PASSWORD)
    if not me.dossiers.exists():
        _own_dossier(me, who)
    return [(me.username, "người dân"), *accounts]


def _employer(clerk: User) -> User:
    name = "CÔNG TY TNHH MAY ÁNH DƯƠNG"
    return organisation("employer", name, "TK0123K", ward="22429", confirmed_by=clerk, password=PASSWORD)


def _agent(clerk: User) -> User:
    name = "ĐẠI LÝ THU BƯU ĐIỆN CAM RANH"
    user = organisation("agent", name, "DL001", ward="22429", confirmed_by=clerk, password=PASSWORD)
    for ward in WARDS["cam-ranh"]:
        AgentArea.objects.get_or_create(agent=user.organisation, ward_id=ward)
    return user


def _facility(clerk: User) -> User:
    name = "PHÒNG KHÁM ĐA KHOA AN BÌNH"
    return organisation("health_facility", name, "56901", ward="22366", confirmed_by=clerk, password=PASSWORD)


def _own_dossier(user: User, who: Person) -> None:
    chance = random.Random(user.username)  # noqa: S311
    mine = Person(**{**who.__dict__, "number": user.username})
    dossier = draft(user, mine, "stopped_1_year", timezone.localdate(), chance)
    dossiers.file(dossier, actor=user, key="demo")
