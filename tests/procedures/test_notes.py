"""Notes of an office on a dossier, whom they mean, and who never reads them."""

from collections.abc import Callable

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone

from portal.models import User
from procedures import notes, papers
from procedures.models import Dossier, Mention, Note, Office, StaffMember

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"
MENTIONS = f"{QUEUE}nhac-ten/"


def _leave(client: Client, dossier: Dossier, words: str, *to: User, key: str = "n") -> int:
    data = {"note": words, "to": [str(user.pk) for user in to], "key": key}
    return client.post(f"{QUEUE}{dossier.pk}/ghi-chu/", data).status_code


def _page(client: Client, dossier: Dossier) -> str:
    return client.get(f"{QUEUE}{dossier.pk}/change/").content.decode()


def test_a_note_is_read_by_the_office_and_by_nobody_else(
    filed: Dossier, clerk: User, supervisor: User, other_clerk: User, sign_in: SignIn
) -> None:
    assert _leave(sign_in(clerk), filed, "Sổ bị nhòe trang 3.") == 303
    assert "Sổ bị nhòe trang 3." in _page(sign_in(supervisor), filed)
    citizen = sign_in(filed.owner)
    for path in (f"/ho-so/{filed.code}/", "/ho-so/", f"{QUEUE}{filed.pk}/change/"):
        assert "nhòe" not in citizen.get(path).content.decode()
    assert _page(sign_in(other_clerk), filed).count("nhòe") == 0
    assert filed.events.count() == 1
    assert papers.control_sheet(filed, now=timezone.now())


def test_pressing_twice_leaves_one_note(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    for _ in range(2):
        assert _leave(sign_in(clerk), filed, "Gọi lại.", supervisor) == 303
    assert Note.objects.count() == 1
    assert Mention.objects.count() == 1


def test_who_is_chosen_or_named_in_a_note_finds_it_among_the_mentions(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _leave(sign_in(clerk), filed, "@trần quốc sơn xem giúp.", key="a")
    _leave(sign_in(supervisor), filed, "Xem rồi.", clerk, key="b")
    for user, words in ((supervisor, "xem giúp"), (clerk, "Xem rồi")):
        client = sign_in(user)
        page = client.get(MENTIONS).content.decode()
        assert words in page
        assert notes.unread(user) == 1
    assert "<b>@trần quốc sơn</b>" in _page(sign_in(clerk), filed)


def test_the_menu_counts_mentions_until_they_are_read(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    for key in "ab":
        _leave(sign_in(clerk), filed, "Xem giúp.", supervisor, key=key)
    client = sign_in(supervisor)
    first, _second = Mention.objects.order_by("pk")
    response = client.post(MENTIONS, {"so": first.pk})
    assert response["Location"] == f"{QUEUE}{filed.pk}/change/#note-{first.note_id}"
    first.refresh_from_db()
    assert first.read_at is not None
    assert notes.unread(supervisor) == 1
    client.post(MENTIONS, {"tat-ca": "1"})
    assert notes.unread(supervisor) == 0
    assert Mention.objects.get(pk=first.pk).read_at == first.read_at


def test_nobody_takes_the_mentions_of_another_as_read(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _leave(sign_in(clerk), filed, "Xem giúp.", supervisor)
    mention = Mention.objects.get()
    assert sign_in(clerk).post(MENTIONS, {"so": mention.pk})["Location"] == MENTIONS
    mention.refresh_from_db()
    assert mention.read_at is None
    assert "Xem giúp." not in sign_in(clerk).get(MENTIONS).content.decode()


def test_only_colleagues_of_the_office_are_told(
    filed: Dossier, clerk: User, other_clerk: User, stranger: User, sign_in: SignIn
) -> None:
    words = f"@{other_clerk.full_name} @{stranger.full_name}"
    assert _leave(sign_in(clerk), filed, words, other_clerk, stranger, clerk, filed.owner) == 303
    assert not Mention.objects.exists()


@pytest.mark.parametrize("person", ["director", "administrator"])
def test_who_looks_on_reads_notes_and_leaves_none(
    person: str, filed: Dossier, clerk: User, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    _leave(sign_in(clerk), filed, "Sổ bị nhòe.")
    client = sign_in(request.getfixturevalue(person))
    assert "Sổ bị nhòe." in _page(client, filed)
    assert _leave(client, filed, "Tôi cũng thấy.", key="d") == 422
    assert Note.objects.count() == 1


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 4001])
def test_a_note_that_is_refused_keeps_what_was_typed(
    words: str, filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    data = {"note": words, "to": [supervisor.pk], "key": "k"}
    response = sign_in(clerk).post(f"{QUEUE}{filed.pk}/ghi-chu/", data)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert f'value="{supervisor.pk}" data-name="{supervisor.full_name}" checked' in page
    assert not Note.objects.exists()


def test_a_note_is_words_and_never_markup(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    User.objects.filter(pk=supervisor.pk).update(full_name='Sơn <img src=x onerror="a()">')
    _leave(
        sign_in(clerk), filed, '<script>alert(1)</script> @Sơn <img src=x onerror="a()"> &amp;', supervisor
    )
    for page in (_page(sign_in(supervisor), filed), sign_in(supervisor).get(MENTIONS).content.decode()):
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_notes_go_with_the_dossier_to_another_office(
    filed: Dossier, clerk: User, supervisor: User, other_clerk: User, sign_in: SignIn
) -> None:
    _leave(sign_in(clerk), filed, "Sổ bị nhòe.", supervisor)
    Dossier.objects.filter(pk=filed.pk).update(office=Office.objects.get(slug="ninh-hoa"))
    assert "Sổ bị nhòe." in _page(sign_in(other_clerk), filed)
    assert notes.unread(supervisor) == 0
    assert "Sổ bị nhòe." not in sign_in(supervisor).get(MENTIONS).content.decode()
    StaffMember.objects.filter(user=supervisor).update(office=Office.objects.get(slug="ninh-hoa"))
    assert notes.unread(User.objects.get(pk=supervisor.pk)) == 1


def test_the_database_keeps_notes_as_they_are(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _leave(sign_in(clerk), filed, "Sổ bị nhòe.", supervisor)
    sign_in(supervisor).post(MENTIONS, {"tat-ca": "1"})
    for statement in (
        "UPDATE procedures_note SET text = 'x'",
        "DELETE FROM procedures_note",
        "UPDATE procedures_mention SET read_at = NULL",
        "DELETE FROM procedures_mention",
    ):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            connection.cursor().execute(statement)
