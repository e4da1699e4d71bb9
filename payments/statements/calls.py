"""Calls of collecting banks: signed, fresh, kept as they came, and worked on by the outbox.

The bank signs ``<timestamp>.<body>`` with HMAC-SHA256 under a secret of ours; the event's name stands in
the body, so the signature covers it. Secrets stand in ``BANK_CALLS``; two at a time let them be changed.
"""

import hashlib
import hmac
import logging
import re
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from payments.models import OfficeAccount, WebhookCall
from payments.statements import reading, taking
from portal import outbox
from procedures.models import Bank

logger = logging.getLogger(__name__)

TOPIC = "payments.bank_call"
MOST_BYTES = 1024 * 1024
FRESH = timedelta(minutes=5)
_STAMP = re.compile(r"[0-9]{9,11}")


class CallRefused(Exception):
    """A call that is not kept; ``status`` is the answer of HTTP."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What the bank sends along, in hexadecimal digits."""
    return hmac.digest(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hex()


def check(slug: str, stamp: str, signed: str, body: bytes, *, now: datetime) -> datetime:
    """When the call was sent. Raises ``CallRefused`` unless it is signed by ``slug`` and fresh.

    An unknown bank is refused like a wrong signature, and as slowly.
    """
    secrets = settings.BANK_CALLS.get(slug, {}).get("secrets") or [""]
    good = [hmac.compare_digest(signature(s, stamp, body).encode(), signed.encode()) for s in secrets]
    if slug not in settings.BANK_CALLS or not any(good):
        raise CallRefused(403, "signature")
    if not _STAMP.fullmatch(stamp):
        raise CallRefused(403, "timestamp")
    sent_at = datetime.fromtimestamp(int(stamp), UTC)
    if abs(now - sent_at) > FRESH:
        raise CallRefused(403, "stale")
    return sent_at


def keep(
    slug: str, body: bytes, signed: str, *, sent_at: datetime, now: datetime
) -> tuple[WebhookCall, bool]:
    """Keep a checked call and queue what it causes; whether it is new.

    Raises ``CallRefused`` where the event is known with another body.
    """
    digest = hashlib.sha256(body).hexdigest()
    event = reading.about_call(body).event or f"sha256:{digest}"
    with transaction.atomic():
        call, new = WebhookCall.objects.get_or_create(
            bank=Bank.objects.get(pk=settings.BANK_CALLS[slug]["bank"]),
            event=event[:80],
            defaults={
                "slug": slug,
                "body": body,
                "signature": signed,
                "sent_at": sent_at,
                "received_at": now,
            },
        )
        if new:
            outbox.enqueue(TOPIC, key=f"{call.pk}", call=call.pk)
    if not new and hashlib.sha256(bytes(call.body)).hexdigest() != digest:
        logger.warning("bank call %s: event %s came again with another body", slug, event)
        raise CallRefused(409, "event")
    return call, new


def work(call: WebhookCall, *, now: datetime) -> None:
    """Take the lines of a call in; raises ``LookupError`` where its account is none of ours."""
    number = reading.about_call(bytes(call.body)).account
    account = OfficeAccount.objects.filter(bank=call.bank_id, number=number).first()
    if account is None:
        raise LookupError(f"call {call}: no account of ours at {call.bank_id} has its number")
    taking.take_call(call, account, now=now)
