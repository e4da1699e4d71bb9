"""What every test may ask for: the province's reference data, people of every role, dossiers."""

import gc
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pillow_heif
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone
from django.utils.translation.reloader import translation_file_changed
from xdist.scheduler import LoadScopeScheduling

from portal import freshness, geography
from portal.management.commands.prepare import compile_messages
from portal.models import User
from procedures import catalogue, demo, dossiers, forms, offices, rates, visits
from procedures.models import Dossier, Office
from tests import mould, reference

PASSWORD = "mot-mat-khau-dai"  # the password of everybody in the tests


def pytest_configure() -> None:
    # Pages are rendered without a collected set of static files.
    django_settings.STORAGES = {
        **django_settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django_settings.SECURE_SSL_REDIRECT = False
    pillow_heif.register_heif_opener()  # for photos that tests make
    # Setting Django up has read the catalogues already, before the newest texts were compiled.
    compile_messages(django_settings.BASE_DIR / "locale")
    translation_file_changed(None, Path("django.mo"))


def pytest_collection_finish() -> None:
    """Modules and tests live to the end: the collector need not go through them again and again."""
    gc.collect()
    gc.freeze()


# What runs a whole portal shares it: one process of the suite takes all of it, and first.
_TOGETHER = ("tests/browser/", "tests/test_standalone.py")


class _Scheduling(LoadScopeScheduling):
    """Every test to the next free process, but for what belongs together."""

    def _split_scope(self, nodeid: str) -> str:
        return next((path for path in _TOGETHER if nodeid.startswith(path)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return _Scheduling(config, log)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_keepdb: bool,
    django_db_createdb: bool,
    django_db_blocker: object,
) -> Iterator[None]:
    """A copy of the prepared database for this process; with --reuse-db the one of the run before."""
    name = connection.creation._get_test_db_name()
    if django_db_createdb or not (django_db_keepdb and mould.is_there(mould.SERVER, name)):
        mould.copy(mould.SERVER, name)
    connection.settings_dict["NAME"] = django_settings.DATABASES["default"]["NAME"] = name
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        reference.keep()
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connection.close()
    if not django_db_keepdb:
        mould.drop(mould.SERVER, name)


@pytest.fixture(scope="session", autouse=True)
def _put_back_instead_of_flushing() -> None:
    """After a test that commits, the tables hold what every test starts with; a flush empties them."""
    TransactionTestCase._fixture_teardown = lambda case: reference.put_back()  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _clean_slate(settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads go to a folder of the test; what processes keep in memory is forgotten.

    What is read anew once in a while is not while a test runs, so that queries can be counted.
    """
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    monkeypatch.setattr(freshness, "stretch", lambda seconds: 0)
    geography._wards.cache_clear()
    geography._ward.cache_clear()
    offices.forget_closures()
    visits.forget()
    forms._banks.cache_clear()
    catalogue._kept.cache_clear()
    rates._figure.cache_clear()


@pytest.fixture
def chance() -> random.Random:
    return random.Random(20210712)


@pytest.fixture
def citizen(db: None, chance: random.Random) -> User:
    return demo.citizen(demo.person(chance, "22429"), password=PASSWORD)


@pytest.fixture
def stranger(db: None, chance: random.Random) -> User:
    """Another citizen."""
    return demo.citizen(demo.person(random.Random(7), "22366"), password=PASSWORD)


def _staff(slug: str, role: str, name: str) -> User:
    office = Office.objects.get(slug=slug)
    return demo.staff(f"{role}.{slug}", name, office, role, password=PASSWORD)


@pytest.fixture
def clerk(db: None) -> User:
    return _staff("cam-ranh", "clerk", "Lê Thị Hạnh")


@pytest.fixture
def supervisor(db: None) -> User:
    return _staff("cam-ranh", "supervisor", "Trần Quốc Sơn")


@pytest.fixture
def other_clerk(db: None) -> User:
    """A clerk of another office."""
    return _staff("ninh-hoa", "clerk", "Phan Thị Yến")


@pytest.fixture
def director(db: None) -> User:
    """The director of the province office."""
    return _staff("khanh-hoa", "director", "Võ Minh Khánh")


@pytest.fixture
def administrator(db: None) -> User:
    return _staff("khanh-hoa", "administrator", "Đặng Hữu Phước")


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A browser in which somebody has signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def editor(supervisor: User, sign_in: Callable[[User], Client]) -> Client:
    """The browser of somebody who may draft versions."""
    return sign_in(supervisor)


@pytest.fixture
def colleague(director: User, sign_in: Callable[[User], Client]) -> Client:
    """The browser of somebody else who may."""
    return sign_in(director)


@pytest.fixture
def draft(citizen: User, chance: random.Random) -> Dossier:
    """A complete lump-sum draft of ``citizen`` who lives in Cam Ranh."""
    return make_draft(citizen, chance)


@pytest.fixture
def filed(draft: Dossier) -> Dossier:
    """The same, filed just now."""
    return file_draft(draft)


def make_draft(user: User, chance: random.Random, case: str = "stopped_1_year") -> Dossier:
    """A complete draft of ``user``, with the files it needs."""
    who = demo.person(chance, user.ward_id or "22429")
    mine = demo.Person(
        **{
            **who.__dict__,
            "number": user.username,
            "full_name": user.full_name,
            "sex": "female" if user.id_number[3] == "1" else "male",
            "born": date.fromisoformat(user.date_of_birth),
            "phone": user.phone,
            "id_number": user.id_number,
        }
    )
    return demo.draft(user, mine, case, timezone.localdate(), chance)


def file_draft(dossier: Dossier, *, now: datetime | None = None) -> Dossier:
    dossiers.file(dossier, actor=dossier.owner, key="file", now=now)
    return Dossier.objects.select_related("version__procedure", "office", "owner").get(pk=dossier.pk)
