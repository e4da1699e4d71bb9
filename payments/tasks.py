"""Periodic jobs of this app."""

import logging

from celery import shared_task
from django.utils import timezone

from payments import contributions, part_paid, verifying
from portal.tasks import beat

logger = logging.getLogger(__name__)


@shared_task(name="payments.expire_orders")
def expire_orders() -> None:
    """Close the orders that nobody has paid in time, or not in full."""
    now = timezone.now()
    contributions.expire_due(now)
    part_paid.lapse_due(now)
    beat("expire-orders")


@shared_task(name="payments.verify_ledger")
def verify_ledger() -> None:
    """Check the ledger and its documents; what does not hold stands in the log and on every desk page
    of directors and administrators until a later check is clean."""
    for line in verifying.record(timezone.now()).problems:
        logger.error("ledger: %s", line)
    beat("verify-ledger")
