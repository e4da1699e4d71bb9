"""Changes of payment that tests file, confirm and let be approved."""

import re
from datetime import date
from typing import Any

from django.core import mail
from django.test import Client
from django.utils import timezone

from pension import switching
from pension.models import SwitchRequest
from portal import outbox
from portal.dated import month_after
from portal.models import User
from procedures import catalogue, workflow
from procedures.catalogue import definition_of
from procedures.models import Dossier
from tests import answers
from tests.conftest import file_draft
from tests.pension.rosters import row

SLUG = "change-payment-method"


def list_month() -> date:
    return month_after(timezone.localdate(), 2)


def row_of(who: User, **said: Any) -> list[str]:
    year, month, day = who.date_of_birth.split("-")
    return row(who.username, who.full_name, born=f"{day}/{month}/{year}", **said)


def draft(who: User, case: str = "cash_to_account", **given: Any) -> Dossier:
    version = catalogue.published(SLUG)
    assert version is not None
    year, month, day = who.date_of_birth.split("-")
    given = {"date_of_birth": f"{day}/{month}/{year}", "effective_month": f"{list_month():%m/%Y}", **given}
    return answers.make_draft(definition_of(version), case, who, timezone.localdate(), **given)


def filed(who: User, case: str = "cash_to_account", **given: Any) -> tuple[Dossier, SwitchRequest]:
    dossier = file_draft(draft(who, case, **given))
    outbox.drain()
    switch = switching.of_dossier(dossier)
    assert switch is not None
    return dossier, switch


def page_of(dossier: Dossier) -> str:
    return f"/luong-huu/doi-cach-nhan/{dossier.code}/"


def last_code() -> str:
    found = re.search(r"\b(\d{6})\b", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def confirmed(client: Client, who: User, dossier: Dossier) -> None:
    client.force_login(who)
    assert client.post(page_of(dossier), {"viec": "gui-ma"}).status_code == 303
    outbox.drain()
    assert client.post(page_of(dossier), {"viec": "xac-nhan", "code": last_code()}).status_code == 303


def approved(dossier: Dossier, clerk: User, supervisor: User) -> None:
    workflow.move(dossier, "accept", actor=clerk, key="a")
    workflow.move(dossier, "propose", actor=clerk, key="p")
    workflow.move(dossier, "approve", actor=supervisor, key="x")
    outbox.drain()
