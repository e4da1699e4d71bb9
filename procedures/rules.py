"""Rules that hold for the workflow of any procedure."""

from django.utils.translation import gettext as _

from portal.text import without_marks
from procedures.hooks import Facts, Refusal, rule


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


@rule("tracking_given")
def tracking_given(facts: Facts) -> Refusal | None:
    """A result that goes by post goes with a tracking number."""
    if facts.answers.get("tracking"):
        return None
    return Refusal(_("Please type or scan the tracking number of the parcel."), field="tracking")


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
