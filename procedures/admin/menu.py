"""The side menu of the staff desk, by role."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.roles import ADMINISTRATOR, EVERYBODY, LEADERS, role
from procedures import notes

MENTIONS = "admin:procedures_dossier_mentions"
Link = tuple[str, str, str, Collection[str]]
"""Words, icon, name of the address, roles."""
_LIST = "admin:procedures_"
_MONEY = "admin:payments_"
_PENSION = "admin:pension_"


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links for the theme's sidebar; only what the role may open."""
    mine = role(request.user)
    groups: list[tuple[str, list[Link]]] = [
        (
            _("Review"),
            [
                (_("Queue"), "inbox", f"{_LIST}dossier_changelist", EVERYBODY),
                (_("Mentions"), "alternate_email", MENTIONS, EVERYBODY),
                (_("Who works on what"), "group_work", f"{_LIST}dossier_team", LEADERS),
                (_("Figures"), "bar_chart", f"{_LIST}dossier_figures", LEADERS),
                (_("Supplement texts"), "format_quote", f"{_LIST}supplementtext_changelist", EVERYBODY),
            ],
        ),
        (
            _("Posted papers"),
            [
                (_("Mailroom"), "barcode_scanner", f"{_LIST}dossier_scan", {"clerk", "supervisor"}),
                (_("Parcels"), "package_2", f"{_LIST}parcel_changelist", EVERYBODY),
                (_("Handover lists"), "local_shipping", f"{_LIST}handoverlist_changelist", EVERYBODY),
                (_("Missing originals"), "hourglass_top", f"{_LIST}waitingdossier_changelist", EVERYBODY),
            ],
        ),
        (
            _("Posting results"),
            [
                (_("Results to be posted"), "outbox_alt", f"{_LIST}dispatchbatch_waiting", EVERYBODY),
                (_("Dispatch batches"), "inventory_2", f"{_LIST}dispatchbatch_changelist", EVERYBODY),
                (_("Results that came back"), "assignment_return", f"{_LIST}shipment_desk", EVERYBODY),
                (_("Delivery files"), "fact_check", f"{_LIST}deliveryfile_changelist", EVERYBODY),
            ],
        ),
        (
            _("Intake books"),
            [
                (_("Daily intake lists"), "list_alt", f"{_LIST}intakelist_changelist", EVERYBODY),
                (_("Ready for you"), "download", f"{_LIST}intakelist_ready", EVERYBODY),
                (_("Reconciliation"), "rule", f"{_LIST}reconciliation_changelist", EVERYBODY),
            ],
        ),
        (
            _("Money"),
            [
                (
                    _("Contribution orders"),
                    "request_quote",
                    f"{_MONEY}contributionorder_changelist",
                    EVERYBODY,
                ),
                (_("Ledger"), "balance", f"{_MONEY}posting_changelist", EVERYBODY),
                (_("Bank accounts"), "savings", f"{_MONEY}officeaccount_changelist", EVERYBODY),
                (_("Receipts"), "receipt_long", "admin:payments_receipt_changelist", EVERYBODY),
                (_("Lump sums"), "savings", f"{_MONEY}lumpsum_changelist", EVERYBODY),
                (_("Cash vouchers"), "payments", f"{_MONEY}cashvoucher_changelist", EVERYBODY),
                (_("Cash drawn"), "local_atm", f"{_MONEY}cashsupply_changelist", EVERYBODY),
                (_("Closings of the till"), "point_of_sale", f"{_MONEY}cashday_changelist", EVERYBODY),
                (_("Payment orders"), "payments", f"{_MONEY}paymentorder_changelist", EVERYBODY),
                (_("Cash of payment lists"), "payments", f"{_MONEY}cashorder_changelist", EVERYBODY),
                (_("Payout batches"), "account_balance_wallet", f"{_MONEY}payoutbatch_changelist", EVERYBODY),
                (_("Results of the bank"), "fact_check", f"{_MONEY}resultfile_changelist", EVERYBODY),
                (_("Bank statements"), "receipt_long", f"{_MONEY}statementfile_changelist", EVERYBODY),
                (_("Suspense desk"), "help_center", f"{_MONEY}suspenseitem_changelist", EVERYBODY),
                (
                    _("Columns of the banks' CSV"),
                    "table_view",
                    f"{_MONEY}csvmapping_changelist",
                    ADMINISTRATOR,
                ),
                (_("Refunds"), "currency_exchange", f"{_MONEY}refund_changelist", EVERYBODY),
                (_("Orders given back"), "undo", f"{_MONEY}orderreturn_changelist", EVERYBODY),
            ],
        ),
        (
            _("Pensions"),
            [
                (_("Rosters"), "groups", f"{_PENSION}rosterimport_changelist", EVERYBODY),
                (_("Payment lists"), "payments", f"{_PENSION}paymentlist_changelist", EVERYBODY),
                (_("Returns of paying points"), "fact_check", f"{_PENSION}cashreturn_changelist", EVERYBODY),
                (_("Changes of payment"), "swap_horiz", f"{_PENSION}switchrequest_changelist", EVERYBODY),
                (_("Cash and accounts"), "donut_small", f"{_PENSION}rosterimport_shares", EVERYBODY),
            ],
        ),
        (
            _("Catalogue"),
            [
                (_("Procedures"), "account_tree", f"{_LIST}procedureversion_changelist", EVERYBODY),
                (_("Legal figures"), "gavel", f"{_LIST}legalfigure_changelist", EVERYBODY),
                (
                    _("Proposed figures"),
                    "rule",
                    f"{_LIST}figureproposal_changelist",
                    {"director", "administrator"},
                ),
                (
                    _("Calendar exceptions"),
                    "event_busy",
                    f"{_LIST}calendarday_changelist",
                    EVERYBODY,
                ),
            ],
        ),
        (
            _("Offices"),
            [
                (_("Offices"), "apartment", f"{_LIST}office_changelist", EVERYBODY),
                (_("Closures"), "door_front", f"{_LIST}closure_changelist", EVERYBODY),
                (_("Changes of areas"), "alt_route", f"{_LIST}areachange_changelist", ADMINISTRATOR),
                (
                    _("Staff without an office"),
                    "person_off",
                    f"{_LIST}staffmove_changelist",
                    ADMINISTRATOR,
                ),
                (_("Members of staff"), "badge", f"{_LIST}staffmember_changelist", LEADERS),
                (_("Organisations"), "domain", "admin:portal_organisation_changelist", EVERYBODY),
                (
                    _("Wards of agents"),
                    "storefront",
                    f"{_LIST}agentarea_changelist",
                    EVERYBODY,
                ),
                (_("Wards"), "map", "admin:portal_ward_changelist", EVERYBODY),
                (
                    _("Post offices"),
                    "markunread_mailbox",
                    f"{_LIST}postoffice_changelist",
                    EVERYBODY,
                ),
                (_("Banks"), "account_balance", f"{_LIST}bank_changelist", EVERYBODY),
            ],
        ),
        (
            _("System"),
            [
                (_("Users"), "group", "admin:portal_user_changelist", ADMINISTRATOR),
                (_("Queued side effects"), "outbox", "admin:portal_outboxmessage_changelist", ADMINISTRATOR),
                (_("Access log"), "visibility", "admin:portal_accesslog_changelist", LEADERS),
            ],
        ),
    ]
    return [
        {"title": title, "separator": True, "items": items}
        for title, links in groups
        if (
            items := [
                {"title": label, "icon": icon, "link": reverse(name), **_badge(request, name)}
                for label, icon, name, roles in links
                if mine in roles
            ]
        )
    ]


def _badge(request: HttpRequest, name: str) -> dict[str, Any]:
    """How many mentions wait, beside their link."""
    waiting = notes.unread(request.user) if name == MENTIONS else 0  # type: ignore[arg-type]
    return {"badge": str(waiting), "badge_variant": "danger"} if waiting else {}
