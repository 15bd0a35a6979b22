"""Deleting the files of a version: what keeps them, who does it, and what is left."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.proposals.services import propose
from audit.findings import Finding
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from compliance.retention.rules import TEN_YEARS, days_of
from compliance.retention.selectors import Thing
from compliance.retention.services import lift_hold, place_hold
from compliance.verification.check import checks_of_records, stored_bytes
from governance.approvals.releases import retire
from governance.reviewing.commenting import comment
from governance.selectors import trusted_keys
from governance.services import submit, withdraw
from registry import blobs, upkeep
from registry.loading import artifact_bytes
from registry.models import ModelVersion, Status, Tombstone
from registry.services import quarantine
from tests.cast import give, password_of, who
from tests.factories import verbs
from tests.factories.findings import found
from tests.governance.test_findings import answer
from tests.retention.deleting import confirmed, proposed, retired, rule
from tests.stage import MODEL, Stage
from tests.web.conftest import As

Committing = Callable[..., Any]


def _gone(version: ModelVersion, committing: Committing) -> ModelVersion:
    """Deleted, and committed."""
    proposal = proposed(version)
    with committing(execute=True):
        confirmed(proposal)
    return version


def _found(stage: Stage) -> set[str]:
    findings: list[Finding] = [
        one for check in (*checks_of_records(trusted_keys()), stored_bytes) for one in check()
    ]
    return {f"{one.thing}: {one.why}" for one in findings}


class TestADeletion:
    def test_takes_the_bytes_and_leaves_digests_manifest_tombstone_and_event(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule()
        version = retired(ready)
        artifact = version.artifacts.get()
        before = _found(ready)
        manifest = bytes(version.manifest)
        assert blobs.path_of(artifact.blob_id).is_file()

        _gone(version, django_capture_on_commit_callbacks)

        assert not blobs.path_of(artifact.blob_id).exists()
        version = ModelVersion.objects.get(pk=version.pk)
        assert (version.status, bytes(version.manifest)) == (Status.RETIRED, manifest)
        event = AuditEvent.objects.get(action="bytes.deleted")
        file = {"digest": f"sha256:{artifact.blob_id}", "size": artifact.size, "what": "artifact"}
        assert event.payload["files"] == [file]
        assert event.person_id == who("cora").person_id
        assert event.payload["proposer"] == str(who("mira").person_id)
        assert Tombstone.objects.get().version == version
        assert _found(ready) == before
        with pytest.raises(blobs.Deleted, match="deleted on"):
            artifact_bytes(version, artifact)
        version.refresh_from_db()
        assert version.status == Status.RETIRED

    def test_is_not_undone_by_the_same_bytes(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule()
        version = _gone(retired(ready), django_capture_on_commit_callbacks)
        with pytest.raises(blobs.Deleted):
            verbs.another(who("ada"), version.model, strength=3.0)
        artifact = version.artifacts.get()
        assert any("its bytes are there" in why for why in _found(ready))
        artifact.pk, artifact._state.adding, artifact.name = None, True, "again.onnx"
        with pytest.raises(DatabaseError, match="were deleted"), transaction.atomic():
            artifact.save()
        upkeep.remove_unclaimed_blobs()
        assert not any("its bytes are there" in why for why in _found(ready))

    def test_takes_attached_files_as_well_where_that_was_wished(self, ready: Stage) -> None:
        rule()
        confirmed(proposed(_attached(ready, 3.0), attachments=True))
        whats = sorted(Tombstone.objects.values_list("what", flat=True))
        assert whats == ["artifact", "attachment", "attachment"]

    def test_takes_no_attached_file_that_is_attached_elsewhere_too(self, ready: Stage) -> None:
        rule()
        version = _attached(ready, 3.0)
        _attached(ready, 4.0)
        with pytest.raises(Conflict, match="is also attached to a comment, a finding or an answer"):
            proposed(version, attachments=True)
        confirmed(proposed(version))
        assert Tombstone.objects.get().what == "artifact"


def _attached(stage: Stage, strength: float) -> ModelVersion:
    """Retired; names of persons were attached to a comment on it and to an answer."""
    version = verbs.another(who("ada"), stage.version.model, strength=strength)
    verbs.make_ready(who("ada"), version)
    review = submit(caller=who("ada"), version=version)
    files = [verbs.send(who("ben"), "names.csv", b"name\nEve\n")]
    comment(caller=who("ben"), review=review, body="Who is it?", attachments=files)
    shown = [verbs.send(who("ada"), "shown.csv", b"name\nAdam\n")]
    answer("ada", found("ben", version), attachments=shown)
    withdraw(caller=who("ada"), review=review)
    retire(caller=who("mira"), version=version, reason="Over.")
    return version


def _held(version: ModelVersion, kind: str = "version") -> Any:
    thing = Thing(kind, version.model, version if kind == "version" else None)
    return place_hold(caller=who("cora"), thing=thing, reference="Case 5", reason="Asked for.")


def _shared(version: ModelVersion) -> None:
    verbs.another(who("ada"), version.model, strength=3.0)


REASONS: dict[str, tuple[Callable[[ModelVersion], object], str]] = {
    "held": (_held, "legal hold"),
    "its model is held": (lambda version: _held(version, "model"), "legal hold"),
    "for ever": (lambda version: rule(days=None), "for ever"),
    "not old enough": (lambda version: rule(days=9), "kept until"),
    "shared": (_shared, "also part of another version"),
    "in use again": (lambda version: quarantine(version=version, reason="x"), "retire it first"),
}


@pytest.mark.parametrize("why", REASONS)
def test_nothing_is_proposed_or_done_while_something_keeps_it(ready: Stage, why: str) -> None:
    rule()
    version = retired(ready)
    waiting = proposed(version)
    happens, said = REASONS[why]
    happens(version)
    with pytest.raises(Conflict, match=said):
        proposed(ModelVersion.objects.get(pk=version.pk))
    with pytest.raises(Conflict):
        confirmed(waiting)
    assert not Tombstone.objects.exists()
    assert blobs.path_of(version.artifacts.get().blob_id).is_file()


def test_a_version_that_is_not_retired_stays(approved: Stage) -> None:
    rule("approved")
    with pytest.raises(Conflict, match="retire it first"):
        proposed(approved.version)


def test_once_the_hold_is_lifted_by_another_person_it_may_go(ready: Stage) -> None:
    rule()
    give([("ben", "compliance")])
    version = retired(ready)
    hold = _held(version)
    said = {"reason": "Over.", "password": password_of("ben")}
    lift_hold(caller=who("ben"), hold=hold, **said)
    confirmed(proposed(version))
    assert Tombstone.objects.count() == 1


@pytest.mark.parametrize(("proposer", "confirmer"), [("cora", "mira"), ("ada", "cora")])
def test_a_manager_proposes_it_and_compliance_confirms(
    ready: Stage, proposer: str, confirmer: str
) -> None:
    rule()
    version = retired(ready)
    with pytest.raises(NotAllowed, match="managers"):
        proposed(version, proposer)
    give([("mira", "compliance")])
    with pytest.raises(NotAllowed, match="another person"):
        confirmed(proposed(version), "mira")


def _forged(version: ModelVersion, waiting: Any) -> Tombstone:
    return Tombstone(
        blob_id=version.artifacts.get().blob_id,
        version=version,
        what="artifact",
        proposal=waiting,
        at=timezone.now(),
    )


class TestTheDatabase:
    def test_refuses_a_tombstone_that_nobody_confirmed(self, ready: Stage) -> None:
        rule()
        version = retired(ready)
        with pytest.raises(DatabaseError, match="Two persons delete"), transaction.atomic():
            _forged(version, proposed(version)).save(force_insert=True)

    @pytest.mark.parametrize(
        ("why", "said"),
        [
            ("held", "legal hold"),
            ("for ever", "rules of retention"),
            ("not old enough", "rules of retention"),
            ("shared", "kept by something else"),
        ],
    )
    def test_refuses_what_the_service_would_refuse(
        self, ready: Stage, monkeypatch: pytest.MonkeyPatch, why: str, said: str
    ) -> None:
        rule()
        version = retired(ready)
        waiting = proposed(version)
        REASONS[why][0](version)
        monkeypatch.setattr("compliance.retention.deletion.why_kept", lambda *a, **k: "")
        with pytest.raises(DatabaseError, match=said), transaction.atomic():
            confirmed(waiting)

    def test_a_tombstone_without_an_event_is_found_with_its_bytes(self, ready_copy: Stage) -> None:
        rule()
        version = retired(ready_copy)
        before = _found(ready_copy)
        row = _forged(version, proposed(version))
        ready_copy.database.use("owner")
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE registry_tombstone DISABLE TRIGGER USER")
        row.save(force_insert=True)
        blobs.path_of(row.blob_id).unlink()
        found = {why.partition(": ")[2].split(" on ")[0] for why in _found(ready_copy) - before}
        assert "the log has no such event." in found
        assert any(why.startswith("The bytes of sha256:") for why in found)

    def test_never_changes_or_removes_one(self, ready: Stage) -> None:
        rule()
        confirmed(proposed(retired(ready)))
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Tombstone.objects.update(what="nothing")

    def test_bytes_without_a_tombstone_are_never_removed_by_their_digest(
        self, ready: Stage
    ) -> None:
        sha256 = ready.version.artifacts.get().blob_id
        with pytest.raises(Conflict):
            blobs.remove_deleted(sha256)
        assert blobs.path_of(sha256).is_file()


class TestARule:
    def test_says_for_ever_where_nobody_said_anything(self, ready: Stage) -> None:
        assert days_of("medium", "unapproved") is None
        rule(days=30)
        assert days_of("medium", "unapproved") == 30
        rule(days=None)
        assert days_of("medium", "unapproved") is None

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"tier": "huge"}, "tier"),
            ({"kind": "all"}, "kind"),
            ({"days": -1}, "days"),
            ({"days": True}, "days"),
            ({"tier": "high", "kind": "approved", "days": TEN_YEARS - 1}, "days"),
            ({"days": None}, "days"),
            ({"more": 1}, "more"),
        ],
    )
    def test_that_is_wrong_is_refused_naming_the_field(
        self, ready: Stage, wish: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(DomainError) as refused:
            rule(**wish) if "more" not in wish else _odd(wish)
        assert isinstance(refused.value, Invalid | Conflict)
        assert refused.value.field == field

    def test_is_for_two_administrators(self, ready: Stage) -> None:
        with pytest.raises(NotAllowed):
            _odd({}, "mira")


def _odd(more: dict[str, Any], by: str = "root") -> None:
    wish = {"tier": "low", "kind": "unapproved", "days": 3} | more
    propose(caller=who(by), kind="retention", wish=wish, reason="So.", password=password_of(by))


def test_pages_propose_confirm_and_show_it(ready: Stage, as_: As) -> None:
    said = {"tier": "medium", "kind": "unapproved", "days": "0", "reason": "Short."}
    reply = as_("root").post(reverse("web:rule-propose"), said | _proof("root"))
    _confirm(as_("otto"), reply["Location"], "otto")
    version = retired(ready)
    here = [MODEL, version.number]
    mira, cora = as_("mira"), as_("cora")
    assert b"Delete the files" in mira.get(reverse("web:version", args=here)).content
    reply = mira.post(reverse("web:version-delete", args=here), {"reason": "Old."} | _proof("mira"))
    assert b"Files that go" in cora.get(reply["Location"]).content
    _confirm(cora, reply["Location"], "cora")
    for page in ("web:version", "web:version-files"):
        assert b"deleted" in cora.get(reverse(page, args=here)).content
    listed = cora.get(reverse("web:retention")).content
    assert all(name in listed for name in (b"Deleted files", b"Mira", b"Cora"))


def test_the_page_asks_only_where_files_can_go_and_says_why_they_cannot(
    ready: Stage, as_: As
) -> None:
    mira, draft = as_("mira"), verbs.another(who("ada"), ready.version.model, strength=2.0)

    def page(version: ModelVersion) -> str:
        here = reverse("web:version-delete", args=[MODEL, version.number])
        return html.unescape(mira.get(here).content.decode())

    assert "Only files of a retired version are deleted; retire it first." in page(draft)
    assert "Propose the deletion" not in page(draft)
    gone = retired(ready)
    assert "By the rules of retention it is kept for ever." in page(gone)
    assert "Propose the deletion" not in page(gone)
    rule()
    assert "Propose the deletion" in page(gone)


def _proof(name: str) -> dict[str, str]:
    return {"password": password_of(name)}


def _confirm(client: Any, page: str, name: str) -> None:
    shown = client.get(page).context["proposal"]
    given = {"digest": f"sha256:{shown.digest}"} | _proof(name)
    assert client.post(f"{page}/confirm", given).status_code == 302
