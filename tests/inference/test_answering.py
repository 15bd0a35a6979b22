"""What the pages call live is what the serving gate serves, and nothing else."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.errors import DomainError
from governance.approvals.answering import Answer, Answering, answers_of
from governance.approvals.releases import promote, revoke
from governance.services import submit
from tests.cast import password_of, user_of, who
from tests.factories import serving, verbs
from tests.factories.damage import by_force, flip_a_byte, reissue
from tests.stage import MODEL, Stage
from trust.key_files import generate_key
from trust.times import format_moment

Break = Callable[[Stage], object]
NOT_SERVED = re.compile(r'<span class="badge bad">.*?Not served: revoked</span>', re.DOTALL)


def revoked(stage: Stage) -> None:
    revoke(caller=who("cora"), version=stage.version, reason="Wrong.", password=password_of("cora"))


def revoked_and_submitted_again(stage: Stage) -> None:
    revoked(stage)
    submit(caller=who("ada"), version=stage.version)


def expired(stage: Stage) -> None:
    past = timezone.now() - timedelta(days=2)

    def expire(statement: dict[str, Any]) -> None:
        statement["predicate"]["issued_at"] = format_moment(past)
        statement["predicate"]["not_after"] = format_moment(past + timedelta(days=1))

    reissue(stage, stage.approval_key, expire)


def expired_row(stage: Stage) -> None:
    by_force(
        stage.database,
        "governance_approval",
        "UPDATE governance_approval SET not_after = now() - interval '1 second'",
    )


def signed_by_a_stranger(stage: Stage) -> None:
    reissue(stage, generate_key(stage.approval_key.name), lambda statement: None)


def with_another_manifest(stage: Stage) -> None:
    by_force(
        stage.database,
        "registry_modelversion",
        "UPDATE registry_modelversion SET manifest = '{'",
    )


def without_keys(stage: Stage) -> None:
    (stage.folder / "trusted-keys.txt").unlink()


def without_golden_rows(stage: Stage) -> None:
    by_force(
        stage.database,
        "registry_evidence",
        "UPDATE registry_evidence SET body = body || ' ' WHERE kind = 'golden'",
    )


def damaged(stage: Stage) -> None:
    flip_a_byte(stage, stage.version)


def nothing(stage: Stage) -> None:
    """The version goes on answering."""


def the_answer(stage: Stage) -> Answer:
    (found,) = answers_of([stage.version.model], now=timezone.now())[stage.version.model_id]
    return found


def gate_answers(stage: Stage) -> bool:
    """Whether a serving process that starts now answers."""
    with serving.follower() as made:
        try:
            serving.answer(made, "carl", stage.folder / "segments")
        except DomainError:
            return False
    return True


@pytest.mark.parametrize(
    ("break_it", "state"),
    [
        (nothing, Answering.LIVE),
        (revoked, Answering.REVOKED),
        (revoked_and_submitted_again, Answering.REVOKED),
        (expired, Answering.EXPIRED),
        (expired_row, Answering.EXPIRED),
        (signed_by_a_stranger, Answering.UNTRUSTED),
        (with_another_manifest, Answering.UNTRUSTED),
        (without_keys, Answering.UNTRUSTED),
        (without_golden_rows, Answering.REFUSED),
        (damaged, Answering.QUARANTINED),
    ],
)
def test_says_what_the_gate_does(approved_copy: Stage, break_it: Break, state: Answering) -> None:
    break_it(approved_copy)

    answered = gate_answers(approved_copy)

    found = the_answer(approved_copy)
    assert (found.state, found.served) == (state, answered)
    assert bool(found.reason) == (state != Answering.LIVE)


def test_a_load_after_a_refusal_ends_the_refusal(approved_copy: Stage) -> None:
    keys = (approved_copy.folder / "trusted-keys.txt").read_text()
    without_keys(approved_copy)
    assert not gate_answers(approved_copy)
    (approved_copy.folder / "trusted-keys.txt").write_text(keys)

    assert gate_answers(approved_copy)
    assert the_answer(approved_copy).served


def test_an_older_approval_that_was_ended_does_not_hide_the_newer(approved_copy: Stage) -> None:
    revoked(approved_copy)
    verbs.signed(approved_copy.version)
    assert approved_copy.notary_round() == 1

    assert gate_answers(approved_copy)
    assert the_answer(approved_copy).served


@pytest.fixture
def carl(approved_copy: Stage) -> Client:
    """A consumer's browser; the champion's approval was revoked, that of @next holds."""
    version = verbs.another(who("ada"), approved_copy.version.model, strength=2.0)
    verbs.make_ready(who("ada"), version, strength=2.0)
    verbs.signed(version)
    assert approved_copy.notary_round() == 1
    promote(caller=who("mira"), version=version, alias="next", reason="To try.")
    revoked(approved_copy)
    client = Client()
    client.force_login(user_of("carl"))
    return client


def test_pages_and_api_say_it_alike(carl: Client) -> None:
    rows = carl.get(reverse("api:aliases", args=[MODEL])).json()
    model = carl.get(reverse("web:model", args=[MODEL]))
    listed = carl.get(reverse("web:models"))

    assert [(row["alias"], row["version"], row["served"], row["state"]) for row in rows] == [
        ("champion", 1, False, "revoked"),
        ("next", 2, True, "live"),
    ]
    assert [row["reason"] for row in rows] == ["The approval was revoked.", ""]
    ((_, live, granted),) = listed.context["models"]
    assert granted == []
    for entries in (model.context["live"], live):
        assert [entry["state"] for entry in entries] == ["not_served_revoked", "live"]
    for page in (model, listed):
        assert NOT_SERVED.search(page.content.decode())
    assert f"?target={MODEL}@next" in model.content.decode()
    assert f"?target={MODEL}@champion" not in model.content.decode()


def test_a_version_that_is_not_served_is_live_on_no_page(approved_copy: Stage) -> None:
    expired(approved_copy)
    client = Client()
    client.force_login(user_of("ben"))

    states = {
        client.get(reverse(name, args=[MODEL, 1])).context["state"]
        for name in ("web:version", "web:version-history")
    }
    model = client.get(reverse("web:model", args=[MODEL])).context

    assert states == {"not_served_expired"}
    assert [state for _, state in model["versions"]] == ["not_served_expired"]
    assert [node.state for node in model["tree"]] == ["not_served_expired"]
