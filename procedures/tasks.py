"""Periodic jobs of this app."""

import logging

from celery import shared_task
from django.utils import timezone

from portal.tasks import beat
from procedures import closures, downloads, intake
from procedures.models import Office

logger = logging.getLogger(__name__)


@shared_task(name="procedures.close_intake_lists")
def close_intake_lists() -> None:
    """Close what is due of every office: the day's list after the set hour, and lists that were missed."""
    now = timezone.now()
    for office in Office.objects.all():
        intake.close_due(office, now)
    beat("close-intake-lists")


@shared_task(name="procedures.verify_intake_lists")
def verify_intake_lists() -> None:
    """Say in the log which list or correction does not hold; ``verify_history`` asks the same."""
    for office in Office.objects.all():
        for problem in intake.broken(office):
            logger.error("%s", problem)
    beat("verify-intake-lists")


@shared_task(name="procedures.tidy_exports")
def tidy_exports() -> None:
    """Delete exported files whose time is over."""
    downloads.tidy(timezone.now())
    beat("tidy-exports")


@shared_task(name="procedures.follow_closures")
def follow_closures() -> None:
    """Let closures take effect that begin or end now."""
    closures.follow_up(timezone.now())
    beat("follow-closures")
