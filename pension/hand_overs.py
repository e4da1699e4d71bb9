"""Benefits that another receiving place hands over from one office to another, and what both did about it."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from pension.models import HandOver, PaymentList, SwitchRequest
from portal import notices
from portal.models import User
from procedures import workflow
from procedures.models import StaffMember
from procedures.workflow import MoveRefused

State, Step = SwitchRequest.State, HandOver.Step
_IN_FORCE = (State.WAITING, State.TRYING, State.DONE)
_ROLES = ("clerk", "supervisor")


def givers(office: int, month: date | None) -> set[int]:
    """The offices that hand benefits over to ``office`` by the list of ``month``, or by any."""
    found = SwitchRequest.objects.filter(new_office=office, state__in=_IN_FORCE).exclude(old_office=office)
    if month is not None:
        found = found.filter(effective_month__lte=month)
    return set(found.exclude(old_office=None).values_list("old_office", flat=True).distinct())


def agreed(switch: SwitchRequest, *, actor: User | None, now: datetime) -> None:
    """Note that the new office pays from its next list on, and tell the office until now, once."""
    if not switch.hands_over or not _note(switch, Step.AGREED, actor, now):
        return
    facts = {"code": switch.dossier.code, "month": f"{switch.effective_month:%m/%Y}"}
    facts["office"] = str(switch.new_office)
    for member in StaffMember.objects.filter(office=switch.old_office_id, role__in=_ROLES).select_related(
        "user"
    ):
        key = f"hand-over:{switch.pk}:{member.user_id}"
        notices.notify(member.user, "pension_handed_over", about="", facts=facts, key=key)


def ended(switch: SwitchRequest, *, actor: User | None, now: datetime) -> None:
    """Note that a hand-over the old office was told of does not take place."""
    if switch.hand_overs.filter(step=Step.AGREED).exists():
        _note(switch, Step.ENDED, actor, now)


def listed(made: PaymentList, *, actor: User, now: datetime) -> None:
    """Changes of place that stand on a list for the first time are in force."""
    switches = SwitchRequest.objects.filter(
        ward__isnull=False,
        state__in=_IN_FORCE,
        effective_month__lte=made.month,
        beneficiary__in=made.lines.values("beneficiary"),
    ).exclude(hand_overs__step=Step.LISTED)
    places = Q(state=State.WAITING, kind=SwitchRequest.Kind.CHANGE_PLACE)
    taken_up = Q(new_office=made.office_id) & ~Q(new_office=F("old_office"))
    for switch in switches.filter(places | taken_up).order_by("pk"):
        if made.lines.filter(beneficiary=switch.beneficiary_id, ward=switch.ward_id).exists():
            SwitchRequest.objects.filter(places, pk=switch.pk).update(state=State.DONE)
            if switch.hands_over and switch.new_office_id == made.office_id:
                _note(switch, Step.LISTED, actor, now)


def _note(switch: SwitchRequest, step: str, actor: User | None, now: datetime) -> bool:
    """Whether the step is new."""
    _made, new = HandOver.objects.get_or_create(switch=switch, step=step, defaults={"by": actor, "at": now})
    return new


def may_see(user: User, switch: SwitchRequest) -> bool:
    """Staff of the office until now take note, once, of a hand-over that was decided."""
    works = workflow.role_of(user) in _ROLES and user.staff.office_id == switch.old_office_id
    steps = {row.step for row in switch.hand_overs.all()} if works and switch.hands_over else set()
    return Step.AGREED in steps and not steps & {Step.SEEN, Step.ENDED}


def seen(switch: SwitchRequest, *, actor: User, now: datetime) -> None:
    """The office until now has taken note. Raises ``MoveRefused`` for anybody else."""
    with transaction.atomic():
        if not may_see(actor, switch):
            if switch.hand_overs.filter(step=Step.SEEN, by=actor).exists():
                return
            raise MoveRefused(_("The office until now takes note of a hand-over, once."))
        _note(switch, Step.SEEN, actor, now)
