"""What the nightly check of the ledger found is kept, and shown until a later check is clean."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0007_receipts")]

    operations = [
        migrations.CreateModel(
            name="LedgerCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="checked")),
                ("postings", models.PositiveBigIntegerField(verbose_name="postings")),
                ("problems", models.JSONField(default=list, verbose_name="what did not hold")),
            ],
            options={
                "verbose_name": "check of the ledger",
                "verbose_name_plural": "checks of the ledger",
                "ordering": ["-id"],
            },
        ),
    ]
