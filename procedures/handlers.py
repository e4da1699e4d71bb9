"""Side effects of transitions, by outbox topic. Each is safe to run twice."""

from django.utils import timezone

from portal import notices, outbox
from portal.models import OutboxMessage
from procedures import closures, deliveries, packing, papers, paying, undelivered
from procedures.areas import handover
from procedures.models import DispatchBatch, Dossier, DossierEvent, PostalItem, Shipment
from procedures.papers.dispatch import make_labels

# What a citizen is told after which action; other actions say nothing.
TOLD = {
    "file": "filed",
    "file_complete": "filed",
    "file_with_agent": "with_agent",
    "agent_return": "agent_returned",
    "agent_confirm": "agent_confirmed",
    "record_originals": "originals_received",
    "ask_supplement": "supplement_asked",
    "approve": "decided",
    "reject": "rejected",
    "refuse": "not_accepted",
    "dispatch": "dispatched",
    "close": "returned",
    "withdraw": "withdrawn",
    "apologise": "apologised",
    "note_lost": "parcel_lost",
    "post_again": "posted_again",
    closures.REROUTED: "papers_elsewhere",
    closures.DAYS_CLOSED: "days_closed",
    handover.HANDED_OVER: "handed_over",
    packing.AGAIN: "dispatched",
    deliveries.DELIVERED: "delivered",
    undelivered.UNDELIVERED: "undelivered",
    undelivered.ADDRESS_ASKED: "address_asked",
    undelivered.KEPT: "kept_for_you",
    **dict.fromkeys(("order_payment", paying.ORDERED), "payment_ordered"),
    **dict.fromkeys(("note_paid", paying.PAID), "payment_made"),
    **dict.fromkeys(("reject_payment", "reject_payment_posted", paying.FAILED), "payment_failed"),
    **dict.fromkeys(("correct_account", "correct_account_posted", paying.CORRECTED), "account_corrected"),
}


def _dossier(message: OutboxMessage) -> Dossier:
    found = Dossier.objects.select_related("office", "post_to").prefetch_related("originals")
    return found.get(pk=message.payload["dossier"])


def make_documents(message: OutboxMessage) -> None:
    """Issue what the topic makes for this dossier; a return label again when its number is known."""
    dossier, now = _dossier(message), timezone.now()
    for kind in papers.kinds_made(dossier, [message.topic]):
        papers.issue(dossier, kind, now=now)


for topic in papers.TOPICS:
    outbox.handler(topic)(make_documents)


@outbox.handler("dispatches.labels")
def make_dispatch_labels(message: OutboxMessage) -> None:
    """The labels of a batch as it stands now; an earlier revision that nobody needs any more is not made."""
    make_labels(DispatchBatch.objects.select_related("office").get(pk=message.payload["batch"]))


@outbox.handler("notices.event")
def tell_citizen(message: OutboxMessage) -> None:
    event = DossierEvent.objects.select_related("dossier__owner").get(pk=message.payload["event"])
    dossier = event.dossier
    parcel = dossier.postal_items.filter(direction=PostalItem.Direction.OUT).last()
    due = timezone.localtime(dossier.due_at) if dossier.due_at else None
    notices.notify(
        dossier.owner,
        _kind(event),
        about=dossier.code or dossier.draft_code,
        facts={
            "due": f"{due:%H:%M %d/%m/%Y}" if due else "",
            "expected": event.action != "apologise" and papers.limit_of(dossier).confidence != "sure",
            "tracking": parcel.tracking if parcel else "",
            "office": event.facts.get("office", ""),
            "reason": _reason(event),
        },
        key=message.key,
    )


def _kind(event: DossierEvent) -> str:
    """What the citizen is told of ``event``; of money in cash other words than of money to an account."""
    if event.facts.get("result_file"):
        return "result_here"
    kind = TOLD.get(event.action, "news")
    if "cash" in event.facts and kind == "payment_ordered":
        return "cash_by_post" if event.facts.get("place") == "post" else "cash_ready"
    return "cash_paid" if "cash" in event.facts and kind == "payment_made" else kind


def _reason(event: DossierEvent) -> str:
    """Why the post could not deliver, in words; empty for everything else that happens."""
    said = event.facts.get("reason", "")
    return str(Shipment.Reason(said).label) if said in Shipment.Reason.values else ""
