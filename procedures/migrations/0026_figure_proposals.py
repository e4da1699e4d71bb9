"""Legal figures change by a proposal and the decision of another person; both are written once."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON procedures_figureproposal
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON procedures_figuredecision
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();

CREATE FUNCTION procedures_check_figure_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.proposed_by_id <> (
        SELECT proposed_by_id FROM procedures_figureproposal WHERE id = NEW.proposal_id
    ) THEN
        RAISE EXCEPTION 'figure proposal % was proposed by somebody else', NEW.proposal_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proposer_is_named BEFORE INSERT ON procedures_figuredecision
    FOR EACH ROW EXECUTE FUNCTION procedures_check_figure_decision();
"""

UNDO = """
DROP TRIGGER append_only ON procedures_figureproposal;
DROP TRIGGER append_only ON procedures_figuredecision;
DROP TRIGGER proposer_is_named ON procedures_figuredecision;
DROP FUNCTION procedures_check_figure_decision();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0025_search_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FigureProposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="figure")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("value", models.JSONField(verbose_name="value")),
                ("unit", models.CharField(blank=True, max_length=80, verbose_name="unit")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "confidence",
                    models.CharField(
                        choices=[("sure", "sure"), ("likely", "likely"), ("unsure", "unsure")],
                        max_length=6,
                        verbose_name="confidence",
                    ),
                ),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("before", models.JSONField(null=True, verbose_name="before")),
                (
                    "proposed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="proposed"),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "figure",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="procedures.legalfigure",
                        verbose_name="row to change",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "proposed figure",
                "verbose_name_plural": "proposed figures",
                "ordering": ["-proposed_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="proposal_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FigureDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=9,
                        verbose_name="outcome",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                (
                    "decided_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="decided"),
                ),
                (
                    "closed",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.legalfigure",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "figure",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.legalfigure",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="procedures.figureproposal",
                        verbose_name="proposed figure",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision on a figure",
                "verbose_name_plural": "decisions on figures",
                "ordering": ["-decided_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("what", "withdrawn"), ("decided_by", models.F("proposed_by"))),
                            models.Q(
                                models.Q(("what", "withdrawn"), _negated=True),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="figure_decided_by_another",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
