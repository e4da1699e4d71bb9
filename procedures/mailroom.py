"""Papers that arrive and results that leave: the scanner's side of a dossier."""

from collections.abc import Callable, Collection
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.identifiers import tracking_number
from portal.models import User
from procedures import workflow
from procedures.models import Dossier, DossierEvent, PostalItem, Shipment
from procedures.workflow import MoveRefused


def receive(
    dossier: Dossier, arrived: Collection[str], *, actor: User, key: str, now: datetime
) -> DossierEvent | None:
    """Note that the originals ``arrived`` are here; when none is missing the clock starts.

    Returns the event when the dossier became complete, None while something is still missing.
    Raises ``MoveRefused`` when the dossier does not wait for originals.
    """
    with transaction.atomic():
        locked = Dossier.objects.select_for_update(no_key=True).get(pk=dossier.pk)
        if locked.events.filter(key=key).exists():
            return workflow.move(dossier, "record_originals", actor=actor, key=key, now=now)
        actions = {t.action for t in workflow.available_actions(dossier, actor)}
        if locked.state != dossier.state or "record_originals" not in actions:
            raise MoveRefused(_("This dossier does not wait for originals of your office."))
        dossier.originals.filter(document__in=arrived, received_at=None).update(
            received_at=now, received_by=actor
        )
        if dossier.originals.filter(received_at=None).exists():
            return None
        return workflow.move(dossier, "record_originals", actor=actor, key=key, now=now)


# States in which papers are still to come by post.
AWAITS_POST = frozenset({"waiting_originals", "lost_in_post"})


def note_posted(
    dossier: Dossier,
    tracking: tuple[str, bool],
    *,
    posted_on: date | None,
    actor: User,
    key: str,
    now: datetime,
) -> PostalItem:
    """Note the parcel of a tracking number (and whether its check digit holds) that is on its way here.

    After one was lost, another number means that the papers were posted again. Raises ``MoveRefused``.
    """
    number, checked = tracking
    with transaction.atomic():
        locked = Dossier.objects.select_for_update(no_key=True).get(pk=dossier.pk)
        sent = locked.postal_items.filter(direction=PostalItem.Direction.IN, tracking=number).first()
        if locked.state == "lost_in_post" and sent is not None and not locked.events.filter(key=key).exists():
            raise MoveRefused(_("This is the number of the parcel that was lost."), field="tracking")
        item, _new = PostalItem.objects.update_or_create(
            dossier=dossier,
            direction=PostalItem.Direction.IN,
            tracking=number,
            defaults={"checked": checked, "posted_on": posted_on, "recorded_by": actor},
        )
        if locked.state == "lost_in_post":
            workflow.move(dossier, "post_again", actor=actor, key=key, facts={"tracking": number}, now=now)
    return item


def post_again(dossier: Dossier, tracking: str, *, actor: User, key: str, now: datetime) -> PostalItem:
    """Note at the desk that a citizen has posted the papers again. Raises ``MoveRefused``."""
    try:
        number = tracking_number(tracking)
    except ValidationError as error:
        raise MoveRefused(error.messages[0], field="tracking") from error
    return note_posted(dossier, number, posted_on=None, actor=actor, key=key, now=now)


def dispatch(dossier: Dossier, tracking: str, *, actor: User, key: str, now: datetime) -> DossierEvent:
    """Record that the result left by itself under ``tracking``. Raises ``MoveRefused`` with the reason."""
    try:
        number, checked = tracking_number(tracking)
    except ValidationError as error:
        raise MoveRefused(error.messages[0], field="tracking") from error

    def ship(locked: Dossier) -> None:
        _refuse_double(locked, number)
        Shipment.objects.create(
            dossier=locked,
            office_id=actor.staff.office_id,
            recipient=locked.organisation_name or locked.applicant,
            state=Shipment.State.SENT,
            tracking=number,
            checked=checked,
            sent_on=timezone.localdate(now),
        )

    return send(dossier, number, checked=checked, actor=actor, key=key, now=now, prepare=ship)


def _refuse_double(dossier: Dossier, number: str) -> None:
    """Raise ``MoveRefused`` where the result is being packed elsewhere or the number is taken."""
    if batch := dossier.shipments.filter(state__in=["listed", "packed"]).first():
        words = _("This result is being packed in dispatch batch %(number)s; hand it over there.")
        raise MoveRefused(words % {"number": batch.batch})
    if Shipment.objects.filter(tracking=number).exists():
        raise MoveRefused(_("This tracking number stands on another parcel already."), field="tracking")


def send(
    dossier: Dossier,
    number: str,
    *,
    checked: bool,
    actor: User,
    key: str,
    now: datetime,
    prepare: Callable[[Dossier], None] | None = None,
) -> DossierEvent:
    """The result left under the tracking ``number``: the parcel, and the step of the dossier."""
    with transaction.atomic():
        note_parcel(dossier, number, checked=checked, actor=actor, now=now)
        facts = {"tracking": number}
        return workflow.move(dossier, "dispatch", actor=actor, key=key, facts=facts, now=now, prepare=prepare)


def note_parcel(dossier: Dossier, number: str, *, checked: bool, actor: User, now: datetime) -> None:
    """Keep the parcel ``number`` to the citizen, for the pages and papers of ``dossier``."""
    PostalItem.objects.update_or_create(
        dossier=dossier,
        direction=PostalItem.Direction.OUT,
        tracking=number,
        defaults={"checked": checked, "posted_on": timezone.localdate(now), "recorded_by": actor},
    )
