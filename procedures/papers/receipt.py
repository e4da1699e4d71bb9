"""The receipt: Mẫu 01, Thông tư 01/2018/TT-VPCP."""

from django.utils import timezone

from procedures import attachments, documents
from procedures.definition import Definition, Document
from procedures.models import Dossier
from procedures.papers.letters import filer
from procedures.papers.words import Issue, limit_of, shown, time_limit_words


def receipt(issue: Issue) -> documents.Receipt:
    dossier, definition, earlier = issue.dossier, issue.definition, issue.earlier
    assert dossier.filed_at is not None
    return documents.Receipt(
        **filer(issue),
        documents=_papers(dossier, definition),
        statutory_time=time_limit_words(dossier),
        received_at=dossier.filed_at,
        return_at=dossier.due_at,
        return_expected=limit_of(dossier).confidence != "sure",
        result_delivery=shown(dossier, "result_delivery"),
        version_digest=definition.digest[:12],
        replaces=documents.ReplacedReceipt(
            sequence=earlier.number, issued_on=timezone.localtime(earlier.made_at).date()
        )
        if earlier
        else None,
    )


def _papers(dossier: Dossier, definition: Definition) -> tuple[documents.DossierDocument, ...]:
    """Every paper of the dossier and whether the office has it, in the form it is needed in."""
    received = {original.document: original.received_at for original in dossier.originals.all()}
    uploaded = {attachment.document for attachment in attachments.current(dossier)}
    listed = []
    for paper in definition.documents_for(dossier.answers):
        if not paper.required and paper.slug not in uploaded:
            continue
        here = received[paper.slug] is not None if paper.slug in received else True
        listed.append(
            documents.DossierDocument(label=str(paper.label), handed_in=_handed_in_by(paper), received=here)
        )
    return tuple(listed)


def _handed_in_by(paper: Document) -> str:
    return {
        "generated": "Bản điện tử",
        "generated_then_post": "Bản giấy đã ký, gửi bưu điện",
        "upload": "Bản chụp tải lên",
        "upload_then_original": "Bản chụp tải lên; bản gốc gửi bưu điện",
        "post_original": "Bản chính, gửi bưu điện",
    }[paper.mode]
