"""A dossier that comes on paper with its fields typed already."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.models import User
from procedures import assignment, dossiers, sealed_answers, workflow
from procedures.catalogue import definition_for, definition_of
from procedures.models import Dossier, Original, ProcedureVersion


def take_in(
    owner: User,
    version: ProcedureVersion,
    *,
    typed: Mapping[str, Any],
    answers: Mapping[str, Any],
    receiver: User,
    key: str,
    now: datetime,
) -> Dossier:
    """File for ``owner`` what was checked when it was typed: ``answers``, cleaned, ``typed``, as typed.

    Rules of the pages are not asked again: they were when the form was printed, and a signed form counts
    as it stands. What the portal fills in has arrived with ``receiver``; other papers wait to be counted.
    ``owner`` has no draft of the procedure. Raises ``MoveRefused``.
    """

    def prepare(locked: Dossier) -> None:
        dossiers.freeze(locked, dict(answers), now)
        assignment.expect(locked, timezone.localdate(now))

    with transaction.atomic():
        dossier = Dossier.objects.create(
            owner=owner,
            version=version,
            procedure=version.procedure,
            draft_code=dossiers.draft_code(),
            typed=sealed_answers.sealed(definition_of(version), typed),
            case=str(answers.get("case") or typed.get("case", ""))[:60],
            channel=Dossier.Channel.POST,
        )
        _enclose(dossier, answers, receiver, now)
        workflow.move(dossier, "file", actor=owner, key=key, now=now, prepare=prepare)
    return dossier


def _enclose(dossier: Dossier, answers: Mapping[str, Any], receiver: User, now: datetime) -> None:
    """What ought to lie in the envelope: the signed form, and on paper what else would be uploaded."""
    for position, paper in enumerate(definition_for(dossier).documents_for(answers)):
        if paper.generated or paper.uploaded:
            Original.objects.create(
                dossier=dossier,
                document=paper.slug,
                label_vi=paper.label.vi,
                label_en=paper.label.en,
                position=position,
                received_at=now if paper.generated else None,
                received_by=receiver if paper.generated else None,
            )


def papers(version: ProcedureVersion, answers: Mapping[str, Any]) -> list[str]:
    """What to put in the envelope, in words."""
    found = definition_of(version).documents_for(answers)
    return [str(paper.label) for paper in found if paper.generated or paper.uploaded]
