"""Closed lists and what the bank said do not change; only a sealed number may be sealed anew."""

from django.db import migrations

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pension_paymentresult
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();

CREATE FUNCTION pension_refuse_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'account_number' = to_jsonb(OLD) - 'account_number'
        AND (NEW.account_number = '') = (OLD.account_number = '') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'line % of a payment list does not change', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER closed_is_fixed BEFORE UPDATE OR DELETE ON pension_paymentline
    FOR EACH ROW EXECUTE FUNCTION pension_refuse_line();

CREATE FUNCTION pension_refuse_list() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Written down within the transaction that closes it; afterwards released once.
    IF TG_OP = 'UPDATE' AND (OLD.digest = ''
        OR OLD.released_at IS NULL AND NEW.released_at IS NOT NULL
        AND to_jsonb(NEW) - ARRAY['released_at', 'released_by_id']
            = to_jsonb(OLD) - ARRAY['released_at', 'released_by_id'])
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'payment list % is closed: it does not change', OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER closed_is_fixed BEFORE UPDATE OR DELETE ON pension_paymentlist
    FOR EACH ROW EXECUTE FUNCTION pension_refuse_list();

CREATE FUNCTION pension_refuse_late_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM fresh f JOIN pension_paymentlist p ON p.id = f.list_id WHERE p.digest <> '') THEN
        RAISE EXCEPTION 'a closed payment list takes no more lines' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER no_late_line AFTER INSERT ON pension_paymentline REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION pension_refuse_late_line();
"""

UNDO = """
DROP TRIGGER append_only ON pension_paymentresult;
DROP TRIGGER closed_is_fixed ON pension_paymentline;
DROP TRIGGER closed_is_fixed ON pension_paymentlist;
DROP TRIGGER no_late_line ON pension_paymentline;
DROP FUNCTION pension_refuse_line();
DROP FUNCTION pension_refuse_list();
DROP FUNCTION pension_refuse_late_line();
"""


class Migration(migrations.Migration):
    dependencies = [("pension", "0003_roster")]

    operations = [migrations.RunSQL(GUARDS, UNDO)]
