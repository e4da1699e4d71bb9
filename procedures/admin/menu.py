"""The side menu of the staff desk, by role."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.roles import ADMINISTRATOR, EVERYBODY, LEADERS, role

Link = tuple[str, str, str, Collection[str]]
"""Words, icon, name of the address, roles."""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links for the theme's sidebar; only what the role may open."""
    mine = role(request.user)
    groups: list[tuple[str, list[Link]]] = [
        (
            _("Review"),
            [
                (_("Queue"), "inbox", "admin:procedures_dossier_changelist", EVERYBODY),
                (
                    _("Mailroom"),
                    "barcode_scanner",
                    "admin:procedures_dossier_scan",
                    {"clerk", "supervisor"},
                ),
                (_("Parcels"), "package_2", "admin:procedures_parcel_changelist", EVERYBODY),
                (_("Daily intake lists"), "list_alt", "admin:procedures_intakelist_changelist", EVERYBODY),
                (_("Ready for you"), "download", "admin:procedures_intakelist_ready", EVERYBODY),
                (_("Reconciliation"), "rule", "admin:procedures_reconciliation_changelist", EVERYBODY),
            ],
        ),
        (
            _("Catalogue"),
            [
                (_("Procedures"), "account_tree", "admin:procedures_procedureversion_changelist", EVERYBODY),
                (_("Legal figures"), "gavel", "admin:pension_legalfigure_changelist", EVERYBODY),
                (
                    _("Calendar exceptions"),
                    "event_busy",
                    "admin:procedures_calendarday_changelist",
                    EVERYBODY,
                ),
            ],
        ),
        (
            _("Offices"),
            [
                (_("Offices"), "apartment", "admin:procedures_office_changelist", EVERYBODY),
                (_("Closures"), "door_front", "admin:procedures_closure_changelist", EVERYBODY),
                (_("Members of staff"), "badge", "admin:procedures_staffmember_changelist", LEADERS),
                (_("Organisations"), "domain", "admin:portal_organisation_changelist", EVERYBODY),
                (_("Wards"), "map", "admin:portal_ward_changelist", EVERYBODY),
                (_("Banks"), "account_balance", "admin:procedures_bank_changelist", EVERYBODY),
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
                {"title": label, "icon": icon, "link": reverse(name)}
                for label, icon, name, roles in links
                if mine in roles
            ]
        )
    ]
