"""Who of an office works on a dossier: by rule, by load, taken from the queue, or given by a supervisor.

Every change stands in the dossier's history; the name in its note, which stays in the office.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import workflow
from procedures.models import AssignmentRule, Dossier, DossierEvent, StaffMember
from procedures.models.dossiers import UNDECIDED
from procedures.workflow import MoveRefused
from procedures.worklist import TO_DO

ASSIGNED, TOPIC = "assigned", "dossiers.assign"
# Who works on dossiers; others look on.
ROLES = ("clerk", "supervisor")


def may_work(user: User) -> bool:
    return workflow.role_of(user) in ROLES


def may_assign(user: User) -> bool:
    """Whether ``user`` gives work to others of the office."""
    return workflow.role_of(user) == "supervisor"


def team(office: int | None) -> QuerySet[StaffMember]:
    """Who works on the dossiers of ``office``, by name, the absent among them."""
    found = StaffMember.objects.filter(office=office, role__in=ROLES, user__is_active=True)
    return found.select_related("user").order_by("user__full_name", "user")


def present(staff: QuerySet[StaffMember], today: date) -> QuerySet[StaffMember]:
    return staff.filter(Q(away_until=None) | Q(away_until__lt=today))


# --- One dossier ---------------------------------------------------------------------------------


def assign(
    dossier: Dossier, to: User | None, *, actor: User | None, key: str, now: datetime
) -> DossierEvent | None:
    """Let ``to`` (nobody: whoever takes it) work on ``dossier``; None where it was so already.

    A clerk takes a dossier, or gives away the own; a supervisor assigns every one of the office. Raises
    ``MoveRefused``.
    """
    return _hand(dossier, to, actor=actor, key=key, now=now, free=False)


def take(dossier: Dossier, *, actor: User, key: str, now: datetime) -> DossierEvent | None:
    """``assign`` to ``actor``, unless a colleague works on it."""
    return _hand(dossier, actor, actor=actor, key=key, now=now, free=True)


def _hand(
    dossier: Dossier, to: User | None, *, actor: User | None, key: str, now: datetime, free: bool
) -> DossierEvent | None:
    if dossier.assignee_id == (to.pk if to else None):
        return None

    def change(locked: Dossier) -> None:
        _check(locked, to, actor, timezone.localdate(now))
        if free and locked.assignee and locked.assignee != to:
            raise MoveRefused(_("%(name)s has taken it already.") % {"name": locked.assignee.full_name})
        locked.assignee = to

    return workflow.record(
        dossier,
        ASSIGNED,
        actor=actor,
        key=key,
        note=to.full_name if to else _("nobody: whoever takes it"),
        facts={"to": to.pk if to else None},
        now=now,
        prepare=change,
    )


def _check(dossier: Dossier, to: User | None, actor: User | None, today: date) -> None:
    if actor is not None and not _may(dossier, to, actor):
        raise MoveRefused(_("Only a supervisor of the office gives away the work of others."))
    if dossier.final:
        raise MoveRefused(_("The dossier is finished: there is nothing to work on."))
    if to is not None and not present(team(dossier.office_id), today).filter(user=to).exists():
        words = _("%(name)s is away or does not work on the dossiers of this office.")
        raise MoveRefused(words % {"name": to.full_name})


def _may(dossier: Dossier, to: User | None, actor: User) -> bool:
    if not may_work(actor) or actor.staff.office_id != dossier.office_id:
        return False
    own = dossier.assignee_id == actor.pk or (to is not None and to.pk == actor.pk)
    return own or may_assign(actor)


def take_next(*, actor: User, key: str, now: datetime) -> Dossier | None:
    """The most pressing dossier of the office that is nobody's and waits for nobody, now of ``actor``.

    Two who ask at once get different ones; the same ``key`` gives the same one. None where none waits.
    """
    with transaction.atomic():
        _one_at_a_time(f"{actor.pk}:{key}")
        mine = Dossier.objects.filter(assignee=actor, final=False, events__key=key)
        if taken := mine.first():
            return taken
        free = Dossier.objects.filter(UNDECIDED, office=actor.staff.office_id, assignee=None)
        waiting = free.filter(due_at__isnull=False).select_for_update(skip_locked=True, no_key=True)
        found = TO_DO.ordered(waiting).first()
        if found is not None:
            assign(found, actor, actor=actor, key=key, now=now)
        return found


def _one_at_a_time(name: str) -> None:
    """Let nobody else do what has this ``name`` until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))", [name])


