"""Rules that hold for the workflow of any procedure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.identifiers import citizen_card_doubts, compact
from portal.text import without_marks
from procedures import deadlines
from procedures.hooks import Doubt, Facts, Refusal, doubt_rule, rule


@rule("originals_complete")
def originals_complete(facts: Facts) -> Refusal | None:
    """Every paper original the dossier waits for has arrived."""
    assert facts.dossier is not None
    missing = [str(original.label_vi) for original in facts.dossier.originals.filter(received_at=None)]
    if not missing:
        return None
    return Refusal(_("Still missing: %(papers)s.") % {"papers": "; ".join(missing)})


@rule("supplement_once")
def supplement_once(facts: Facts) -> Refusal | None:
    """A supplement is asked for once, with the full list (NĐ 61/2018/NĐ-CP Đ.17, 19; likely)."""
    assert facts.dossier is not None
    if facts.dossier.events.filter(action="ask_supplement").exists():
        return Refusal(_("A supplement has been asked for already; the law allows it once."))
    if not facts.answers.get("missing"):
        return Refusal(_("Please list what is missing, one paper or fact a line."), field="missing")
    return None


@rule("supplement_answered")
def supplement_answered(facts: Facts) -> Refusal | None:
    """The citizen's answer says something or brings a file."""
    assert facts.dossier is not None
    asked = facts.dossier.events.filter(action="ask_supplement").order_by("-sequence").first()
    brought = (
        asked is not None
        and facts.dossier.attachments.filter(removed_at=None, uploaded_at__gte=asked.at).exists()
    )
    if brought or facts.answers.get("message"):
        return None
    return Refusal(_("Please add a file or write an answer."), field="message")


@rule("legal_basis_given")
def legal_basis_given(facts: Facts) -> Refusal | None:
    """A rejection names the law it rests on."""
    if facts.answers.get("legal_basis"):
        return None
    return Refusal(_("Please write the legal basis of the rejection."), field="legal_basis")


@rule("apology_in_time")
def apology_in_time(facts: Facts) -> Refusal | None:
    """Pardon is asked once, before the deadline, for a later working day (NĐ 61/2018 Đ.19; likely)."""
    assert facts.dossier is not None
    due_at, new = facts.dossier.due_at, facts.answers.get("due", "")
    if due_at is None:
        return Refusal(_("No day has been promised yet."))
    if facts.dossier.events.filter(action="apologise").exists():
        return Refusal(_("A new date has been given already; it may be given once (expected)."))
    if facts.today > timezone.localdate(due_at):
        return Refusal(_("The deadline has passed: a new date is given before it."))
    if not new:
        return Refusal(_("Please give the new date."), field="new_due")
    if datetime.fromisoformat(new) <= due_at:
        return Refusal(_("The new date must lie after the promised one."), field="new_due")
    if not deadlines.calendar().is_working(timezone.localdate(datetime.fromisoformat(new))):
        return Refusal(_("The new date must be a working day."), field="new_due")
    return None


@rule("tracking_given")
def tracking_given(facts: Facts) -> Refusal | None:
    """A result that goes by post goes with a tracking number."""
    if facts.answers.get("tracking"):
        return None
    return Refusal(_("Please type or scan the tracking number of the parcel."), field="tracking")


# Cases of book-and-card after which somebody is owed another amount; the others reissue or correct data.
_ENTITLEMENT = frozenset({"card_change_benefit", "book_merge", "book_correct_history"})


@rule("entitlement_by_a_second_person")
def entitlement_by_a_second_person(facts: Facts) -> Refusal | None:
    """Who accepted a change of benefit level or of contribution history does not decide it as well."""
    assert facts.dossier is not None
    accepted = facts.dossier.events.filter(action="accept").order_by("-sequence").first()
    if facts.dossier.case not in _ENTITLEMENT or accepted is None or accepted.actor_id is None:
        return None
    if facts.actor is None or facts.actor.pk != accepted.actor_id:
        return None
    return Refusal(_("This changes what somebody is entitled to: another person must decide."))


@rule("result_attached")
def result_attached(facts: Facts) -> Refusal | None:
    """Who asked for an electronic result gets it before the dossier is closed."""
    if facts.answers.get("result_delivery") != "electronic" or facts.answers.get("result_file"):
        return None
    return Refusal(_("The citizen asked for an electronic result: please attach it as a PDF."), "result")


@rule("dates_in_order")
def dates_in_order(facts: Facts) -> Refusal | None:
    """Of every pair of answers ``…_from`` and ``…_to`` the second is not earlier."""
    for name, start in facts.answers.items():
        end = name.removesuffix("_from") + "_to"
        if name.endswith("_from") and start and facts.answers.get(end) and facts.answers[end] < start:
            return Refusal(_("The end must not lie before the beginning."), field=end)
    return None


