"""What people are shown of a dossier: its answers, its history, and the record of who looked."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.models import AccessLog, User
from portal.roles import DECIDERS, role
from procedures import dossiers, hooks, sealed_answers
from procedures.catalogue import definition_for
from procedures.definition import Definition, Field, Step
from procedures.models import Dossier, DossierEvent, ParcelPaper, Shipment
from procedures.vocabulary import RECORDED

Files = Mapping[str, list[dict[str, Any]]]
"""Files by the paper they are, as ``components/file_list.html`` wants them."""

_SITTING = timedelta(hours=1)


def answers(dossier: Dossier, files: Files, *, whole: bool) -> list[dict[str, Any]]:
    """The filed answers, page by page, as ``components/summary_list.html`` wants them.

    Account numbers are masked, or ``whole`` for the citizen and who ``decides``.
    """
    definition = definition_for(dossier)
    given = {**dossier.answers, "case": dossier.case}
    today = timezone.localdate()
    facts = hooks.Facts(definition, given, today)
    return [
        {
            "title": step.title,
            **page(definition, step, rows, files),
            "doubts": hooks.doubts(step, [f for f, _value in rows], facts),
        }
        for step, rows in dossiers.answered(definition, given, today, whole=whole)
    ]


def page(
    definition: Definition, step: Step, rows: list[tuple[Field, str]], files: Files
) -> dict[str, list[dict[str, Any]]]:
    """The answers of a page: ``rows``, and apart from them ``changes`` of old to new with their ``proof``."""
    values = {field.name: value for field, value in rows}
    replaced = {field.replaces for field, _value in rows if field.replaces}
    changes = [
        {"label": str(field.label).partition(":")[0], "old": values.get(field.replaces, ""), "new": value}
        for field, value in rows
        if field.replaces
    ]
    proofs = [paper.slug for paper in definition.documents if paper.proves == step.slug]
    return {
        "rows": [
            {"label": field.label, "value": value}
            for field, value in rows
            if not field.replaces and field.name not in replaced
        ],
        "changes": changes,
        "proof": [file for slug in proofs for file in files.get(slug, [])] if changes else [],
    }


def told_to_citizen(event: DossierEvent, definition: Definition, dossier: Dossier) -> dict[str, Any]:
    """An event for the citizen's timeline: notes inside the office stay there, names too."""
    transition = definition.transition(event.action)
    own = event.role in {"citizen", "organisation"}
    public = own or (transition is not None and transition.note_public)
    lines = [event.note] if event.note and public else []
    lines += [f"• {item}" for item in event.facts.get("missing", [])]
    lines += words_of_facts(event)
    if own and event.facts.get("message"):
        lines.append(str(event.facts["message"]))
    return {
        "at": event.at,
        "title": event_title(event, definition),
        "text": "\n".join(lines),
        "by": _("You") if own else _who(event, dossier),
    }


def _who(event: DossierEvent, dossier: Dossier) -> str:
    """Who acted, for the citizen: the collecting agent by name, of the office no names."""
    if event.role == "agent" and event.actor:
        return event.actor.full_name
    return dossier.office.name if dossier.office else ""


def event_title(event: DossierEvent, definition: Definition) -> str:
    """What happened, for everybody: the state reached, or the action where the state stayed."""
    if event.from_state != event.to_state:
        return str(definition.state(event.to_state).label)
    transition = definition.transition(event.action)
    return str(transition.label if transition else RECORDED.get(event.action, event.action))


