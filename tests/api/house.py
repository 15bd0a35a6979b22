"""A house with something in every room, so that every operation of the API can succeed."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.db import SessionStore
from django.test import override_settings
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import BrowserSession, Identity, Proposal, User
from accounts.proposals.services import propose
from accounts.roles import Role, Scope
from accounts.services import create_team, create_token
from compliance.retention.selectors import Thing
from compliance.retention.services import place_hold
from evaluation.services import request_run
from governance.emergencies.services import end_emergency
from governance.models import PolicyVersion, Review
from governance.policy.documents import DEFAULTS
from governance.reviewing.commenting import comment
from governance.services import submit
from registry import jobs
from registry.models import DatasetSnapshot
from tests.cast import by_root_and_otto, give, password_of, user_of, who
from tests.factories import (
    emergencies,
    factors,
    findings,
    passkeys,
    tiny,
    validations,
    verbs,
    waivers,
)
from tests.factories.agreeing import agree
from tests.factories.delegations import away
from tests.factories.halves import half_of
from tests.factories.passkeys import Device
from tests.factories.people import create_user
from tests.factories.policies import publish_policy
from tests.factories.provider import bind
from tests.stage import MODEL, Stage
from worker.models import Job

SIDE = "side"
EVERYBODY = "zoe"
# Zoe's passkey: made once, since it counts its signatures whatever becomes of a test.
DEVICE = Device("EdDSA")
WITH_APP = "yves"
MANAGERS = ("mona", "milo")
_LINE = (
    b"name,team,purpose,risk_tier,licence,origin,hosting,life,owner,place,technology\n"
    b"sheet,credit,Plan,low,MIT,in-house,inventory,retired,ada,Share,Spreadsheet\n"
)


@dataclass
class House:
    """What stands where; `made` keeps the reply of each operation that was called on the way."""

    token: str
    ids: dict[str, str]
    made: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


def _zoe() -> Caller:
    create_user(
        caller=who("root"),
        username=EVERYBODY,
        name="Zoe",
        email="",
        password=password_of(EVERYBODY),
    )
    by_root_and_otto("administrator", EVERYBODY)
    give([(EVERYBODY, role) for role in Role])
    return who(EVERYBODY)


def _with_an_app() -> str:
    """Somebody of no team, whose second factor may be reset."""
    create_user(
        caller=who("root"),
        username=WITH_APP,
        name="Yves",
        email="",
        password=password_of(WITH_APP),
    )
    factors.enrol(WITH_APP)
    return str(user_of(WITH_APP).pk)


def _in_emergency(stage: Stage) -> dict[str, str]:
    """A grant in force, and one that is over and waits for its review; by two more managers."""
    for name in MANAGERS:
        create_user(
            caller=who("root"),
            username=name,
            name=name.title(),
            email="",
            password=password_of(name),
        )
        factors.enrol(name)
    give([(name, Role.MANAGER) for name in MANAGERS])
    proposer, confirmer = MANAGERS
    granted, ended = (
        emergencies.confirmed(emergencies.proposed(proposer, alias=alias), confirmer)
        for alias in ("night", "dusk")
    )
    stage.notary_round()
    end_emergency(caller=who(proposer), grant=ended, reason="The night is over.")
    return {"granted": str(granted.pk), "ended": str(ended.pk), "hold": _held()}


def _proposed(username: str) -> Proposal:
    """Something that root wants and zoe may confirm."""
    return propose(
        caller=who("root"),
        kind="roles",
        wish={"team": SIDE, "grants": [{"username": username, "role": "reviewer"}]},
        reason="There is more to review.",
        password=password_of("root"),
    )


def _session_of(user: User) -> str:
    """A browser in which somebody is signed in."""
    store = SessionStore()
    store.create()
    return str(
        BrowserSession.objects.create(
            user=user,
            session_key=str(store.session_key),
            created_at=timezone.now(),
            last_used_at=timezone.now(),
        ).pk
    )


def _ways_in(user: User) -> dict[str, str]:
    """A session of the user, and an account at a provider that opens cleo's login: nobody goes
    there."""
    with override_settings(OIDC_ISSUER="https://id.example.org", OIDC_CLIENT_ID="assay"):
        bind("cleo", "cleo-at-work")
    row = Identity.objects.get()
    return {
        "identity": str(row.pk),
        "bound_user": str(row.user_id),
        "session": _session_of(user),
    }


def _halves() -> dict[str, str]:
    """A way in of which zoe has a half to take, and one that both halves open."""
    found = {}
    for name in ("half", "opened"):
        create_user(
            caller=who("root"),
            username=name,
            name=name.title(),
            email="",
            password=password_of(name),
        )
        found[name] = agree(
            "password",
            {"username": name},
            proposer=who("root"),
            confirmer=who(EVERYBODY),
            password=password_of,
        )
    parts = {"first": "root", "second": EVERYBODY}
    return {
        "halved": str(found["half"].pk),
        **{part: half_of(name, found["opened"]) for part, name in parts.items()},
    }


def _waivable() -> None:
    """A policy that the approved version does not meet, for whatever is submitted from now on."""
    changes = {
        "metrics": [{"metric": "f1_macro", "limit": 0.9999}],
        "waivable": ["metric:f1_macro", "card"],
        "emergency_hours": 4,
    }
    publish_policy(
        caller=who("root"),
        name="medium",
        tier="medium",
        team=None,
        document=DEFAULTS["medium"].as_dict() | changes,
    )


def token_of(caller: Caller, *scopes: str) -> tuple[UUID, str]:
    """A fresh token: its id and text; all scopes if none is named."""
    row, text = create_token(caller=caller, name="api", scopes=scopes or list(Scope), days=2)
    return row.pk, text


def _training_rows(caller: Caller) -> DatasetSnapshot:
    return verbs.register_dataset(
        caller,
        upload=verbs.send(caller, "train.csv", tiny.table("train")),
        name="tumours-learn",
        split="train",
    )


def _held() -> str:
    """What a manager, who is compliance as well, holds."""
    give([(MANAGERS[0], Role.COMPLIANCE)])
    thing, caller = Thing("dataset", dataset=verbs.dataset()), who(MANAGERS[0])
    return str(place_hold(caller=caller, thing=thing, reference="Case 7", reason="Kept.").pk)


def _asked(review: Review) -> dict[str, str]:
    """What ben asks in the review, with a file."""
    ben = who("ben")
    files = [verbs.send(ben, "winter.csv", b"day,error\n1,0.2\n")]
    row = comment(caller=ben, review=review, body="Is it real?", attachments=files)
    return {"comment": str(row.pk), "attachment": str(row.attachments.get().pk)}


def _files(zoe: Caller) -> dict[str, str]:
    """Finished uploads: a model, rows, lines of the register."""
    files = {
        "onnx": ("model.onnx", tiny.model_bytes()),
        "csv": ("rows.csv", tiny.table("train")),
        "register": ("register.csv", _LINE),
    }
    return {name: str(verbs.send(zoe, *file)) for name, file in files.items()}


def _rival(stage: Stage, ada: Caller) -> None:
    """Another approved version, which may have a share."""
    rival = verbs.another(ada, stage.version.model)
    verbs.make_ready(ada, rival)
    verbs.signed(rival)
    assert stage.notary_round() == 1


def furnish(stage: Stage) -> House:
    """Adds to an approved stage: zoe with every role, an open review, drafts, uploads, jobs."""
    zoe, ada, dataset = _zoe(), who("ada"), DatasetSnapshot.objects.get(name="tumours")
    open_version, draft, old = (verbs.another(ada, stage.version.model) for _ in range(3))
    _rival(stage, ada)
    verbs.make_ready(ada, open_version)
    review = submit(caller=ada, version=open_version)
    verbs.make_ready(ada, draft)
    _waivable()
    create_team(caller=who("root"), slug=SIDE, name="Side")
    proposal, unwise = _proposed("dan"), _proposed("carl")
    run = request_run(caller=ada, version=draft, dataset=dataset, seed=3, resamples=100)
    jobs.cancel_job(caller=zoe, job=Job.objects.get(pk=str(run.job_id)))
    evidence = stage.version.evidence.first()
    policy = PolicyVersion.objects.order_by("pk")[0]
    assert evidence is not None
    return House(
        token_of(zoe)[1],
        {
            "model": MODEL,
            "dataset": str(dataset.pk),
            "rows": f"sha256:{dataset.blob_id}",
            "person": str(user_of("ben").person_id),
            "review": str(review.pk),
            "statement": f"sha256:{review.statement_digest}",
            "approved_review": str(stage.approval.review_id),
            "job": str(run.job_id),
            "evidence": f"sha256:{evidence.digest}",
            "policy": str(policy.pk),
            "waiver": str(waivers.give(EVERYBODY, stage.version, gate="metric:f1_macro").pk),
            **_in_emergency(stage),
            **_asked(review),
            "validation": str(validations.finished("ben", stage.approval.review).pk),
            "raised": str(findings.found("ben", stage.version, effect="condition").pk),
            "delegation": str(away("ben", "cleo", days=(1, 2)).pk),
            "passkey": str(passkeys.keep(zoe, password_of(EVERYBODY), DEVICE).pk),
            **_ways_in(zoe.user),
            **_halves(),
            "with_factor": _with_an_app(),
            "proposal": str(proposal.pk),
            "proposed": f"sha256:{proposal.digest}",
            "unwise": str(unwise.pk),
            "finding": waivers.gate_of(old, "card").digest,
            "role": stage.version.artifacts.get().role,
            "file": stage.version.artifacts.get().name,
            "token": str(token_of(zoe, "read")[0]),
            "train": str(_training_rows(zoe).pk),
            **_files(zoe),
        },
    )
