"""The register as a file: out, checked, and in again; all of a file, or nothing of it."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import pytest
from django.conf import LazySettings

from accounts.services import deactivate_user
from audit.models import AuditEvent
from common.errors import Invalid, NotAllowed, NotFound, Outdated, TooLarge
from registry.models import RegisteredModel, RegisterEntry
from registry.register.entries import enter, newest_entry
from registry.register.files import EXPORTED, as_csv
from registry.register.importing import Checked, check_import, import_register
from registry.register.selectors import register_of
from registry.services import change_model
from tests.cast import TEAM, user_of, who
from tests.factories import verbs
from tests.registry.test_register import a_spreadsheet
from tests.stage import MODEL, Stage

VENDOR = {
    "name": "vendor-score",
    "team": TEAM,
    "purpose": "Score applicants.",
    "risk_tier": "high",
    "licence": "Contract 12",
    "origin": "commercial",
    "tags": "credit; vendor",
    "hosting": "inventory",
    "life": "in_development",
    "owner": "MIRA",
    "place": "The vendor's cloud",
    "technology": "-SCORE 4-",
}


def sent(*lines: Mapping[str, str], by: str = "ada") -> Any:
    """An upload of these lines, under a header of all columns that they name."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, {name: None for line in lines for name in line})
    writer.writeheader()
    writer.writerows(lines)
    return verbs.send(who(by), "register.csv", out.getvalue().encode())


def exported(by: str = "mira") -> list[dict[str, str]]:
    """The lines of the export."""
    return list(csv.DictReader(io.StringIO(as_csv(register_of(who(by))).decode("utf-8-sig"))))


def line_of(name: str) -> dict[str, str]:
    """What the export says of one model."""
    return next(line for line in exported() if line["name"] == name)


def state() -> tuple[int, int, int]:
    """Models, entries and events that there are."""
    tables = (RegisteredModel.objects, RegisterEntry.objects, AuditEvent.objects)
    models, entries, events = (rows.count() for rows in tables)
    return models, entries, events


def wrong(checked: Checked) -> list[tuple[int, str]]:
    """Where the check finds something wrong."""
    return [(line.number, str(p.field)) for line in checked.lines for p in line.problems]


@pytest.fixture
def sheet(ready: Stage) -> RegisteredModel:
    """A spreadsheet with texts that a spreadsheet would run, and an owner whose login is closed."""
    model = verbs.new_model(who("ada"), "sheet")
    changes = {"purpose": '=HYPERLINK("x")\r\nof "two" lines', "tags": ["a; b", "c,d"]}
    change_model(caller=who("ada"), model=model, changes=changes)
    enter(caller=who("mira"), model=model, new=a_spreadsheet(place="+1", technology="'=old"))
    deactivate_user(caller=who("root"), user=user_of("ada"))
    return model


class TestTheExport:
    def test_says_what_the_register_says_and_runs_nothing(self, sheet: RegisteredModel) -> None:
        lines = {line["name"]: line for line in exported("cora")}
        assert list(lines) == ["sheet", MODEL]
        assert tuple(lines["sheet"]) == EXPORTED
        said = [lines["sheet"][name] for name in ("purpose", "place", "owner", "validator")]
        assert said == ['\'=HYPERLINK("x")\r\nof "two" lines', "'+1", "ada", "ben"]
        assert lines[MODEL]["hosting"] == ""
        assert exported("carl") == exported("dan") == []

    def test_imported_again_changes_nothing(self, sheet: RegisteredModel) -> None:
        upload, before = sent(*exported(), by="mira"), state()
        checked = import_register(caller=who("mira"), upload_id=upload)
        assert [line.state for line in checked.lines] == ["unchanged", "unchanged"]
        assert state() == before