@rule("arrears_until_death")
def arrears_until_death(facts: Facts) -> Refusal | None:
    """Months not received end with the month of death."""
    last, died = str(facts.answers.get("unpaid_to", "")), str(facts.answers.get("date_of_death", ""))
    if last and died and last > died[:7]:
        return Refusal(_("The last month must not lie after the month of death."), field="unpaid_to")
    return None


@rule("retired_1994_to_2011")
def retired_1994_to_2011(facts: Facts) -> Refusal | None:
    """Retired from 01/01/1994 to 31/05/2011 (NĐ 14/2020/NĐ-CP)."""
    if "1994-01-01" <= str(facts.answers.get("retire_date", "1994-01-01")) <= "2011-05-31":
        return None
    return Refusal(_("This allowance is for those who retired from 01/01/1994 to 31/05/2011."), "retire_date")


@rule("month_not_past")
def month_not_past(facts: Facts) -> Refusal | None:
    """A change takes effect with the next payment month at the earliest."""
    asked = str(facts.answers.get("effective_month", ""))
    if not asked or asked > f"{facts.today:%Y-%m}":
        return None
    return Refusal(_("Please give next month or a later one."), field="effective_month")


@rule("stay_in_order")
def stay_in_order(facts: Facts) -> Refusal | None:
    """Nobody leaves a hospital before the day of admission."""
    came, left = facts.answers.get("admit_date", ""), facts.answers.get("discharge_date", "")
    if came and left and left < came:
        return Refusal(_("The day of discharge lies before the day of admission."), field="discharge_date")
    return None


@rule("account_typed_twice")
def account_typed_twice(facts: Facts) -> Refusal | None:
    """A wrong digit would send a pension elsewhere, so the number is typed twice."""
    if facts.answers.get("account_again") == facts.answers.get("account_number"):
        return None
    return Refusal(_("The two account numbers differ; please compare them."), field="account_again")


@rule("card_matches_number")
def card_matches_number(facts: Facts) -> Refusal | None:
    """The last ten characters of a health card number are the insurance number of its holder."""
    card, number = (compact(str(facts.answers.get(n, ""))) for n in ("card_number", "insurance_number"))
    if not card or not number or card[-10:] == number:
        return None
    return Refusal(
        _("The card number ends in %(end)s, but the insurance number is %(number)s. Please check both.")
        % {"end": card[-10:], "number": number},
        field="card_number",
    )


@rule("account_of_refundee")
def account_of_refundee(facts: Facts) -> Refusal | None:
    """A refund goes to the account of the refundee; after a death to the heir, who is the applicant."""
    dead = str(facts.answers.get("ground", "")).startswith("death")
    owner = "full_name" if dead else "refundee_name"
    holder, name = (str(facts.answers.get(n, "")) for n in ("account_holder", owner))
    if not holder or not name or without_marks(holder) == without_marks(name):
        return None
    if dead:
        return Refusal(
            _("After a death the money goes to the heir who asks: the holder “%(holder)s” is not “%(name)s”.")
            % {"holder": holder, "name": name},
            field="account_holder",
        )
    return Refusal(
        _("The account must belong to the person refunded: the holder “%(holder)s” is not “%(name)s”.")
        % {"holder": holder, "name": name},
        field="account_holder",
    )


@rule("account_of_applicant")
def account_of_applicant(facts: Facts) -> Refusal | None:
    """The account belongs to the applicant; marks and case do not count."""
    holder = str(facts.answers.get("account_holder", ""))
    name = str(facts.answers.get("full_name", ""))
    if not holder or not name or without_marks(holder) == without_marks(name):
        return None
    return Refusal(
        _("The account must be yours: the holder “%(holder)s” is not “%(name)s”.")
        % {"holder": holder, "name": name},
        field="account_holder",
    )


@doubt_rule("card_fits_person")
def card_fits_person(facts: Facts) -> list[Doubt]:
    """A citizen card number tells sex and year of birth (TT 59/2021/TT-BCA); of rows, each its own."""
    found = _card_doubts(facts.answers, "id_number")
    for field in facts.definition.fields:
        for number, row in enumerate(facts.answers.get(field.name) or () if field.columns else ()):
            name = f"{field.row or field.label} {number + 1}: "
            found += _card_doubts(row, f"{field.name}-{number}-id_number", name)
    return found


def _card_doubts(person: Mapping[str, Any], ident: str, name: str = "") -> list[Doubt]:
    told = {name: str(person.get(name) or "") for name in ("id_number", "gender", "date_of_birth")}
    words = citizen_card_doubts(told["id_number"], sex=told["gender"], born=told["date_of_birth"])
    return [Doubt(name + " ".join(words), ident)] if words else []
