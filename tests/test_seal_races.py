"""Keys are changed while people go on typing: nothing is lost, and no old key comes back."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.db.models import QuerySet
from django.utils import timezone

from portal.management.commands import reseal
from portal.sealing import Sealed, opened
from procedures import catalogue, demo, dossiers
from procedures.models import Dossier
from tests.conftest import make_draft
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "4700300200100"


@pytest.fixture
def waiting(transactional_db: None, settings: Any) -> Dossier:
    """A draft sealed with the old key, when the new one has just been put before it."""
    settings.DATA_KEYS = ["cũ"]
    chance = random.Random(5)
    made = make_draft(demo.citizen(demo.person(chance, "22429")), chance)
    settings.DATA_KEYS = ["mới", "cũ"]
    return made


def _type(dossier: Dossier, step: str, **data: str) -> None:
    """The citizen sends a page of the draft as it was read before."""
    definition = catalogue.definition_for(dossier)
    page = definition.step(step)
    assert page is not None
    dossiers.save_answers(
        dossier, page, data, revision=dossier.revision, device="d", today=timezone.localdate()
    )


def _number(dossier: Dossier) -> str:
    return str(opened(Dossier.objects.get(pk=dossier.pk).typed["account_number"]))


def _reseal_while(dossier: Dossier, types: Callable[[Dossier], None], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reseal, and let the citizen send a page between its reading of the row and its writing."""
    meeting, is_old = Meeting(), reseal._is_old

    def slow(value: Any) -> bool:
        meeting.wait()  # the row is read
        meeting.wait()  # the citizen has written, or waits for the lock
        return is_old(value)

    def citizen() -> None:
        mine = Dossier.objects.get(pk=dossier.pk)
        meeting.wait()
        types(mine)
        meeting.wait()

    monkeypatch.setattr(reseal, "_is_old", slow)
    return at_once(lambda: reseal.reseal_json(Dossier, "typed"), citizen)


def _other_number(dossier: Dossier) -> None:
    _type(dossier, "noi-nhan", account_number=NEW)


def test_without_the_lock_resealing_loses_what_was_typed_meanwhile(
    waiting: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())
    _reseal_while(waiting, _other_number, monkeypatch)
    assert _number(waiting) != NEW


def test_what_is_typed_while_the_keys_change_is_kept(
    waiting: Dossier, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _reseal_while(waiting, _other_number, monkeypatch) == [1, None]
    settings.DATA_KEYS = ["mới"]
    assert _number(waiting) == NEW
    assert Dossier.objects.get(pk=waiting.pk).revision == 1


def _another_page(dossier: Dossier) -> None:
    _type(dossier, "nguoi-de-nghi", street="5 Lê Lợi")


def test_a_page_without_the_number_would_write_the_old_key_back(
    waiting: Dossier, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That whoever writes seals with the newest key is what holds: without it, the number is gone."""
    mine = Dossier.objects.get(pk=waiting.pk)
    reseal.reseal_json(Dossier, "typed")
    monkeypatch.setattr(Sealed, "as_json", lambda self: {"$sealed": self._token})
    _another_page(mine)
    settings.DATA_KEYS = ["mới"]
    with pytest.raises(InvalidToken):
        _number(waiting)


def test_a_page_without_the_number_that_was_read_before_leaves_it_under_the_new_key(
    waiting: Dossier, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _number(waiting)
    assert _reseal_while(waiting, _another_page, monkeypatch) == [1, None]
    settings.DATA_KEYS = ["mới"]
    kept = Dossier.objects.get(pk=waiting.pk)
    assert (opened(kept.typed["account_number"]), kept.typed["street"]) == (before, "5 Lê Lợi")
