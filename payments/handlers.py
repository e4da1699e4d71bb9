"""Side effects of this app, by outbox topic. Each is safe to run twice."""

from django.utils import timezone

from payments import refund_payments, refunds  # noqa: F401 (registers what becomes of the money)
from portal import notices, outbox
from portal.models import OutboxMessage
from procedures.models import Dossier


@outbox.handler("payments.refund_asked")
def open_refund(message: OutboxMessage) -> None:
    """Open the refund a dossier asks for, and tell the collecting agent of the task."""
    dossier = Dossier.objects.select_related("procedure", "agent__user").get(pk=message.payload["dossier"])
    refund = refunds.open_for(dossier, now=timezone.now())
    if refund is not None and dossier.agent and dossier.state == "with_agent":
        facts = {"code": dossier.code}
        notices.notify(dossier.agent.user, "agent_task", about="", facts=facts, key=message.key)
