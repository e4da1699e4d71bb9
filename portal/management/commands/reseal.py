from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.db.models import Model, TextField
from django.db.models.functions import Cast

from portal.sealed_storage import SealedStorage
from portal.sealing import MARK, Sealed, SealedField, SealingDecoder

_CHUNK = 500


class Command(BaseCommand):
    help = (
        "Seal every sealed column, answer and kept file anew with the first of DATA_KEYS; the other keys may "
        "go afterwards. What lies among the files in the clear is sealed, too."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            for field in [] if model._meta.proxy else model._meta.local_concrete_fields:
                if isinstance(field, SealedField):
                    self._told(model, field, reseal(model, field.attname))
                elif isinstance(field, models.JSONField) and field.decoder is SealingDecoder:
                    self._told(model, field, reseal_json(model, field.attname))
        if isinstance(default_storage._wrapped, SealedStorage):  # type: ignore[attr-defined]
            self.stdout.write(f"files: {reseal_files(default_storage._wrapped)}")  # type: ignore[attr-defined]

    def _told(self, model: type[Model], field: Any, count: int) -> None:
        self.stdout.write(f"{model._meta.label}.{field.attname}: {count}")


def reseal(model: type[Model], column: str) -> int:
    """Seal ``column`` of every row anew, in short transactions; how many. Safe to stop and begin again.

    Raises ``cryptography.fernet.InvalidToken`` where a value opens under none of the keys.
    """
    count, last = 0, 0
    while rows := _chunk(model, column, last):
        count, last = count + len(rows), rows[-1]
    return count


@transaction.atomic
def _chunk(model: type[Model], column: str, after: int) -> list[int]:
    """Seal the next rows ``after`` a key anew, locked so that no newer value is lost; their keys."""
    rows = model._base_manager.filter(pk__gt=after).order_by("pk").only("pk", column)
    found = list(rows.select_for_update(no_key=True, of=("self",))[:_CHUNK])
    model._base_manager.bulk_update([row for row in found if getattr(row, column)], [column])
    return [row.pk for row in found]


def reseal_json(model: type[Model], column: str) -> int:
    """As ``reseal``, of the sealed texts in a JSON ``column``; rows sealed with the first key stay."""
    count, last = 0, 0
    while rows := _chunk_of_json(model, column, last):
        count, last = count + len(rows), rows[-1]
    return count


@transaction.atomic
def _chunk_of_json(model: type[Model], column: str, after: int) -> list[int]:
    told = model._base_manager.annotate(told=Cast(column, TextField())).filter(told__contains=f'"{MARK}"')
    rows = told.filter(pk__gt=after).order_by("pk").only("pk", column)
    found = list(rows.select_for_update(no_key=True, of=("self",))[:_CHUNK])
    model._base_manager.bulk_update([row for row in found if _is_old(getattr(row, column))], [column])
    return [row.pk for row in found]


def _is_old(value: Any) -> bool:
    """Whether an older key has sealed something in ``value``; raises ``InvalidToken`` where none has."""
    old = [sealed for sealed in _sealed_in(value) if not sealed.is_current()]
    for sealed in old:
        sealed.open()
    return bool(old)


def _sealed_in(value: Any) -> Iterator[Sealed]:
    if isinstance(value, Sealed):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _sealed_in(part)


def reseal_files(storage: SealedStorage) -> int:
    """Seal the kept files anew that the first key has not sealed; how many. Safe to stop and begin again.

    Raises ``portal.sealed_storage.Unreadable`` where a file opens under none of the keys.
    """
    return sum(storage.reseal(name) for name in storage.names())
