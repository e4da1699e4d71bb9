"""What was done with parcels to citizens stays as written; parcels sent before have a row too."""

from django.db import migrations

APPEND_ONLY = ("dispatchmanifest", "dispatchlabels", "shipmentstep", "deliveryfile", "deliveryrow")

# A tracking number that was typed for two dossiers stays with the first.
SENT_BEFORE = """
INSERT INTO procedures_shipment (
    dossier_id, office_id, position, guessed, recipient, address, new_address, originals, copies, state,
    tracking, checked, sent_on, reason, signed_by
)
SELECT d.id, d.office_id, 1, false, coalesce(nullif(d.organisation_name, ''), d.applicant), '', '', 1, 0,
    'sent', p.tracking, p.checked, p.posted_on, '', ''
FROM procedures_postalitem p JOIN procedures_dossier d ON d.id = p.dossier_id
WHERE p.direction = 'out' AND d.office_id IS NOT NULL
ORDER BY p.recorded_at, p.id
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("procedures", "0015_dispatch")]
    operations = [
        migrations.RunSQL(
            "\n".join(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON procedures_{table} "
                "FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();"
                for table in APPEND_ONLY
            ),
            "\n".join(f"DROP TRIGGER append_only ON procedures_{table};" for table in APPEND_ONLY),
        ),
        migrations.RunSQL(SENT_BEFORE, migrations.RunSQL.noop),
    ]