def words_of_facts(event: DossierEvent) -> list[str]:
    """What an event records for everybody to read: the law of a rejection, a new date and the old."""
    lines = []
    if basis := event.facts.get("legal_basis"):
        lines.append(_("Legal basis: %(law)s") % {"law": basis})
    if event.action == "rerouted":
        lines.append(_("Papers go to %(office)s.") % {"office": event.facts["office"]})
    if event.action == "handed_over":
        words = {"office": event.facts["office"], "law": event.facts["law"]}
        lines.append(_("%(office)s looks after it (%(law)s); its code stays.") % words)
    if event.action == "parcel_received":
        lines.append(_("It lies at %(office)s.") % {"office": event.facts["office"]})
    lines += _post_words(event) + _money_words(event)
    if helper := event.facts.get("helped_by"):
        lines.append(_("Who helped: %(who)s") % {"who": helper})
    if "way_back" in event.facts:
        lines.append(_("The way back: %(how)s") % {"how": event.facts["way_back"]})
    lines += [_paper_words(paper) for paper in event.facts.get("papers", [])]
    if "due" in event.facts and "due_was" in event.facts:
        old, new = (
            timezone.localtime(datetime.fromisoformat(event.facts[name])) for name in ("due_was", "due")
        )
        days = {"new": f"{new:%d/%m/%Y}", "old": f"{old:%d/%m/%Y}"}
        lines.append(_("Result now promised for %(new)s in place of %(old)s.") % days)
    return lines


def _post_words(event: DossierEvent) -> list[str]:
    """What the post or the citizen said of the parcel with the result."""
    said, lines = event.facts, []
    if event.action == "kept_here":
        lines.append(_("It lies at %(office)s. Please bring an identity card.") % {"office": said["office"]})
    if event.action == "undelivered":
        lines.append(_("Reason: %(reason)s.") % {"reason": Shipment.Reason(said["reason"]).label})
    if signed := said.get("signed_by"):
        lines.append(_("Signed for by: %(name)s") % {"name": signed})
    if on := said.get("on"):
        lines.append(_("Day: %(day)s") % {"day": f"{date.fromisoformat(on):%d/%m/%Y}"})
    if address := said.get("address"):
        lines.append(_("Address: %(address)s") % {"address": address})
    return lines


def _money_words(event: DossierEvent) -> list[str]:
    """To which account money went, and why the bank could not pay it."""
    said, lines = event.facts, []
    if voucher := said.get("cash"):
        lines.append(_("In cash, voucher %(number)s") % {"number": voucher})
    if account := said.get("paid_to"):
        lines.append(_("Account: %(account)s") % {"account": account})
    if reason := said.get("bank_reason"):
        lines.append(_("The bank says: %(reason)s.") % {"reason": str(reason).rstrip(".")})
    return lines


def _paper_words(paper: Mapping[str, Any]) -> str:
    words = [str(paper["label"])]
    if paper["pages"]:
        words.append(ngettext("%(n)d page", "%(n)d pages", paper["pages"]) % {"n": paper["pages"]})
    if paper["copy"]:
        words.append(_("only a copy: please send the original"))
    if paper["condition"] != ParcelPaper.Condition.GOOD:
        words.append(str(ParcelPaper.Condition(paper["condition"]).label))
    return "• " + ", ".join(words)


def decides(user: User, dossier: Dossier) -> bool:
    """Whether ``user`` decides where money of ``dossier`` goes, and so reads whole account numbers."""
    return role(user) in DECIDERS and user.staff.office_id == dossier.office_id


def answers_for(user: User, dossier: Dossier, files: Files) -> list[dict[str, Any]]:
    """The answers for a member of staff; that whole account numbers are read is recorded."""
    whole = decides(user, dossier)
    if whole and sealed_answers.has_any(dossier.answers):
        log_read(user, dossier, "account number")
    return answers(dossier, files, whole=whole)


def log_read(user: User | AnonymousUser, dossier: Dossier, what: str) -> None:
    """Note that a member of staff read something of ``dossier``; a citizen's own reading is theirs."""
    if isinstance(user, User) and user.is_staff:
        AccessLog.objects.create(user=user, about=str(dossier), what=what[:60])


def log_file_read(user: User, dossier: Dossier, number: int, *, now: datetime) -> None:
    """Note that staff looked into a file: once for an hour of paging, not once a page."""
    what = f"file {number}"
    mine = AccessLog.objects.filter(about=str(dossier), user=user, what=what, at__gt=now - _SITTING)
    with transaction.atomic():
        with connection.cursor() as cursor:  # the next page is often asked for at the same moment
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))", [f"{user.pk}:{number}"])
        if not mine.exists():
            AccessLog.objects.create(user=user, about=str(dossier), what=what, at=now)
