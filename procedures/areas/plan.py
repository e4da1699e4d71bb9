"""The dry run: what a file would do on its day, row by row, and whom it touches. Nothing is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.models import Filer, Organisation, User
from procedures.areas import post
from procedures.areas import world as worlds
from procedures.areas.files import COLUMNS, Row
from procedures.areas.operations import OPERATIONS, Refused, close_splits
from procedures.areas.world import World
from procedures.models import AreaChange, AreaOutcome, Dossier, IntakeList, Office, StaffMember


@dataclass
class Plan:
    """A file tried out on a day. It can be ordered when there is no problem."""

    rows: list[Row]
    before: World
    after: World
    problems: list[str] = field(default_factory=list)

    @property
    def possible(self) -> bool:
        return not self.problems and not any(row.problem for row in self.rows)

    @property
    def merged(self) -> dict[str, str]:
        """Wards that have become exactly one other."""
        return {old: new[0] for old, new in self.after.successors.items() if len(new) == 1}

    @property
    def split(self) -> list[str]:
        return [old for old, new in self.after.successors.items() if len(new) > 1]


def make(rows: list[Row], day: date, today: date, *, own: AreaChange | None = None) -> Plan:
    """Try ``rows`` out as of ``day``; ``own`` is the change that kept them, if one has."""
    before = worlds.on(day)
    after = before.copy()
    after.gone |= set(Office.objects.values_list("number", flat=True))
    waiting = _waiting_codes(own)
    order = list(OPERATIONS)
    for row in sorted(rows, key=lambda row: order.index(row.doing) if row.doing in order else -1):
        _try(after, row, waiting)
    plan = Plan(rows, before, after)
    if day < today:
        plan.problems.append(_("The day is past: a change takes effect today or later."))
    if not any(row.problem for row in rows):
        close_splits(after)
        plan.problems += _gaps(plan)
    return plan


def _try(world: World, row: Row, waiting: dict[str, str]) -> None:
    before = world.copy()
    row.problem = _unfit(row, waiting)
    if row.problem:
        return
    try:
        row.said = OPERATIONS[row.doing].do(world, row.cells)
    except Refused as refused:
        row.problem = str(refused)
        world.__dict__.update(before.__dict__)


def _unfit(row: Row, waiting: dict[str, str]) -> str:
    """What is wrong with ``row`` before the world is asked; "" for nothing."""
    operation = OPERATIONS.get(row.doing)
    if operation is None:
        return _("There is no operation “%(name)s”.") % {"name": row.doing[:40]}
    if missing := [name for name in operation.needs if not row.cells[name]]:
        return _("Missing in this row: %(columns)s.") % {"columns": ", ".join(missing)}
    for code in filter(None, (row.cells["ma"], row.cells["thanh"])):
        if document := waiting.get(code):
            return _("%(code)s stands in a change that waits for its day (%(document)s).") % {
                "code": code,
                "document": document,
            }
    return ""


def _waiting_codes(own: AreaChange | None) -> dict[str, str]:
    """Codes in changes that were ordered and wait for their day, with the document."""
    waiting = AreaChange.objects.filter(outcome=None)
    others = waiting.exclude(pk=own.pk) if own else waiting
    return {
        row[name]: change.document
        for change in others.defer("content")
        for row in change.operations
        for name in ("ma", "thanh")
        if row.get(name)
    }


def _gaps(plan: Plan) -> list[str]:
    """Wards nobody would serve, and splits into a single part."""
    found = [
        _("No office would serve %(ward)s (%(code)s).") % {"ward": name, "code": code}
        for code, (name, _place) in plan.after.wards.items()
        if not plan.after.office_of(code) and (plan.before.office_of(code) or code not in plan.before.wards)
    ]
    for row in plan.rows:
        if row.doing == "chia-xa" and len(plan.after.successors.get(row.cells["ma"], [])) < 2:
            row.problem = _("A ward is split into at least two parts, one row each.")
    return found


# --- Whose dossiers go where ---------------------------------------------------------------------


def routes(plan: Plan) -> dict[str, dict[str, object]]:
    """Old and new office by ward, who takes over from which office (``takers``: all who do), and what
    became of wards.

    Wards of earlier changes follow the one they became: dossiers keep the ward they were filed with.
    """
    wards: dict[str, object] = {}
    for code in plan.before.wards:
        old, new = plan.before.office_of(code), _new_office(plan, code)
        if old and new and old != new:
            wards[code] = [old, new]
    for gone, now in _earlier().items():
        if now in wards:
            wards[gone] = wards[now]
    heirs: dict[str, object] = {old: _heir(plan, old) for old in plan.after.heirs}
    became: dict[str, object] = dict(plan.after.successors)
    takers: dict[str, object] = {old: takers_of(plan, old) for old in plan.after.heirs}
    return {"wards": wards, "offices": heirs, "successors": became, "takers": takers}


def _heir(plan: Plan, slug: str) -> str:
    """Who takes over from an office in the end: its successor may end in the same file."""
    while slug in plan.after.heirs:
        slug = plan.after.heirs[slug]
    return slug


def takers_of(plan: Plan, ended: str) -> list[str]:
    """The offices that take over from one that ends: its successor, and whoever serves its wards."""
    after, found = plan.after, {_heir(plan, ended)}
    for ward in plan.before.wards:
        if plan.before.office_of(ward) == ended:
            found |= {after.office_of(part) for part in after.successors.get(ward, [ward])}
    return sorted(found - {""})


def _new_office(plan: Plan, ward: str) -> str:
    """Who serves ``ward`` or what became of it; of a split over several the old one where it stays."""
    old = plan.before.office_of(ward)
    found = {plan.after.office_of(code) for code in plan.after.successors.get(ward, [ward])}
    if len(found) == 1:
        return found.pop()
    return old if old in plan.after.offices else _heir(plan, old)


def _earlier() -> dict[str, str]:
    """Wards that ended in one other by an earlier change, and where that has led since."""
    steps: dict[str, str] = {}
    done = AreaOutcome.objects.filter(what=AreaOutcome.What.DONE).order_by("at", "id")
    for found in done.values_list("routes", flat=True):
        became = {old: new[0] for old, new in found.get("successors", {}).items() if len(new) == 1}
        steps = {old: became.get(now, now) for old, now in steps.items()} | became
    return steps


def touched(found: dict[str, dict[str, object]]) -> QuerySet[Dossier]:
    """Open dossiers that may have to go to another office; each is looked at once more by itself."""
    wards, ended = found["wards"], list(found["offices"])
    giving = {pair[0] for pair in wards.values()}  # type: ignore[index]
    of_ward = Q(office__slug__in=giving) & (Q(answers__ward__in=list(wards)) | ~Q(filer=Filer.CITIZEN))
    open_ones = Dossier.objects.filter(final=False).exclude(state="draft")
    return open_ones.filter(of_ward | Q(office__slug__in=ended) | Q(post_to__slug__in=ended))


def counts(plan: Plan) -> dict[str, int]:
    """Whom the change touches."""
    found = routes(plan)
    people = User.objects.filter(ward__in=[*plan.after.successors, *found["wards"]])
    companies = Organisation.objects.filter(user__in=people)
    ended = list(found["offices"])
    return {
        "dossiers": touched(found).count(),
        "citizens": people.filter(organisation=None, is_staff=False).count(),
        "asked": User.objects.filter(ward__in=plan.split).count(),
        "organisations": companies.count(),
        "lists": IntakeList.objects.filter(office__slug__in=ended).count(),
        "parcels": post.lying_at(ended).count(),
        "unidentified": post.lying_at(ended).filter(dossier=None).count(),
        "coming": post.coming_to(ended).count(),
        "results": post.results_of(ended).count(),
        "staff": StaffMember.objects.filter(office__slug__in=ended).count(),
    }


def as_rows(operations: Iterable[dict[str, str]]) -> list[Row]:
    """Operations as kept, to be tried once more."""
    return [
        Row(n, {name: row.get(name, "") for name in COLUMNS}) for n, row in enumerate(operations, start=2)
    ]
