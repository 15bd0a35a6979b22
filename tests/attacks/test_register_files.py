"""CSV files of the register that are sent to see, to hold up, to fill, or to be run."""

import csv
import io
import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import IdempotencyKey, Team
from accounts.roles import Role
from accounts.services import create_team
from common.csv_cells import plain_cell, safe_cell
from common.errors import Invalid, NotAllowed
from registry.models import RegisteredModel
from registry.register import importing
from registry.register.entries import enter
from registry.register.files import Row, as_csv
from registry.register.importing import check_import, import_register
from registry.register.selectors import register_of
from registry.services import change_model
from tests.cast import give, user_of, who
from tests.factories import verbs
from tests.governance.test_races import at_once
from tests.registry.test_register import a_spreadsheet
from tests.registry.test_register_csv import VENDOR, sent
from tests.stage import MODEL, Stage

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def test_a_token_that_does_not_read_sees_nothing_by_a_check(ready: Stage) -> None:
    upload = sent({"name": MODEL, "purpose": "?"})

    with pytest.raises(NotAllowed, match="may not read"):
        check_import(caller=verbs.with_scopes(who("ada"), "write"), upload_id=upload)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_cell_is_run_whatever_is_taken_to_separate_cells(ready: Stage, delimiter: str) -> None:
    model = verbs.new_model(who("ada"), "sheet")
    text = f'harmless{delimiter}=HYPERLINK("http://example.org/?"&A1){delimiter}x'
    change_model(caller=who("ada"), model=model, changes={"purpose": text})

    content = as_csv(register_of(who("mira"))).decode("utf-8-sig")

    cells = [cell for row in csv.reader(io.StringIO(content), delimiter=delimiter) for cell in row]
    assert not [cell for cell in cells if cell.startswith(DANGEROUS)]


@given(st.text(alphabet="=+-@\t\r\n'\";|, a") | st.text())
def test_what_was_made_safe_is_read_as_it_was(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text
    assert not safe_cell(text).startswith(DANGEROUS)


def test_no_file_gives_a_model_more_tags_than_its_page(ready: Stage) -> None:
    verbs.new_model(who("ada"), "sheet")
    upload = sent({"name": "sheet", "tags": ";".join(f"t{n}" for n in range(15_000))})

    (line,) = check_import(caller=who("ada"), upload_id=upload).lines

    assert [problem.field for problem in line.problems] == ["tags"]


def test_a_check_locks_nothing_that_its_caller_may_not_change(
    ready_copy: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_team(caller=who("root"), slug="other", name="Other")
    give([("ben", Role.CONTRIBUTOR)], Team.objects.get(slug="other"))
    upload = sent({"name": MODEL, "life": "in_use"}, by="ben")
    blocked: list[bool] = []

    def other() -> None:
        try:
            with transaction.atomic():
                RegisteredModel.objects.select_for_update(nowait=True).get(name=MODEL)
            blocked.append(False)
        except DatabaseError:
            blocked.append(True)
        finally:
            connections.close_all()

    carry = importing._Import.carry_out

    def looked_at(self: importing._Import, row: Row) -> importing.Line:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        return carry(self, row)

    monkeypatch.setattr(importing._Import, "carry_out", looked_at)
    checked = check_import(caller=who("ben"), upload_id=upload)

    assert checked.problems
    assert blocked == [False]


def test_two_files_with_the_same_new_models_wait_for_each_other_once(ready_copy: Stage) -> None:
    names = [f"m{n}" for n in range(12)]
    one = sent(*(VENDOR | {"name": name} for name in names))
    two = sent(*(VENDOR | {"name": name} for name in reversed(names)), by="mira")

    def act(name: str, upload: UUID) -> Callable[[], object]:
        return lambda: import_register(caller=who(name), upload_id=upload)

    results = at_once(act("ada", one), act("mira", two))

    assert not [result for result in results if isinstance(result, DatabaseError)]
    assert RegisteredModel.objects.filter(name__in=names).count() == len(names)


def test_a_check_that_is_sent_again_and_again_fills_nothing(ready: Stage) -> None:
    lines = "".join(f"n{n},nowhere,{'x' * 130_000}\n" for n in range(30))
    upload = str(verbs.send(who("ada"), "register.csv", f"name,team,purpose\n{lines}".encode()))
    client = Client()
    client.force_login(user_of("ada"))

    reply = client.post(
        "/api/v1/register/import",
        {"upload": upload, "dry_run": True},
        content_type="application/json",
        headers={"Idempotency-Key": "the-same-check"},
    )

    assert reply.status_code == 200
    assert len(reply.content) < 100_000
    assert not IdempotencyKey.objects.exists()


def test_nobody_answers_for_a_model_that_he_does_not_see(ready: Stage) -> None:
    new = a_spreadsheet(owner=user_of("carl").person_id)

    with pytest.raises(Invalid) as refusal:
        enter(caller=who("ada"), model=verbs.new_model(who("ada"), "sheet"), new=new)

    assert refusal.value.field == "owner"


_LONG = b"," * 10**6
FILES = {
    "two marks of order": b"\xef\xbb\xbf\xef\xbb\xbfname\nx\n",
    "half a character": b"name,place\nsheet,\xed\xa0\x80\n",
    "a quote that never ends": b'name,place\nsheet,"never ends\n' * 50,
    "a million columns": b"name" + _LONG + b"\n",
    "a million cells": b"name\n" + _LONG + b"\n",
    "lines and nothing else": b"name\n" + b"\n" * (4 * 2**20 - 10),
    "the last day": b"name,validated_on,hosting,life,owner\nsheet,9999-12-31,served,in_use,ada\n",
    "the first day": b"name,validated_on,hosting,life,owner\nsheet,0001-01-01,served,in_use,ada\n",
    "a name without end": b"name\n" + b"z" * 130000 + b"\n",
    "separators of lines": "name\n\u2028\n".encode(),
}


@pytest.mark.parametrize("what", FILES)
def test_no_file_is_a_defect(ready: Stage, what: str) -> None:
    verbs.new_model(who("ada"), "sheet")
    client = Client(raise_request_exception=False)
    client.force_login(user_of("ada"))
    upload = str(verbs.send(who("ada"), "register.csv", FILES[what]))

    wish = {"upload": upload, "dry_run": True}
    over_rest = client.post("/api/v1/register/import", wish, content_type="application/json")
    assert over_rest.status_code < 500
    assert client.post("/register/import", wish).status_code < 500
