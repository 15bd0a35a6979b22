"""No contributor signs for his own work: not by service, not by SQL, not by another login."""

import uuid
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Person, User
from accounts.services import deactivate_user, remove_role
from common.errors import Conflict, NotAllowed
from governance.models import Review, ReviewState
from governance.policies import HANDS
from governance.policy.documents import Policy
from governance.reviewing.signing import counting_signatures
from governance.services import submit
from registry import blobs
from registry.manifests import MODEL, WEIGHTS, File
from registry.models import ModelVersion
from registry.selectors import contributor_ids
from registry.services import edit_card
from tests.cast import password_of, the_team, user_of, who
from tests.factories import tiny, verbs
from tests.factories.plans import seal
from tests.stage import Stage, review_again
from training import services as training
from training.models import CompressionRun, TrainingRun

CARD = tiny.CARD | {"caveats": "Read the intervals."}


def made() -> tuple[training.Made, list[File]]:
    """What a job has made, stored."""
    sha256, size = blobs.put_bytes(tiny.model_bytes(2.0))
    result = training.Made(
        files={(MODEL, "model.onnx"): tiny.model_bytes(2.0)},
        signature=tiny.SIGNATURE,
        lineage={"source": "test"},
        admission={"type": "assay/sandbox/1", "ok": True, "level": "full"},
    )
    return result, [File(MODEL, "model.onnx", sha256, size)]


def claimed(run: TrainingRun | CompressionRun) -> dict[str, Any]:
    job, token = verbs.taken(run.job_id)
    result, files = made()
    return {"run_id": run.pk, "job_id": job, "token": token, "made": result, "files": files}


def upload(stage: Stage) -> ModelVersion:
    return verbs.another(who("mira"), stage.version.model, strength=2.0)


def train(stage: Stage) -> ModelVersion:
    data = verbs.new_dataset(who("ada"), "training", split="train")
    run = training.request_run(
        caller=who("mira"), model=stage.version.model, recipe="mlp", params={}, dataset=data
    )
    return training.complete_run(**claimed(run), history=[])


def compress(stage: Stage) -> ModelVersion:
    run = training.request_compression(
        caller=who("mira"),
        parent=stage.version,
        method="int8-dynamic",
        params={},
        holdout=verbs.dataset(),
    )
    return training.complete_compression(**claimed(run), parity={"verdict": "equal"})


def choose_evaluation(stage: Stage) -> ModelVersion:
    verbs.evaluate(who("mira"), stage.version)
    return stage.version


def choose_explanation(stage: Stage) -> ModelVersion:
    verbs.explain(who("mira"), stage.version)
    return stage.version


def write_card(stage: Stage) -> ModelVersion:
    edit_card(caller=who("mira"), version=stage.version, content=CARD)
    return stage.version


def seal_plan(stage: Stage) -> ModelVersion:
    seal(stage.version, by="mira")
    return stage.version


HAND: dict[str, Callable[[Stage], ModelVersion]] = {
    "uploaded": upload,
    "trained": train,
    "compressed": compress,
    "plan": seal_plan,
    "evaluation": choose_evaluation,
    "explanation": choose_explanation,
    "card": write_card,
}


def insert_signature(review: Review, user: User, **wishes: Any) -> None:
    """A signature past every service: plain SQL, as the app role."""
    columns: dict[str, Any] = {
        "id": uuid.uuid4(),
        "review_id": review.pk,
        "statement_digest": review.statement_digest,
        "person_id": user.person_id,
        "user_id": user.pk,
        "role": "reviewer",
        "decision": "approve",
        "reason": "by hand",
        "record": b"{}",
        "digest": sha256(uuid.uuid4().bytes).hexdigest(),
        "salt": "00" * 32,
        "printed_name": "Nobody",
    } | wishes
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO governance_signature ({names}, at) VALUES ({places}, now())",
            list(columns.values()),
        )


def test_every_kind_of_hand_is_in_the_table() -> None:
    assert set(HAND) == set(HANDS)


