from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.functions import Now


def set_aside(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Sheets of labels are drawn when asked for: those issued before are kept, and in force no more."""
    issued = apps.get_model("procedures", "IssuedDocument").objects
    issued.filter(kind="label_sheet", replaced_at=None).update(replaced_at=Now())


class Migration(migrations.Migration):
    dependencies = [("procedures", "0030_staff_moves")]

    operations = [migrations.RunPython(set_aside, migrations.RunPython.noop)]
