"""Form 2-CBH with the front of its envelope, made from what was typed; nothing of it is kept as a file."""

from datetime import datetime

from django.utils import timezone, translation

from pension import paper_filings
from pension.models import PaperFiling
from procedures import documents, offices
from procedures.models import Dossier, Office
from procedures.papers.labels import party
from procedures.papers.recipients import cbh_2
from procedures.papers.words import Issue, citizen_address


def receiver(now: datetime) -> Office:
    """Where the envelope goes: the province office, while it takes no post the best one that does."""
    province = Office.objects.get(level=Office.Level.PROVINCE)
    return offices.other_address(province, None, now) or province


def printed(paper: PaperFiling, *, now: datetime) -> bytes:
    """The PDF of a form that has its code. Raises ``documents.RenderError``."""
    with translation.override("vi"):
        issue = Issue(_as_dossier(paper, now), now)
        content = documents.PostedForm(
            form=cbh_2(issue),
            heading=issue.definition.envelope,
            sender=documents.PostalParty(
                name=issue.dossier.applicant,
                address=citizen_address(issue.dossier) or None,
                phone=issue.dossier.phone or None,
            ),
            receiver=party(receiver(now)),
        )
        return documents.render(content, made_at=now)


def _as_dossier(paper: PaperFiling, now: datetime) -> Dossier:
    """What the form will be once it has arrived; not saved."""
    answers = paper_filings.answers_of(paper)
    return Dossier(
        version=paper.version,
        procedure=paper.version.procedure,
        case=str(answers.get("case", "")),
        code=paper.code,
        office=_office(str(answers.get("ward", "")), now),
        answers=answers,
        applicant=str(answers.get("full_name", "")),
        insurance_number=str(answers.get("insurance_number", "")),
        phone=str(answers.get("phone", "")),
    )


def _office(ward: str, now: datetime) -> Office:
    try:
        return offices.office_for(ward, timezone.localdate(now))
    except offices.NoOffice:
        return Office.objects.get(level=Office.Level.PROVINCE)
