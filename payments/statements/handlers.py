"""Side effects of this app, by outbox topic."""

from django.utils import timezone

from payments.models import StatementFile, WebhookCall
from payments.statements import calls, suspense, taking  # noqa: F401 (the desk hears of its payments)
from portal import outbox
from portal.models import OutboxMessage


@outbox.handler(calls.TOPIC)
def work_on_call(message: OutboxMessage) -> None:
    calls.work(WebhookCall.objects.get(pk=message.payload["call"]), now=timezone.now())


@outbox.handler(taking.TOPIC)
def take_statement(message: OutboxMessage) -> None:
    taking.take(StatementFile.objects.get(pk=message.payload["statement"]), now=timezone.now())
