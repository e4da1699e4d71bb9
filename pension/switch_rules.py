"""Rules of ``change-payment-method``: what is checked before a change of payment is filed or approved."""

from datetime import date

from django.utils.translation import gettext as _

from pension import list_days, switching
from pension.models import BenefitEntry, SwitchRequest
from portal.identifiers import compact
from portal.text import without_marks
from procedures.hooks import Facts, Refusal, rule
from procedures.models import Dossier

HOTLINE = "0258 3827 443"


@rule("pension.on_roster")
def on_roster(facts: Facts) -> Refusal | None:
    """Number and date of birth are those of somebody the province pays. Without a roster nobody knows.

    What exactly does not fit is not told: who guesses numbers learns nothing. Somebody nobody knows is
    told neither; the desk compares when the paper is here.
    """
    if facts.public:
        return None
    number, born = _who(facts)
    if not number or not born or not BenefitEntry.objects.exists() or switching.find(number, born):
        return None
    return Refusal(
        _(
            "We find nobody with this social insurance number and date of birth among those who receive a "
            "monthly benefit from Khánh Hòa. Please compare both with your papers, or call %(phone)s."
        )
        % {"phone": HOTLINE},
        field="insurance_number",
    )


def _who(facts: Facts) -> tuple[str, str]:
    """Number and date of birth; those of another page than the one being checked are as typed."""
    number, born = (str(facts.answers.get(n) or "") for n in ("insurance_number", "date_of_birth"))
    day, _slash, rest = born.partition("/")
    month, _slash, year = rest.partition("/")
    if year:
        born = f"{year}-{month:0>2}-{day:0>2}" if day and month else year
    return compact(number), born


@rule("pension.account_of_beneficiary")
def account_of_beneficiary(facts: Facts) -> Refusal | None:
    """The account is the beneficiary's own, or that of who is authorised to receive (13-HSB)."""
    holder, name = (str(facts.answers.get(n) or "") for n in ("account_holder", "full_name"))
    allowed = [without_marks(name), *_authorised(facts)]
    if not holder or not name or without_marks(holder) in allowed:
        return None
    if facts.public:
        return Refusal(
            _(
                "On paper the account must be that of who receives the pension: the holder “%(holder)s” is "
                "not “%(name)s”. With a registered authorisation 13-HSB please file online, or call "
                "%(phone)s."
            )
            % {"holder": holder, "name": name, "phone": HOTLINE},
            field="account_holder",
        )
    return Refusal(
        _(
            "The account must be yours: the holder “%(holder)s” is not “%(name)s”. Somebody else can receive "
            "for you once an authorisation 13-HSB is registered."
        )
        % {"holder": holder, "name": name},
        field="account_holder",
    )


def _authorised(facts: Facts) -> list[str]:
    if facts.public:  # an authorisation would tell who is on the roster
        return []
    who = switching.find(*_who(facts))
    recipient = switching.recipient_of(who, facts.today) if who else ""
    return [without_marks(recipient)] if recipient else []


@rule("pension.place_in_province")
def place_in_province(facts: Facts) -> Refusal | None:
    """Another province is another procedure."""
    if facts.answers.get("place_in_province") is not False:
        return None
    return Refusal(
        _(
            "To receive your benefit in another province, file “Transfer of the benefit to another province” "
            "instead; it is on the page of procedures."
        ),
        field="place_in_province",
    )


@rule("pension.details_given")
def details_given(facts: Facts) -> Refusal | None:
    """Who changes personal details says which: identity number, phone or address (mẫu 2-CBH)."""
    said = [facts.answers.get(name) for name in ("id_changed", "phone_changed", "address_changed")]
    if facts.answers.get("case") != "personal_info" or any(said) or None in said:
        return None
    return Refusal(_("Say yes to at least one of these: what shall the office change?"), field="id_changed")


@rule("pension.from_next_list")
def from_next_list(facts: Facts) -> Refusal | None:
    """A list that has closed takes no change any more."""
    asked, day = str(facts.answers.get("effective_month") or ""), list_days.closing_day(facts.today)
    if not asked or day is None:
        return None
    first = list_days.next_list(facts.today, day)
    if date.fromisoformat(f"{asked}-01") >= first:
        return None
    return Refusal(
        _("The earliest payment list that still takes your change is that of %(month)s (expected).")
        % {"month": f"{first:%m/%Y}"},
        field="effective_month",
    )


@rule("pension.switch_confirmed")
def switch_confirmed(facts: Facts) -> Refusal | None:
    """A change is approved once its beneficiary has confirmed it, by another than who called back."""
    assert facts.dossier is not None
    switch = switching.of_dossier(facts.dossier)
    if switch is None:
        return _not_begun(facts)
    if switch.called_by_id is not None and facts.actor is not None and switch.called_by_id == facts.actor.pk:
        return Refusal(_("Another person than who called back must approve."))
    words = {
        SwitchRequest.State.UNCONFIRMED: _("The beneficiary has not confirmed with the code yet."),
        SwitchRequest.State.HELD: _("The change is held: call back first, see “Changes of payment”."),
        SwitchRequest.State.ENDED: _("The change has ended: it was taken back, or not wanted."),
    }.get(SwitchRequest.State(switch.state))
    return Refusal(words) if words else None


def _not_begun(facts: Facts) -> Refusal | None:
    """A worker has yet to begin the change of somebody on the roster; of others the desk decides alone,
    but for papers, which nobody has compared with the roster before.
    """
    known = switching.find(*_who(facts))
    if known is None or not known.entries.exists():
        return _not_known(facts)
    return Refusal(_("The change is just being prepared; please try again in a minute."))


def _not_known(facts: Facts) -> Refusal | None:
    on_paper = facts.dossier is not None and facts.dossier.channel == Dossier.Channel.POST
    if not on_paper or not BenefitEntry.objects.exists():
        return None
    return Refusal(
        _(
            "Nobody on the roster has this number and date of birth: ask for a supplement, or reject it. "
            "Nothing would change."
        )
    )
