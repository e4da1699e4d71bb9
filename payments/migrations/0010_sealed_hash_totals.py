"""The hash total of a batch is sealed: that of one payment is the number of its account."""

from typing import Any

from django.db import migrations

import portal.sealing


def seal_totals(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, hash_total FROM payments_payoutbatch ORDER BY id FOR UPDATE")
        for pk, total in cursor.fetchall():
            cursor.execute(
                "UPDATE payments_payoutbatch SET hash_total = %s WHERE id = %s",
                [portal.sealing.seal(total), pk],
            )


def open_totals(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, hash_total FROM payments_payoutbatch ORDER BY id FOR UPDATE")
        for pk, total in cursor.fetchall():
            cursor.execute(
                "UPDATE payments_payoutbatch SET hash_total = %s WHERE id = %s",
                [portal.sealing.unseal(total), pk],
            )


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0009_part_paid_and_cash"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payoutbatch",
            name="hash_total",
            field=portal.sealing.SealedNumber(verbose_name="hash total of the accounts"),
        ),
        migrations.RunPython(seal_totals, open_totals),
    ]
