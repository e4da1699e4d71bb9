"""Corrections are append-only, a reconciliation is fixed once signed; which dossiers stand on a list."""

from django.db import migrations

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON procedures_intakecorrection
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();

CREATE FUNCTION procedures_refuse_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.signed_at IS NOT NULL THEN
        RAISE EXCEPTION 'reconciliation % is signed off: it does not change', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION procedures_refuse_row_of_signed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := ARRAY[
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.reconciliation_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.reconciliation_id END
    ];
BEGIN
    -- Share: whoever signs at this moment waits, or is waited for.
    PERFORM 1 FROM procedures_reconciliation WHERE id = ANY (touched) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM procedures_reconciliation WHERE id = ANY (touched) AND signed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'a reconciliation that is signed off does not change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER signed_is_fixed BEFORE UPDATE OR DELETE ON procedures_reconciliation
    FOR EACH ROW EXECUTE FUNCTION procedures_refuse_signed();
CREATE TRIGGER signed_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON procedures_foundcode
    FOR EACH ROW EXECUTE FUNCTION procedures_refuse_row_of_signed();
CREATE TRIGGER signed_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON procedures_differencereason
    FOR EACH ROW EXECUTE FUNCTION procedures_refuse_row_of_signed();
"""

UNDO = """
DROP TRIGGER append_only ON procedures_intakecorrection;
DROP TRIGGER signed_is_fixed ON procedures_reconciliation;
DROP TRIGGER signed_is_fixed ON procedures_foundcode;
DROP TRIGGER signed_is_fixed ON procedures_differencereason;
DROP FUNCTION procedures_refuse_signed();
DROP FUNCTION procedures_refuse_row_of_signed();
"""

LISTED = """
UPDATE procedures_dossier SET listed = true
    WHERE id IN (SELECT dossier_id FROM procedures_intakerow) AND NOT listed;
"""


class Migration(migrations.Migration):
    dependencies = [("procedures", "0021_intake_books")]
    operations = [
        migrations.RunSQL(GUARDS, UNDO),
        migrations.RunSQL(LISTED, migrations.RunSQL.noop),
    ]