class TestAnImport:
    def test_registers_and_changes_with_a_revision_and_an_event_each(self, ready: Stage) -> None:
        ada, sheet = who("ada"), verbs.new_model(who("ada"), "sheet")
        enter(caller=ada, model=sheet, new=a_spreadsheet())
        edited = line_of("sheet") | {"place": "Vault", "tags": "moved"}
        upload, before = sent(VENDOR, edited), state()
        checked = check_import(caller=ada, upload_id=upload)
        assert [(line.model, line.state) for line in checked.lines] == [
            ("vendor-score", "new"),
            ("sheet", "changed"),
        ]
        assert [(c.field, c.before, c.after) for c in checked.lines[1].changes] == [
            ("tags", "", "moved"),
            ("place", "Finance share", "Vault"),
        ]
        assert state() == before
        import_register(caller=ada, upload_id=upload, digest=checked.digest)
        new = newest_entry(RegisteredModel.objects.get(name="vendor-score"))
        assert new is not None
        assert (new.revision, new.technology, new.owner) == (1, "-SCORE 4-", user_of("mira").person)
        events = AuditEvent.objects.order_by("-id").values_list("action", flat=True)[:4]
        assert sorted(events) == [
            "model.changed",
            "model.entered",
            "model.entered",
            "model.registered",
        ]
        with pytest.raises(NotFound):
            import_register(caller=ada, upload_id=upload)

    def test_says_of_each_row_and_field_what_is_wrong_and_writes_nothing(
        self, ready: Stage
    ) -> None:
        enter(caller=who("ada"), model=verbs.new_model(who("ada"), "sheet"), new=a_spreadsheet())
        upload = sent(
            VENDOR,
            VENDOR | {"name": "no name", "owner": "dan", "revalidate_on": "27/11/2026"},
            VENDOR | {"name": "second", "team": "elsewhere"},
            VENDOR | {"name": "third", "hosting": "moon"},
            VENDOR | {"name": "fourth", "owner": ""},
            line_of("sheet") | {"risk_tier": "low", "validator": "ada"},
            VENDOR,
            VENDOR | {"name": MODEL},
        )
        before = state()
        checked = check_import(caller=who("ada"), upload_id=upload)
        assert wrong(checked) == [
            (3, "owner"),
            (3, "revalidate_on"),
            (3, "name"),
            (4, "team"),
            (5, "hosting"),
            (6, "owner"),
            (7, "risk_tier"),
            (8, "name"),
            (9, "risk_tier"),
            (9, "origin"),
        ]
        with pytest.raises(Invalid) as refused:
            import_register(caller=who("ada"), upload_id=upload)
        assert refused.value.field == "rows[3].owner"
        assert state() == before

    def test_is_refused_where_the_register_is_not_the_one_shown(self, ready: Stage) -> None:
        sheet = verbs.new_model(who("ada"), "sheet")
        enter(caller=who("ada"), model=sheet, new=a_spreadsheet())
        upload = sent({"name": "sheet", "place": "Vault"})
        digest = check_import(caller=who("ada"), upload_id=upload).digest
        new = a_spreadsheet(place="Attic")
        enter(caller=who("mira"), model=sheet, new=new, revision=1)
        with pytest.raises(Outdated):
            import_register(caller=who("ada"), upload_id=upload, digest=digest)
        assert sheet.entries.count() == 2

    @pytest.mark.parametrize("username", ["ben", "cora", "carl", "root"])
    def test_is_for_contributors_and_managers(self, ready: Stage, username: str) -> None:
        upload = sent(VENDOR)
        for act in (check_import, import_register):
            with pytest.raises(NotAllowed):
                act(caller=who(username), upload_id=upload)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"name;team\nsheet;credit\n", None),
            (b"\xff\xfen\x00", "not UTF-8"),
            (b"name\n\x00\n", "NUL"),
            (b"team\ncredit\n", "one of them is name"),
            (b"name,colour\nsheet,red\n", "'colour' is not known"),
            (b"name,name\nsheet,sheet\n", "twice"),
            (b"name,team\nsheet\n", "Row 2 has 1 cells"),
            (b'name\n"sheet"x\n', "no CSV"),
            (b"name\n\n \n", "no line below"),
            (b"name\na\nb\nc\n", "at most 2 models"),
            (b"name\n" + b"a" * 200, "at most 100 bytes"),
        ],
    )
    def test_takes_no_file_that_is_no_such_csv(
        self, ready: Stage, settings: LazySettings, content: bytes, said: str | None
    ) -> None:
        settings.MAX_REGISTER_ROWS, settings.MAX_REGISTER_BYTES = 2, 100
        verbs.new_model(who("ada"), "sheet")
        upload = verbs.send(who("ada"), "register.csv", content)
        if said is None:
            assert check_import(caller=who("ada"), upload_id=upload).problems == 0
            return
        with pytest.raises((Invalid, TooLarge), match=said) as refused:
            check_import(caller=who("ada"), upload_id=upload)
        assert refused.value.field == "upload"
