"""Registration, sign-in and its lock-out, sessions, passwords, and what none of them tells."""

import random
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Session, User
from procedures import demo
from tests.conftest import PASSWORD
from tests.threads import at_once

SignIn = Callable[[User], Client]
ENTER = "/tai-khoan/dang-nhap/"
JOIN = "/tai-khoan/dang-ky/"
FORGOT = "/tai-khoan/quen-mat-khau/"
NEW = {
    "username": "56 0000 0001",
    "full_name": "nguyễn thị ánh tuyết",
    "date_of_birth_day": "1",
    "date_of_birth_month": "2",
    "date_of_birth_year": "1980",
    "id_number": "056180000123",
    "phone": "+84 905 123 456",
    "email": "tuyet@example.com",
    "ward": "22429",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


def _enter(client: Client, login: str, password: str = PASSWORD, **headers: str) -> HttpResponse:
    return client.post(ENTER, {"login": login, "password": password}, headers=headers)


def _inside(client: Client) -> bool:
    return "_auth_user_id" in client.session


def _known(client: Client) -> User | None:
    """Who is signed in by the cookies of ``client``, as its next page sees it."""
    seen = client.get("/tai-khoan/").wsgi_request.user
    return User.objects.get(pk=seen.pk) if seen.is_authenticated else None


def _lock(login: str) -> None:
    for _ in range(5):
        _enter(Client(), login, "doan-mo")


# --- Registration --------------------------------------------------------------------------------


def test_a_citizen_registers_with_the_insurance_number_as_user_name(db: None, client: Client) -> None:
    assert client.post(JOIN, NEW)["Location"] == "/ho-so/"
    user = User.objects.get(username="5600000001")
    assert user.full_name == "NGUYỄN THỊ ÁNH TUYẾT"
    assert (user.date_of_birth, user.id_number, user.phone) == ("1980-02-01", "056180000123", "0905123456")
    assert (user.ward_id, user.email) == ("22429", "tuyet@example.com")
    assert user.check_password(PASSWORD)
    assert _inside(client)


@pytest.mark.parametrize(
    ("field", "typed", "anchor"),
    [
        ("username", "561234567", "username"),
        ("username", "56123456ab", "username"),
        ("username", "canbo.cam-ranh", "username"),
        ("id_number", "999180000123", "id_number"),
        ("id_number", "12345", "id_number"),
        ("phone", "0123", "phone"),
        ("full_name", "Tuyết <b>", "full_name"),
        ("date_of_birth_year", "2999", "date_of_birth_day"),
        ("ward", "00001", "ward"),
        ("email", "tuyet@", "email"),
        ("password2", "mot-mat-khau-khac", "password2"),
    ],
)
def test_a_wrong_format_is_explained_at_its_field(
    field: str, typed: str, anchor: str, db: None, client: Client
) -> None:
    page = client.post(JOIN, {**NEW, field: typed}).content.decode()
    assert re.search(rf'href="#(id_)?{anchor}"', page)
    assert not User.objects.filter(is_superuser=False, username__startswith="56").exists()


@pytest.mark.parametrize(
    "password", ["ngan", "123456789012", "password123", "5600000001", "nguyễn thị ánh tuyết"]
)
def test_a_weak_password_is_refused(password: str, db: None, client: Client) -> None:
    client.post(JOIN, {**NEW, "password1": password, "password2": password})
    assert not User.objects.filter(username="5600000001").exists()


def test_registration_makes_citizens_and_nobody_else(db: None, client: Client) -> None:
    client.post(JOIN, {**NEW, "is_staff": "on", "is_superuser": "on", "staff": "1", "role": "administrator"})
    user = User.objects.get(username="5600000001")
    assert not user.is_staff
    assert not user.is_superuser
    assert not hasattr(user, "staff")


def test_a_number_is_registered_once_however_it_is_written(citizen: User, client: Client) -> None:
    number = citizen.username
    written = f"{number[:2]}.{number[2:6]} {number[6:]}"
    assert client.post(JOIN, {**NEW, "username": written}).status_code == 200
    assert User.objects.filter(username=number).count() == 1
    assert not _inside(client)


def test_registering_in_bulk_is_stopped(db: None) -> None:
    client = Client()
    answers = [
        client.post(JOIN, {**NEW, "username": f"56{n:08}", "phone": "x"}).status_code for n in range(31)
    ]
    assert answers[:30] == [200] * 30
    assert answers[30] == 429


# --- Sign-in and lock-out ------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["{0}", " {0} ", "{1} {2} {3}", "{1}.{2}.{3}", "{1}-{2}-{3}"])
def test_the_number_signs_in_with_blanks_dots_or_dashes(written: str, citizen: User, client: Client) -> None:
    number = citizen.username
    _enter(client, written.format(number, number[:2], number[2:6], number[6:]))
    assert _inside(client)


def test_five_wrong_passwords_lock_the_account_and_then_the_right_one_is_refused_too(citizen: User) -> None:
    _lock(citizen.username)
    client = Client()
    _enter(client, citizen.username)
    assert not _inside(client)


def test_four_wrong_passwords_do_not_lock(citizen: User, client: Client) -> None:
    for _ in range(4):
        _enter(client, citizen.username, "doan-mo")
    _enter(client, citizen.username)
    assert _inside(client)


def test_a_lock_is_for_one_account(citizen: User, stranger: User, client: Client) -> None:
    _lock(citizen.username)
    _enter(client, stranger.username)
    assert _inside(client)


def test_a_lock_ends_after_a_quarter_of_an_hour(citizen: User, time_machine: Any) -> None:
    time_machine.move_to(timezone.now())
    _lock(citizen.username)
    time_machine.shift(14 * 60)
    early, late = Client(), Client()
    _enter(early, citizen.username)
    time_machine.shift(2 * 60)
    _enter(late, citizen.username)
    assert (_inside(early), _inside(late)) == (False, True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "testserver:8443", "testserver:1"])
