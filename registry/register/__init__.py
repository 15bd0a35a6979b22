"""The register of all models: entries in revisions, files of it, days of revalidation."""
