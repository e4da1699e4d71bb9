"""Texts used again, notes with mentions, who has a dossier open and who took it over."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0018_queue_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="pages",
            field=models.PositiveIntegerField(help_text="of a PDF, once somebody looked into it", null=True),
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("note", "note"), ("takeover", "taken over"), ("despite", "carried on")],
                        default="note",
                        max_length=8,
                    ),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                ("key", models.CharField(max_length=80)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="procedures.dossier",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("dossier", "author", "key"), name="note_once_per_key"),
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="note_says_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mention",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentions",
                        to="procedures.note",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("read_at", None)), fields=["user"], name="mention_unread"
                    ),
                    models.Index(fields=["user", "-note"], name="mention_of_user"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("note", "user"), name="mentioned_once_a_note"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("writing", models.CharField(blank=True, max_length=60)),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="presences",
                        to="procedures.dossier",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="presences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["since"],
                "indexes": [
                    models.Index(fields=["seen_at"], name="presence_seen"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("dossier", "user"), name="present_once_a_dossier"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplementText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("missing", "what is missing"), ("reason", "why it is rejected")],
                        default="missing",
                        max_length=7,
                        verbose_name="used for",
                    ),
                ),
                ("document", models.CharField(blank=True, max_length=60, verbose_name="paper")),
                ("text", models.CharField(max_length=500, verbose_name="text")),
                ("active", models.BooleanField(default=True, verbose_name="offered")),
                ("used", models.PositiveIntegerField(default=0, verbose_name="times used")),
                ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="last used")),
                (
                    "entered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.office",
                        verbose_name="office",
                    ),
                ),
                (
                    "procedure",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.procedure",
                        verbose_name="procedure",
                    ),
                ),
            ],
            options={
                "verbose_name": "supplement text",
                "verbose_name_plural": "supplement texts",
                "ordering": ["-used", "-last_used_at", "text"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("document", ""), ("procedure__isnull", False), _connector="OR"),
                        name="supplement_text_paper_of_procedure",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text__contains", "\n"), _negated=True),
                            models.Q(("text", ""), _negated=True),
                        ),
                        name="supplement_text_is_a_line",
                    ),
                    models.UniqueConstraint(
                        fields=("office", "purpose", "procedure", "document", "text"),
                        name="supplement_text_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TakeOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="take_overs",
                        to="procedures.dossier",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "taken_from",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("dossier", "taken_from"),
                        name="taken_from_somebody_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("taken_from", models.F("taken_by")), _negated=True),
                        name="taken_over_by_another",
                    ),
                ],
            },
        ),
    ]
