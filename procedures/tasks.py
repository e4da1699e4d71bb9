"""Periodic jobs of this app."""

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_init
from django.utils import timezone

from portal.tasks import beat
from procedures import closures, downloads, intake, offices, presence, reminders
from procedures.areas import orders
from procedures.figures import counting, recount
from procedures.models import Office

logger = logging.getLogger(__name__)


@worker_init.connect
def load_the_typesetter(**_sender: Any) -> None:
    """Before the processes of a worker are forked: they share its code."""
    from procedures.documents import sheets, typesetting  # noqa: F401


@shared_task(name="procedures.close_intake_lists")
def close_intake_lists() -> None:
    """Close what is due of every office: the day's list after the set hour, and lists that were missed."""
    now = timezone.now()
    for office in offices.keeping_lists(timezone.localdate(now)):
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


@shared_task(name="procedures.follow_areas")
def follow_areas() -> None:
    """Let changes of borders and tiers take effect on their day."""
    orders.take_effect(timezone.now())
    beat("follow-areas")


@shared_task(name="procedures.forget_presence")
def forget_presence() -> None:
    """Clear who had which dossier open, once that is long ago."""
    presence.forget(now=timezone.now())
    beat("forget-presence")


@shared_task(name="procedures.remind_of_papers")
def remind_of_papers() -> None:
    """Remind who still owes papers by post."""
    reminders.remind(timezone.now())
    beat("remind-of-papers")


@shared_task(name="procedures.count_figures")
def count_figures() -> None:
    """Count what has happened since the last look, for the director's page."""
    counting.catch_up(timezone.now())
    beat("count-figures")


@shared_task(name="procedures.check_figures")
def check_figures() -> None:
    """Compare what is kept for the director's page with a recount."""
    for line in recount.check(timezone.now()):
        logger.error("figures differ: %s", line)
    beat("check-figures")
