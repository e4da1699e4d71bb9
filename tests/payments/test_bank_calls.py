"""A collecting bank calls: only signed, only fresh, once for each event, the body kept as it came."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from payments.models import ContributionOrder, StatementFile, StatementLine, WebhookCall
from payments.statements import calls
from portal import outbox
from portal.models import OutboxMessage, User
from tests.payments import statements as bank
from tests.payments.statements import Paid

pytestmark = pytest.mark.django_db

SECRET, NEXT = "a" * 32, "b" * 32
LINES = [Paid("B1", 804_600, "KH00000000001")]


@pytest.fixture(autouse=True)
def _banks(settings: Any) -> None:
    settings.BANK_CALLS = {"agribank": {"bank": "970405", "secrets": [NEXT, SECRET]}}
    bank.account()


def _call(
    body: bytes, *, secret: str = SECRET, age: int = 0, slug: str = "agribank", signed: str | None = None
) -> Any:
    stamp = str(int((timezone.now() - timedelta(seconds=age)).timestamp()))
    signature = calls.signature(secret, stamp, body) if signed is None else signed
    return Client(enforce_csrf_checks=True).post(
        f"/ngan-hang/bao-co/{slug}/",
        body,
        content_type="application/json",
        headers={"X-Timestamp": stamp, "X-Signature": f"sha256={signature}"},
    )


@pytest.mark.parametrize("secret", [SECRET, NEXT])
def test_a_signed_call_is_kept_as_it_came_and_pays_the_order(secret: str, citizen: User) -> None:
    bank.order(1, payer=citizen)
    body = bank.call(LINES)
    assert _call(body, secret=secret).status_code == 202
    assert bytes(WebhookCall.objects.get().body) == body
    assert not StatementLine.objects.exists()
    outbox.drain()
    assert ContributionOrder.objects.get().state == "paid"
    assert StatementFile.objects.get().kind == "call"


def test_a_bank_may_call_in_camt_054(citizen: User) -> None:
    bank.order(1, payer=citizen)
    assert _call(bank.camt(LINES, version="camt.054.001.08", message="E7")).status_code == 202
    outbox.drain()
    assert WebhookCall.objects.get().event == "E7"
    assert ContributionOrder.objects.get().state == "paid"


def test_a_replay_changes_nothing(citizen: User) -> None:
    bank.order(1, payer=citizen)
    body = bank.call(LINES)
    assert [_call(body).status_code for _time in range(3)] == [202, 200, 200]
    outbox.drain()
    assert _call(bank.call(LINES, event="E2")).status_code == 202  # the same booking told again
    outbox.drain()
    assert WebhookCall.objects.count() == 2
    assert StatementLine.objects.count() == 1
    assert bank.balances() == {"bank": 804_600, "fund": -804_600}


def test_an_event_with_another_body_is_refused() -> None:
    assert _call(bank.call(LINES)).status_code == 202
    assert _call(bank.call([Paid("B9", 1)])).status_code == 409
    assert WebhookCall.objects.count() == 1


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "c" * 32},
        {"secret": ""},
        {"signed": ""},
        {"signed": "ü"},
        {"slug": "vcb"},
        {"age": 301},
        {"age": -301},
    ],
)
def test_what_is_not_signed_or_not_fresh_is_refused(how: dict[str, Any]) -> None:
    assert _call(bank.call(LINES), **how).status_code == 403
    assert not WebhookCall.objects.exists()


def test_a_signature_of_another_body_or_time_is_worth_nothing() -> None:
    stamp = str(int(timezone.now().timestamp()))
    signed = calls.signature(SECRET, stamp, bank.call(LINES))
    for body, at in ((bank.call([Paid("B9", 1)]), stamp), (bank.call(LINES), str(int(stamp) + 1))):
        response = Client().post(
            "/ngan-hang/bao-co/agribank/",
            body,
            content_type="application/json",
            headers={"X-Timestamp": at, "X-Signature": signed},
        )
        assert response.status_code == 403


def test_too_large_a_call_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_BYTES", 100)
    assert _call(bank.call(LINES)).status_code == 413


def test_who_keeps_calling_with_wrong_signatures_is_not_listened_to(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "bank_call_failed": "2/m/ip"}
    statuses = [_call(bank.call(LINES), secret="c" * 32).status_code for _time in range(4)]
    assert statuses == [403, 403, 429, 429]
    assert _call(bank.call(LINES)).status_code == 202


def test_a_bad_line_leaves_nothing_of_the_call_but_its_report() -> None:
    body = bank.call([*LINES, Paid("B2", 5, currency="USD"), Paid("", 5)])
    assert _call(body).status_code == 202
    outbox.drain()
    file = StatementFile.objects.get()
    assert (file.state, [row for row, _words in file.outcome["problems"]]) == ("refused", [2, 3])
    assert not StatementLine.objects.exists()


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"<x", b"\xff", b'{"event": 5, "account": null}'])
def test_a_call_that_says_nothing_is_kept_and_shows_among_the_side_effects(body: bytes) -> None:
    assert _call(body).status_code == 202
    outbox.drain(limit=1)
    assert bytes(WebhookCall.objects.get().body) == body
    assert "no account of ours" in OutboxMessage.objects.get(topic=calls.TOPIC).last_error
