from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import Model

from portal.sealing import SealedField

_CHUNK = 500


class Command(BaseCommand):
    help = "Seal every sealed column anew with the first of DATA_KEYS; the other keys may go afterwards."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            if model._meta.proxy:
                continue
            for field in model._meta.local_concrete_fields:
                if isinstance(field, SealedField):
                    count = reseal(model, field.attname)
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
