"""What beat and the nudges run. Tasks carry no data: they look into the database for work."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from portal import outbox
from portal.models import Heartbeat, OutboxMessage, Session


@shared_task(name="portal.drain_outbox")
def drain_outbox() -> None:
    outbox.drain()


@shared_task(name="portal.beat_heartbeat")
def beat_heartbeat() -> None:
    beat("beat")


def beat(name: str) -> None:
    """Note that the periodic job ``name`` has just run."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


@shared_task(name="portal.sweep")
def sweep() -> None:
    """Clear what has no further use: ended sessions, and outbox rows done long ago."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    OutboxMessage.objects.filter(
        state=OutboxMessage.State.DONE, done_at__lt=now - timedelta(days=90)
    ).delete()
    beat("sweep")
