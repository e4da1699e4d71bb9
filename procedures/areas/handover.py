"""What follows from a change for each dossier, parcel and person, one message each."""

from django.utils import timezone

from portal import notices, outbox
from portal.models import OutboxMessage, User
from procedures import closures, offices, parcels, workflow
from procedures.areas import plan, post
from procedures.catalogue import definition_for
from procedures.models import AreaOutcome, Dossier, Office, Parcel

HANDED_OVER = "handed_over"
BATCH = 200


@outbox.handler("areas.gather")
def gather(message: OutboxMessage) -> None:
    """Queue a message for each open dossier that may have to go, a batch at a time; then for parcels."""
    outcome = AreaOutcome.objects.get(pk=message.payload["outcome"])
    found = plan.touched(outcome.routes).filter(pk__gt=message.payload["after"])
    batch = list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
    for pk in batch:
        outbox.enqueue("areas.dossier", key=f"{outcome.pk}:{pk}", dossier=pk, outcome=outcome.pk)
    if len(batch) == BATCH:
        look = message.key.rpartition(":")[0]
        outbox.enqueue("areas.gather", key=f"{look}:{batch[-1]}", outcome=outcome.pk, after=batch[-1])
    else:
        _gather_parcels(outcome)


def _gather_parcels(outcome: AreaOutcome) -> None:
    """Queue a message for each parcel at an office that ended: a mailroom's, so they are few."""
    for pk in post.lying_at(list(outcome.routes["offices"])).order_by("pk").values_list("pk", flat=True):
        outbox.enqueue("areas.parcel", key=f"{outcome.pk}:{pk}", parcel=pk, outcome=outcome.pk)


@outbox.handler("areas.dossier")
def hand_over(message: OutboxMessage) -> None:
    """Let the office that now looks after a dossier have it: same code, same history, one more step."""
    outcome = _outcome(message)
    held = post.hold(message.payload["dossier"])
    free = Dossier.objects.select_for_update(of=("self",), no_key=True)
    dossier = free.select_related("office", "post_to", "owner", "version").get(pk=message.payload["dossier"])
    target = _target(dossier, outcome)
    if dossier.final or dossier.office is None:
        return
    if target is None or target == dossier.office:
        _papers_elsewhere(dossier, message)
    else:
        _give(dossier, target, message, outcome, held)


def _outcome(message: OutboxMessage) -> AreaOutcome:
    return AreaOutcome.objects.select_related("change__ordered_by").get(pk=message.payload["outcome"])


def _papers_elsewhere(dossier: Dossier, message: OutboxMessage) -> None:
    """The office that papers were sent to instead of a closed one has ended itself."""
    assert dossier.office is not None
    now = timezone.now()
    to = offices.other_address(dossier.office, dossier.post_to, now)
    if dossier.post_to is not None and to != dossier.post_to:
        closures.send_papers_to(dossier, to, actor=None, key=f"areas:{message.key}", now=now)


def _give(
    dossier: Dossier, target: Office, message: OutboxMessage, outcome: AreaOutcome, held: list[Parcel]
) -> None:
    old, now = dossier.office, timezone.now()
    assert old is not None
    removal = _removal(outcome, old, target)
    awaited = dossier.originals.filter(received_at=None).exists()

    def change(locked: Dossier) -> None:
        locked.office, locked.assignee = target, None
        locked.post_to = offices.other_address(target, locked.post_to, now) if awaited else None
        if old.slug in outcome.routes["offices"]:
            post.go_along(locked, held, removal)

    workflow.record(
        dossier,
        HANDED_OVER,
        actor=None,
        key=f"areas:{message.key}",
        facts={"from": old.slug, "to": target.slug, "office": target.name, "law": removal.document},
        now=now,
        prepare=change,
        topics=[*(["documents.labels"] if awaited else []), "notices.event"],
    )


def _removal(outcome: AreaOutcome, old: Office, to: Office) -> post.Removal:
    change = outcome.change
    return post.Removal(old, to, by=change.ordered_by, document=change.document, now=timezone.now())


def _target(dossier: Dossier, outcome: AreaOutcome) -> Office | None:
    """Who has to have ``dossier`` after the change; None: who has it."""
    assert dossier.office is not None
    slug = outcome.routes["offices"].get(dossier.office.slug, "")
    if definition_for(dossier).handled_by == "district":
        slug = _by_ward(dossier, outcome) or slug
    return Office.objects.get(slug=slug) if slug else None


def _by_ward(dossier: Dossier, outcome: AreaOutcome) -> str:
    if dossier.by_organisation:
        try:
            return offices.office_for(dossier.owner.ward_id or "", timezone.localdate()).slug
        except offices.NoOffice:
            return ""
    old, new = outcome.routes["wards"].get(str(dossier.answers.get("ward", "")), ("", ""))
    assert dossier.office is not None
    return str(new) if old == dossier.office.slug else ""


@outbox.handler("areas.parcel")
def move_parcel(message: OutboxMessage) -> None:
    """A parcel at an office that ended lies where its dossier goes; any other at who takes over."""
    outcome = _outcome(message)
    free = Parcel.objects.select_for_update(of=("self",), no_key=True)
    parcel = free.select_related("office", "dossier__office").get(pk=message.payload["parcel"])
    heir = outcome.routes["offices"].get(parcel.office.slug)
    if heir is None or parcel.state not in parcels.WAITING:
        return
    home = _home(parcel.dossier, outcome)
    to = home if home and parcel.state == Parcel.State.OPEN else Office.objects.get(slug=heir)
    state = parcels.path(parcel.dossier, to.pk, home=home.pk if home else None)
    post.move(parcel, state, _removal(outcome, parcel.office, to))


def _home(dossier: Dossier | None, outcome: AreaOutcome) -> Office | None:
    """Where a parcel of ``dossier`` belongs after the change; of one that has ended, who keeps it."""
    if dossier is None or dossier.office is None:
        return None
    heir = outcome.routes["offices"].get(dossier.office.slug)
    if heir is None:
        return dossier.office
    target = None if dossier.final else _target(dossier, outcome)
    return target or Office.objects.get(slug=heir)


@outbox.handler("areas.ask")
def ask(message: OutboxMessage) -> None:
    """Tell those whose ward was split that they have to say where they live, a batch at a time."""
    people = User.objects.filter(
        ward__in=_split(message), ward_in_doubt=True, pk__gt=message.payload["after"]
    ).order_by("pk")
    batch = list(people[:BATCH])
    outcome = message.payload["outcome"]
    for user in batch:
        notices.notify(user, "ward_asked", about="", facts={}, key=f"areas:{outcome}:{user.pk}")
    if len(batch) == BATCH:
        after = batch[-1].pk
        outbox.enqueue("areas.ask", key=f"{outcome}:{after}", outcome=outcome, after=after)


def _split(message: OutboxMessage) -> list[str]:
    became = AreaOutcome.objects.get(pk=message.payload["outcome"]).routes["successors"]
    return [old for old, new in became.items() if len(new) > 1]
