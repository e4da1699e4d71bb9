"""Every shipped procedure from draft to its end, along every action of its own version."""

import random

import pytest
from django.utils import timezone

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import catalogue, demo, mailroom, workflow
from procedures.definition import Definition, Transition
from procedures.models import Dossier
from tests.conftest import file_draft, make_draft


def paths(definition: Definition) -> dict[str, list[Transition]]:
    """For every action the shortest way to it from the draft."""
    found: dict[str, list[Transition]] = {}
    reached: dict[str, list[Transition]] = {"draft": []}
    while True:
        ahead = [
            t
            for t in definition.transitions
            if t.action not in found and any(s in reached for s in t.sources)
        ]
        if not ahead:
            return found
        for transition in ahead:
            source = min((s for s in transition.sources if s in reached), key=lambda s: len(reached[s]))
            found[transition.action] = [*reached[source], transition]
            reached.setdefault(transition.target, found[transition.action])


def act(dossier: Dossier, transition: Transition, clerk: User, supervisor: User) -> None:
    """Do what a person would do to take this action."""
    actor = {"citizen": dossier.owner, "clerk": clerk}.get(transition.roles[0], supervisor)
    if transition.action == "record_originals":
        every = list(dossier.originals.values_list("document", flat=True))
        mailroom.receive(dossier, every, actor=actor, key="o", now=timezone.now())
    elif transition.action == "dispatch":
        mailroom.dispatch(dossier, "RA000000014VN", actor=actor, key="d", now=timezone.now())
    else:
        facts = {"missing": ["Sổ thứ hai"], "message": "Đây ạ."}
        workflow.move(
            dossier, transition.action, actor=actor, key=transition.action, note="Lý do.", facts=facts
        )
    dossier.refresh_from_db()


JOURNEYS = [
    pytest.param(d.slug, action, id=f"{d.slug}-{action}")
    for d in catalogue.shipped()
    for action in paths(d)
    if action != "file"
]


@pytest.mark.django_db
@pytest.mark.parametrize(("slug", "action"), JOURNEYS)
def test_every_action_of_every_procedure_can_be_taken(
    slug: str, action: str, clerk: User, supervisor: User
) -> None:
    dossier = file_draft(make_draft(demo.citizen(demo.person(random.Random(3), "22429")), random.Random(3)))
    version = catalogue.published(slug)
    assert version is not None
    definition = catalogue.definition_of(version)
    for transition in paths(definition)[action][1:]:
        act(dossier, transition, clerk, supervisor)
    target = definition.transition(action)
    assert target is not None
    assert dossier.state == target.target
    assert dossier.final is definition.state(target.target).final
    assert workflow.verify_history(dossier) == []
    outbox.drain()
    assert not OutboxMessage.objects.exclude(state=OutboxMessage.State.DONE).exists()


@pytest.mark.parametrize("definition", list(catalogue.shipped()), ids=lambda d: d.slug)
def test_every_action_can_be_reached(definition: Definition) -> None:
    assert set(paths(definition)) == {t.action for t in definition.transitions}
