"""The control sheet of a dossier: every hand-over, from its history."""

from datetime import datetime

from django.utils import timezone, translation

from procedures import documents
from procedures.models import Dossier, DossierEvent
from procedures.papers.letters import office_head
from procedures.papers.words import Issue, filed_by, time_limit_words

_FILER, _PORTAL = "Người nộp hồ sơ", "Cổng dịch vụ công"


def control_sheet(dossier: Dossier, *, now: datetime) -> bytes:
    """Mẫu 05 as a PDF, as things stand. Raises ``documents.RenderError``."""
    with translation.override("vi"):
        return documents.render(_content(Issue(dossier, now)), made_at=now)


def _content(issue: Issue) -> documents.ControlSheet:
    dossier = issue.dossier
    case = issue.definition.case(dossier.case)
    assert dossier.filed_at is not None
    return documents.ControlSheet(
        **office_head(issue),
        procedure=str(issue.definition.title),
        case=str(case.label) if case else None,
        filer_name=filed_by(dossier),
        statutory_time=time_limit_words(dossier),
        received_at=dossier.filed_at,
        return_at=dossier.due_at,
        steps=_steps(issue),
    )


def _steps(issue: Issue) -> tuple[documents.HandOver, ...]:
    events = list(issue.dossier.events.select_related("actor").order_by("sequence"))
    holders = [_FILER, *(_holder(event) for event in events)]
    return tuple(
        documents.HandOver(
            at=event.at,
            given_by=giver,
            taken_by=_holder(event),
            done=_done(issue, event),
            outcome=_outcome(issue.dossier, event),
            note=event.note or None,
        )
        for giver, event in zip(holders, events, strict=False)
    )


def _holder(event: DossierEvent) -> str:
    if event.role == "citizen":
        return _FILER
    return event.actor.full_name if event.actor else _PORTAL


def _done(issue: Issue, event: DossierEvent) -> str:
    transition = issue.definition.transition(event.action)
    state = issue.definition.state(event.to_state).label
    if transition is None:
        return str(state)
    stays = event.from_state == event.to_state
    return str(transition.label) if stays else f"{transition.label} – {state}"


def _outcome(dossier: Dossier, event: DossierEvent) -> str | None:
    """Of the event that decided: before, on or after the promised day."""
    if dossier.due_at is None or dossier.decided_at != event.at:
        return None
    day, due = timezone.localdate(event.at), timezone.localdate(dossier.due_at)
    return "Trước hạn" if day < due else "Đúng hạn" if event.at <= dossier.due_at else "Quá hạn"
