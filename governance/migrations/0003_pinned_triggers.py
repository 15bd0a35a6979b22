"""The trigger of the four eyes reads the true tables, whatever a session puts before them.

A role without any right to make tables may still make temporary ones, and PostgreSQL looks among
those first; `pg_temp` at the end of a function's own search path ends that.
"""

from django.db import migrations

_FUNCTIONS = ("assay_check_signature", "assay_lock_version")


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_guards")]
    operations = [
        migrations.RunSQL(
            f"ALTER FUNCTION {function}() SET search_path = public, pg_temp",
            f"ALTER FUNCTION {function}() RESET search_path",
        )
        for function in _FUNCTIONS
    ]
