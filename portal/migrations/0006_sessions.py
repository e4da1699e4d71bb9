import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Who is signed in stays so: Django's own table, which there is where the portal ran before, is taken over.
TAKE_OVER = """
DO $$ BEGIN
    IF to_regclass('django_session') IS NOT NULL THEN
        INSERT INTO portal_session (session_key, session_data, expire_date)
            SELECT session_key, session_data, expire_date FROM django_session;
        DROP TABLE django_session;
        DELETE FROM django_migrations WHERE app = 'sessions';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0005_access_log_order")]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="session key"
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
        migrations.RunSQL(TAKE_OVER, migrations.RunSQL.noop),
    ]
