from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from portal import notices, outbox
from portal.models import Notice, OutboxMessage, User
from tests import reference

State = OutboxMessage.State


class Handled:
    """A handler that does as it is told and remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[dict[str, int]] = []
        self.failure: Exception | None = None

    def __call__(self, message: OutboxMessage) -> None:
        self.seen.append(message.payload)
        Notice.objects.create(user=User.objects.get(), kind="made by the handler")
        if self.failure:
            raise self.failure


@pytest.fixture
def handled() -> Iterator[Handled]:
    handler = Handled()
    outbox.handlers["test.topic"] = handler
    yield handler
    del outbox.handlers["test.topic"]


@pytest.fixture(autouse=True)
def _someone(citizen: User) -> None:
    """Handlers of these tests write to somebody."""


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(LookupError):
        outbox.enqueue("no.such.topic", key="1")


def test_what_rolls_back_leaves_no_side_effect(handled: Handled) -> None:
    with transaction.atomic():
        outbox.enqueue("test.topic", key="1")
        transaction.set_rollback(True)
    assert outbox.drain() == 0


def test_the_same_key_is_queued_once(handled: Handled) -> None:
    outbox.enqueue("test.topic", key="1", dossier=5)
    outbox.enqueue("test.topic", key="1", dossier=5)
    assert outbox.drain() == 1
    assert handled.seen == [{"dossier": 5}]
    outbox.enqueue("test.topic", key="1", dossier=5)
    assert outbox.drain() == 0


def test_a_failure_undoes_the_handler_and_waits_longer_each_time(handled: Handled) -> None:
    handled.failure = ValueError("no such font")
    outbox.enqueue("test.topic", key="1")
    waits = []
    for _attempt in range(3):
        OutboxMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        outbox.drain()
        waits.append(OutboxMessage.objects.get().due_at - timezone.now())
    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == (State.PENDING, 3)
    assert "no such font" in message.last_error
    assert waits == sorted(waits)
    assert not Notice.objects.exists()


def test_after_the_last_attempt_the_row_is_dead_until_somebody_acts(
    handled: Handled, settings: object, administrator: User
) -> None:
    settings.OUTBOX_MAX_ATTEMPTS = 2  # type: ignore[attr-defined]
    handled.failure = ValueError("broken")
    User.objects.exclude(username__startswith="56").update(is_active=True)
    outbox.enqueue("test.topic", key="1")
    for _attempt in range(4):
        OutboxMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        outbox.drain()
    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == (State.DEAD, 2)

    assert outbox.retry(message, now=timezone.now())
    assert OutboxMessage.objects.get().state == State.PENDING


def test_a_worker_that_dies_every_time_ends_on_the_desk(handled: Handled, settings: object) -> None:
    settings.OUTBOX_MAX_ATTEMPTS = 2  # type: ignore[attr-defined]
    outbox.enqueue("test.topic", key="1")
    for _attempt in range(3):
        OutboxMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        outbox._claim(timezone.now())
    message = OutboxMessage.objects.get()
    assert message.state == State.DEAD
    assert "died" in message.last_error


def test_burying_needs_a_reason_and_keeps_the_name(handled: Handled, administrator: User) -> None:
    outbox.enqueue("test.topic", key="1")
    message = OutboxMessage.objects.get()
    assert not outbox.bury(message, actor=administrator, reason="not dead yet")
    OutboxMessage.objects.update(state=State.DEAD)
    with pytest.raises(ValueError, match="reason"):
        outbox.bury(message, actor=administrator, reason=" ")
    assert outbox.bury(message, actor=administrator, reason="đã in tay")
    message.refresh_from_db()
    assert (message.state, message.closed_by) == (State.BURIED, administrator)


def test_a_notice_is_mailed_once_and_says_nothing_of_the_dossier(citizen: User) -> None:
    citizen.email = "an@example.com"
    citizen.save()
    notices.notify(citizen, "filed", about="BHXH056.02-210715-0001", facts={}, key="1")
    outbox.drain()
    OutboxMessage.objects.update(state=State.PENDING, due_at=timezone.now())
    outbox.drain()
    assert len(mail.outbox) == 1
    assert "BHXH056.02-210715-0001" in mail.outbox[0].subject
    assert citizen.full_name not in mail.outbox[0].body


def test_every_topic_a_definition_names_has_a_handler() -> None:

    named = {topic for d in reference.shipped() for t in d.transitions for topic in t.topics}
    assert named <= set(outbox.handlers)
