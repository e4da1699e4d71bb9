"""A row of a published version does not leave it for a draft either."""

from django.db import migrations

FREEZE_BOTH_ENDS = """
CREATE OR REPLACE FUNCTION procedures_refuse_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := ARRAY[
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END
    ];
    fixed record;
BEGIN
    SELECT id, status INTO fixed FROM procedures_procedureversion
        WHERE id = ANY (touched) AND status <> 'draft' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'version % is %: its content does not change', fixed.id, fixed.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("procedures", "0002_guards")]
    operations = [migrations.RunSQL(FREEZE_BOTH_ENDS, migrations.RunSQL.noop)]
