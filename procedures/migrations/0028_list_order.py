"""The province looks at the newest lists of all offices first."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0027_agents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="intakelist",
            options={
                "ordering": ["-day", "office_id"],
                "verbose_name": "daily intake list",
                "verbose_name_plural": "daily intake lists",
            },
        ),
        migrations.AddIndex(
            model_name="intakelist",
            index=models.Index(fields=["-day", "office_id"], name="intake_list_newest"),
        ),
    ]
