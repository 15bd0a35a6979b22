"""An approval holds for exactly the bytes, the key and the time that it names."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.trust.bundle_factory import (
    APPROVAL_ID,
    ARTIFACTS,
    BEN,
    CLEO,
    ORIGIN,
    BundleStory,
)
from trust.approval import IN_TOTO_PAYLOAD_TYPE, Verdict, read_approval, verify_approval
from trust.base64_text import decode_base64
from trust.canonical import canonical
from trust.dsse import sign_envelope
from trust.errors import Malformed
from trust.issuing import sign_approval
from trust.key_files import generate_key
from trust.keys import TrustedKeys, approvals_name

STORY = BundleStory()
ENVELOPE = STORY.files[STORY.approval_file]
KEYS = STORY.keys.named(approvals_name(ORIGIN))
APPROVAL = read_approval(ENVELOPE, KEYS)
DIGESTS = {(a["role"], a["name"]): a["sha256"] for a in ARTIFACTS}
NOW = APPROVAL.issued_at + timedelta(days=1)
Edit = Callable[[dict[str, Any]], object]


def judge(
    envelope: bytes = ENVELOPE,
    *,
    keys: TrustedKeys = KEYS,
    version: str = APPROVAL.version_digest,
    artifacts: dict[tuple[str, str], str] = DIGESTS,
    now: datetime = NOW,
    revoked_at: datetime | None = None,
) -> Verdict:
    return verify_approval(
        envelope,
        keys,
        version_digest=version,
        artifact_digests=artifacts,
        now=now,
        revoked_at=revoked_at,
    )


def signed_again(edit: Edit, payload_type: str = IN_TOTO_PAYLOAD_TYPE) -> bytes:
    statement = json.loads(decode_base64(json.loads(ENVELOPE)["payload"]))
    edit(statement)
    return sign_envelope(payload_type, canonical(statement), [STORY.approvals_key])


def predicate(**changes: object) -> Edit:
    return lambda statement: statement["predicate"].update(changes)


def without(name: str) -> Edit:
    return lambda statement: statement["predicate"].pop(name)


class TestAnApproval:
    def test_holds_for_what_it_names(self) -> None:
        verdict = judge()

        assert (verdict.ok, verdict.reason) == (True, "")
        assert verdict.approval is not None
        assert verdict.approval.id == APPROVAL_ID
        assert verdict.approval.signers == (BEN, CLEO)
        assert verdict.approval.outage_grace == timedelta(seconds=60)

    def test_holds_from_issue_to_expiry_with_leeway_for_clocks_before(self) -> None:
        moment = timedelta(microseconds=1)

        assert judge(now=APPROVAL.issued_at - timedelta(seconds=60)).ok
        assert not judge(now=APPROVAL.issued_at - timedelta(seconds=60) - moment).ok
        assert judge(now=APPROVAL.not_after - moment).ok
        assert not judge(now=APPROVAL.not_after).ok

    def test_does_not_hold_from_its_revocation_on_even_under_a_slow_clock(self) -> None:
        assert judge(revoked_at=NOW).reason == "The approval was revoked."
        assert not judge(revoked_at=NOW - timedelta(days=1)).ok
        assert not judge(revoked_at=NOW + timedelta(seconds=60)).ok
        assert judge(revoked_at=NOW + timedelta(seconds=61)).ok

    def test_says_when_it_is_for_another_version(self) -> None:
        verdict = judge(version="sha256:" + "0" * 64)

        assert verdict.reason == "The approval is for another version."
        assert verdict.approval == APPROVAL

    @pytest.mark.parametrize(
        "artifacts",
        [
            {},
            {("model", "model.onnx"): ARTIFACTS[0]["sha256"]},
            DIGESTS | {("extra", "more.bin"): ARTIFACTS[0]["sha256"]},
            DIGESTS | {("model", "model.onnx"): ARTIFACTS[1]["sha256"]},
            {key: DIGESTS[other] for key, other in zip(DIGESTS, reversed(DIGESTS), strict=True)},
        ],
        ids=["none", "one missing", "one more", "one changed", "swapped"],
    )
    def test_says_when_it_is_for_other_artifacts(
        self, artifacts: dict[tuple[str, str], str]
    ) -> None:
        assert judge(artifacts=artifacts).reason == "The approval is for other artifacts."

    def test_says_when_it_is_not_issued_yet_or_expired(self) -> None:
        early, late = APPROVAL.issued_at - timedelta(days=1), APPROVAL.not_after

        assert judge(now=early).reason == "The approval was not issued yet."
        assert judge(now=late).reason == "The approval has expired."

    @pytest.mark.parametrize(
        "keys",
        [
            TrustedKeys([]),
            TrustedKeys([STORY.log_key.verifier]),
            TrustedKeys([generate_key(approvals_name(ORIGIN)).verifier]),
        ],
        ids=["no key", "the log's key", "another approvals key"],
    )
    def test_is_worth_nothing_without_the_approvals_key(self, keys: TrustedKeys) -> None:
        verdict = judge(keys=keys)

        assert not verdict.ok
        assert "not signed by a trusted key" in verdict.reason
        assert verdict.approval is None

    @pytest.mark.parametrize(
        ("edit", "reason"),
        [
            (lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"), "in-toto"),
            (lambda s: s.update(predicateType="urn:assay:approval:v2"), "not an approval"),
            (lambda s: s.update(more=1), "unknown 'more'"),
            (lambda s: s.update(subject=[]), "one subject"),
            (lambda s: s.update(subject=s["subject"] * 2), "one subject"),
            (lambda s: s["subject"][0]["digest"].update(sha512="0"), "unknown 'sha512'"),
            (lambda s: s["subject"][0]["digest"].update(sha256="sha256:0"), "digest"),
            (lambda s: s.update(predicate=[]), "not an object"),
            (predicate(more=1), "unknown 'more'"),
            (without("scope"), "no 'scope'"),
            (predicate(artifacts=[]), "at least one artifact"),
            (predicate(artifacts=ARTIFACTS[:1] * 2), "listed twice"),
            (predicate(artifacts=["model"]), "not an object"),
            (predicate(artifacts=[ARTIFACTS[0] | {"size": True}]), "count"),
            (predicate(artifacts=[ARTIFACTS[0] | {"sha256": "0"}]), "digest"),
            (predicate(issued_at="2026-03-01T09:00:00Z"), "moment"),
            (predicate(not_after="2026-02-30T09:00:00.000000Z"), "moment"),
            (predicate(not_after="9999-12-31T09:00:00.000000Z"), "9000"),
            (predicate(not_after=None), "text"),
            (predicate(outage_grace_s=-1), "count"),
            (predicate(outage_grace_s=2**53 - 1), "longer than a year"),
            (predicate(signers=[1]), "text"),
            (predicate(signatures="all"), "list"),
            (predicate(golden_digest=""), "digest"),
            (predicate(approval=""), "text"),
        ],
    )
    def test_is_refused_when_signed_but_not_in_its_form(self, edit: Edit, reason: str) -> None:
        verdict = judge(signed_again(edit))

        assert not verdict.ok
        assert reason in verdict.reason

    def test_is_refused_in_an_envelope_of_another_type(self) -> None:
        verdict = judge(signed_again(lambda statement: None, "application/json"))

        assert "type" in verdict.reason

    @pytest.mark.parametrize("data", [b"", b"{}", b"\xff", ENVELOPE[:-1], b"[" * 100_000])
    def test_is_refused_without_raising_when_unreadable(self, data: bytes) -> None:
        assert not judge(data).ok

    def test_is_refused_after_any_changed_byte(self) -> None:
        for at in range(len(ENVELOPE)):
            changed = bytearray(ENVELOPE)
            changed[at] ^= 1
            assert not judge(bytes(changed)).ok

    def test_is_never_issued_in_a_form_that_no_verifier_accepts(self) -> None:
        statement = json.loads(decode_base64(json.loads(ENVELOPE)["payload"]))
        assert judge(sign_approval(statement, STORY.approvals_key)).ok

        statement["predicate"]["artifacts"] = []
        with pytest.raises(Malformed):
            sign_approval(statement, STORY.approvals_key)
