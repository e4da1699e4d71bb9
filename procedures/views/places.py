"""Where the pages of a draft lie, and how many there are."""

from django.urls import reverse

from portal.http import UserRequest
from procedures import dossiers
from procedures.definition import Definition, Document, Step
from procedures.models import Dossier


def draft_of(request: UserRequest, code: str) -> Dossier | None:
    """The draft ``code``; None when it has been filed (then its own page is the place to be)."""
    dossier = dossiers.get_for(request.user, code)
    return dossier if dossier.is_draft else None


def uploaded(definition: Definition, dossier: Dossier) -> list[Document]:
    return [d for d in definition.documents_for(dossier.typed) if d.uploaded]


def page_count(definition: Definition, dossier: Dossier) -> int:
    """How many pages there are: questions, uploads if any, the check."""
    return len(definition.steps_for(dossier.typed)) + bool(uploaded(definition, dossier)) + 1


def url_of(dossier: Dossier, place: Step | str) -> str:
    if isinstance(place, Step):
        return reverse("step", args=[dossier.draft_code, place.slug])
    return reverse(place, args=[dossier.draft_code])
