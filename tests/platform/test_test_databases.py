"""What the suite's own database promises to every other test."""

import socket

import psycopg
import pytest
from django.db import connection, transaction

from tests.network import NetworkRefused
from tests.servers import Database


def who() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_ordinary_tests_work_as_the_app_role() -> None:
    assert who() == "assay_app"


@pytest.mark.django_db
@pytest.mark.parametrize("time", ["first", "second"])
def test_what_an_ordinary_test_writes_is_gone_in_the_next(time: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone()[0] == 0
        cursor.execute("INSERT INTO django_session VALUES ('k', 'd', now())")


def test_a_fresh_database_keeps_commits_for_every_connection(fresh_database: Database) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES ('k', 'd', now())")

    assert fresh_database.rows("SELECT session_key FROM django_session") == [("k",)]


def test_a_fresh_database_can_be_used_as_another_role(fresh_database: Database) -> None:
    with fresh_database.as_role("notary"):
        assert who() == "assay_notary"
    assert who() == "assay_app"


def test_the_app_role_cannot_empty_a_table(fresh_database: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        fresh_database.rows("TRUNCATE django_session", role="app")


def test_the_suite_does_not_leave_this_machine() -> None:

    with pytest.raises(NetworkRefused), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
