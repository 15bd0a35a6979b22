"""The part of a bundle's story in which two managers let a version answer without an approval."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.trust.bundle_factory import ARTIFACTS, MODEL, START, BundleStory, Edit, unchanged
from trust.bundle_layout import emergency_member, policy_member, predictions_member, proposal_member
from trust.canonical import canonical
from trust.digests import digest_of
from trust.dsse import sign_envelope
from trust.emergency import EMERGENCY_PREDICATE_TYPE
from trust.times import format_moment

GRANT_ID, BATCH = "3f0e0b9e-0000-4000-8000-000000000001", "emergency-batch"
MIRA, DAN = "person-mira", "person-dan"


@dataclass
class EmergencyStory(BundleStory):
    """With a grant of four hours under a policy that allows 24, and one answer under it."""

    edit_proposal: Edit = unchanged
    edit_brave_policy: Edit = unchanged
    edit_grant: Edit = unchanged
    edit_answers: Edit = unchanged
    method: str = "password+totp"
    confirmer: str = DAN
    told: bool = True
    ended_after: timedelta | None = None

    def _predict(self, version: str) -> None:
        super()._predict(version)
        policy: dict[str, Any] = {"name": "brave", "emergency_hours": 24}
        self.edit_brave_policy(policy)
        policy_digest = self.put(policy_member, policy)
        proposal: dict[str, Any] = {
            "type": "assay/proposal/1",
            "kind": "emergency",
            "reason": "Loans wait.",
            "details": {
                "version_digest": version,
                "alias": "champion",
                "environment": "",
                "policy": policy_digest,
                "hours": 4,
            },
        }
        self.edit_proposal(proposal)
        digest = self.put(proposal_member, proposal)
        said = {"kind": "emergency", "digest": digest, "method": self.method}
        self.event("proposal.opened", said, person=MIRA)
        self.event("proposal.confirmed", dict(said), person=self.confirmer)
        began = START + timedelta(seconds=len(self.events) - 1)
        self._grant(version, policy_digest, digest, began)

    def _grant(self, version: str, policy: str, proposal: str, began: datetime) -> None:
        grant: dict[str, Any] = {
            "emergency": GRANT_ID,
            "proposal_digest": proposal,
            "policy_digest": policy,
            "persons": [MIRA, DAN],
            "contributors": ["person-ada"],
            "artifacts": deepcopy(ARTIFACTS),
            "golden_digest": None,
            "alias": "champion",
            "environment": "",
            "reason": "Loans wait.",
            "issued_at": format_moment(began),
            "not_after": format_moment(began + timedelta(hours=4)),
        }
        self.edit_grant(grant)
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {
                    "name": f"{MODEL['name']}/3",
                    "digest": {"sha256": version.removeprefix("sha256:")},
                }
            ],
            "predicateType": EMERGENCY_PREDICATE_TYPE,
            "predicate": grant,
        }
        kind = "application/vnd.in-toto+json"
        envelope = sign_envelope(kind, canonical(statement), [self.approvals_key])
        self.files[emergency_member(GRANT_ID)] = envelope
        if self.told:
            self.event(
                "emergency.granted",
                {"emergency": GRANT_ID, "envelope_digest": digest_of(envelope)},
            )
        if self.ended_after is not None:
            self.event("emergency.ended", {"emergency": GRANT_ID, "cause": "stopped"})
            self.events[-1]["at"] = format_moment(began + self.ended_after)
        self._answer(version, began)

    def _answer(self, version: str, began: datetime) -> None:
        answers: list[dict[str, Any]] = [
            {
                "id": "prediction-in-emergency",
                "at": format_moment(began + timedelta(hours=1)),
                "model": MODEL["name"],
                "number": 3,
                "version_digest": version,
                "emergency": GRANT_ID,
                "alias": "champion",
                "input_digest": digest_of(b"in"),
                "output_digest": digest_of(b"out"),
            }
        ]
        self.edit_answers(answers)
        data = b"".join(canonical(record) + b"\n" for record in answers)
        self.files[predictions_member(BATCH)] = data
        sealed = {"batch": BATCH, "digest": digest_of(data), "count": len(answers)}
        self.event("predictions.sealed", sealed)
