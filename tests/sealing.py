"""What really lies in the database and among the files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from portal.sealing import opened
from procedures.models import Dossier


def tables_with(text: str) -> list[str]:
    """The tables of which some row, written as text, holds ``text``."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        found = []
        for name in names:
            quoted = connection.ops.quote_name(name)
            cursor.execute(f"SELECT 1 FROM {quoted} AS r WHERE r::text LIKE %s LIMIT 1", [f"%{text}%"])
            found += [name] if cursor.fetchone() else []
    return found


def row_of(dossier: Dossier) -> str:
    """The row of ``dossier`` as the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM procedures_dossier AS r WHERE id = %s", [dossier.pk])
        return str(cursor.fetchone()[0])


def opened_all(answers: Mapping[str, Any]) -> dict[str, Any]:
    """``answers`` as a browser would send them."""
    return {name: opened(value) for name, value in answers.items()}


def in_clear(dossier: Dossier, **answers: str) -> None:
    """Put ``answers`` into the row, filed and as typed, past everything that seals."""
    with connection.cursor() as cursor:
        for name, value in answers.items():
            cursor.execute(
                "UPDATE procedures_dossier SET typed = typed || jsonb_build_object(%s::text, %s::text), "
                "answers = answers || jsonb_build_object(%s::text, %s::text) WHERE id = %s",
                [name, value, name, value, dossier.pk],
            )


def files() -> list[Path]:
    """Every file that is kept."""
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def reseal() -> None:
    call_command("reseal", verbosity=0)