@pytest.mark.parametrize("reason", list(HAND))
class TestAContributor:
    def test_is_refused_by_the_service_which_says_what_he_did(
        self, ready: Stage, reason: str
    ) -> None:
        version = HAND[reason](ready)
        review = submit(caller=who("ada"), version=version)

        with pytest.raises(NotAllowed) as refusal:
            verbs.put("mira", review)

        assert f"You are a contributor to this version ({HANDS[reason]})" in refusal.value.reason

    def test_is_refused_by_the_database(self, ready: Stage, reason: str) -> None:
        version = HAND[reason](ready)
        review = submit(caller=who("ada"), version=version)

        with pytest.raises(IntegrityError, match="A contributor cannot sign for this version"):
            insert_signature(review, user_of("mira"))
        assert not review.signatures.exists()


class TestTheDatabase:
    @pytest.fixture
    def review(self, ready: Stage) -> Review:
        return submit(caller=who("ada"), version=ready.version)

    def test_takes_the_signature_of_another_person(self, review: Review) -> None:
        insert_signature(review, user_of("ben"))

        assert review.signatures.count() == 1

    @pytest.mark.parametrize("state", [s for s in ReviewState if s != ReviewState.OPEN])
    def test_refuses_signatures_under_a_closed_review(
        self, review: Review, state: ReviewState
    ) -> None:
        Review.objects.filter(pk=review.pk).update(state=state)

        with pytest.raises(IntegrityError, match="not open for signatures"):
            insert_signature(review, user_of("ben"))

    def test_refuses_a_signature_under_another_statement(self, review: Review) -> None:
        with pytest.raises(IntegrityError, match="under another statement"):
            insert_signature(review, user_of("ben"), statement_digest="0" * 64)

    def test_refuses_the_login_of_another_person(self, review: Review) -> None:
        with pytest.raises(IntegrityError, match="not an active login of that person"):
            insert_signature(review, user_of("ada"), person_id=user_of("ben").person_id)

    def test_refuses_a_closed_login(self, review: Review) -> None:
        deactivate_user(caller=who("root"), user=user_of("ben"))

        with pytest.raises(IntegrityError, match="not an active login"):
            insert_signature(review, user_of("ben"))

    def test_counts_a_person_once_whatever_the_login(self, review: Review) -> None:
        insert_signature(review, user_of("ben"))

        with pytest.raises(IntegrityError, match="one_signature_per_person"):
            insert_signature(review, second_login("ben"))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE governance_signature SET decision = 'approve'",
            "DELETE FROM governance_signature",
            "TRUNCATE governance_signature CASCADE",
            "ALTER TABLE governance_signature DISABLE TRIGGER four_eyes",
            "DROP TRIGGER four_eyes ON governance_signature",
            "DELETE FROM registry_versioncontributor",
            "UPDATE registry_versioncontributor SET person_id = gen_random_uuid()",
            "UPDATE governance_review SET statement = 'x'",
            "UPDATE governance_review SET statement_digest = repeat('0', 64)",
            "UPDATE governance_policyversion SET digest = repeat('0', 64)",
            "INSERT INTO governance_approval SELECT * FROM governance_approval",
            "SET session_replication_role = replica",
        ],
    )
    def test_gives_the_app_role_no_way_around(self, review: Review, statement: str) -> None:
        insert_signature(review, user_of("ben"))

        with (
            pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE governance_signature SET decision = 'approve'",
            "DELETE FROM governance_signature",
            "TRUNCATE governance_signature CASCADE",
            "UPDATE governance_approval SET not_after = now()",
            "DELETE FROM governance_approval",
            "TRUNCATE governance_approval CASCADE",
            "TRUNCATE governance_revocation",
            "DELETE FROM governance_policyversion",
            "DELETE FROM registry_versioncontributor",
            "DELETE FROM registry_evidence",
            "UPDATE registry_modelversion SET digest = repeat('0', 64)",
            "UPDATE governance_review SET statement = 'x'",
            "DELETE FROM governance_review",
        ],
    )
    def test_triggers_stop_even_the_owner(self, approved_copy: Stage, statement: str) -> None:
        with pytest.raises(Exception, match=r"never changed or removed|may change"):
            approved_copy.database.rows(statement)


