"""Versions, their bytes and their evidence are immutable."""

from django.db import migrations

from audit.guards import insert_only, only_these_change


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        only_these_change("registry_modelversion", "status", "status_reason"),
        insert_only("registry_blob"),
        insert_only("registry_datasetsnapshot"),
        insert_only("registry_artifact"),
        insert_only("registry_evidence"),
        insert_only("registry_versioncontributor"),
        insert_only("registry_cardrevision"),
        insert_only("registry_aliasmove"),
    ]
