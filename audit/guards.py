"""Database triggers that keep a promise whatever program, or shell, writes to the tables."""

from django.db import migrations

REFUSE_CHANGE = migrations.RunSQL(
    """
    CREATE FUNCTION assay_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'Rows of % are never changed or removed.', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE FUNCTION assay_refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        kept jsonb := to_jsonb(OLD);
        wanted jsonb := to_jsonb(NEW);
        free text;
    BEGIN
        FOREACH free IN ARRAY TG_ARGV LOOP
            kept := kept - free;
            wanted := wanted - free;
        END LOOP;
        IF kept IS DISTINCT FROM wanted THEN
            RAISE EXCEPTION 'Only % of % may change.', array_to_string(TG_ARGV, ', '), TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    """,
    "DROP FUNCTION assay_refuse_frozen(); DROP FUNCTION assay_refuse_change();",
)


def insert_only(table: str) -> migrations.RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE of a table, for every role."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION assay_refuse_change();
        CREATE TRIGGER keep_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION assay_refuse_change();
        """,
        f"DROP TRIGGER keep_table ON {table}; DROP TRIGGER keep_rows ON {table};",
    )


def only_these_change(table: str, *columns: str) -> migrations.RunSQL:
    """Refuse DELETE and TRUNCATE, and UPDATE of any column but these."""
    names = ", ".join(f"'{column}'" for column in columns)
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER keep_columns BEFORE UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION assay_refuse_frozen({names});
        CREATE TRIGGER keep_rows BEFORE DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION assay_refuse_change();
        CREATE TRIGGER keep_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION assay_refuse_change();
        """,
        f"""
        DROP TRIGGER keep_table ON {table}; DROP TRIGGER keep_rows ON {table};
        DROP TRIGGER keep_columns ON {table};
        """,
    )
