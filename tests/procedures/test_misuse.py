"""What somebody might try with organisations, the editor, closures and keys, and what comes of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import User
from procedures import catalogue, closures, demo, dossiers, filers, offices, workflow
from procedures.models import Closure, Dossier, Office, ProcedureVersion
from tests.conftest import file_draft
from tests.editing import VERSIONS, begin, content, current, publish, save, upload
from tests.html_forms import untouched

SignIn = Callable[[User], Client]

pytestmark = pytest.mark.django_db


# --- Organisations -------------------------------------------------------------------------------


@pytest.fixture
def waiting(db: None) -> User:
    """An employer of Cam Ranh that nobody has confirmed yet."""
    return demo.organisation("employer", "HỢP TÁC XÃ SAO MAI", "TK0999K", ward="22429", confirmed_by=None)


def _settle_form(client: Client, organisation: User) -> dict[str, str]:
    page = client.get(f"/quan-tri/portal/organisation/{organisation.organisation.pk}/change/")
    return untouched(page, having="reason")  # type: ignore[arg-type,return-value]


def test_an_organisation_that_changed_its_name_since_it_was_looked_at_is_not_confirmed(
    waiting: User, clerk: User, sign_in: SignIn
) -> None:
    desk = sign_in(clerk)
    form = _settle_form(desk, waiting)
    User.objects.filter(pk=waiting.pk).update(full_name="CÔNG TY CỦA NGƯỜI KHÁC")
    address = f"/quan-tri/portal/organisation/{waiting.organisation.pk}/xac-nhan/"
    desk.post(address, {**form, "confirm": "1"})
    waiting.organisation.refresh_from_db()
    assert waiting.organisation.confirmed_at is None
    assert "vừa thay đổi" in desk.get(address.replace("xac-nhan", "change")).content.decode()
    desk.post(address, {**_settle_form(desk, waiting), "confirm": "1"})
    waiting.organisation.refresh_from_db()
    assert waiting.organisation.confirmed_at is not None


def test_a_draft_begun_as_another_kind_of_organisation_is_not_filed(clerk: User) -> None:
    employer = demo.organisation("employer", "CÔNG TY ÁNH DƯƠNG", "TK0123K", ward="22429", confirmed_by=None)
    draft = dossiers.start(employer, current("maternity"))
    own = employer.organisation
    own.kind, own.code, own.confirmed_at, own.confirmed_by = "agent", "DL01", timezone.now(), clerk
    own.save()
    with pytest.raises(workflow.MoveRefused, match="loại tổ chức khác"):
        filers.sign(draft)
    assert dossiers.start(employer, current("maternity")).filer == "agent"


# --- The editor ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "toml",
    [
        'use = ["../lump-sum"]',
        'use = ["/etc/passwd"]',
        'use = ["a\\u0000b"]',
        f'use = ["{"x" * 5000}"]',
        "use = 5",
        "use = [5]",
        'use = [["person"]]',
        "steps = 5",
        "steps = [5]",
        "steps = [{slug = [1]}]",
        'use = ["person"]\nsteps = [{slug = {}}]',
        'fields = [{use = ["person"]}]',
        "x = " + "[" * 5000 + "]" * 5000,
        "x = " + "9" * 5000,
        "x = 1979-99-99",
        "fee = 1e400",
    ],
)
def test_a_file_that_means_harm_is_refused_in_words(toml: str, editor: Client) -> None:
    draft = begin(editor)
    refused = upload(editor, draft, toml)
    assert refused.status_code == 422
    assert "may not have" not in refused.content.decode()


def test_a_condition_that_would_fill_the_memory_is_refused(editor: Client) -> None:
    draft = begin(editor)
    either = '{any = [{field = "phone", filled = true}, {field = "email", filled = true}]}'
    toml = catalogue.to_toml(content(draft)).replace(
        "[[fields]]\n", "[[fields]]\nwhen = {all = [" + ", ".join([either] * 26) + "]}\n", 1
    )
    assert upload(editor, draft, toml).status_code == 422


def test_a_condition_nested_without_end_is_refused(editor: Client) -> None:
    draft = begin(editor)
    deep = "{all = [" * 150 + '{field = "phone", filled = true}' + "]}" * 150
    toml = catalogue.to_toml(content(draft)).replace("[[fields]]\n", f"[[fields]]\nwhen = {deep}\n", 1)
    assert upload(editor, draft, toml).status_code == 422


def test_a_file_with_thousands_of_parts_is_refused(editor: Client) -> None:
    draft = begin(editor)
    one = '[[steps]]\nslug = "s{}"\ntitle = {{vi = "a", en = "a"}}\n'
    toml = catalogue.to_toml(content(draft)) + "\n" + "".join(one.format(i) for i in range(2000))
    refused = upload(editor, draft, toml)
    assert refused.status_code == 422
    assert "quá dài" in refused.content.decode()


def test_who_wrote_a_draft_that_was_set_aside_does_not_publish_what_is_drafted_from_it(
    editor: Client, colleague: Client
) -> None:
    draft = begin(editor)
    save(editor, draft, "facts/", fee="5000")
    assert editor.post(f"{VERSIONS}{draft.pk}/gac-lai/").status_code == 303
    assert colleague.post(f"{VERSIONS}{draft.pk}/nhap/").status_code == 303
    again = ProcedureVersion.objects.get(procedure__slug="lump-sum", status="draft")
    assert publish(editor, again).status_code == 403


@pytest.mark.parametrize("value", [["a", "b"], [{"x": "1"}], [["a"]], "chữ"])
def test_a_draft_whose_questions_became_of_other_kinds_can_still_be_opened(
    value: object, draft: Dossier, sign_in: SignIn
) -> None:
    client = sign_in(draft.owner)
    for field in catalogue.definition_for(draft).fields:
        Dossier.objects.filter(pk=draft.pk).update(typed={**draft.typed, field.name: value})
        for page in (f"buoc/{field.step}/", "kiem-tra/"):
            assert client.get(f"/ho-so/{draft.draft_code}/{page}").status_code in {200, 302}


# --- Closures ------------------------------------------------------------------------------------


def _closure(**more: object) -> Closure:
    return Closure.objects.create(
        office=Office.objects.get(slug="cam-ranh"),
        scope="all",
        reason="Phong tỏa",
        document="6225/UBND-KGVX",
        **{"starts_at": timezone.now() - timedelta(minutes=1), **more},
    )


def test_a_filing_that_did_not_see_a_closure_yet_is_sent_elsewhere_by_the_next_look(draft: Dossier) -> None:
    offices.closures(timezone.now())  # this process knows of none for five seconds
    closure = _closure()
    Closure.objects.filter(pk=closure.pk).update(begun_at=timezone.now())  # another process followed it up
    filed = file_draft(draft)
    assert filed.post_to is None
    closures.follow_up(timezone.now() + timedelta(minutes=1))
    outbox.drain()
    filed.refresh_from_db()
    assert filed.post_to is not None


def test_a_worker_that_does_not_know_of_a_closure_yet_still_sends_papers_elsewhere(filed: Dossier) -> None:
    closures.follow_up(timezone.now())
    offices.closures(timezone.now())
    _closure()
    with transaction.atomic():
        outbox.enqueue("closures.reroute", key="x", dossier=filed.pk)
    outbox.drain()
    filed.refresh_from_db()
    assert filed.post_to is not None


def test_what_has_begun_is_ended_by_a_date_and_nothing_else(supervisor: User, sign_in: SignIn) -> None:
    closure, client = _closure(), sign_in(supervisor)
    closures.follow_up(timezone.now())
    address = f"/quan-tri/procedures/closure/{closure.pk}/change/"
    page = client.get(address).content.decode()
    assert 'name="ends_at_0"' in page
    assert 'name="office"' not in page
    assert 'name="starts_at_0"' not in page
    Closure.objects.filter(pk=closure.pk).update(ends_at=timezone.now(), ended_at=timezone.now())
    assert 'name="ends_at_0"' not in client.get(address).content.decode()


# --- Keys ----------------------------------------------------------------------------------------


def test_a_citizen_cannot_take_the_key_of_what_the_portal_will_do(filed: Dossier, sign_in: SignIn) -> None:
    client = sign_in(filed.owner)
    client.post(f"/ho-so/{filed.code}/rut/", {"key": "days:1:1", "note": "x"})
    filed.refresh_from_db()
    assert filed.state == "withdrawn"
    assert not filed.events.filter(key="days:1:1").exists()
