"""What must hold whatever the program does: history is append-only, published versions are fixed."""

from django.db import migrations

REFUSE_CHANGE = """
CREATE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

APPEND_ONLY = (
    "procedures_dossierevent",
    "procedures_intakelist",
    "procedures_intakerow",
    "portal_accesslog",
)

FREEZE_VERSION = """
CREATE FUNCTION procedures_refuse_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    row_version bigint;
    version_status text;
BEGIN
    row_version := CASE WHEN TG_OP = 'DELETE' THEN OLD.version_id ELSE NEW.version_id END;
    SELECT status INTO version_status FROM procedures_procedureversion WHERE id = row_version;
    IF version_status <> 'draft' THEN
        RAISE EXCEPTION 'version % is %: its content does not change', row_version, version_status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION procedures_refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    flow text[] := ARRAY['status', 'published_by_id', 'published_at'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'version % is %: it stays', OLD.id, OLD.status
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status = 'draft' THEN
        RETURN NEW;
    END IF;
    IF NOT (OLD.status = 'published' AND NEW.status = 'retired')
        OR to_jsonb(OLD) - flow <> to_jsonb(NEW) - flow THEN
        RAISE EXCEPTION 'version % is %: its content does not change', OLD.id, OLD.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""

VERSION_ROWS = ("case", "timelimit", "step", "field", "document", "state", "transition")


def statements() -> list[str]:
    made = [REFUSE_CHANGE, FREEZE_VERSION]
    made += [
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();"
        for table in APPEND_ONLY
    ]
    made += [
        f"CREATE TRIGGER published_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON procedures_{table} "
        "FOR EACH ROW EXECUTE FUNCTION procedures_refuse_published();"
        for table in VERSION_ROWS
    ]
    made.append(
        "CREATE TRIGGER published_is_fixed BEFORE UPDATE OR DELETE ON procedures_procedureversion "
        "FOR EACH ROW EXECUTE FUNCTION procedures_refuse_version_change();"
    )
    return made


def undo() -> list[str]:
    made = [f"DROP TRIGGER append_only ON {table};" for table in APPEND_ONLY]
    made += [f"DROP TRIGGER published_is_fixed ON procedures_{table};" for table in VERSION_ROWS]
    made += [
        "DROP TRIGGER published_is_fixed ON procedures_procedureversion;",
        "DROP FUNCTION portal_refuse_change();",
        "DROP FUNCTION procedures_refuse_published();",
        "DROP FUNCTION procedures_refuse_version_change();",
    ]
    return made


class Migration(migrations.Migration):
    dependencies = [("procedures", "0001_initial"), ("portal", "0001_initial")]
    operations = [migrations.RunSQL("\n".join(statements()), "\n".join(undo()))]
