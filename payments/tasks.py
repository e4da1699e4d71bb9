"""Periodic jobs of this app."""

from celery import shared_task
from django.utils import timezone

from payments import contributions
from portal.tasks import beat


@shared_task(name="payments.expire_orders")
def expire_orders() -> None:
    """Close the orders that nobody has paid in time."""
    contributions.expire_due(timezone.now())
    beat("expire-orders")
