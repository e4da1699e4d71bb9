"""Returns of paying points, hand-overs between offices, changed personal details; what is said stays said."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import pension.models.roster
import portal.sealing

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pension_cashoutcome
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pension_handover
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();

CREATE FUNCTION pension_refuse_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Until it is checked or set aside only who decides, when and why is written down.
    IF TG_OP = 'UPDATE' AND OLD.state IN ('tried', 'recorded')
        AND to_jsonb(NEW) - ARRAY['state', 'checked_by_id', 'checked_at', 'reason']
            = to_jsonb(OLD) - ARRAY['state', 'checked_by_id', 'checked_at', 'reason'] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'return % of a paying point does not change', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER checked_is_fixed BEFORE UPDATE OR DELETE ON pension_cashreturn
    FOR EACH ROW EXECUTE FUNCTION pension_refuse_return();
"""

UNDO = """
DROP TRIGGER append_only ON pension_cashoutcome;
DROP TRIGGER append_only ON pension_handover;
DROP TRIGGER checked_is_fixed ON pension_cashreturn;
DROP FUNCTION pension_refuse_return();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pension", "0005_paper_filing"),
        ("portal", "0004_devices"),
        ("procedures", "0027_agents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CashOutcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("paid", models.BooleanField(verbose_name="paid")),
                ("on", models.DateField(verbose_name="day")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("absent", "did not come"),
                            ("moved", "is said to have moved"),
                            ("died", "is said to have died"),
                            ("other", "another reason"),
                        ],
                        max_length=6,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outcomes",
                        to="pension.paymentline",
                    ),
                ),
            ],
            options={
                "verbose_name": "outcome of a cash line",
                "verbose_name_plural": "outcomes of cash lines",
                "ordering": ["cash_return", "line"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("paid", True), ("reason", "")),
                            models.Q(("paid", False), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="cash_outcome_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CashReturn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pay_point", models.CharField(blank=True, max_length=100, verbose_name="paying point")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("tried", "to be looked at"),
                            ("recorded", "waits for a second person"),
                            ("checked", "settled"),
                            ("discarded", "set aside"),
                        ],
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("rows", models.PositiveIntegerField(verbose_name="rows")),
                ("total", pension.models.roster.Dong(decimal_places=0, max_digits=15, verbose_name="total")),
                ("paid_rows", models.PositiveIntegerField(verbose_name="paid")),
                (
                    "paid_total",
                    pension.models.roster.Dong(decimal_places=0, max_digits=15, verbose_name="total paid"),
                ),
                ("left_rows", models.PositiveIntegerField(verbose_name="not collected")),
                (
                    "left_total",
                    pension.models.roster.Dong(
                        decimal_places=0, max_digits=15, verbose_name="total not collected"
                    ),
                ),
                ("file_name", models.CharField(blank=True, max_length=150, verbose_name="file")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why it was set aside")),
                ("key", models.CharField(max_length=100, unique=True)),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="checked by",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cash_returns",
                        to="pension.paymentlist",
                        verbose_name="payment list",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "return of a paying point",
                "verbose_name_plural": "returns of paying points",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "discarded"), _negated=True),
                        fields=("list", "pay_point"),
                        name="one_return_of_a_point",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rows",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("paid_rows"), "+", models.F("left_rows")
                                ),
                            ),
                            (
                                "total",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("paid_total"), "+", models.F("left_total")
                                ),
                            ),
                        ),
                        name="cash_return_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "checked"), _negated=True),
                            models.Q(
                                ("checked_at__isnull", False),
                                ("checked_by__isnull", False),
                                models.Q(("checked_by", models.F("recorded_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="cash_return_checked_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HandOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("agreed", "decided: the new office pays from its next list on"),
                            ("seen", "the office until now has taken note"),
                            ("listed", "stands on a list of the new office"),
                            ("ended", "taken back: it stays where it was"),
                        ],
                        max_length=6,
                        verbose_name="step",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "switch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hand_overs",
                        to="pension.switchrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "hand-over of a benefit",
                "verbose_name_plural": "hand-overs of benefits",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("switch", "step"), name="hand_over_step_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="beneficiary",
            name="address",
            field=models.CharField(blank=True, max_length=300, verbose_name="address"),
        ),
        migrations.AddField(
            model_name="beneficiary",
            name="id_number",
            field=portal.sealing.SealedField(blank=True, verbose_name="identity number"),
        ),
        migrations.AddField(
            model_name="beneficiary",
            name="phone_before",
            field=models.CharField(blank=True, max_length=11, null=True),
        ),
        migrations.AddField(
            model_name="paymentline",
            name="news",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="told_on",
                to="pension.switchrequest",
                verbose_name="news",
            ),
        ),
        migrations.AddField(
            model_name="switchrequest",
            name="address",
            field=models.CharField(blank=True, max_length=300, verbose_name="new address"),
        ),
        migrations.AddField(
            model_name="switchrequest",
            name="id_number",
            field=portal.sealing.SealedField(blank=True, verbose_name="new identity number"),
        ),
        migrations.AddField(
            model_name="switchrequest",
            name="new_office",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procedures.office",
                verbose_name="office from then on",
            ),
        ),
        migrations.AddField(
            model_name="switchrequest",
            name="old_office",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procedures.office",
                verbose_name="office until now",
            ),
        ),
        migrations.AddField(
            model_name="switchrequest",
            name="old_ward",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="portal.ward",
            ),
        ),
        migrations.AddField(
            model_name="switchrequest",
            name="phone",
            field=models.CharField(blank=True, max_length=11, verbose_name="new phone"),
        ),
        migrations.AddIndex(
            model_name="switchrequest",
            index=models.Index(
                condition=models.Q(("new_office__isnull", False)),
                fields=["new_office", "state"],
                name="switch_hands_over",
            ),
        ),
        migrations.AddField(
            model_name="cashoutcome",
            name="cash_return",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="outcomes", to="pension.cashreturn"
            ),
        ),
        migrations.AddConstraint(
            model_name="cashoutcome",
            constraint=models.UniqueConstraint(fields=("cash_return", "line"), name="cash_outcome_once"),
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
