"""A world in which every table of the log, of reviews and of versions has rows of several fates."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts.factors import totp
from accounts.factors.codes import take_code
from accounts.passkeys.services import remove_passkey, rename_passkey
from accounts.services import remove_role
from audit.models import Checkpoint, Cosignature
from audit.witnesses import Witness
from compliance.packing import request_pack
from compliance.retention.selectors import Thing
from compliance.retention.services import lift_hold, place_hold
from evaluation.plans import seal_plan
from evaluation.services import complete_run, request_run
from governance.approvals.expiry import end_expired
from governance.approvals.releases import promote, retire, revoke
from governance.findings.services import (
    amend_finding,
    answer_finding,
    close_finding,
    reopen_finding,
)
from governance.models import Finding, Review
from governance.reviewing.asking import ask_to_revoke, ask_to_sign
from governance.reviewing.assigning import assign
from governance.reviewing.commenting import comment, reopen, resolve
from governance.reviewing.delegations import end_delegation, name_delegate
from governance.reviewing.looks import note_look
from governance.services import sign, submit, withdraw
from governance.splits.services import end_split, split
from governance.validating.services import finish_report, save_report
from governance.validating.template import template
from governance.waivers.services import withdraw_waiver
from registry.blobs import ensure_row, put_bytes
from registry.manifests import File
from registry.models import ModelVersion, RegisteredModel
from registry.register.entries import NewEntry, enter
from registry.services import NewVersion, add_evidence, add_version, quarantine
from tests.compliance.full_agreeing import agree_on_things, become_stale
from tests.compliance.world import LENIENT, PASSWORD, SIGNATURE, World
from tests.factories.factors import enrol_caller, secret_of
from tests.factories.passkeys import Device, answer, keep
from tests.factories.tiny import table
from tests.factories.verbs import at_work, register_dataset, send, taken
from trust.cosignatures import WitnessKey
from trust.notes import parse_note


def cosigned_by(world: World) -> Witness:
    """A witness that has cosigned every checkpoint but the newest."""
    secret = Ed25519PrivateKey.generate()
    key = WitnessKey("witness.test/w1", secret.public_key().public_bytes_raw())
    for second, checkpoint in enumerate(Checkpoint.objects.order_by("-size")[1:]):
        text = parse_note(checkpoint.note.encode()).text
        signature = secret.sign(f"cosignature/v1\ntime {second}\n{text}".encode())
        blob = b64encode(key.key_id + second.to_bytes(8, "big") + signature).decode()
        Cosignature.objects.create(
            checkpoint=checkpoint,
            witness=key.name,
            line=f"— {key.name} {blob}\n",
            at=datetime.fromtimestamp(second, UTC),
        )
    return Witness.parse(f"https://witness.test {key.line}")


def live_through(world: World) -> None:
    """Approvals, refusals, promotions, a revocation, a retirement, a quarantine, predictions."""
    loans = world.model("loans")
    first, second = world.version(loans, b"loans 1"), world.version(loans, b"loans 2")
    _measured(world, first)
    for version in (first, second):
        world.approve(version)
    promotions = [(first, "champion"), (second, "champion"), (first, "shadow")]
    for version, alias in promotions:
        promote(caller=world.caller("cleo"), version=version, alias=alias, reason=f"To {alias}.")
    _shared(world, first, second)
    world.predict(first, second)
    world.predict(second)
    _away(world)
    _entered(world, loans)
    _discussed(world, world.version(loans, b"loans 3"))
    _derived(world, second)
    revoke(caller=world.caller("cleo"), version=first, reason="Drift.", password=PASSWORD)
    boats = world.version(world.model("boats"), b"boats")
    world.approve(boats)
    retire(caller=world.caller("cleo"), version=boats, reason="Sold.")
    quarantine(version=world.version(loans, b"loans 4"), reason="It was damaged.")
    world.publish(by="cleo", name="lenient", document=LENIENT | {"validity_days": 40})
    _found(world)
    _validated(world)
    _held(world)
    _deleted(world)
    _with_passkeys(world)
    _waived(world)
    become_stale(world)
    agree_on_things(world)
    _packed(world)
    _with_apps(world)
    remove_role(caller=world.root, team=world.team, user=world.users["ben"], role="reviewer")
    world.notary.work()


def _packed(world: World) -> None:
    """Packs about a version, a model and a period of a team."""
    now = datetime.now(UTC)
    for name, about in (
        ("model-card", {"model": "ferries", "number": 1}),
        ("ss1-23-model", {"model": "ferries"}),
        (
            "eu-ai-act-logs",
            {"team": world.team.slug, "since": now - timedelta(days=1), "until": now},
        ),
    ):
        pack = request_pack(caller=world.caller("dora"), template=name, **about)
        at_work(pack.job_id)


def _shared(world: World, former: ModelVersion, champion: ModelVersion) -> None:
    """A share that is raised, ended, and given again until the challenger is revoked; and one that
    lasts."""
    cleo = world.caller("cleo")
    for percent in (5, 10):
        split(caller=cleo, version=former, alias="champion", percent=percent, reason="Look.")
    end_split(caller=cleo, model=former.model, alias="champion", reason="Seen.")
    split(caller=cleo, version=former, alias="champion", percent=20, reason="Again.")
    split(caller=cleo, version=champion, alias="shadow", percent=30, reason="Beside it.")


def _assigned(world: World, review: Review) -> None:
    """Asked of one, then of another."""
    for day, name in enumerate(("ben", "cleo")):
        asked = [world.users[name].person_id]
        due_on = (datetime.now(UTC) + timedelta(days=day)).date()
        assign(caller=world.caller("ada"), review=review, assignees=asked, due_on=due_on)


def _entered(world: World, served: RegisteredModel) -> None:
    """A model that is served here, said of twice, and one that is not."""
    ada, ben, cleo = (world.users[name].person_id for name in ("ada", "ben", "cleo"))
    day = datetime.now(UTC).date()
    first = NewEntry("served", "in_use", ada, "Branches", "ONNX", ben, day)
    enter(caller=world.caller("ada"), model=served, new=first)
    second = replace(first, owner=cleo, place="Everywhere")
    enter(caller=world.caller("cleo"), model=served, new=second, revision=1)
    sheet = NewEntry("inventory", "in_development", ada, "Finance share", "Spreadsheet")
    enter(caller=world.caller("ada"), model=world.model("sheet"), new=sheet)


def _away(world: World) -> None:
    """Cleo names Ben for today, and is back."""
    cleo, day = world.caller("cleo"), datetime.now(UTC).date()
    ben = world.users["ben"].person_id
    row = name_delegate(caller=cleo, delegate=ben, starts_on=day, ends_on=day)
    end_delegation(caller=cleo, delegation=row)


def _found(world: World) -> None:
    """Approved once what blocked was closed, under a condition that was closed and reopened."""
    for name in ("buses", "trams"):
        version = world.version(world.model(name), name.encode())
        blocks = world.found(version, "blocking")
        condition = world.found(version, "condition", owner="dora")
        answer_finding(
            caller=world.caller("ada"),
            finding=blocks,
            text=f"Measured for {name}.",
            evidence=[f"sha256:{version.evidence.get().digest}"],
            attachments=[send(world.caller("ada"), "shown.txt", f"{name} in winter".encode())],
        )
        _amended(world, condition)
        close_finding(caller=world.caller("cleo"), finding=blocks, text=f"It holds for {name}.")
        assert world.approve(version).state == "approved"
        close_finding(caller=world.caller("ben"), finding=condition, text=f"Watched: {name}.")
        reopen_finding(caller=world.caller("cleo"), finding=condition, text=f"Not {name}.")


def _amended(world: World, finding: Finding) -> None:
    """Another day, then another owner."""
    given: dict[str, Any] = {"caller": world.caller("cleo"), "finding": finding}
    day = finding.due_on - timedelta(days=3)
    amend_finding(**given, revision=1, text=f"Sooner: {finding.version.digest}.", due_on=day)
    owner = world.users["ada"].person_id
    amend_finding(**given, revision=2, text=f"Dora is away: {day}.", owner=owner)


def _validated(world: World) -> None:
    """Approved on the second of two validation reports."""
    version = world.version(world.model("ferries"), b"ferries")
    for name in ("ben", "cleo"):
        review = submit(caller=world.caller("ada"), version=version)
        said: dict[str, Any] = {"caller": world.caller(name), "review": review}
        texts = {part.name: f"{name}: {part.title}" for part in template().sections}
        draft = save_report(**said, sections=texts, rating="fit" if name == "ben" else "not_fit")
        finish_report(**said, revision=draft.revision)
        withdraw(caller=world.caller("ada"), review=review)
    assert world.approve(version).state == "approved"


def _held(world: World) -> None:
    """A model, a period and two versions are held, the versions no more."""
    world.join("eva", "Eva Lind", world.team, "compliance")
    model, now = world.model("barges"), datetime.now(UTC)
    first, second = world.version(model, b"barges 1"), world.version(model, b"barges 2")
    things = [
        Thing("model", model),
        Thing("predictions", model, since=now - timedelta(days=9), until=now),
        Thing("version", model, first),
        Thing("version", model, second),
    ]
    dora, eva = world.caller("dora"), world.caller("eva")
    for number, thing in enumerate(things):
        said = {"reference": f"Case {number}", "reason": f"Asked for {number}."}
        hold = place_hold(caller=dora, thing=thing, **said)
        if thing.version:
            lift_hold(caller=eva, hold=hold, reason=f"Over: {number}.", password=PASSWORD)


def _deleted(world: World) -> None:
    """Rules, one of them twice; files of two versions and rows of two snapshots that are gone."""
    for kind, days in (("approved", 400), ("unapproved", 7), ("unapproved", 0)):
        world.keep_for(kind, days)
    floors = "compliance.retention.rules.FLOORS"
    with patch(floors, {}):
        world.keep_for("predictions", 0)
    world.empty()
    world.keep_for("predictions", None)
    for name in ("carts", "sledges"):
        version = world.version(world.model(name), name.encode())
        retire(caller=world.caller("cleo"), version=version, reason="Rotten.")
        world.delete(version)
    world.keep_for("datasets", 0)
    ada = world.caller("ada")
    for part in ("train", "calibration"):
        lines = table("train").splitlines(keepends=True)
        upload = send(ada, "rows.csv", b"".join(lines if part == "train" else lines[:-1]))
        said = {"upload": upload, "name": "gone", "split": part, "team": world.team}
        world.delete_rows(register_dataset(ada, **said))


def _with_apps(world: World) -> None:
    """Two second factors, of which one has gone on."""
    for name in ("dora", "emil"):
        enrol_caller(world.caller(name), PASSWORD)
    later = totp.code_at(secret_of("dora"), totp.step_now() + 1)
    assert take_code(world.users["dora"].person_id, later)


def _with_passkeys(world: World) -> None:
    """Three passkeys: one has signed and revoked, one has another name, one is removed."""
    devices = {name: Device("EdDSA") for name in ("cleo", "dora", "emil")}
    keys = {
        name: keep(world.caller(name), PASSWORD, device, f"{name}'s")
        for name, device in devices.items()
    }
    rename_passkey(caller=world.caller("dora"), passkey=keys["dora"], name="Another")
    remove_passkey(caller=world.caller("emil"), passkey=keys["emil"], password=PASSWORD)
    version = world.version(world.model("ships"), b"ships")
    review = submit(caller=world.caller("ada"), version=version)
    words: dict[str, Any] = {
        "caller": world.caller("cleo"),
        "review": Review.objects.get(pk=review.pk),
        "statement_digest": f"sha256:{review.statement_digest}",
        "decision": "approve",
        "reason": "Signed by a device.",
    }
    sign(**words, passkey=answer(devices["cleo"], ask_to_sign(**words)))
    world.sign(review, "ben")
    world.notary.work()
    ended: dict[str, Any] = {"version": version, "reason": "Sunk."}
    ended["caller"] = world.caller("cleo")
    revoke(**ended, passkey=answer(devices["cleo"], ask_to_revoke(**ended)))


def _waived(world: World) -> None:
    """Approved in spite of a finding, until the waivers ended."""
    waivers = []
    for name in ("cars", "vans"):
        version = world.version(world.model(name), name.encode())
        waivers.append(world.waive(version))
        world.approve(version)
    ended = waivers[1].not_after + timedelta(seconds=1)
    cleo = world.caller("cleo")
    withdraw_waiver(caller=cleo, waiver=waivers[1], reason="No vans any more.")
    assert end_expired(ended) == 1
    withdraw_waiver(caller=cleo, waiver=waivers[0], reason="No cars any more.")


def _measured(world: World, version: ModelVersion) -> None:
    ada = world.caller("ada")
    dataset = register_dataset(
        ada, upload=send(ada, "rows.csv", table("test")), name="rows", split="test", team=world.team
    )
    for seed in (1, 2):
        plan = seal_plan(
            caller=ada,
            version=version,
            dataset=dataset,
            criteria=[{"metric": "accuracy", "limit": 0.5}],
            seed=seed,
            resamples=100,
        )
        run = request_run(caller=ada, version=version, plan=plan)
        job, token = taken(run.job_id)
        complete_run(
            run_id=run.pk,
            job_id=job,
            token=token,
            report={"type": "assay/evaluation/1", "seed": seed},
            golden={"type": "assay/golden/1", "seed": seed},
        )


def _discussed(world: World, version: ModelVersion) -> None:
    """Sent back, withdrawn, rejected; with comments."""
    for decision in ("request_changes", None, "reject"):
        review = submit(caller=world.caller("ada"), version=version)
        note_look(caller=world.caller("ben"), review=review)
        _assigned(world, review)
        for word in ("Why?", "How?", "Who?"):
            shown = [f"{decision}".encode()] if word == "Who?" else []
            files = [send(world.caller("ben"), "who.txt", body) for body in shown]
            thread = comment(
                caller=world.caller("ben"), review=review, body=word, attachments=files
            )
        comment(caller=world.caller("ada"), review=review, body="So.", reply_to=thread)
        resolve(caller=world.caller("ben"), comment=thread)
        reopen(caller=world.caller("cleo"), comment=thread)
        if decision is None:
            withdraw(caller=world.caller("ada"), review=review)
            continue
        sign(
            caller=world.caller("ben"),
            review=Review.objects.get(pk=review.pk),
            statement_digest=f"sha256:{review.statement_digest}",
            decision=decision,
            reason=f"My decision: {decision}.",
            password=PASSWORD,
        )


def _derived(world: World, parent: ModelVersion) -> None:
    sha256, size = put_bytes(b"smaller")
    ensure_row(sha256, size)
    ada = world.caller("ada")
    version = add_version(
        model=parent.model,
        made_by=ada.user,
        actor=ada.actor,
        new=NewVersion(
            kind="compressed",
            files=[File("model", "model.onnx", sha256, size)],
            signature=SIGNATURE,
            lineage={"source": "compression"},
            servable=True,
            parent=parent,
        ),
    )
    for kind in ("sandbox", "parity"):
        add_evidence(version=version, kind=kind, document={"type": f"assay/{kind}/1", "ok": True})