def test_another_host_header_is_no_way_around_the_lock(host: str, citizen: User) -> None:
    _lock(citizen.username)
    client = Client()
    _enter(client, citizen.username, host=host)
    assert not _inside(client)


def test_another_way_to_write_the_number_is_no_way_around_the_lock(citizen: User) -> None:
    number = citizen.username
    for at in range(1, 6):
        _enter(Client(), f"{number[:at]} {number[at:]}", "doan-mo")
    client = Client()
    _enter(client, number)
    assert not _inside(client)


def test_another_case_of_a_staff_name_is_no_way_around_the_lock(clerk: User) -> None:
    for written in ("Clerk.cam-ranh", "cLerk.cam-ranh", "clErk.cam-ranh", "CLERK.CAM-RANH", "clerk.cam-ranh"):
        _enter(Client(), written, "doan-mo")
    client = Client()
    _enter(client, clerk.username)
    assert not _inside(client)


def test_an_address_forged_in_a_header_is_no_way_around_the_limits(citizen: User) -> None:
    client = Client()
    for n in range(61):
        response = _enter(client, f"56{n:08}", "doan-mo", x_forwarded_for=f"203.0.113.{n}")
    assert response.status_code == 429


def test_behind_the_proxy_the_address_it_saw_counts(citizen: User, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client = Client()
    for n in range(61):
        same = _enter(client, f"56{n:08}", "doan-mo", x_forwarded_for=f"203.0.113.{n}, 198.51.100.7")
    other = _enter(client, citizen.username, x_forwarded_for="198.51.100.8")
    assert (same.status_code, other.status_code) == (429, 302)


def test_a_flood_of_other_names_does_not_wash_a_lock_away(citizen: User) -> None:
    _lock(citizen.username)
    for n in range(700):  # twice what Django's cache in the database keeps by itself
        cache.set(f"allauth:rl:allauth.account:login_failed:{n}", [1.0], 900)
    client = Client()
    _enter(client, citizen.username)
    assert not _inside(client)


def test_attempts_are_counted_in_the_database_so_a_broker_that_is_away_changes_nothing(citizen: User) -> None:
    def kept() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM portal_cache")
            return int(cursor.fetchone()[0])

    before = kept()
    _enter(Client(), citizen.username, "doan-mo")
    assert kept() > before


@pytest.mark.django_db(transaction=True)
def test_guesses_sent_at_the_same_moment_are_all_counted() -> None:
    who = demo.person(random.Random(3), "22429")
    demo.citizen(who, password=PASSWORD)
    at_once(*[lambda: _enter(Client(), who.number, "doan-mo") for _ in range(6)])
    client = Client()
    _enter(client, who.number)
    assert not _inside(client)


# --- What the pages do not tell ------------------------------------------------------------------


def _said(response: HttpResponse, *typed: str) -> str:
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    for words in typed:
        page = page.replace(words, "…")
    return page


def test_sign_in_says_the_same_for_an_account_there_is_and_one_there_is_not(citizen: User) -> None:
    answers = []
    for login in (citizen.username, "5699999999"):
        tries = [_said(_enter(Client(), login, "doan-mo"), login) for _ in range(7)]
        assert tries[4] != tries[5]
        answers.append(tries)
    assert answers[0] == answers[1]


def test_a_closed_account_shows_itself_only_to_who_has_the_password(citizen: User) -> None:
    User.objects.update(is_active=False)
    client = Client()
    wrong = _said(_enter(client, citizen.username, "doan-mo"), citizen.username)
    assert wrong == _said(_enter(Client(), "5699999999", "doan-mo"), "5699999999")
    assert _enter(client, citizen.username)["Location"] == "/tai-khoan/khoa/"
    assert not _inside(client)


def test_asking_for_a_new_password_says_the_same_for_every_address(citizen: User) -> None:
    User.objects.filter(pk=citizen.pk).update(email="an@example.com")
    answers = [Client().post(FORGOT, {"email": e}) for e in ("an@example.com", "ai.do@example.com")]
    assert [(a.status_code, a["Location"]) for a in answers] == [(302, f"{FORGOT}da-gui/")] * 2
    pages = [_said(Client().get(a["Location"])) for a in answers]
    assert pages[0] == pages[1]


def test_asking_for_new_passwords_in_bulk_is_stopped(citizen: User) -> None:
    answers = [Client().post(FORGOT, {"email": "an@example.com"}).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]


# --- New passwords -------------------------------------------------------------------------------


def _link(to: str) -> str:
    """The address in the newest mail to ``to``; empty when there is none."""
    mail.outbox.clear()
    Client().post(FORGOT, {"email": to})
    found = [re.search(r"https?://[^/]+(/tai-khoan/quen-mat-khau/\S+-\S+/)", m.body) for m in mail.outbox]
    return found[0][1] if found and found[0] else ""


def test_a_link_sets_a_new_password_once_and_ends_other_sessions(citizen: User, sign_in: SignIn) -> None:
    User.objects.filter(pk=citizen.pk).update(email="an@example.com")
    elsewhere, client = sign_in(citizen), Client()
    link = _link("an@example.com")
    form = client.get(link)["Location"]
    assert link.split("-", 2)[2] not in form  # the secret stands in no address a page could pass on
    new = {"password1": "mat-khau-moi-dai", "password2": "mat-khau-moi-dai"}
    assert client.post(form, new).status_code == 302
    citizen.refresh_from_db()
    assert citizen.check_password("mat-khau-moi-dai")
    assert elsewhere.get("/ho-so/").status_code == 302
    again = Client()
    again.post(
        again.get(link).headers.get("Location", link),
        {"password1": "lan-thu-hai-dai", "password2": "lan-thu-hai-dai"},
    )
    citizen.refresh_from_db()
    assert citizen.check_password("mat-khau-moi-dai")


def test_a_link_is_dead_after_two_hours(citizen: User, time_machine: Any) -> None:
    User.objects.filter(pk=citizen.pk).update(email="an@example.com")
    time_machine.move_to(timezone.now())
    link = _link("an@example.com")
    assert Client().get(link).status_code == 302
    time_machine.shift(2 * 60 * 60 + 1)
    assert Client().get(link).status_code == 200


def test_a_link_for_one_person_does_not_serve_another(citizen: User, stranger: User) -> None:
    User.objects.filter(pk=citizen.pk).update(email="an@example.com")
    link = _link("an@example.com")
    number = re.search(r"khau/([0-9a-z]+)-", link)
    assert number is not None
    other = link.replace(f"/{number[1]}-", f"/{_base36(stranger.pk)}-")
    assert Client().get(link).status_code == 302
    assert Client().get(other).status_code == 200


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def test_an_address_given_up_gets_no_new_password(db: None) -> None:
    client = Client()
    client.post(JOIN, {**NEW, "email": "cu@example.com"})
    profile = {"phone": "0905123456", "email": "Moi@Example.com", "ward": "22429", "street": ""}
    assert client.post("/tai-khoan/", profile).status_code == 303
    assert _link("cu@example.com") == ""
    assert _link("moi@example.com") != ""
    client.post("/tai-khoan/", {**profile, "email": ""})
    assert _link("moi@example.com") == ""


@pytest.mark.parametrize("address", ["/tai-khoan/mat-khau/", "/quan-tri/password_change/"])
def test_who_found_an_open_session_does_not_guess_its_password(
    address: str, clerk: User, sign_in: SignIn
) -> None:
    client, new = sign_in(clerk), "mat-khau-moi-dai"

    def change(old: str) -> int:
        typed = {"oldpassword": old, "password1": new, "password2": new}
        also = {"old_password": old, "new_password1": new, "new_password2": new}
        return client.post(address, typed | also).status_code

    assert [change(f"doan-{n}") for n in range(6)] == [200] * 5 + [429]
    assert change(PASSWORD) == 429
    clerk.refresh_from_db()
    assert clerk.check_password(PASSWORD)


@pytest.mark.parametrize("address", ["/tai-khoan/mat-khau/", "/quan-tri/password_change/"])
def test_a_new_password_ends_the_sessions_elsewhere(address: str, clerk: User, sign_in: SignIn) -> None:
    client, elsewhere, new = sign_in(clerk), sign_in(clerk), "mat-khau-moi-dai"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    also = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(address, typed | also).status_code == 302
    assert client.get("/quan-tri/procedures/dossier/").status_code == 200
    assert elsewhere.get("/quan-tri/procedures/dossier/").status_code == 302


# --- Sessions ------------------------------------------------------------------------------------


def test_a_session_from_before_the_sign_in_is_worth_nothing_after_it(citizen: User) -> None:
    client = Client()
    planted = client.session
    planted["x"] = 1
    planted.save()
    client.cookies["sessionid"] = planted.session_key
    _enter(client, citizen.username)
    assert _inside(client)
    assert client.cookies["sessionid"].value != planted.session_key
    thief = Client()
    thief.cookies["sessionid"] = planted.session_key
    assert thief.get("/ho-so/").status_code == 302


def test_a_session_and_its_user_are_read_in_one_statement(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/tai-khoan/").status_code == 200
    read = [query["sql"] for query in seen.captured_queries if "portal_user" in query["sql"]]
    assert len(read) == 1
    assert 'FROM "portal_session" LEFT OUTER JOIN "portal_user"' in read[0]


def test_a_session_that_was_taken_over_without_its_user_goes_on(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    Session.objects.update(user=None)
    assert _known(client) == citizen


def test_the_user_beside_a_session_counts_for_nothing_against_it(
    citizen: User, stranger: User, sign_in: SignIn
) -> None:
    client = sign_in(citizen)
    Session.objects.update(user=stranger)
    assert _known(client) == citizen


@pytest.mark.parametrize("spoiled", [{"is_active": False}, {"password": "another"}])
def test_a_session_ends_with_the_account_or_its_password(
    citizen: User, sign_in: SignIn, spoiled: dict[str, Any]
) -> None:
    client = sign_in(citizen)
    assert _known(client) == citizen
    User.objects.filter(pk=citizen.pk).update(**spoiled)
    assert _known(client) is None


def test_a_session_of_a_way_in_that_was_closed_ends(citizen: User, sign_in: SignIn, settings: Any) -> None:
    client = sign_in(citizen)
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    assert _known(client) is None


def test_who_is_signed_in_stays_so_when_django_had_kept_the_sessions(citizen: User, sign_in: SignIn) -> None:
    client = sign_in(citizen)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE django_session AS SELECT session_key, session_data, expire_date FROM portal_session"
        )
        cursor.execute("DELETE FROM portal_session")
        cursor.execute(import_module("portal.migrations.0006_sessions").TAKE_OVER)
        assert "django_session" not in connection.introspection.table_names(cursor)
    assert _known(client) == citizen


def test_signing_out_ends_the_session_on_the_server(citizen: User) -> None:
    client = Client()
    _enter(client, citizen.username)
    kept = client.cookies["sessionid"].value
    assert client.get("/tai-khoan/dang-xuat/").status_code == 200
    assert _inside(client)
    client.post("/tai-khoan/dang-xuat/")
    thief = Client()
    thief.cookies["sessionid"] = kept
    assert thief.get("/ho-so/").status_code == 302


def test_a_session_ends_with_the_browser_unless_one_asks_to_stay(citizen: User) -> None:
    short, long = Client(), Client()
    _enter(short, citizen.username)
    long.post(ENTER, {"login": citizen.username, "password": PASSWORD, "remember": "on"})
    assert short.cookies["sessionid"]["max-age"] == ""
    assert 0 < int(long.cookies["sessionid"]["max-age"]) <= 12 * 60 * 60
    for cookie in (short.cookies["sessionid"], long.cookies["sessionid"]):
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_staff_go_to_their_desk_and_citizens_to_their_dossiers(citizen: User, clerk: User) -> None:
    assert _enter(Client(), citizen.username)["Location"] == "/ho-so/"
    assert _enter(Client(), clerk.username)["Location"] == "/quan-tri/"


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "http://testserver@evil.example/",
        "///evil.example",
        "\t//evil.example",
        "/\t/evil.example",
    ],
)
def test_nobody_is_sent_to_a_foreign_place(place: str, citizen: User, sign_in: SignIn) -> None:
    entering = Client().post(ENTER, {"login": citizen.username, "password": PASSWORD, "next": place})
    inside = sign_in(citizen).get(ENTER, {"next": place})
    leaving = sign_in(citizen).post("/tai-khoan/dang-xuat/", {"next": place})
    language = Client().post("/ngon-ngu/", {"language": "en", "next": place})
    admin = Client().get("/quan-tri/login/", {"next": place})
    for response in (entering, inside, leaving, language):
        assert response["Location"] in {"/ho-so/", "/"}
    assert admin["Location"].startswith("/tai-khoan/dang-nhap/?next=")


def test_after_signing_in_one_is_where_one_wanted_to_be(filed: Any) -> None:
    client = Client()
    asked = client.get(f"/ho-so/{filed.code}/giay-to/receipt-1.pdf?a=1&b=2")["Location"]
    entered = client.post(asked, {"login": filed.owner.username, "password": PASSWORD})
    assert entered["Location"] == f"/ho-so/{filed.code}/giay-to/receipt-1.pdf?a=1&b=2"
