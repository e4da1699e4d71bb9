"""What browsers are told, what arrives from outside, what is written into logs."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from pypdf import PdfReader

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import demo, intake
from procedures.models import Dossier, PostalItem
from tests.conftest import PASSWORD, file_draft
from tests.sealing import opened_all

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"


@pytest.fixture
def calm(db: None) -> Client:
    """A browser that shows the error page instead of raising."""
    return Client(raise_request_exception=False)


def _calm(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


# --- Headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/khong-co/", "/tra-cuu/", "/tai-khoan/dang-nhap/", "/static/css/site.css"]
)
def test_no_page_asks_for_anything_from_a_foreign_host(path: str, calm: Client) -> None:
    response = calm.get(path)
    page = b"".join(response.streaming_content) if response.streaming else response.content
    loaded = re.findall(
        r"""(?:src|action|@import|url\()\s*=?\s*["']?(?:https?:)?//[^"')\s]+""", page.decode()
    )
    links = re.findall(r"<link[^>]+href=\"(?:https?:)?//[^\"]+", page.decode())
    assert loaded + links == []


@pytest.mark.parametrize(
    "path", ["/", "/thu-tuc/lump-sum/", "/tra-cuu/", "/tai-khoan/dang-ky/", "/khong-co/"]
)
def test_citizen_pages_hold_no_inline_script_or_style(path: str, calm: Client) -> None:
    page = calm.get(path).content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son[a-z]+=|\sstyle=|javascript:", page) == []


def test_every_page_of_somebody_who_signed_in_stays_out_of_caches(filed: Dossier, sign_in: SignIn) -> None:
    outbox.drain()
    client, number = sign_in(filed.owner), filed.attachments.all()[0].pk
    for path in (
        "/",
        "/thu-tuc/",
        "/thu-tuc/lump-sum/",
        "/tra-cuu/",
        "/tai-khoan/",
        "/ho-so/",
        f"/ho-so/{filed.code}/",
        f"/ho-so/{filed.code}/tep/{number}/",
        f"/ho-so/{filed.code}/tep/{number}/xem-truoc/",
        f"/ho-so/{filed.code}/giay-to/receipt-1.pdf",
    ):
        response = client.get(path)
        assert response.status_code == 200, path
        assert "no-store" in response["Cache-Control"], path
        if response.streaming:
            list(response.streaming_content)


def test_staff_pages_stay_out_of_caches(filed: Dossier, clerk: User, sign_in: SignIn) -> None:
    client = sign_in(clerk)
    for path in (QUEUE, f"{QUEUE}{filed.pk}/change/", f"{QUEUE}quet/?tim={filed.code}"):
        assert "no-store" in client.get(path)["Cache-Control"], path


def test_the_address_of_a_page_is_not_passed_on_to_other_sites(calm: Client) -> None:
    assert calm.get("/")["Referrer-Policy"] == "same-origin"
    assert calm.get("/")["Cross-Origin-Opener-Policy"] == "same-origin"


def _production(*arguments: str) -> str:
    """What Python prints for ``arguments`` under the settings of production."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "DATABASE_URL", "REDIS_URL", "HOME", "LANG"}}
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=django_settings.BASE_DIR,
        env={**kept, "DJANGO_SETTINGS_MODULE": "portal.settings", "SECRET_KEY": "0123456789abcdef" * 4},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_cookies_and_transport_are_safe_when_debug_is_off() -> None:
    safe = {
        "DEBUG": False,
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "LANGUAGE_COOKIE_SECURE": True,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_PROXY_SSL_HEADER": None,
        "USE_X_FORWARDED_HOST": False,
    }
    code = (
        "import json; from django.conf import settings; "
        f"print(json.dumps({{name: getattr(settings, name) for name in {list(safe)}}}))"
    )
    assert json.loads(_production("-c", code)) == safe


def test_the_checks_for_deployment_find_nothing() -> None:
    _production("manage.py", "check", "--deploy", "--fail-level", "WARNING")


def test_a_forged_host_is_refused(calm: Client) -> None:
    assert calm.get("/", headers={"host": "evil.example"}).status_code == 400
    page = calm.get("/", headers={"x-forwarded-host": "evil.example"})
    assert page.status_code == 200
    assert b"evil.example" not in page.content


# --- What arrives --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/ho-so/%00/",
        "/ho-so/%00/buoc/ly-do/",
        "/ho-so/a%00/tep/1/",
        "/xac-thuc/%00/",
        "/thu-tuc/?q=%00",
        "/tra-cuu/?ma=%00",
        "/tai-khoan/quen-mat-khau/1-%00/",
    ],
)
def test_a_nul_in_an_address_is_a_bad_request(path: str, citizen: User) -> None:
    assert _calm(citizen).get(path).status_code == 400


@pytest.mark.parametrize(
    "path",
    ["?q=%00", "?state=%00", "?channel__exact=%00", "quet/?tim=%00", "%00/change/", "%00/history/"],
)
def test_a_nul_in_an_address_of_the_desk_is_a_bad_request(path: str, clerk: User) -> None:
    assert _calm(clerk).get(QUEUE + path).status_code == 400


def test_a_nul_in_a_cookie_is_a_bad_request(calm: Client) -> None:
    for name in ("sessionid", "csrftoken", "ngon-ngu"):
        assert calm.get("/", headers={"cookie": rf'{name}="\000{"a" * 31}"'}).status_code == 400


@pytest.mark.parametrize("target", ["page", "results", "documents", "saved", "no-such", "../x", "page#page"])
def test_whatever_fragment_is_asked_for_a_page_answers(target: str, filed: Dossier) -> None:
    client = _calm(filed.owner)
    for path in (
        "/",
        "/thu-tuc/",
        "/thu-tuc/lump-sum/",
        "/tra-cuu/",
        "/ho-so/",
        f"/ho-so/{filed.code}/",
        "/tai-khoan/",
    ):
        answer = client.get(path, headers={"HX-Request": "true", "HX-Target": target})
        assert answer.status_code == 200, path


def test_control_characters_typed_into_a_page_do_no_harm(draft: Dossier) -> None:
    client = _calm(draft.owner)
    address = f"/ho-so/{draft.draft_code}/buoc/nguoi-de-nghi/"
    typed = {**opened_all(draft.typed), "street": "12\x00 Hùng\x07 Vương\u200b\u202e, thôn\u00ad 3"}
    assert client.post(address, typed).status_code == 303
    file_draft(draft)
    draft.refresh_from_db()
    assert draft.answers["street"] == "12 Hùng Vương, thôn 3"
    outbox.drain()
    assert not OutboxMessage.objects.filter(last_error__gt="").exists()


def test_decomposed_letters_are_kept_composed(draft: Dossier) -> None:
    typed = opened_all(draft.typed)
    typed |= {"full_name": "Nguye\u0302\u0303n Thi\u0323 A\u0301nh", "street": "Tho\u0302n 3"}
    client = _calm(draft.owner)
    client.post(f"/ho-so/{draft.draft_code}/buoc/nguoi-de-nghi/", typed)
    client.post(f"/ho-so/{draft.draft_code}/buoc/noi-nhan/", {**typed, "account_holder": "nguyen thi anh"})
    file_draft(Dossier.objects.get(pk=draft.pk))
    draft.refresh_from_db()
    assert (draft.applicant, draft.answers["street"]) == ("NGUYỄN THỊ ÁNH", "Thôn 3")
    assert draft.applicant_bare == "nguyen thi anh"


def test_notes_and_lists_of_staff_may_hold_anything(filed: Dossier, clerk: User) -> None:
    client = _calm(clerk)
    client.post(
        f"{QUEUE}{filed.pk}/ban-goc/", {"arrived": ["form", "insurance_book", "\x00"], "key": "o\x00"}
    )
    answer = client.post(
        f"{QUEUE}{filed.pk}/hanh-dong/ask_supplement/",
        {"missing": "Sổ\x00 BHXH", "note": "a\x00b", "key": "\x00k"},
    )
    assert answer.status_code == 303
    event = filed.events.get(action="ask_supplement")
    assert (event.note, event.facts) == ("ab", {"missing": ["Sổ BHXH"]})


@pytest.mark.parametrize("revision", ["²", "9" * 5000, "-1", "1e3", "٣", "0x1", ""])
def test_a_strange_revision_is_as_good_as_none(revision: str, draft: Dossier) -> None:
    data = {"case": "emigration", "revision": revision}
    answer = _calm(draft.owner).post(f"/ho-so/{draft.draft_code}/buoc/ly-do/", data)
    assert answer.status_code == 303
    draft.refresh_from_db()
    assert draft.typed["case"] == "emigration"


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "0", "²", "-1"])
def test_numbers_out_of_range_are_not_there(number: str, filed: Dossier, clerk: User) -> None:
    citizen, staff = _calm(filed.owner), _calm(clerk)
    for path in (f"tep/{number}/", f"tep/{number}/xem-truoc/", f"giay-to/receipt-{number}.pdf"):
        assert citizen.get(f"/ho-so/{filed.code}/{path}").status_code == 404, path
    for page in (
        f"{QUEUE}{number}/change/",
        f"{QUEUE}{number}/ban-goc/",
        f"{QUEUE}{number}/hanh-dong/accept/",
    ):
        assert staff.get(page, follow=True).status_code == 404, page
    for page in (f"{number}/change/", f"{number}/tai-ve/csv/"):
        assert staff.get(f"/quan-tri/procedures/intakelist/{page}", follow=True).status_code == 404, page


@pytest.mark.parametrize(
    "code",
    [
        "BHXH056.02-210101-0001'--",
        "1 OR 1=1",
        "../../etc/passwd",
        "%2e%2e",
        "{{7*7}}",
        "a" * 5000,
        "ＢＨＸＨ",
        "💥",
    ],
)
def test_strange_codes_are_not_there(code: str, filed: Dossier) -> None:
    assert _calm(filed.owner).get(f"/ho-so/{code}/").status_code == 404


def test_a_very_long_answer_is_refused_in_words_and_cut_in_the_draft(draft: Dossier) -> None:
    client, address = _calm(draft.owner), f"/ho-so/{draft.draft_code}/buoc/nguoi-de-nghi/"
    assert client.post(address, {**opened_all(draft.typed), "street": "đ" * 100_000}).status_code == 422
    draft.refresh_from_db()
    assert len(draft.typed["street"]) == 4000
    assert client.get(address).status_code == 200
    assert client.get(f"/ho-so/{draft.draft_code}/kiem-tra/").status_code == 200


def test_a_form_larger_than_any_page_of_ours_is_refused(draft: Dossier) -> None:
    client, address = _calm(draft.owner), f"/ho-so/{draft.draft_code}/buoc/nguoi-de-nghi/"
    assert client.post(address, {"street": "x" * 2_200_000}).status_code == 400
    assert client.post(address, {f"f{n}": "x" for n in range(1001)}).status_code == 400
    before = dict(draft.typed)
    draft.refresh_from_db()
    assert draft.typed == before


# --- Questions put to the admin by address -------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "owner__password__startswith=pbkdf2",
        "owner__username=5612345678",
        "owner__email__contains=@",
        "office__staff__user__password__startswith=m",
        "typed__bank__startswith=97",
        "answers__account_number__startswith=4",
        "answers__street__regex=(((",
        "applicant__regex=(((",
        "applicant__iregex=(a%2B)%2B%24",
        "channel__regex=(((",
        "saved_by__startswith=a",
        "events__actor__password__startswith=m",
        "_to_field=password",
    ],
)
def test_the_queue_is_filtered_by_what_it_offers_and_nothing_else(
    query: str, filed: Dossier, clerk: User
) -> None:
    assert _calm(clerk).get(f"{QUEUE}?{query}").status_code == 400


@pytest.mark.parametrize(
    "page",
    [
        "portal/accesslog/?user__password__startswith=m",
        "portal/accesslog/?user__is_superuser=1",
        "procedures/staffmember/?user__password__startswith=m",
        "procedures/staffmember/?office__staff__user__email=x",
        "procedures/bank/?name__regex=(((",
        "procedures/legalfigure/?source__iregex=(((",
    ],
)
def test_no_list_of_the_admin_answers_questions_about_other_columns(page: str, supervisor: User) -> None:
    assert _calm(supervisor).get(f"/quan-tri/{page}").status_code == 400


@pytest.mark.parametrize(
    "query", ["password__startswith=m", "password=", "last_login__isnull=1", "staff__role=clerk"]
)
def test_not_even_the_administrator_filters_users_by_password(query: str, administrator: User) -> None:
    assert _calm(administrator).get(f"/quan-tri/portal/user/?{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "state=waiting_originals",
        "due=papers",
        "case=emigration",
        "channel__exact=2",
        "q=an",
        "o=-1.2",
        "p=99",
        "all=1",
        "q=%27%3B--",
        "q=%25%25",
        "q=" + "x" * 3000,
        "due=x",
        "state=x&case=y&channel__exact=z",
    ],
)
def test_the_filters_the_queue_offers_work(query: str, filed: Dossier, clerk: User) -> None:
    assert _calm(clerk).get(f"{QUEUE}?{query}").status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        "procedures/intakelist/?day__year=99999999999",
        "procedures/intakelist/?day__year=2021&day__month=13",
        "procedures/intakelist/?office__id__exact=abc",
        "procedures/intakelist/?office__id__exact=" + "9" * 40,
        "procedures/staffmember/?role__exact=%27",
        "portal/accesslog/?at__year=abc",
        "search/?s=a&page=x",
        "search/?s=a&page=99",
        "autocomplete/?app_label=x&model_name=y&field_name=z&term=a",
        "r/1/1/",
        "r/a/b/",
    ],
)
def test_nonsense_in_an_address_of_the_admin_breaks_nothing(page: str, administrator: User) -> None:
    assert _calm(administrator).get(f"/quan-tri/{page}").status_code < 500


# --- Script typed into every field ---------------------------------------------------------------

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{1234*5678}}"


def _harmless(page: str) -> bool:
    return "<script>alert" not in page and "<img src=x" not in page and "7006652" not in page


@pytest.fixture
def hostile(draft: Dossier, clerk: User, sign_in: SignIn) -> Dossier:
    """A dossier that holds SCRIPT wherever its citizen and its clerk may type."""
    client = sign_in(draft.owner)
    typed = {**opened_all(draft.typed), "street": SCRIPT, "bank_branch": SCRIPT, "delivery_address": SCRIPT}
    for step in ("nguoi-de-nghi", "noi-nhan"):
        assert client.post(f"/ho-so/{draft.draft_code}/buoc/{step}/", typed).status_code == 303
    photo = SimpleUploadedFile(f"{SCRIPT.replace('/', '')}.jpg", demo.photo("x"))
    client.post(f"/ho-so/{draft.draft_code}/giay-to-kem/?tai=1", {"file_id_photo": photo})
    assert draft.attachments.filter(name__contains="<script>").exists()
    filed = file_draft(draft)
    staff = sign_in(clerk)
    staff.post(f"{QUEUE}{filed.pk}/ban-goc/", {"arrived": ["form", "insurance_book"], "key": "o"})
    staff.post(
        f"{QUEUE}{filed.pk}/hanh-dong/ask_supplement/", {"missing": SCRIPT, "note": SCRIPT, "key": "s"}
    )
    client.post(f"/ho-so/{filed.code}/bo-sung/", {"message": SCRIPT, "key": "a"})
    PostalItem.objects.create(dossier=filed, direction="in", tracking="<b>x</b>", recorded_by=filed.owner)
    outbox.drain()
    filed.refresh_from_db()
    assert filed.state == "processing"
    return filed


def test_script_typed_by_a_citizen_or_a_clerk_is_text_on_every_page(
    hostile: Dossier, clerk: User, sign_in: SignIn
) -> None:
    citizen, staff = sign_in(hostile.owner), sign_in(clerk)
    for client, path in (
        (citizen, f"/ho-so/{hostile.code}/"),
        (staff, f"{QUEUE}{hostile.pk}/change/"),
    ):
        page = client.get(path).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page, path
        assert "<b>x</b>" not in page
        assert _harmless(page), path
    for client, path in ((citizen, "/ho-so/"), (staff, QUEUE), (staff, f"{QUEUE}quet/?tim={hostile.code}")):
        assert _harmless(client.get(path).content.decode()), path


def test_script_in_a_draft_is_text_on_its_pages(draft: Dossier, sign_in: SignIn) -> None:
    client = sign_in(draft.owner)
    for step, names in (
        ("nguoi-de-nghi", ("full_name", "street", "phone", "email")),
        ("noi-nhan", ("bank_branch",)),
    ):
        typed = {**opened_all(draft.typed), **dict.fromkeys(names, SCRIPT)}
        client.post(f"/ho-so/{draft.draft_code}/buoc/{step}/", typed)
        page = client.get(f"/ho-so/{draft.draft_code}/buoc/{step}/").content.decode()
        assert page.count("&lt;script&gt;alert(1)") >= len(names)
        assert _harmless(page)
    for path in ("", "kiem-tra/", "giay-to-kem/"):
        assert _harmless(client.get(f"/ho-so/{draft.draft_code}/{path}").content.decode()), path


@pytest.mark.parametrize(
    "path",
    [
        "/thu-tuc/",
        "/tra-cuu/",
        "/tai-khoan/dang-nhap/",
        f"{QUEUE}",
        f"{QUEUE}quet/",
        "/quan-tri/search/",
        "/quan-tri/procedures/bank/",
    ],
)
def test_script_in_an_address_is_text(path: str, clerk: User, sign_in: SignIn) -> None:
    for name in ("q", "ma", "next", "s", "page", "o"):
        page = _calm(clerk).get(path, {name: SCRIPT}).content.decode()
        assert _harmless(page), name
        anonymous = (
            Client(raise_request_exception=False).get(path, {name: SCRIPT}, follow=True).content.decode()
        )
        assert _harmless(anonymous), name


def test_no_word_of_a_person_stands_where_the_desk_evaluates_expressions(
    hostile: Dossier, clerk: User
) -> None:
    """The theme's pages run Alpine: what stands in an x- or @ attribute is code, escaped or not."""
    client = _calm(clerk)
    for path in (f"{QUEUE}?q=zauberwort", f"{QUEUE}quet/?tim=zauberwort", f"{QUEUE}{hostile.pk}/change/"):
        page = client.get(path).content.decode()
        code = re.findall(r"""\s(?:x-[\w.:-]+|@[\w.:-]+|:[\w-]+)=(?:"([^"]*)"|'([^']*)')""", page)
        assert code
        assert not [words for pair in code for words in pair if "zauberwort" in words or "alert" in words]


def test_script_and_markup_in_a_pdf_is_text(hostile: Dossier) -> None:
    receipt = hostile.documents.filter(kind="receipt").order_by("number").last()
    assert receipt is not None
    with receipt.file.open("rb") as stored:
        reader = PdfReader(stored)
        words = re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages))
        assert "<script>alert(1)</script>" in words
        assert "/JavaScript" not in str(reader.trailer["/Root"])


