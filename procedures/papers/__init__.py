"""What the PDFs of a dossier say, and their issue: the newest is valid, older ones are kept."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

from django.utils import translation

from procedures import documents
from procedures.attachments import keep_private
from procedures.models import Dossier, IssuedDocument
from procedures.papers.agent_list import agent_list, list_of
from procedures.papers.control import control_sheet
from procedures.papers.forms import form, form_of, layout_of
from procedures.papers.labels import label_sheet, posting_label, return_label
from procedures.papers.letters import (
    apology,
    card_slip,
    needs_card_slip,
    refusal,
    supplement_request,
)
from procedures.papers.receipt import receipt
from procedures.papers.words import (
    Issue,
    citizen_address,
    filed_by,
    filer_address,
    how_handed_in,
    limit_of,
    limit_words,
    return_address,
    shown,
    time_limit_words,
)

__all__ = [
    "TOPICS",
    "Issue",
    "citizen_address",
    "content",
    "control_sheet",
    "filed_by",
    "filer_address",
    "form_of",
    "how_handed_in",
    "issue",
    "kinds_made",
    "label_sheet",
    "layout_of",
    "limit_of",
    "limit_words",
    "return_address",
    "shown",
    "time_limit_words",
]

Kind = IssuedDocument.Kind
_CONTENTS: dict[str, Callable[[Issue], documents.Content]] = {
    Kind.RECEIPT: receipt,
    Kind.FORM: form,
    Kind.LABEL: posting_label,
    Kind.RETURN_LABEL: return_label,
    Kind.CARD_SLIP: card_slip,
    Kind.SUPPLEMENT: supplement_request,
    Kind.REFUSAL: refusal,
    Kind.APOLOGY: apology,
    Kind.AGENT_LIST: agent_list,
}


def issue(dossier: Dossier, kind: str, *, now: datetime) -> IssuedDocument:
    """Make the document ``kind`` of ``dossier`` as things stand; the one before is kept, replaced.

    Runs inside the caller's transaction. Raises ``documents.RenderError``.
    """
    with translation.override("vi"):
        earlier = dossier.documents.filter(kind=kind).order_by("-number").first()
        token = secrets.token_urlsafe(18)
        data = documents.render(content(kind, Issue(dossier, now, token, earlier)), made_at=now)
    if earlier:
        dossier.documents.filter(kind=kind, replaced_at=None).update(replaced_at=now)
    path = keep_private(f"documents/{now:%Y/%m}/{secrets.token_hex(16)}.pdf", data)
    return IssuedDocument.objects.create(
        dossier=dossier,
        kind=kind,
        number=earlier.number + 1 if earlier else 1,
        file=path,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        token=token,
        made_at=now,
    )


def content(kind: str, making: Issue) -> documents.Content:
    """What the document ``kind`` says; in the language that is active."""
    return _CONTENTS[kind](making)


# Which documents a topic makes; ``kinds_made`` says which of them a dossier needs.
TOPICS = {
    "documents.receipt": (Kind.RECEIPT,),
    "documents.form": (Kind.FORM,),
    "documents.labels": (Kind.LABEL,),
    "documents.return_label": (Kind.RETURN_LABEL,),
    "documents.appointment_slip": (Kind.CARD_SLIP,),
    "documents.supplement_request": (Kind.SUPPLEMENT,),
    "documents.refusal": (Kind.REFUSAL,),
    "documents.apology": (Kind.APOLOGY,),
    "documents.agent_list": (Kind.AGENT_LIST,),
}


def kinds_made(dossier: Dossier, topics: Iterable[str]) -> list[str]:
    """The kinds of documents that ``topics`` make for ``dossier``, in the order they are used."""
    needed = {
        Kind.FORM: form_of(dossier) is not None,
        Kind.LABEL: dossier.originals.exists(),
        Kind.RETURN_LABEL: dossier.answers.get("result_delivery") == "post",
        Kind.CARD_SLIP: needs_card_slip(dossier),
        Kind.AGENT_LIST: list_of(dossier) is not None,
    }
    return [kind for topic in topics for kind in TOPICS.get(topic, ()) if needed.get(kind, True)]