def second_login(name: str) -> User:
    """Another login of the same person, as an administrator joins them."""
    user = User(username=f"{name}-too", person=user_of(name).person)
    user.set_password(password_of(f"{name}-too"))
    user.save()
    return user


class TestPersonsNotLogins:
    def test_the_second_login_of_a_signer_is_refused(self, ready: Stage) -> None:
        review = verbs.signed(ready.version, ["ben"])
        second_login("ben")

        with pytest.raises(NotAllowed, match="signed this statement already"):
            verbs.put("ben-too", review)
        assert review_again(review).state == ReviewState.OPEN

    def test_the_second_login_of_a_contributor_is_refused(self, ready: Stage) -> None:
        write_card(ready)
        review = submit(caller=who("ada"), version=ready.version)
        second_login("mira")

        with pytest.raises(NotAllowed, match="You are a contributor"):
            verbs.put("mira-too", review)

    def test_a_child_keeps_the_contributors_of_its_parent(self, ready: Stage) -> None:
        child = compress(ready)

        assert set(contributor_ids(child)) == {who("ada").person_id, who("mira").person_id}
        assert not child.approvals.exists()
        assert not child.evidence.filter(kind="evaluation").exists()


class TestCounting:
    """Only persons who may still sign now count towards the quorum."""

    @pytest.fixture
    def review(self, ready: Stage) -> Review:
        return verbs.signed(ready.version, ["ben", "mira"])

    def counted(self, review: Review) -> set[str]:
        review = review_again(review)
        found = counting_signatures(review, Policy.read(review.policy.document))
        return {signature.user.username for signature in found}

    def test_everybody_at_first(self, review: Review) -> None:
        assert self.counted(review) == {"ben", "mira"}

    def test_not_who_contributed_afterwards(self, review: Review) -> None:
        edit_card(caller=who("mira"), version=review.version, content=CARD)

        assert self.counted(review) == {"ben"}

    def test_not_whose_role_was_taken(self, review: Review) -> None:
        remove_role(caller=who("root"), team=the_team(), user=user_of("ben"), role="reviewer")

        assert self.counted(review) == {"mira"}

    def test_not_whose_login_was_closed(self, review: Review) -> None:
        deactivate_user(caller=who("root"), user=user_of("ben"))

        assert self.counted(review) == {"mira"}

    def test_not_a_closed_login_of_a_person_who_has_another(self, review: Review) -> None:
        second_login("ben")
        deactivate_user(caller=who("root"), user=user_of("ben"))

        assert Person.objects.get(logins__username="ben-too").is_active
        assert self.counted(review) == {"mira"}

    def test_not_a_record_whose_bytes_are_not_those_of_its_digest(self, ready: Stage) -> None:
        review = verbs.signed(ready.version, ["ben"])
        insert_signature(review, user_of("cleo"))

        assert self.counted(review) == {"ben"}
        assert review_again(review).state == ReviewState.OPEN


def test_a_trained_version_is_that_of_whoever_asked_for_the_job(ready: Stage) -> None:
    version = train(ready)

    assert contributor_ids(version) == [who("mira").person_id]
    assert version.created_by.username == "mira"
    assert not version.artifacts.filter(role=WEIGHTS).exists()


def test_the_trigger_speaks_where_the_service_is_late(ready: Stage) -> None:
    """A contribution that commits between the service's look and the insert is still seen."""
    review = submit(caller=who("ada"), version=ready.version)
    verbs.evaluate(who("mira"), ready.version)

    with pytest.raises((Conflict, NotAllowed)):
        verbs.put("mira", review)
    with pytest.raises(IntegrityError, match="A contributor cannot sign"):
        insert_signature(review, user_of("mira"))
