"""Where a collecting bank calls: nothing is trusted before its signature has been checked."""

from datetime import datetime

from django.http import HttpRequest, JsonResponse
from django.http.request import RawPostDataException
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments.statements import calls
from payments.statements.calls import CallRefused
from portal.http import too_many


@csrf_exempt  # another server calls, without cookies; its signature stands in for the form
@require_POST
def bank_call(request: HttpRequest, slug: str) -> JsonResponse:
    """202: kept; 200: known; 403: not signed or stale; 409: known event, other body; 413, 429: too much."""
    now = timezone.now()
    signed = request.headers.get("X-Signature", "").removeprefix("sha256=")[:64]
    try:
        body = _body(request)
        sent_at = _check(request, slug, signed, body, now)
        _call, new = calls.keep(slug, body, signed, sent_at=sent_at, now=now)
    except CallRefused as refused:
        return JsonResponse({"status": "refused", "why": str(refused)}, status=refused.status)
    return JsonResponse({"status": "kept" if new else "known"}, status=202 if new else 200)


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > calls.MOST_BYTES:
        raise CallRefused(413, "size")
    try:
        return request.body
    except RawPostDataException:  # sent as a form: its parts have been read, so nothing can be verified
        raise CallRefused(403, "signature") from None


def _check(request: HttpRequest, slug: str, signed: str, body: bytes, now: datetime) -> datetime:
    """When the call was sent; who keeps calling with wrong signatures is not listened to for a while."""
    stamp = request.headers.get("X-Timestamp", "")[:20]
    try:
        sent_at = calls.check(slug, stamp, signed, body, now=now)
    except CallRefused:
        if too_many(request, action="bank_call_failed"):
            raise CallRefused(429, "rate") from None
        raise
    if too_many(request, action="bank_call", key=slug):
        raise CallRefused(429, "rate")
    return sent_at
