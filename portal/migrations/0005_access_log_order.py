"""The log of accesses is read from its end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0004_devices"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="accesslog",
            index=models.Index(fields=["-at", "-id"], name="access_log_newest"),
        ),
    ]
