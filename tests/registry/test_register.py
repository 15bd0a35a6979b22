"""The register: every model with who answers for it, served here or not, and when it is due."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.findings import Finding
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed, Outdated
from compliance.verification.claims import claims
from registry.models import ModelVersion, RegisterEntry
from registry.register.entries import LATEST_DAYS, NewEntry, enter, today
from registry.register.selectors import narrowed, register_of
from tests.cast import user_of, who
from tests.factories import verbs
from tests.stage import MODEL, Stage

DAY = timedelta(days=1)


def of(username: str) -> Any:
    """The person."""
    return user_of(username).person_id


def a_spreadsheet(**other: Any) -> NewEntry:
    """A model in use that nothing here serves."""
    said = NewEntry(
        hosting="inventory",
        life="in_use",
        owner=of("ada"),
        place="Finance share",
        technology="Spreadsheet",
        validator=of("ben"),
        validated_on=today() - 30 * DAY,
        revalidate_on=today() + 60 * DAY,
    )
    return replace(said, **other)


def found(username: str, **asked: str) -> list[str]:
    """Names that the register shows to a person."""
    return [model.name for model in narrowed(register_of(who(username)), asked)]


class TestAnEntry:
    def test_is_kept_with_its_history_and_told_in_the_log(self, ready: Stage) -> None:
        model = verbs.new_model(who("ada"), "sheet")
        enter(caller=who("ada"), model=model, new=a_spreadsheet())
        entry = enter(caller=who("mira"), model=model, new=a_spreadsheet(place="Vault"), revision=1)
        assert [row.place for row in model.entries.order_by("revision")] == [
            "Finance share",
            "Vault",
        ]
        payload = AuditEvent.objects.filter(action="model.entered").latest("id").payload
        assert (payload["revision"], payload["place"]) == (entry.revision, "Vault") == (2, "Vault")

    def test_of_a_model_in_development_may_say_little(self, ready: Stage) -> None:
        new = NewEntry("served", "in_development", of("ada"))
        entry = enter(caller=who("ada"), model=ready.version.model, new=new)
        assert (entry.validator, entry.revalidate_on, entry.place) == (None, None, "")

    @pytest.mark.parametrize("username", ["ben", "cora", "carl", "dan", "root"])
    def test_is_written_by_contributors_and_managers_alone(
        self, ready: Stage, username: str
    ) -> None:
        with pytest.raises(NotAllowed):
            enter(caller=who(username), model=ready.version.model, new=a_spreadsheet())

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("hosting", lambda: {"hosting": "moon"}),
            ("life", lambda: {"life": "asleep"}),
            ("place", lambda: {"place": " "}),
            ("technology", lambda: {"technology": "x" * 201}),
            ("owner", lambda: {"owner": of("dan")}),
            ("validator", lambda: {"validator": of("ada")}),
            ("validated_on", lambda: {"validated_on": today() + DAY}),
            ("revalidate_on", lambda: {"revalidate_on": None, "validated_on": None}),
            ("revalidate_on", lambda: {"revalidate_on": today() + (LATEST_DAYS + 1) * DAY}),
            ("revalidate_on", lambda: {"revalidate_on": today() - 31 * DAY}),
        ],
    )
    def test_is_refused_naming_the_field(self, ready: Stage, field: str, change: Any) -> None:
        model = verbs.new_model(who("ada"), "sheet")
        with pytest.raises(Invalid) as refused:
            enter(caller=who("ada"), model=model, new=a_spreadsheet(**change()))
        assert refused.value.field == field
        assert not RegisterEntry.objects.exists()

    def test_that_changes_nothing_is_refused(self, ready: Stage) -> None:
        model = verbs.new_model(who("ada"), "sheet")
        enter(caller=who("ada"), model=model, new=a_spreadsheet())
        with pytest.raises(Conflict):
            enter(caller=who("mira"), model=model, new=a_spreadsheet(), revision=1)

    @pytest.mark.parametrize("shown", [None, 1, 3])
    def test_is_never_written_over_one_that_was_not_shown(
        self, ready: Stage, shown: int | None
    ) -> None:
        model = verbs.new_model(who("ada"), "sheet")
        for revision, place in ((None, "Share"), (1, "Vault")):
            new = a_spreadsheet(place=place)
            enter(caller=who("ada"), model=model, new=new, revision=revision)
        with pytest.raises(Outdated):
            enter(caller=who("mira"), model=model, new=a_spreadsheet(), revision=shown)
        assert model.entries.count() == 2

    def test_that_differs_from_its_event_is_found_by_fsck(self, ready: Stage) -> None:
        model = verbs.new_model(who("ada"), "sheet")
        entry = enter(caller=who("ada"), model=model, new=a_spreadsheet())
        assert not _claimed()
        RegisterEntry.objects.bulk_create(
            [_copy(entry, revision=2, life="retired", revalidate_on=None)]
        )
        assert len(_claimed()) == 1


def _claimed() -> list[Finding]:
    return [one for one in claims() if one.thing == "entry of the register"]


def _copy(entry: RegisterEntry, **other: Any) -> RegisterEntry:
    fields = {f.attname: getattr(entry, f.attname) for f in RegisterEntry._meta.fields}
    return RegisterEntry(**(fields | {"id": None} | other))


class TestInventoryOnly:
    def test_a_model_with_something_to_serve_never_becomes_it(self, ready: Stage) -> None:
        model = ready.version.model
        with pytest.raises(Conflict):
            enter(caller=who("ada"), model=model, new=a_spreadsheet())
        entry = enter(caller=who("ada"), model=model, new=a_spreadsheet(hosting="served"))
        with pytest.raises(DatabaseError, match="can be served"), transaction.atomic():
            _copy(entry, revision=2, hosting="inventory").save()

    def test_such_a_model_never_gets_a_version_that_can_be_served(self, ready: Stage) -> None:
        model = verbs.new_model(who("ada"), "sheet")
        enter(caller=who("ada"), model=model, new=a_spreadsheet())
        with pytest.raises(Conflict, match="inventory only"):
            verbs.another(who("ada"), model)
        version = ModelVersion.objects.get(pk=ready.version.pk)
        version.pk, version.model, version.digest = None, model, "0" * 64
        version._state.adding = True
        with pytest.raises(DatabaseError, match="inventory only"), transaction.atomic():
            version.save()

    def test_rows_are_never_changed(self, ready: Stage) -> None:
        model = verbs.new_model(who("ada"), "sheet")
        enter(caller=who("ada"), model=model, new=a_spreadsheet())
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            RegisterEntry.objects.update(life="retired")


class TestTheList:
    def test_finds_by_what_the_newest_entry_says(self, ready: Stage) -> None:
        ada, yesterday = who("ada"), today() - DAY
        changes: dict[str, dict[str, Any]] = {
            "late": {"revalidate_on": yesterday},
            "soon": {},
            "gone": {"life": "retired", "revalidate_on": yesterday},
        }
        for name, change in changes.items():
            enter(caller=ada, model=verbs.new_model(ada, name), new=a_spreadsheet(**change))
        everything = sorted(["late", "soon", "gone", MODEL])
        assert found("cora") == everything
        assert found("cora", due="overdue") == ["late"]
        assert found("cora", due="30") == ["late"]
        assert found("cora", due="90") == ["late", "soon"]
        assert found("cora", life="retired") == ["gone"]
        assert found("cora", life="missing") == found("cora", hosting="served") == [MODEL]
        assert found("cora", hosting="inventory", q="so") == ["soon"]
        with CaptureQueriesContext(connection) as seen:
            assert found("mira", due="365") == ["late", "soon"]
        with CaptureQueriesContext(connection) as more:
            assert found("mira") == everything
        assert len(seen) == len(more)

    def test_is_not_for_consumers_and_strangers(self, ready: Stage) -> None:
        assert found("carl") == found("dan") == []

    def test_refuses_a_filter_that_means_nothing(self, ready: Stage) -> None:
        with pytest.raises(Invalid, match="overdue"):
            found("cora", due="tomorrow")
