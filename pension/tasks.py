"""Periodic jobs of this app."""

from celery import shared_task
from django.utils import timezone

from pension import paper_filings
from portal.tasks import beat


@shared_task(name="pension.expire_papers")
def expire_papers() -> None:
    """Erase what was typed for forms that nobody sent in time."""
    paper_filings.expire(timezone.now())
    beat("expire-papers")