def test_script_is_text_in_the_intake_list(hostile: Dossier, clerk: User, sign_in: SignIn) -> None:
    assert hostile.office is not None
    tomorrow = timezone.now() + timezone.timedelta(days=1)
    listed = intake.close_list(hostile.office, timezone.localdate(), actor=None, now=tomorrow)
    page = sign_in(clerk).get(f"/quan-tri/procedures/intakelist/{listed.pk}/change/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert _harmless(page)


# --- Logs ----------------------------------------------------------------------------------------


class RefusingServer(BaseEmailBackend):
    """A mail server that does not know the address, and says so with the address."""

    def send_messages(self, messages: Any) -> int:
        import smtplib

        raise smtplib.SMTPRecipientsRefused({messages[0].to[0]: (550, b"unknown user an.nguyen@example.com")})


@pytest.fixture
def log_lines() -> Any:
    """What the log of production would hold, line by line."""
    chosen = django_settings.LOGGING["formatters"]["plain"]
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    keeper = Keeper()
    keeper.setFormatter(import_string(chosen["class"])(chosen["format"], style=chosen["style"]))
    logging.getLogger().addHandler(keeper)
    yield lines
    logging.getLogger().removeHandler(keeper)


def test_a_failed_mail_leaves_no_address_in_the_log_or_on_the_desk(
    filed: Dossier, settings: Any, log_lines: list[str]
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RefusingServer"
    User.objects.filter(pk=filed.owner_id).update(email="an.nguyen@example.com")
    outbox.drain()
    failed = OutboxMessage.objects.get(topic="notices.email")
    assert "SMTPRecipientsRefused" in failed.last_error
    assert "example.com" not in failed.last_error
    assert "SMTPRecipientsRefused" in "".join(log_lines)
    assert "example.com" not in "".join(log_lines)


def test_a_row_that_the_database_refuses_is_not_quoted_in_the_log(
    filed: Dossier, log_lines: list[str]
) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Dossier.objects.filter(pk=filed.pk).update(code=None)
    assert filed.applicant in str(refused.value)  # that is what PostgreSQL says
    logging.getLogger("django.request").error("failed", exc_info=refused.value)
    assert "filed_dossier_is_complete" in "".join(log_lines)
    for secret in (filed.applicant, filed.phone, filed.insurance_number):
        assert secret not in "".join(log_lines)


def test_a_citizens_way_through_the_portal_leaves_nothing_personal_in_the_log(
    citizen: User, log_lines: list[str], clerk: User
) -> None:
    logging.getLogger().setLevel(logging.INFO)
    client = Client(raise_request_exception=False)
    client.post("/tai-khoan/dang-nhap/", {"login": citizen.username, "password": "mat-khau-sai"})
    client.post("/tai-khoan/dang-nhap/", {"login": citizen.username, "password": PASSWORD})
    client.get(f"/ho-so/{citizen.username}/")
    client.post("/tra-cuu/", {"code": "x", "phone": citizen.phone[-4:]})
    client.post("/tai-khoan/", {"phone": "0905123456", "email": "an@example.com", "ward": "x", "street": ""})
    text = "".join(log_lines)
    assert text
    for secret in (
        citizen.username,
        PASSWORD,
        "mat-khau-sai",
        citizen.phone,
        citizen.full_name,
        "an@example.com",
    ):
        assert secret not in text


def test_the_access_log_of_the_web_server_holds_no_query_no_address_and_no_browser() -> None:
    dockerfile = (Path(django_settings.BASE_DIR) / "Dockerfile").read_text()
    shape = re.search(r'"--access-logformat", "([^"]+)"', dockerfile)
    assert shape is not None
    assert set(re.findall(r"%\(([^)]+)\)", shape[1])) <= {"t", "s", "m", "U", "M", "D", "L", "B"}


def test_the_error_page_tells_no_visitor_what_went_wrong(filed: Dossier) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE procedures_dossierevent RENAME TO gone")
    with transaction.atomic():
        page = _calm(filed.owner).get(f"/ho-so/{filed.code}/")
        transaction.set_rollback(True)
    assert page.status_code == 500
    for secret in ("Traceback", "procedures_", "SELECT", filed.applicant):
        assert secret not in page.content.decode()