# --- By rule and by load -------------------------------------------------------------------------


def expect(dossier: Dossier, today: date) -> None:
    """Inside the filing of ``dossier``: have it assigned afterwards, if its office has rules."""
    if _in_force(dossier, today).exists():
        outbox.enqueue(TOPIC, key=str(dossier.pk), about=dossier.code or "", dossier=dossier.pk)


@outbox.handler(TOPIC)
def assign_new(message: OutboxMessage) -> None:
    """Assign a dossier that has just come, unless somebody was faster."""
    dossier = Dossier.objects.select_related("owner", "office").get(pk=message.payload["dossier"])
    if dossier.assignee_id is None and not dossier.final:
        by_rule(dossier, actor=None, key=f"rule:{message.key}", now=timezone.now())


def by_rule(dossier: Dossier, *, actor: User | None, key: str, now: datetime) -> bool:
    """Assign ``dossier`` as the rules of its office say; False where none of them applies."""
    today = timezone.localdate(now)
    with transaction.atomic():
        _one_at_a_time(f"load:{dossier.office_id}")
        for rule in _rules(dossier, today):
            to = rule.clerk if rule.clerk_id else least_busy(dossier.office_id, today)
            if to is not None and present(team(dossier.office_id), today).filter(user=to).exists():
                assign(dossier, to, actor=actor, key=key, now=now)
                return True
    return False


def _in_force(dossier: Dossier, today: date) -> QuerySet[AssignmentRule]:
    begun = Q(valid_from=None) | Q(valid_from__lte=today)
    lasts = Q(valid_to=None) | Q(valid_to__gte=today)
    return AssignmentRule.objects.filter(begun, lasts, office=dossier.office_id, active=True)


def _rules(dossier: Dossier, today: date) -> Sequence[AssignmentRule]:
    """The rules for ``dossier``, the one that says most first."""
    ward = dossier.owner.ward_id if dossier.by_organisation else dossier.answers.get("ward")
    here, kind = Q(ward=None) | Q(ward=ward or ""), Q(procedure=None) | Q(procedure=dossier.procedure_id)
    found = _in_force(dossier, today).filter(here, kind).select_related("clerk")
    return sorted(found, key=lambda rule: (rule.ward_id is None, rule.procedure_id is None))


def least_busy(office: int | None, today: date, *, but: User | None = None) -> User | None:
    """The clerk of ``office`` who is there and has the fewest dossiers to decide."""
    clerks = [s.user for s in present(team(office), today).filter(role="clerk") if s.user != but]
    open_now = Dossier.objects.filter(UNDECIDED, assignee__in=clerks).order_by()
    load = dict(open_now.values_list("assignee").annotate(Count("pk")))
    return min(clerks, key=lambda clerk: (load.get(clerk.pk, 0), clerk.pk), default=None)


def spread(dossier: Dossier, *, actor: User, key: str, now: datetime) -> None:
    """Give ``dossier`` to the least busy clerk but the one who has it. Raises ``MoveRefused``."""
    with transaction.atomic():
        _one_at_a_time(f"load:{dossier.office_id}")
        to = least_busy(dossier.office_id, timezone.localdate(now), but=dossier.assignee)
        if to is None:
            raise MoveRefused(_("No clerk is there to whom it could go."))
        assign(dossier, to, actor=actor, key=key, now=now)
