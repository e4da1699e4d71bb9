"""The demo office: many procedures, dossiers in every state, made once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from portal.models import User
from procedures import urgent, workflow
from procedures.catalogue import definition_for
from procedures.models import Dossier


def _build(settings: object) -> str:
    settings.DEBUG = True  # type: ignore[attr-defined]
    said = StringIO()
    call_command("create_demo", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_the_demo_office_lives(settings: object) -> None:
    said = _build(settings)
    found = Dossier.objects.select_related("procedure", "office").exclude(state="draft")
    for slug in ("cam-ranh", "khanh-hoa"):
        mine = {d.procedure.slug for d in found if d.office and d.office.slug == slug}
        assert len(mine) >= 7
    assert len({dossier.procedure.slug for dossier in found}) >= 10
    states = {s.slug for d in found for s in definition_for(d).states} - {"draft"}
    money = {"paid", "account_wanted", "account_wanted_posted"}  # of payments, which lie above
    assert {dossier.state for dossier in found} == states - money
    assert not [problem for dossier in found for problem in workflow.verify_history(dossier)]
    assert all(dossier.filed_at <= dossier.updated_at for dossier in found if dossier.filed_at)
    clerk = User.objects.get(username="canbo.cam-ranh")
    assert [dossier.case for dossier in urgent.waiting(clerk)] == ["card_lost"]
    assert clerk.username in said
    before = Dossier.objects.count()
    _build(settings)
    assert Dossier.objects.count() == before


@pytest.mark.django_db
def test_demo_accounts_are_made_only_with_debug_on(settings: object) -> None:
    settings.DEBUG = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError):
        call_command("create_demo")
