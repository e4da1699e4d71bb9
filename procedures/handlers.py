"""Side effects of transitions, by outbox topic. Each is safe to run twice."""

from django.utils import timezone

from portal import notices, outbox
from portal.models import OutboxMessage
from procedures import papers
from procedures.models import Dossier, DossierEvent, IssuedDocument, PostalItem

Kind = IssuedDocument.Kind

# What a citizen is told after which action; other actions say nothing.
TOLD = {
    "file": "filed",
    "record_originals": "originals_received",
    "ask_supplement": "supplement_asked",
    "approve": "decided",
    "reject": "rejected",
    "refuse": "not_accepted",
    "dispatch": "dispatched",
    "withdraw": "withdrawn",
}


def _dossier(message: OutboxMessage) -> Dossier:
    return Dossier.objects.select_related("office").get(pk=message.payload["dossier"])


def _issue(message: OutboxMessage, *kinds: str) -> None:
    dossier, now = _dossier(message), timezone.now()
    for kind in kinds:
        papers.issue(dossier, kind, now=now)


@outbox.handler("documents.receipt")
def make_receipt(message: OutboxMessage) -> None:
    _issue(message, Kind.RECEIPT)


@outbox.handler("documents.form")
def make_form(message: OutboxMessage) -> None:
    _issue(message, Kind.FORM)


@outbox.handler("documents.labels")
def make_labels(message: OutboxMessage) -> None:
    _issue(message, Kind.LABEL, Kind.LABEL_SHEET)


@outbox.handler("documents.return_label")
def make_return_label(message: OutboxMessage) -> None:
    """Made when a result waits for the post, again when its tracking number is known."""
    if _dossier(message).answers.get("result_delivery") == "post":
        _issue(message, Kind.RETURN_LABEL)


@outbox.handler("notices.event")
def tell_citizen(message: OutboxMessage) -> None:
    event = DossierEvent.objects.select_related("dossier__owner").get(pk=message.payload["event"])
    dossier = event.dossier
    parcel = dossier.postal_items.filter(direction=PostalItem.Direction.OUT).last()
    due = timezone.localtime(dossier.due_at) if dossier.due_at else None
    notices.notify(
        dossier.owner,
        TOLD.get(event.action, "news"),
        about=dossier.code or dossier.draft_code,
        facts={
            "due": f"{due:%H:%M %d/%m/%Y}" if due else "",
            "tracking": parcel.tracking if parcel else "",
        },
        key=message.key,
    )
