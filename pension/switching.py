"""A change of how somebody is paid, from the filed dossier to the first payment that came through.

The dossier goes its own way through the workflow; beside it the change waits for a code of a second channel,
or for a call-back, then for the next payment list. Until the first payment has come through, the old way
stays: a change that failed or ended leaves no trace on later lists.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from pension import frauds, hand_overs, list_days
from pension.models import (
    Beneficiary,
    BenefitEntry,
    PaperFiling,
    PaymentLine,
    PaymentResult,
    SwitchRequest,
)
from pension.roster_files import account_print
from portal import notices, outbox, sealing, texting
from portal.dated import month_after
from portal.models import OutboxMessage, User, Ward
from portal.sealing import opened
from portal.text import bank_name
from procedures import offices, workflow
from procedures.models import Dossier, DossierEvent, StaffMember
from procedures.workflow import MoveRefused

State, Kind = SwitchRequest.State, SwitchRequest.Kind
SLUG = "change-payment-method"
CODE_MINUTES, CODE_TRIES = 15, 5
TO_ACCOUNT = frozenset({Kind.CASH_TO_ACCOUNT, Kind.CHANGE_ACCOUNT})
# While it is in one of these, the beneficiary may take it back: the list has not closed.
COOLING = (State.UNCONFIRMED, State.HELD, State.CONFIRMED, State.WAITING)


# --- Who -----------------------------------------------------------------------------------------


def find(number: str, born: str) -> Beneficiary | None:
    """The beneficiary with this number and date of birth; a year alone matches the year."""
    found = Beneficiary.objects.filter(insurance_number=number).first()
    if found is None:
        return None
    length = min(len(found.born), len(born))
    return found if born and found.born[:length] == born[:length] else None


def recipient_of(who: Beneficiary, on: date) -> str:
    """Who receives for ``who`` under an authorisation 13-HSB that holds on the day; else empty."""
    holds = who.recipient and (who.recipient_until is None or who.recipient_until >= on)
    return who.recipient if holds else ""


def visible_to(user: User) -> QuerySet[SwitchRequest]:
    """The changes of dossiers of the office of ``user``, and those that hand a benefit over from or to it.

    All of them for who oversees the province.
    """
    found = SwitchRequest.objects.select_related(
        "dossier__office", "beneficiary", "bank", "called_by", "old_office", "new_office"
    )
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return found.none()
    if staff.oversees_province:
        return found
    handed = Q(new_office__isnull=False) & ~Q(new_office=F("old_office"))
    own = staff.office_id
    return found.filter(Q(dossier__office=own) | handed & (Q(old_office=own) | Q(new_office=own)))


def of_dossier(dossier: Dossier) -> SwitchRequest | None:
    return SwitchRequest.objects.filter(dossier=dossier).select_related("beneficiary", "bank").first()


def own(user: User, code: str) -> SwitchRequest:
    """The change of the own dossier ``code``; ``Http404`` alike for not there and not theirs."""
    mine = SwitchRequest.objects.filter(dossier__owner=user)
    return get_object_or_404(mine.select_related("dossier", "beneficiary", "bank"), dossier__code=code)


# --- Filing --------------------------------------------------------------------------------------


def file(dossier: Dossier, *, now: datetime) -> SwitchRequest | None:
    """Begin the change a filed dossier asks for; None for who is on no roster: the desk looks after it."""
    said = dossier.answers
    who = find(str(said.get("insurance_number", "")), str(said.get("date_of_birth", "")))
    entry = _entry(who, str(said.get("current_method", ""))) if who else None
    if who is None or entry is None:
        return None
    made = _requested(dossier, who, entry, now)
    made.doubts = frauds.of_filing(made, dossier.owner, dossier.phone, now)
    made.doubts += frauds.of_paper(PaperFiling.objects.filter(dossier=dossier).first(), dossier.owner)
    if not channel_of(made):
        made.doubts.append("no_channel")
    made.state = State.HELD if made.doubts else State.UNCONFIRMED
    made.save()
    _tell(made, "switch_call" if made.doubts else "switch_code")
    return made


def _entry(who: Beneficiary, method: str) -> BenefitEntry | None:
    """What the newest roster says of ``who``, first the benefit that is paid by ``method``."""
    newest = who.entries.order_by("-month").first()
    if newest is None:
        return None
    same = who.entries.filter(month=newest.month)
    return same.filter(method=method).first() or newest


def _requested(dossier: Dossier, who: Beneficiary, entry: BenefitEntry, now: datetime) -> SwitchRequest:
    said, kind = dossier.answers, dossier.case
    to_account = kind in TO_ACCOUNT
    bank, number = str(said.get("bank", "")), str(opened(said.get("account_number", "")))
    month = _effective(str(said.get("effective_month", "")), now)
    ward = str(said.get("new_ward") or "") or None
    return SwitchRequest(
        dossier=dossier,
        beneficiary=who,
        kind=kind,
        method="account" if to_account else "cash" if kind == Kind.ACCOUNT_TO_CASH else "",
        bank_id=bank if to_account else None,
        account_number=number if to_account else "",
        account_print=account_print(bank, number) if to_account else "",
        account_holder=bank_name(str(said.get("account_holder", ""))) if to_account else "",
        ward_id=ward,
        old_ward_id=entry.ward_id,
        old_office_id=entry.office_id,
        new_office=offices.office_for(ward, month) if ward else None,
        pay_point=str(said.get("new_place", ""))[:100],
        old_method=entry.method,
        old_print=entry.account_print,
        id_number=_new(said, "new_id_number"),
        phone=_new(said, "new_phone"),
        address=_address(said),
        effective_month=month,
        filed_at=now,
    )


def _new(said: Mapping[str, Any], name: str) -> str:
    return str(said.get(name) or "")[:200]


def _address(said: Mapping[str, Any]) -> str:
    """The new address as letters have it; empty where it does not change."""
    street = _new(said, "new_street")
    ward = Ward.objects.filter(code=_new(said, "new_home_ward")).select_related("district").first()
    return offices.full_address(street, ward)[:300] if street else ""


def _effective(asked: str, now: datetime) -> date:
    """The month asked for, but not before the next list that still takes changes."""
    today = timezone.localdate(now)
    day = list_days.closing_day(today)
    first = list_days.next_list(today, day) if day else month_after(today)
    return max(first, date.fromisoformat(f"{asked}-01")) if asked else first


def _tell(switch: SwitchRequest, kind: str, *, reason: str = "") -> None:
    dossier = switch.dossier
    notices.notify(
        dossier.owner,
        kind,
        about=str(dossier.code),
        facts={"month": f"{switch.effective_month:%m/%Y}", "reason": reason},
        key=f"switch:{switch.pk}:{kind}",
    )
    if not dossier.owner.is_active:  # it came on paper: nobody reads the notice on the site
        outbox.enqueue(
            "pension.text_notice",
            key=f"switch:{switch.pk}:{kind}",
            notice=dossier.owner.notices.latest("pk").pk,
            dossier=dossier.pk,
        )


# --- The second channel --------------------------------------------------------------------------


def channel_of(switch: SwitchRequest) -> str:
    """Where the code goes: ``phone`` as the roster has it, else ``email`` of the account, else nowhere."""
    if switch.beneficiary.phone and texting.is_available():
        return "phone"
    return "email" if switch.dossier.owner.email else ""


def _locked(switch: SwitchRequest) -> SwitchRequest:
    """The row alone, locked: nobody else changes it until this transaction ends."""
    found = SwitchRequest.objects.select_for_update(of=("self",))
    return found.select_related("dossier__owner", "beneficiary").get(pk=switch.pk)


def ask_code(switch: SwitchRequest, *, doubts: list[str], now: datetime) -> SwitchRequest:
    """Send a fresh code; the one before holds no more. With ``doubts`` the change is held instead."""
    with transaction.atomic():
        locked = _locked(switch)
        if locked.state != State.UNCONFIRMED:
            return locked
        if doubts:
            locked.state, locked.doubts = State.HELD, [*locked.doubts, *doubts]
            _tell(locked, "switch_call")
        else:
            code = f"{secrets.randbelow(10**6):06d}"
            locked.code, locked.code_print = code, _code_print(locked, code)
            locked.code_until, locked.code_tries = now + timedelta(minutes=CODE_MINUTES), 0
            outbox.enqueue("pension.send_code", key=f"{locked.pk}:{now.isoformat()}", switch=locked.pk)
        locked.save()
    return locked


def _code_print(switch: SwitchRequest, code: str) -> str:
    return sealing.fingerprint(f"switch:{switch.pk}:{code}")


@outbox.handler("pension.send_code", remote=True)
def send_code(message: OutboxMessage) -> None:
    """Send the code of a change to the second channel, and forget it."""
    switch = SwitchRequest.objects.select_related("dossier__owner", "beneficiary").get(
        pk=message.payload["switch"]
    )
    if not switch.code:
        return
    with translation.override("vi"):
        words = _("%(code)s is the code to confirm the change of your payment, dossier %(dossier)s. ") % {
            "code": switch.code,
            "dossier": switch.dossier.code,
        } + _("If you did not ask for it, tell nobody and call 0258 3827 443.")
        if channel_of(switch) == "phone":
            texting.send_text(switch.beneficiary.phone, words)
        elif switch.dossier.owner.email:
            subject = _("Your code to confirm")
            send_mail(subject, words, settings.DEFAULT_FROM_EMAIL, [switch.dossier.owner.email])
    SwitchRequest.objects.filter(pk=switch.pk, code_print=switch.code_print).update(code="")


def confirm(switch: SwitchRequest, typed: str, *, now: datetime) -> SwitchRequest:
    """Confirm with the code ``typed``; raises ``MoveRefused``, and a wrong one counts."""
    with transaction.atomic():
        locked = _locked(switch)
        if locked.state != State.UNCONFIRMED:
            return locked
        refusal = _refusal(locked, typed, now)
        if not refusal:
            _confirmed(locked, now, by_phone=False)
        locked.save()
    if refusal:
        raise MoveRefused(refusal, field="code")
    return locked


def _refusal(switch: SwitchRequest, typed: str, now: datetime) -> str:
    """Why ``typed`` does not confirm; empty where it does. The attempt is counted on ``switch``."""
    if not switch.code_print or switch.code_until is None:
        return _("Ask for a code first.")
    if now >= switch.code_until or switch.code_tries >= CODE_TRIES:
        return _("This code does not hold any more: ask for another one.")
    switch.code_tries += 1
    given = "".join(typed.split())
    if hmac.compare_digest(_code_print(switch, given), switch.code_print):
        return ""
    return _("This is not the code we sent. Please compare it again.")


def _confirmed(switch: SwitchRequest, now: datetime, *, by_phone: bool) -> None:
    switch.state, switch.confirmed_at, switch.confirmed_by_phone = State.CONFIRMED, now, by_phone
    switch.code = switch.code_print = ""
    # A desk that was quicker has approved already only where no confirmation was asked for.
    workflow.record(
        switch.dossier, "switch_confirmed", actor=None, key=f"switch-confirmed:{switch.pk}", now=now
    )


# --- Call-backs ----------------------------------------------------------------------------------


def may_call(user: User, switch: SwitchRequest) -> bool:
    """Clerks and supervisors of the office call back."""
    works = workflow.role_of(user) in {"clerk", "supervisor"}
    return works and user.staff.office_id == switch.dossier.office_id


def call_back(switch: SwitchRequest, *, wanted: bool, note: str, actor: User, now: datetime) -> SwitchRequest:
    """Note what the beneficiary said on the phone: the change is ``wanted``, or ends here."""
    if not may_call(actor, switch):
        raise MoveRefused(_("Only staff of the office call back."))
    if not note.strip():
        raise MoveRefused(_("Write whom you reached, at which number, and what was said."), field="note")
    with transaction.atomic():
        locked = _locked(switch)
        if locked.called_by_id is not None:
            return locked
        if locked.state not in (State.HELD, State.UNCONFIRMED):
            raise MoveRefused(_("This change does not wait for a call-back."))
        locked.called_by, locked.call_note = actor, note.strip()[:300]
        if wanted:
            _confirmed(locked, now, by_phone=True)
        else:
            locked.state = State.ENDED
        locked.save()
    return locked


def take_back(switch: SwitchRequest, *, now: datetime) -> SwitchRequest:
    """The beneficiary takes the change back, which is possible until its list closes."""
    with transaction.atomic():
        locked = _locked(switch)
        if locked.state == State.ENDED:
            return locked
        if locked.state not in COOLING:
            raise MoveRefused(_("The payment list has closed: file another change instead."))
        locked.state, locked.code, locked.code_print = State.ENDED, "", ""
        locked.save()
        hand_overs.ended(locked, actor=locked.dossier.owner, now=now)
        workflow.record(
            locked.dossier,
            "switch_taken_back",
            actor=locked.dossier.owner,
            key=f"switch-taken-back:{locked.pk}",
            now=now,
        )
    return locked


# --- The desk's decision -------------------------------------------------------------------------


@outbox.handler("pension.switch_filed")
def on_filed(message: OutboxMessage) -> None:
    dossier = Dossier.objects.select_related("owner").get(pk=message.payload["dossier"])
    if of_dossier(dossier) is None:
        file(dossier, now=dossier.filed_at or message.created_at)


@outbox.handler("pension.switch_decided")
def on_decided(message: OutboxMessage) -> None:
    """Approved: it waits for the next list. Anything else: it ends."""
    event = DossierEvent.objects.select_related("dossier", "actor").get(pk=message.payload["event"])
    found = of_dossier(event.dossier)
    if found is None:
        return
    switch = _locked(found)
    if event.action == "approve" and switch.state == State.CONFIRMED:
        switch.state, switch.decided_by = State.WAITING, event.actor
        hand_overs.agreed(switch, actor=event.actor, now=message.created_at)
        _tell(switch, "details_waiting" if switch.kind == Kind.PERSONAL_INFO else "switch_waiting")
    elif event.action != "approve" and switch.state in COOLING:
        switch.state = State.ENDED
        hand_overs.ended(switch, actor=event.actor, now=message.created_at)
    switch.save()


# --- What the bank says --------------------------------------------------------------------------


def heard(row_id: int, paid: bool, reason: str) -> None:
    """Keep what the bank said of a line; the first payment of a change decides whether it holds.

    Told twice it counts once. Runs inside the caller's transaction, or in one of its own.
    """
    now = timezone.now()
    with transaction.atomic():
        line = PaymentLine.objects.select_for_update(of=("self",), no_key=True).get(pk=row_id)
        last = line.results.last()
        if last is not None and last.paid == paid:
            return
        PaymentResult.objects.create(line=line, paid=paid, reason=reason[:200], at=now)
        if line.switch_id is not None:
            _first_payment(line, paid, reason, now)


def _first_payment(line: PaymentLine, paid: bool, reason: str, now: datetime) -> None:
    assert line.switch is not None
    switch = _locked(line.switch)
    proved = PaymentResult.objects.filter(line__switch=switch, paid=True).exclude(line=line).exists()
    if switch.state not in (State.TRYING, State.DONE) or proved or (paid and switch.state == State.DONE):
        return
    switch.state, switch.reason = (State.DONE, "") if paid else (State.FAILED, reason[:200])
    switch.save(update_fields=["state", "reason"])
    workflow.record(
        switch.dossier,
        "first_payment_made" if paid else "first_payment_failed",
        actor=None,
        key=f"switch-result:{switch.pk}:{line.pk}:{paid}",
        note="" if paid else reason,
        now=now,
    )
    _tell(switch, "switch_done" if paid else "switch_failed", reason=reason)
