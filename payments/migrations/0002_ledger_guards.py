"""The ledger is append-only, and every posting sums to zero when its transaction commits."""

from django.db import migrations

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON payments_posting
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON payments_entry
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();

CREATE FUNCTION payments_require_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked bigint := coalesce((to_jsonb(NEW) ->> 'posting_id')::bigint, NEW.id);
    total numeric;
    entries bigint;
BEGIN
    SELECT coalesce(sum(amount), 0), count(*) INTO total, entries
        FROM payments_entry WHERE posting_id = checked;
    IF total <> 0 OR entries < 2 THEN
        RAISE EXCEPTION 'posting % has % entries that sum to %', checked, entries, total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON payments_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_require_balance();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON payments_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_require_balance();
"""

UNDO = """
DROP TRIGGER append_only ON payments_posting;
DROP TRIGGER append_only ON payments_entry;
DROP TRIGGER balanced ON payments_posting;
DROP TRIGGER balanced ON payments_entry;
DROP FUNCTION payments_require_balance();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_ledger")]

    operations = [migrations.RunSQL(GUARDS, UNDO)]
