"""From the envelope in the mailroom to a dossier: what was typed at home, with the paper in the clerk's hand.

The letter of the province, mục 8.3: who does not use the site posts form 2-CBH to the province office. The
mailroom reads the code on envelope or form; everything after that is a dossier like any other.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from pension import paper_codes, paper_filings, switching
from pension.models import BenefitEntry, PaperFiling
from portal import notices, outbox, texting
from portal.models import Notice, OutboxMessage, User
from portal.text import without_marks
from procedures import arrivals, posted, workflow
from procedures.hooks import Advice
from procedures.models import Dossier
from procedures.workflow import MoveRefused

logger = logging.getLogger(__name__)


# --- At the scanner ------------------------------------------------------------------------------


def reads(scanned: str) -> str:
    """The code of a form, "" for anything else; raises ``MoveRefused`` where a character is wrong."""
    if not paper_codes.is_one(scanned):
        return ""
    if code := paper_codes.read(scanned):
        return code
    raise MoveRefused(
        _(
            "A character of this code is wrong: please scan again, or the code on form 2-CBH inside. If "
            "neither can be read, receive it as an envelope without a code."
        ),
        field="ma",
    )


def take(code: str, actor: User, now: datetime) -> Dossier | None:
    """The dossier of the form ``code``, made by the first who asks; None where nothing is kept of it."""
    with transaction.atomic():
        # Without a join: who had to wait would see the new dossier's number and not its row.
        paper = PaperFiling.objects.select_for_update(no_key=True).filter(code=code).first()
        if paper is None or paper.dossier is not None:
            return paper.dossier if paper else None
        if paper.erased_at is not None:
            return None
        try:
            with transaction.atomic():
                dossier = _dossier(paper, actor=actor, now=now)
        except MoveRefused as refused:  # the parcel is kept all the same, as unidentified
            logger.warning("form %s: %s", code, refused)
            return None
        paper.dossier, paper.arrived_at, paper.typed, paper.answers = dossier, now, "", ""
        paper.save()
        outbox.enqueue("pension.paper_arrived", key=str(paper.pk), about=str(dossier.code), paper=paper.pk)
    return dossier


def _dossier(paper: PaperFiling, *, actor: User, now: datetime) -> Dossier:
    """File it for somebody without an account, then leave it to the account of the beneficiary, if any."""
    typed, answers = paper_filings.typed_in(paper), paper_filings.answers_of(paper)
    dossier = posted.take_in(
        _filer(paper, answers),
        paper.version,
        typed={name: value for name, value in typed.items() if not name.startswith(("helper_", "filled_"))},
        answers=answers,
        receiver=actor,
        key=f"paper:{paper.pk}",
        now=now,
    )
    account = _account(answers)
    if account is not None:
        Dossier.objects.filter(pk=dossier.pk).update(owner=account)
        dossier.owner = account
    _note(paper, dossier, answers, actor=actor, now=now)
    return dossier


def _filer(paper: PaperFiling, answers: dict[str, str]) -> User:
    """An account for this filing alone, which nobody can sign in to: people may still register."""
    filer = User(
        username=f"giay-{paper.code}".lower(),
        full_name=str(answers.get("full_name", ""))[:200],
        date_of_birth=str(answers.get("date_of_birth", "")),
        phone=str(answers.get("phone", "")),
        street=str(answers.get("street", "")),
        ward_id=answers.get("ward") or None,
        is_active=False,
    )
    filer.set_unusable_password()
    filer.save()
    return filer


def _account(answers: dict[str, str]) -> User | None:
    """The account of the beneficiary: same number, date of birth and name, and the phone the office knows.

    Whoever registers is asked for the first three alone, and they stand on many a paper: without the phone
    somebody else's account would show what the beneficiary wrote on the form.
    """
    found = User.objects.filter(
        username=str(answers.get("insurance_number", "")), is_staff=False, is_active=True
    ).first()
    if found is None or not found.phone or found.phone != _phone(answers, str(answers.get("phone", ""))):
        return None
    if without_marks(found.full_name) != without_marks(str(answers.get("full_name", ""))):
        return None
    born, typed = found.date_of_birth, str(answers.get("date_of_birth", ""))
    length = min(len(born), len(typed))
    return found if length and born[:length] == typed[:length] else None


def _note(
    paper: PaperFiling, dossier: Dossier, answers: dict[str, str], *, actor: User, now: datetime
) -> None:
    """Write into the history how it came, who helped, and whether the roster knows the beneficiary."""
    key, helper = f"paper:{paper.pk}", paper_filings.helper_in(paper)
    arrived = {"paper": paper.code}
    workflow.record(dossier, "came_on_paper", actor=actor, key=f"{key}:came", facts=arrived, now=now)
    if helper:
        who = f"{helper['name']} ({helper['relation']}), {helper['phone']}"
        facts = {"helped_by": who}
        workflow.record(dossier, "typed_with_help", actor=None, key=f"{key}:help", facts=facts, now=now)
    if not is_known(answers):
        workflow.record(dossier, "not_on_roster", actor=None, key=f"{key}:roster", now=now)


def is_known(answers: dict[str, str]) -> bool:
    """Whether the roster has somebody with this number and date of birth; without a roster nobody knows."""
    number, born = (str(answers.get(name, "")) for name in ("insurance_number", "date_of_birth"))
    return not BenefitEntry.objects.exists() or switching.find(number, born) is not None


def says(code: str) -> Advice:
    """Why the form ``code`` is no dossier, and the way on: typing it again."""
    paper = PaperFiling.objects.filter(code=code).first()
    if paper is None:
        words = _("No form with the code %(code)s was made here. The parcel is kept as unidentified.")
    elif paper.erased_at is not None:
        words = _(
            "The form %(code)s was printed on %(day)s and came too late: what was typed has been erased. The "
            "paper inside counts. The parcel is kept as unidentified."
        )
    else:
        words = _("The form %(code)s could not become a dossier: please check the ward on the paper inside.")
    words += " " + _(
        "Type the form again from the paper (you are the one who helps), then search below for the code it "
        "gets: the parcel becomes its dossier."
    )
    day = timezone.localtime(paper.printed_at) if paper and paper.printed_at else None
    told = words % {"code": code, "day": f"{day:%d/%m/%Y}" if day else ""}
    return Advice(told, reverse("paper_start"), _("Fill in form 2-CBH"))


arrivals.kinds.append(arrivals.Kind(reads=reads, take=take, says=says))


# --- The beneficiary is told ---------------------------------------------------------------------


@outbox.handler("pension.paper_arrived", remote=True)
def tell(message: OutboxMessage) -> None:
    """A short message to the phone on the roster, else to the one on the form; a notice to an account."""
    paper = PaperFiling.objects.select_related("dossier__owner").get(pk=message.payload["paper"])
    dossier = paper.dossier
    assert dossier is not None
    if (
        dossier.owner.is_active
        and not dossier.owner.notices.filter(kind="paper_arrived", about=dossier.code).exists()
    ):
        with transaction.atomic():
            notices.notify(
                dossier.owner, "paper_arrived", about=str(dossier.code), facts={}, key=f"paper:{paper.pk}"
            )
    phone = phone_of(dossier)
    if phone and texting.is_available():
        with translation.override("vi"):
            texting.send_text(phone, _words(paper, dossier))


@outbox.handler("pension.text_notice", remote=True)
def text_notice(message: OutboxMessage) -> None:
    """A notice as a short message, for who has no account to read it in."""
    dossier = Dossier.objects.get(pk=message.payload["dossier"])
    notice = Notice.objects.get(pk=message.payload["notice"])
    phone = phone_of(dossier)
    if phone and texting.is_available() and notice.emailed_at is None:
        with translation.override("vi"):
            texting.send_text(phone, notices.words(notice))
        Notice.objects.filter(pk=notice.pk).update(emailed_at=timezone.now())


def phone_of(dossier: Dossier) -> str:
    """The number the office knew before, if it knew one: a stranger may have typed the other."""
    return _phone(dossier.answers, dossier.phone)


def _phone(answers: Mapping[str, Any], typed: str) -> str:
    who = switching.find(str(answers.get("insurance_number", "")), str(answers.get("date_of_birth", "")))
    return who.phone if who and who.phone else typed


def _words(paper: PaperFiling, dossier: Dossier) -> str:
    helper = paper_filings.helper_in(paper)
    words = _("Form 2-CBH in your name has arrived: dossier %(code)s.") % {"code": dossier.code}
    if helper:
        who = {name: _only_letters(said) for name, said in helper.items()}
        words += " " + _("Filled in with the help of %(name)s (%(relation)s).") % who
    return words + " " + _("If you know nothing of it, call 0258 3827 443.")


def _only_letters(typed: str) -> str:
    """What a stranger typed, fit for a message that the office signs: no address and no number to call."""
    bare = "".join(c if c.isalpha() or c in ",-'" else " " for c in typed)
    return " ".join(bare.split())[:40].strip()
