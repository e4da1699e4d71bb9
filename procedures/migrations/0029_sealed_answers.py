"""Account numbers in the answers of dossiers are sealed; the columns stay as they are.

Row by row in short transactions, so that the portal goes on meanwhile; a row that is sealed already is
left alone, so the migration may be stopped and begun again. There is no way back: nothing reads the
difference.
"""

from collections import defaultdict
from typing import Any

from django.db import migrations, models, transaction
from django.db.models import Q

from portal.sealing import Sealed, SealingDecoder, SealingEncoder

_CHUNK = 500
# "current_account" was a plain line of text until this version of the portal.
_ACCOUNTS = Q(kind__in=("bank_account", "account_words")) | Q(name="current_account")


def seal_answers(apps: Any, schema_editor: Any) -> None:
    names = defaultdict(set)
    for version, name in (
        apps.get_model("procedures", "Field").objects.filter(_ACCOUNTS).values_list("version_id", "name")
    ):
        names[version].add(name)
    last = 0
    while rows := _chunk(apps.get_model("procedures", "Dossier"), names, last):
        last = rows[-1]


@transaction.atomic
def _chunk(dossiers: Any, names: dict[int, set[str]], after: int) -> list[int]:
    """Seal the next rows ``after`` a key, locked so that nothing typed meanwhile is lost; their keys."""
    rows = dossiers.objects.filter(version__in=list(names), pk__gt=after).order_by("pk")
    rows = list(rows.only("typed", "answers", "version").select_for_update(no_key=True)[:_CHUNK])
    changed = [row for row in rows if _seal(row, names[row.version_id])]
    dossiers.objects.bulk_update(changed, ["typed", "answers"])
    return [row.pk for row in rows]


def _seal(row: Any, names: set[str]) -> bool:
    """Seal what is in the clear; whether there was anything."""
    clear = [
        (answers, name)
        for answers in (row.typed, row.answers)
        for name in names & answers.keys()
        if answers[name] and isinstance(answers[name], str)
    ]
    for answers, name in clear:
        answers[name] = Sealed(answers[name])
    return bool(clear)


_SEALED = {"default": dict, "encoder": SealingEncoder, "decoder": SealingDecoder}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("procedures", "0028_list_order"),
    ]

    operations = [
        migrations.AlterField(
            model_name="dossier",
            name="typed",
            field=models.JSONField(help_text="what stands in the form, as typed", **_SEALED),
        ),
        migrations.AlterField(
            model_name="dossier",
            name="answers",
            field=models.JSONField(help_text="what was filed, cleaned", verbose_name="answers", **_SEALED),
        ),
        migrations.RunPython(seal_answers, migrations.RunPython.noop),
    ]
