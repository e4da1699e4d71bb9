"""What monitors read at /healthz and /readyz."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from portal.models import Heartbeat, OutboxMessage


@pytest.fixture
def heartbeat(db: None) -> Heartbeat:
    return Heartbeat.objects.create(name="beat", at=timezone.now())


def readyz(client: Client) -> tuple[int, dict[str, Any]]:
    response = client.get("/readyz")
    return response.status_code, response.json()


def queued(*, overdue: timedelta, state: str = "pending") -> None:
    OutboxMessage.objects.create(
        topic="portal.test", key=f"{state}-{overdue}", state=state, due_at=timezone.now() - overdue
    )


def test_the_process_answers_without_database_or_broker(client: Client, settings: Any) -> None:
    # No db mark: a query here would fail the test.
    settings.REDIS_URL = "unix:///nowhere/broker.sock"
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


def test_all_well_is_ready(client: Client, heartbeat: Heartbeat) -> None:
    status, body = readyz(client)
    assert status == 200, body
    assert body["ready"] is True
    assert set(body["checks"]) == {"database", "broker", "outbox", "beat"}
    assert body["checks"]["outbox"]["oldest_due_seconds"] == 0
    assert body["checks"]["beat"]["age_seconds"] < 60


def test_a_lost_broker_is_not_ready_and_says_so_at_once(
    client: Client, heartbeat: Heartbeat, settings: Any
) -> None:
    settings.REDIS_URL = "unix:///nowhere/broker.sock"
    status, body = readyz(client)
    assert status == 503
    assert body["checks"]["broker"]["ok"] is False
    assert body["checks"]["broker"]["ms"] < 2000
    assert body["checks"]["database"]["ok"] is True
    assert "nowhere" not in str(body)


@pytest.fixture
def lost_database(db: None) -> Iterator[None]:
    def refuse(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        raise OperationalError("could not connect to secret-host")

    with connection.execute_wrapper(refuse):
        yield


def test_a_lost_database_is_not_ready_and_leaks_no_address(client: Client, lost_database: None) -> None:
    status, body = readyz(client)
    assert status == 503
    assert [name for name, report in body["checks"].items() if report["ok"]] == ["broker"]
    assert "secret-host" not in str(body)


@pytest.mark.parametrize(
    ("overdue", "state", "expected"),
    [
        (timedelta(seconds=60), "pending", 200),
        (timedelta(seconds=301), "pending", 503),
        (timedelta(hours=-1), "pending", 200),
        (timedelta(days=1), "done", 200),
        (timedelta(days=1), "dead", 200),
    ],
)
def test_a_row_long_overdue_is_not_ready(
    client: Client, heartbeat: Heartbeat, overdue: timedelta, state: str, expected: int
) -> None:
    queued(overdue=overdue, state=state)
    status, body = readyz(client)
    assert status == expected, body


def test_the_age_shown_is_that_of_the_oldest_row(client: Client, heartbeat: Heartbeat) -> None:
    queued(overdue=timedelta(seconds=10))
    queued(overdue=timedelta(seconds=90))
    assert 90 <= readyz(client)[1]["checks"]["outbox"]["oldest_due_seconds"] < 100


def test_a_silent_beat_is_not_ready(client: Client, heartbeat: Heartbeat) -> None:
    Heartbeat.objects.update(at=timezone.now() - timedelta(seconds=121))
    status, body = readyz(client)
    assert (status, body["checks"]["beat"]["ok"]) == (503, False)


@pytest.mark.django_db
def test_a_beat_that_never_ran_is_not_ready(client: Client) -> None:
    status, body = readyz(client)
    assert (status, body["checks"]["beat"]["age_seconds"]) == (503, None)
