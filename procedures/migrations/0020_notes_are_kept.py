"""A note of the office is never changed, and a mention only once: when it was read."""

from django.db import migrations

DO = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON procedures_note
FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();

CREATE FUNCTION procedures_mention_is_read_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.read_at IS NOT NULL
        OR to_jsonb(OLD) - 'read_at' <> to_jsonb(NEW) - 'read_at' THEN
        RAISE EXCEPTION 'a mention is read once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER read_once BEFORE UPDATE OR DELETE ON procedures_mention
FOR EACH ROW EXECUTE FUNCTION procedures_mention_is_read_once();
"""
UNDO = """
DROP TRIGGER read_once ON procedures_mention;
DROP FUNCTION procedures_mention_is_read_once();
DROP TRIGGER append_only ON procedures_note;
"""


class Migration(migrations.Migration):
    dependencies = [("procedures", "0019_desk")]
    operations = [migrations.RunSQL(DO, UNDO)]
