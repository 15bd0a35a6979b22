"""Two persons give a password back, and open a closed login again; each half is written once.

A login that has no password gets one in the transaction that uses a way in, and in no other one.
"""

from django.db import migrations

from audit.guards import only_these_change

_WAYS_IN = """
    CREATE FUNCTION assay_check_way_in() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    DECLARE
        said jsonb := coalesce(assay_details_confirmed_now(NEW.proposal_id, 'password'),
                               assay_details_confirmed_now(NEW.proposal_id, 'reopening'));
    BEGIN
        IF said IS NULL OR said ->> 'user' <> NEW.user_id::text THEN
            RAISE EXCEPTION 'Two persons give a password back.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.first <> '' OR NEW.second <> '' OR NEW.tries <> 0 OR NEW.used_at IS NOT NULL
            OR NEW.ended_at IS NOT NULL
            OR NEW.made_at NOT BETWEEN now() - interval '1 day' AND now() + interval '1 day'
            OR NEW.not_after <= NEW.made_at
            OR NEW.not_after > NEW.made_at + interval '1 day' THEN
            RAISE EXCEPTION 'A way in begins without halves, for at most a day.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE FUNCTION assay_way_in_goes_on() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF OLD.used_at IS NOT NULL OR OLD.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'This way in is over.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.first <> '' AND NEW.first <> OLD.first
            OR OLD.second <> '' AND NEW.second <> OLD.second THEN
            RAISE EXCEPTION 'A half is taken once.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.tries < OLD.tries THEN
            RAISE EXCEPTION 'Tries are not forgotten.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.used_at IS NOT NULL AND (NEW.used_at <> now() OR NEW.not_after <= now()
            OR OLD.first = '' OR OLD.second = ''
            OR NOT EXISTS (SELECT 1 FROM accounts_user u JOIN accounts_person p
                           ON p.id = u.person_id
                           WHERE u.id = NEW.user_id AND u.is_active AND p.is_active)) THEN
            RAISE EXCEPTION 'Both halves together are used in time, for an open login.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE INSERT ON accounts_wayin
        FOR EACH ROW EXECUTE FUNCTION assay_check_way_in();
    CREATE TRIGGER goes_on BEFORE UPDATE ON accounts_wayin
        FOR EACH ROW EXECUTE FUNCTION assay_way_in_goes_on();
    """
_NO_WAYS_IN = """
    DROP TRIGGER goes_on ON accounts_wayin;
    DROP TRIGGER two_persons ON accounts_wayin;
    DROP FUNCTION assay_way_in_goes_on();
    DROP FUNCTION assay_check_way_in();
    """

_ADMINISTRATOR = """
        IF NEW.is_admin AND NOT OLD.is_admin AND NOT EXISTS (
            SELECT 1 FROM accounts_proposal p WHERE p.state = 'confirmed' AND p.decided_at = now()
              AND assay_details_confirmed_now(p.id, 'administrator') ->> 'user' = NEW.id::text) THEN
            RAISE EXCEPTION 'Two persons make an administrator.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    """
_HEAD = """
    CREATE OR REPLACE FUNCTION assay_check_login() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
    """
_LOGINS = f"""
    {_HEAD}
        IF NEW.is_active AND NOT OLD.is_active AND (
            NEW.is_admin OR NEW.password NOT LIKE '!%' OR NEW.reopened_at IS NULL
            OR NEW.reopened_at IS NOT DISTINCT FROM OLD.reopened_at OR NOT EXISTS (
                SELECT 1 FROM accounts_proposal p
                WHERE p.state = 'confirmed' AND p.decided_at = now()
                  AND assay_details_confirmed_now(p.id, 'reopening') ->> 'user' = NEW.id::text))
        THEN
            RAISE EXCEPTION 'Two persons open a closed login, without its password and powers.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.reopened_at IS DISTINCT FROM OLD.reopened_at
            AND (OLD.is_active OR NOT NEW.is_active) THEN
            RAISE EXCEPTION 'When a login was opened again is said once, as that is done.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.password LIKE '!%' AND NEW.password NOT LIKE '!%' AND NOT EXISTS (
            SELECT 1 FROM accounts_wayin w WHERE w.user_id = NEW.id AND w.used_at = now()) THEN
            RAISE EXCEPTION 'Two persons give a password back.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        {_ADMINISTRATOR}
    END $$;
    """
_LOGINS_AS_BEFORE = f"""
    {_HEAD}
        IF NEW.is_active AND NOT OLD.is_active THEN
            RAISE EXCEPTION 'A closed login stays closed.' USING ERRCODE = 'restrict_violation';
        END IF;
        {_ADMINISTRATOR}
    END $$;
    """

# Whoever left comes back by one of his logins, and not by a word about himself.
_PERSONS = """
    CREATE FUNCTION assay_check_person() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
    BEGIN
        IF NEW.is_active AND NOT OLD.is_active AND NOT EXISTS (
            SELECT 1 FROM accounts_user u WHERE u.person_id = NEW.id AND u.is_active) THEN
            RAISE EXCEPTION 'Two persons open a closed login again.'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER two_persons BEFORE UPDATE ON accounts_person
        FOR EACH ROW EXECUTE FUNCTION assay_check_person();
    """
_NO_PERSONS = """
    DROP TRIGGER two_persons ON accounts_person;
    DROP FUNCTION assay_check_person();
    """


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_ways_in"), ("audit", "0002_guards")]
    operations = [
        migrations.RunSQL(_WAYS_IN, _NO_WAYS_IN),
        only_these_change("accounts_wayin", "first", "second", "tries", "used_at", "ended_at"),
        migrations.RunSQL(_LOGINS, _LOGINS_AS_BEFORE),
        migrations.RunSQL(_PERSONS, _NO_PERSONS),
    ]
