"""Words for the names that definitions use: who files, how papers come, kinds, rules, side effects."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

GROUPS: Mapping[str, Words] = {
    "A": _("Health insurance payments"),
    "B": _("Paying out benefits"),
    "C": _("Social insurance benefits"),
    "D": _("Books and cards"),
    "E": _("Contributions"),
    "F": _("Other"),
}
FILERS: Mapping[str, Words] = {
    "citizen": _("the person concerned"),
    "employer": _("the employer"),
    "health_facility": _("the health facility"),
    "agent": _("the collecting agent"),
}
HANDLED_BY: Mapping[str, Words] = {
    "district": _("the office where the citizen lives"),
    "province": _("the province office"),
}
MEDIUMS: Mapping[str, Words] = {
    "paper": _("paper"),
    "electronic": _("electronic document"),
    "money": _("money"),
    "paper+money": _("paper and money"),
    "electronic+money": _("electronic document and money"),
    "paper+electronic": _("paper and electronic document"),
    "electronic+paper": _("electronic document, on paper if wished"),
    "paper+digital": _("paper, with a digital copy"),
}
MODES: Mapping[str, Words] = {
    "generated": _("made by the portal"),
    "generated_then_post": _("made by the portal; sign it and post it"),
    "upload": _("upload a photo or a PDF"),
    "upload_then_original": _("upload a photo or a PDF, and post the original"),
    "post_original": _("post the original"),
}
ROLES: Mapping[str, Words] = {
    "citizen": _("the citizen"),
    "agent": _("the collecting agent"),
    "clerk": _("clerk"),
    "supervisor": _("supervisor"),
    "director": _("director"),
    "administrator": _("administrator"),
    "system": _("the portal"),
}
CLOCKS: Mapping[str, Words] = {
    "waiting": _("has not started"),
    "running": _("runs"),
    "paused": _("is paused"),
    "stopped": _("has stopped"),
}
TONES: Mapping[str, Words] = {
    "grey": _("grey"),
    "blue": _("blue"),
    "green": _("green"),
    "yellow": _("yellow"),
    "red": _("red"),
}
BUTTONS: Mapping[str, Words] = {
    "primary": _("main button"),
    "secondary": _("plain button"),
    "warning": _("warning button"),
}
NOTES: Mapping[str, Words] = {
    "none": _("is not asked"),
    "optional": _("may be given"),
    "required": _("must be given"),
}
UNITS: Mapping[str, Words] = {"working": _("working days"), "calendar": _("calendar days")}
LATEST: Mapping[str, Words] = {"": _("any day"), "today": _("today or earlier")}
PREFILLS: Mapping[str, Words] = {
    "": _("nothing"),
    "full_name": _("full name"),
    "date_of_birth": _("date of birth"),
    "id_number": _("number of the identity paper"),
    "insurance_number": _("social insurance number"),
    "phone": _("phone"),
    "email": _("e-mail address"),
    "ward": _("ward"),
    "street": _("street and house number"),
}
# The national list of dossier states.
STATUS_CODES: Mapping[str, Words] = {
    "0": _("0 – draft, not filed"),
    "1": _("1 – filed"),
    "2": _("2 – accepted"),
    "3": _("3 – not accepted"),
    "4": _("4 – being processed"),
    "5": _("5 – supplement requested"),
    "6": _("6 – payment due"),
    "7": _("7 – withdrawal asked"),
    "8": _("8 – stopped"),
    "9": _("9 – done"),
    "10": _("10 – result returned"),
}
KINDS: Mapping[str, Words] = {
    "text": _("a line of text"),
    "long_text": _("several lines of text"),
    "name": _("name of a person, upper-case"),
    "case": _("choice of the case"),
    "choice": _("choice of one answer"),
    "multiple": _("choice of several answers"),
    "yes_no": _("yes or no"),
    "confirm": _("a box to tick"),
    "date": _("day, month, year"),
    "date_or_year": _("date, or the year alone"),
    "month": _("month and year"),
    "period": _("quarter or month of a year"),
    "years_months": _("length in years and months"),
    "integer": _("whole number"),
    "money": _("amount in đồng"),
    "digits": _("number made of digits"),
    "insurance_number": _("social insurance number"),
    "identity_paper": _("number of the identity paper"),
    "health_card": _("health card number"),
    "phone": _("phone"),
    "email": _("e-mail address"),
    "ward": _("ward"),
    "facility": _("health facility"),
    "unit_code": _("unit code"),
    "agent": _("collecting agent of the ward"),
    "bank": _("bank"),
    "bank_account": _("bank account"),
    "account_words": _("account in one's own words: number and bank"),
    "bank_holder": _("account holder, without marks"),
    "tracking_number": _("tracking number"),
    "group": _("list: the same questions in every row"),
}
# Checks of answers, and checks of actions: these look at the filed dossier.
RULES: Mapping[str, Words] = {
    "card_fits_person": _("Warns when a citizen card number does not fit sex and year of birth"),
    "dates_in_order": _("No end lies before its beginning"),
    "arrears_until_death": _("The last unpaid month is not after the month of death"),
    "retired_1994_to_2011": _("Retired from 01/01/1994 to 31/05/2011"),
    "month_not_past": _("The month asked for lies ahead"),
    "stay_in_order": _("Discharge is not before admission"),
    "account_typed_twice": _("The account number is typed twice alike"),
    "card_matches_number": _("The card number ends in the insurance number"),
    "account_of_refundee": _("The account belongs to the person refunded, or the heir"),
    "account_of_applicant": _("The account belongs to the applicant"),
    "pension.on_roster": _("The person is on the roster, by number and date of birth"),
    "pension.account_of_beneficiary": _("The new account belongs to the beneficiary, or who is authorised"),
    "pension.place_in_province": _("The new receiving place lies in the province"),
    "pension.details_given": _("At least one new detail of the person is given"),
    "pension.from_next_list": _("The change begins with the next payment list or later"),
    "pension.lump_sum_entitlement": _("Right to the lump sum: age, years, time since the last contribution"),
}
ACTION_RULES: Mapping[str, Words] = {
    "originals_complete": _("All paper originals have arrived"),
    "supplement_once": _("A supplement is asked for once, with a full list"),
    "supplement_answered": _("The answer brings a file or says something"),
    "legal_basis_given": _("The legal basis is given"),
    "apology_in_time": _("The new date is given once, before the deadline, and is a later working day"),
    "tracking_given": _("A tracking number is given"),
    "pension.switch_confirmed": _("The change of payment was confirmed through a second channel"),
    "entitlement_by_a_second_person": _("A change of entitlement is decided by another than who accepted"),
    "result_attached": _("A result asked for electronically is attached"),
    "payments.refund_proposed": _("The amount of a refund was proposed on the refunds desk"),
    "payments.refund_decided": _("The amount of a refund was approved on the refunds desk"),
    "payments.refund_paid": _("No refund is on its way any more"),
}
TOPICS: Mapping[str, Words] = {
    "documents.receipt": _("make the receipt"),
    "documents.form": _("make the official form"),
    "documents.labels": _("make the posting labels"),
    "documents.return_label": _("make the return label"),
    "documents.supplement_request": _("make the request for a supplement"),
    "documents.appointment_slip": _("make the slip that stands in for a health card"),
    "documents.agent_list": _("make the list of the collecting agent"),
    "documents.refusal": _("make the letter of refusal"),
    "documents.apology": _("make the letter of apology"),
    "notices.event": _("tell the citizen"),
    "payments.refund_asked": _("open the refund and give the collecting agent the task"),
    "pension.switch_filed": _("begin the change of payment"),
    "pension.switch_decided": _("put the change of payment on the next list, or end it"),
}
# What other side effects queue; no action of a procedure starts these.
INNER_TOPICS = frozenset(
    {
        "areas.ask",
        "areas.dossier",
        "areas.gather",
        "areas.parcel",
        "attachments.scan",
        "closures.days",
        "closures.reroute",
        "dispatches.labels",
        "dispatches.reported",
        "dossiers.assign",
        "exports.make",
        "intake.deliver",
        "notices.email",
        "payments.receipt",
        "payments.receipt_paper",
        "payments.batch_files",
        "payments.pay_pension_list",
        "payments.owe_pension_cash",
        "payments.settle_pension_cash",
        "payments.payout_result",
        "payments.bank_call",
        "payments.statement",
        "pension.check_roster",
        "pension.paper_arrived",
        "pension.send_code",
        "pension.take_roster",
        "pension.text_notice",
        "post.remind",
    }
)

# Names of files that are no papers of a procedure.
OWN_PAPERS = frozenset({"supplement", "result"})

# What history notes beside the actions of a procedure (``workflow.record``).
RECORDED: Mapping[str, Words] = {
    "assigned": _("Assigned to"),
    "result_replaced": _("Another result file"),
    "rerouted": _("Papers go to another office"),
    "handed_over": _("Another office looks after it now"),
    "days_closed": _("New date: the office was closed"),
    "parcel_received": _("A parcel has arrived"),
    "parcel_counted": _("A parcel was opened"),
    "parcel_returned": _("A parcel was sent back"),
    "taken_over": _("Taken over by a colleague"),
    "papers_reminded": _("Reminder: papers are still missing"),
    "dispatched_again": _("Result posted again"),
    "delivered": _("The post has delivered the result"),
    "undelivered": _("The post could not deliver the result"),
    "address_asked": _("Your address is needed"),
    "address_given": _("A new address for the result"),
    "to_send_again": _("The result will be posted again"),
    "came_on_paper": _("Arrived on paper, with the fields typed before"),
    "typed_with_help": _("Somebody helped to fill in the form"),
    "not_on_roster": _("Nobody on the roster has this number and date of birth"),
    "switch_confirmed": _("The change of payment was confirmed"),
    "switch_taken_back": _("The change of payment was taken back"),
    "first_payment_made": _("The first payment came through"),
    "first_payment_failed": _("The first payment failed; it is paid in cash"),
    "kept_here": _("The result waits for you at the office"),
    "payment_ordered": _("Payment ordered"),
    "payment_made": _("Paid"),
    "payment_failed": _("The bank could not pay"),
    "account_corrected": _("Account given again"),
}
# Of these, what is between the people of the office: citizens do not read it.
INNER_RECORDS = frozenset({"assigned", "not_on_roster", "taken_over"})

CALCULATORS = {
    "lump-sum": "bhxh-mot-lan",
    "pension": "luong-huu",
    "voluntary-insurance": "bhxh-tu-nguyen",
    "health-insurance-only": "bhyt-ho-gia-dinh",
}
"""The calculator that the page of a procedure links to: its slug, by that of the procedure."""
