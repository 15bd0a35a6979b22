"""Every verb leaves an event: no service changes anything without telling the log."""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import pytest
from django.conf import settings

from audit.actions import Action

ROOT: Path = settings.BASE_DIR
MODULES = (
    "accounts.services",
    "accounts.proposals.services",
    "accounts.ways_in.services",
    "accounts.ways_in.coming_in",
    "accounts.factors.services",
    "accounts.passkeys.services",
    "accounts.oidc.identities",
    "accounts.sessions.services",
    "registry.services",
    "registry.intake",
    "registry.loading",
    "registry.jobs",
    "evaluation.services",
    "evaluation.plans",
    "training.services",
    "governance.services",
    "governance.policy.publishing",
    "governance.approvals.releases",
    "governance.approvals.expiry",
    "governance.waivers.services",
    "governance.findings.services",
    "governance.validating.services",
    "governance.reviewing.assigning",
    "governance.reviewing.delegations",
    "governance.waiting.services",
    "governance.emergencies.services",
    "governance.emergencies.notary",
    "governance.reviewing.commenting",
    "governance.reviewing.looks",
    "governance.reviewing.leaving",
    "registry.leaving",
    "accounts.failures",
    "governance.notary",
    "inference.services",
    "compliance.services",
    "compliance.packing",
    "compliance.retention.services",
)
# Public functions of these modules that change nothing by themselves.
CHANGES_NOTHING = {
    "accounts.proposals.services.said_in": "looks only",
    "accounts.proposals.services.is_about_himself": "looks only",
    "accounts.failures.keyed_digest": "looks only",
    "accounts.ways_in.services.live": "looks only",
    "accounts.ways_in.services.state_of": "looks only",
    "accounts.factors.services.offer_factor": "nothing is kept",
    "accounts.factors.services.same_offer": "looks only",
    "accounts.passkeys.services.offer_passkey": "keeps a challenge and nothing else",
    "accounts.oidc.identities.identity_digest": "looks only",
    "accounts.oidc.identities.bound_to": "looks only",
    "accounts.oidc.identities.bound": "looks only",
    "accounts.sessions.services.note_use": "when a session was used",
    "accounts.sessions.services.sessions_of": "looks only",
    "accounts.sessions.services.is_own_seat": "looks only",
    "accounts.sessions.services.drop_sessions": "a part of verbs that tell the log",
    "accounts.sessions.services.forget_old_sessions": "what nobody can use any more",
    "accounts.oidc.identities.signs_in_by_provider": "looks only",
    "accounts.oidc.identities.identity_by_id": "looks only",
    "governance.services.dry_run": "looks only",
    "governance.emergencies.notary.steps_of": "looks only",
    "governance.services.require_shown": "looks only",
    "governance.reviewing.looks.last_seen": "looks only",
    "governance.reviewing.commenting.comments_of": "looks only",
    "governance.reviewing.commenting.comment_by_id": "looks only",
    "governance.reviewing.commenting.is_resolved": "looks only",
    "governance.waiting.services.mailing_of": "looks only",
    "accounts.proposals.services.ask_to_propose": "keeps a challenge and nothing else",
    "accounts.proposals.services.ask_to_confirm": "keeps a challenge and nothing else",
    "governance.reviewing.delegations.may_delegate": "looks only",
    "governance.reviewing.delegations.possible_delegates": "looks only",
    "governance.reviewing.delegations.delegate_named": "looks only",
    "governance.reviewing.delegations.active_delegations": "looks only",
    "governance.reviewing.delegations.stand_in_for": "looks only",
    "governance.reviewing.delegations.delegations_of": "looks only",
    "governance.reviewing.delegations.delegation_by_id": "looks only",
    "governance.services.require_none_blocks": "looks only",
    "evaluation.services.check_measurable": "looks only",
    "governance.approvals.releases.schema_differences": "looks only",
    "governance.approvals.releases.approval_that_holds": "looks only",
    "governance.approvals.releases.refuse_a_break": "looks only",
    "governance.approvals.releases.words_to_revoke": "words",
    "governance.waivers.services.words_to_waive": "words",
    "registry.services.model_file": "looks only",
    "registry.jobs.jobs_seen_by": "looks only",
    "registry.jobs.job_by_id": "looks only",
    "registry.jobs.may_cancel": "looks only",
    "registry.jobs.may_retry": "looks only",
    "registry.jobs.things_of": "looks only",
    "registry.loading.model_bytes": "reads; damage is told by note_corruption",
    "registry.loading.artifact_bytes": "reads; damage is told by note_corruption",
    "compliance.services.archive_path": "a name",
    "compliance.services.complete_export": "told before, so that the event is in the bundle",
    "registry.intake.stored": "bytes without a row are collected again",
    "registry.intake.stored_rows": "bytes without a row are collected again",
    "training.services.store": "bytes without a row are collected again",
    "registry.services.add_evidence": "a part of verbs that tell the log",
    "registry.services.note_contributor": "a part of verbs that tell the log",
    "registry.services.show_status": "what people see; a part of verbs that tell the log",
}


def _functions() -> Iterator[tuple[str, FunctionType]]:
    for name in MODULES:
        module = importlib.import_module(name)
        for found, thing in vars(module).items():
            function: object = inspect.unwrap(thing) if callable(thing) else None
            if not isinstance(function, FunctionType) or found.startswith("_"):
                continue
            if function.__module__ == name:
                yield f"{name}.{found}", function


FUNCTIONS = dict(_functions())


def _called(function: FunctionType) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            head = node.func
            found.add(head.attr if isinstance(head, ast.Attribute) else getattr(head, "id", ""))
    return found


def _tells(function: FunctionType, seen: set[str]) -> bool:
    """Whether it calls `record`, itself or through what it calls."""
    called = _called(function)
    if "record" in called:
        return True
    known: dict[str, object] = {
        name: inspect.unwrap(thing)
        for name, thing in function.__globals__.items()
        if callable(thing) and not isinstance(thing, type | ModuleType)
    }
    for name in called - seen:
        other = known.get(name)
        if not isinstance(other, FunctionType) or other.__module__.split(".")[0] not in _OURS:
            continue
        if _tells(other, seen | called):
            return True
    return False


_OURS = {name.split(".")[0] for name in MODULES}


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n not in CHANGES_NOTHING])
def test_a_verb_tells_the_log(name: str) -> None:
    assert _tells(FUNCTIONS[name], set())


def test_the_exceptions_exist_and_do_not_tell() -> None:
    assert set(CHANGES_NOTHING) <= set(FUNCTIONS)
    assert [name for name in CHANGES_NOTHING if _tells(FUNCTIONS[name], set())] == [
        "registry.loading.model_bytes",
        "registry.loading.artifact_bytes",
    ]


def test_every_module_of_verbs_is_walked() -> None:
    there = {
        f"{path.parent.name}.services"
        for path in ROOT.glob("*/services.py")
        if path.parent.name != "audit"
    }

    assert there <= set(MODULES)


@pytest.mark.parametrize("action", list(Action))
def test_every_event_is_written_somewhere(action: Action) -> None:
    needle = f"Action.{action.name}"
    files = [*ROOT.glob("*/*.py"), *ROOT.glob("*/*/*.py")]

    writers = [
        str(path.relative_to(ROOT))
        for path in files
        if path.parts[len(ROOT.parts)] not in {"tests", ".venv", "var"}
        and needle in path.read_text(encoding="utf-8")
    ]

    assert writers
