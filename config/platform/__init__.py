"""Everything a machine needs to run the instance: embedded PostgreSQL, supervision, set-up."""
