"""One call of each operation that must succeed; a new operation without one fails the suite.

The order matters: what a call makes, a later one uses; what ends things stands last.
"""

from typing import Any
from uuid import uuid4

from accounts.factors import totp
from governance.policy.documents import DEFAULTS
from tests.api.call import Call, Maker
from tests.api.call import made as _made
from tests.api.call import model as _model
from tests.api.call import review as _review
from tests.api.call import says as _says
from tests.api.call import seeded as _seeded
from tests.api.call import version as _version
from tests.api.calls_reviewing import REVIEWING
from tests.api.house import EVERYBODY, SIDE, House
from tests.cast import TEAM, password_of
from tests.factories import tiny
from tests.factories.halves import NEW
from tests.factories.passkeys import Device
from tests.factories.waivers import in_days

_PASSWORD = password_of(EVERYBODY)
_OURS = {
    "name": "ours",
    "tier": "high",
    "team": TEAM,
    "document": DEFAULTS["high"].as_dict() | {"validity_days": 30},
}
_AT_0 = {"Upload-Offset": "0"}
BYTES = b"some bytes of a file"


PREDICT = {
    "predict": Call(_model, lambda house: tiny.request()),
    "predict_version": Call(_version(1), lambda house: tiny.request()),
}

NO_OFFER = {"offer": "nobody made it", "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}


def _offer(house: House) -> dict[str, Any]:
    return dict(house.made.get("second_factor_offer", NO_OFFER))


def _enrolment(house: House) -> dict[str, Any]:
    return {"offer": _offer(house)["offer"], **_proof(-1)(house)}


def _champion(house: House) -> dict[str, str]:
    return {"name": house["model"], "alias": "champion"}


def _proof(off: int) -> Maker:
    """Password and the code of a neighbouring step: each code is taken once."""
    return lambda house: {
        "password": _PASSWORD,
        "code": totp.code_at(_offer(house)["secret"], totp.step_now() + off),
    }


NO_CHALLENGE = {"challenge": str(uuid4()), "public_key": {"challenge": "bm9ib2R5IG1hZGUgaXQ"}}


def _new_passkey(house: House) -> dict[str, Any]:
    offer = house.made.get("passkeys_offer", NO_CHALLENGE)
    return {
        "name": "Another key",
        "challenge": offer["challenge"],
        "credential": Device("EdDSA").made(offer["public_key"]),
        "password": _PASSWORD,
    }


ACCOUNTS = {
    "me_read": Call(),
    "passkeys_list": Call(),
    "passkeys_offer": Call(),
    "passkeys_register": Call(body=_new_passkey),
    "passkeys_rename": Call(_seeded("passkey_id", "passkey"), _says(name="The old key")),
    "passkeys_remove": Call(_seeded("passkey_id", "passkey"), _says(password=_PASSWORD)),
    "second_factor_offer": Call(),
    "second_factor_enrol": Call(body=_enrolment),
    "second_factor_read": Call(),
    "recovery_codes_renew": Call(body=_proof(0)),
    "second_factor_remove": Call(body=_proof(1)),
    "users_list": Call(),
    "users_create": Call(body=_says(username="nia", name="Nia", email="nia@example.org")),
    "teams_list": Call(),
    "teams_create": Call(body=_says(slug="another-team", name="Another team")),
    "roles_grant": Call(_says(slug=SIDE), _says(username="dan", role="consumer")),
    "roles_remove": Call(_says(slug=SIDE, username="dan", role="consumer")),
    "proposals_challenge": Call(body=_says(kind="policy", wish=_OURS, reason="Shorter is safer.")),
    "proposals_confirm_challenge": Call(
        _seeded("proposal_id", "proposal"), lambda house: {"digest": house["proposed"]}
    ),
    "proposals_open": Call(
        body=_says(kind="policy", wish=_OURS, reason="Shorter is safer.", password=_PASSWORD)
    ),
    "proposals_list": Call(query={"state": "open"}),
    "proposals_read": Call(_seeded("proposal_id", "proposal")),
    "proposals_confirm": Call(
        _seeded("proposal_id", "proposal"),
        lambda house: {"digest": house["proposed"], "password": _PASSWORD},
    ),
    "proposals_decline": Call(_seeded("proposal_id", "unwise"), _says(reason="Ask her first.")),
    "proposals_withdraw": Call(_made("proposal_id", "proposals_open")),
    "proposals_take_half": Call(_seeded("proposal_id", "halved"), _says(password=_PASSWORD)),
    "proposals_end_way_in": Call(_seeded("proposal_id", "halved")),
    "way_in": Call(
        body=lambda house: {
            "login": "opened",
            "first": house["first"],
            "second": house["second"],
            "password": NEW,
        }
    ),
    "users_identity_remove": Call(
        lambda house: {"user_id": house["bound_user"], "identity_id": house["identity"]}
    ),
    "users_deactivate": Call(_made("user_id", "users_create")),
    "sessions_list": Call(),
    "sessions_end": Call(_seeded("session_id", "session")),
    "sessions_end_others": Call(),
    "users_sessions_list": Call(_seeded("user_id", "with_factor")),
    "users_sessions_end": Call(_seeded("user_id", "with_factor")),
    "tokens_list": Call(),
    "tokens_create": Call(body=_says(name="mine", scopes=["read"], days=3)),
    "tokens_revoke": Call(_seeded("token_id", "token")),
}

UPLOADS = {
    "upload_start": Call(body=_says(name="notes.txt", size=len(BYTES))),
    "upload_send": Call(
        _made("upload_id", "upload_start"), raw=BYTES, headers={"Upload-Offset": "0"}
    ),
    "upload_read": Call(_made("upload_id", "upload_start")),
    "upload_remove": Call(_made("upload_id", "upload_start")),
}

REGISTRY = {
    "models_list": Call(query={"q": "tum", "risk_tier": "medium", "limit": "2"}),
    "models_register": Call(
        body=_says(
            name="second-line",
            team=TEAM,
            purpose="Show that a model can be registered.",
            risk_tier="low",
            licence="MIT",
            origin="in-house",
            tags=["small", "fast"],
        )
    ),
    "models_read": Call(_model),
    "models_change": Call(_model, _says(purpose="Say it better.", licence="MIT", tags=["new"])),
    "register_list": Call(query={"hosting": "served", "due": "90", "limit": "2"}),
    "entries_read": Call(_model),
    "entries_write": Call(
        _model, _says(hosting="served", life="in_development", owner="ada", place="Here.")
    ),
    "register_calendar": Call(query={"owner": "ada", "month": "2026-12", "limit": "2"}),
    "register_export": Call(query={"risk_tier": "low"}),
    "register_import": Call(
        body=lambda house: {"upload": house["register"], "dry_run": False, "digest": None}
    ),
    "aliases_history": Call(_model),
    "versions_list": Call(_model),
    "versions_register": Call(
        _model,
        lambda house: {
            "artifacts": [{"upload": house["onnx"], "role": "model"}],
            "signature": tiny.SIGNATURE,
            "note": "By hand.",
        },
    ),
    "versions_read": Call(_version(1)),
    "versions_manifest": Call(_version(1)),
    "artifacts_download": Call(
        lambda house: _version(1)(house) | {"role": house["role"], "file": house["file"]}
    ),
    "cards_read": Call(_version(1)),
    "cards_edit": Call(
        _version(3), lambda house: {"content": tiny.CARD | {"caveats": "Small rooms echo."}}
    ),
    "evidence_list": Call(_version(1)),
    "evidence_read": Call(lambda house: _version(1)(house) | {"digest": house["evidence"]}),
    "datasets_list": Call(),
    "datasets_register": Call(
        body=lambda house: {
            "upload": house["csv"],
            "team": TEAM,
            "name": "tumours-train",
            "format": "csv",
            "split": "train",
            "target": "diagnosis",
            "origin": "scikit-learn",
            "licence": "CC-BY-4.0",
        }
    ),
    "datasets_read": Call(_seeded("dataset_id", "dataset")),
}

WORK = {
    "plans_list": Call(_version(1)),
    "plans_seal": Call(
        _version(3),
        lambda house: {
            "dataset": house["dataset"],
            "criteria": [{"metric": "accuracy", "limit": 0.9, "bound": "interval"}],
            "seed": 5,
            "resamples": 100,
        },
    ),
    "datasets_uses": Call(_seeded("dataset_id", "dataset")),
    "evaluations_list": Call(_version(1)),
    "evaluations_request": Call(
        _version(3), lambda house: {"dataset": house["dataset"], "seed": 5, "resamples": 100}
    ),
    "explanations_list": Call(_version(1)),
    "explanations_request": Call(
        _version(3), lambda house: {"dataset": house["dataset"], "seed": 5, "rows": 2}
    ),
    "recipes_list": Call(),
    "trainings_list": Call(_model),
    "trainings_request": Call(
        _model,
        lambda house: {
            "recipe": "mlp",
            "params": {"hidden": [4], "epochs": 2},
            "dataset": house["train"],
            "validation": None,
        },
    ),
    "trainings_read": Call(_made("run_id", "trainings_request")),
    "compressions_list": Call(_version(1)),
    "compressions_request": Call(
        _version(1),
        lambda house: {"method": "int8-dynamic", "params": {}, "holdout": house["dataset"]},
    ),
    "jobs_list": Call(query={"status": "cancelled"}),
    "jobs_read": Call(_seeded("job_id", "job")),
    "jobs_log": Call(_seeded("job_id", "job")),
    "jobs_retry": Call(_seeded("job_id", "job")),
    "jobs_cancel": Call(_made("job_id", "trainings_request", "job_id")),
}

GOVERNANCE = {
    "policies_list": Call(),
    "policies_read": Call(_seeded("policy_id", "policy")),
    "policies_try": Call(
        body=lambda house: {"document": DEFAULTS["high"].as_dict(), "tier": "medium"}
    ),
    "policies_compare": Call(
        lambda house: {"policy_id": house["policy"], "other_id": house["policy"]}
    ),
    "gates_dry_run": Call(_version(3)),
    "reviews_list": Call(query={"state": "open", "assigned_to": "me", "overdue": "false"}),
    "approvals_ending": Call(query={"days": "366"}),
    "reviews_read": Call(_review),
    "reviews_statement": Call(_review),
    "reviews_approval": Call(_seeded("review_id", "approved_review")),
    "reviews_sign_challenge": Call(
        _review,
        lambda house: {
            "statement_digest": house["statement"],
            "decision": "reject",
            "reason": "I do not believe it.",
        },
    ),
    "reviews_sign": Call(
        _review,
        lambda house: {
            "statement_digest": house["statement"],
            "decision": "approve",
            "reason": "I read it.",
            "password": _PASSWORD,
        },
    ),
    "reviews_look": Call(_review),
    "reviews_changes": Call(_review),
    "reviews_open": Call(
        _version(3),
        _says(
            scope={
                "aliases": ["stable"],
                "environments": ["production"],
                "consumers": [f"team:{TEAM}"],
                "purpose": "Triage, never a diagnosis.",
            }
        ),
    ),
    "reviews_withdraw": Call(_made("review_id", "reviews_open")),
    "waivers_list": Call(_version(1)),
    "waivers_challenge": Call(
        _version(4),
        lambda house: {
            "gate_digest": house["finding"],
            "reason": "The card of the parent says it.",
            "expires_on": in_days(30).isoformat(),
        },
    ),
    "waivers_give": Call(
        _version(4),
        lambda house: {
            "gate": "card",
            "gate_digest": house["finding"],
            "reason": "The card of the parent says it.",
            "expires_on": in_days(30).isoformat(),
            "password": _PASSWORD,
        },
    ),
    "waivers_withdraw": Call(
        lambda house: _version(1)(house) | {"waiver_id": house["waiver"]},
        _says(reason="The card is written."),
    ),
    "emergencies_list": Call(query={"reviewed": "false"}),
    "emergencies_read": Call(_seeded("emergency_id", "granted")),
    "emergencies_end": Call(_seeded("emergency_id", "granted"), _says(reason="It is over.")),
    "emergencies_review": Call(
        _seeded("emergency_id", "ended"), _says(outcome="justified", reason="Loans waited.")
    ),
    "aliases_list": Call(_model),
    "aliases_changes": Call(),
    "aliases_outlook": Call(lambda house: {"name": house["model"], "alias": "stable", "number": 1}),
    "splits_history": Call(_champion),
    "splits_give": Call(_champion, _says(version=5, percent=5, reason="Let us see how it does.")),
    "splits_end": Call(_champion, _says(reason="It has been seen.")),
    "aliases_move": Call(
        lambda house: {"name": house["model"], "alias": "stable"},
        _says(version=1, reason="It has proved itself.", accept_schema_change=False),
    ),
}

COMPLIANCE = {
    "audit_events": Call(query={"action": "review.signed", "limit": "1"}),
    "audit_event": Call(lambda house: {"event_id": house.made["audit_events"]["results"][0]["id"]}),
    "audit_event_proof": Call(
        lambda house: {"event_id": house.made["audit_events"]["results"][0]["id"]}
    ),
    "audit_checkpoint": Call(),
    "audit_checkpoints": Call(),
    "audit_consistency": Call(query={"from": "1"}),
    "audit_tile": Call(lambda _house: {"level": "0", "index": "000.p/1"}),
    "audit_tile_entries": Call(lambda _house: {"index": "000.p/1"}),
    "audit_keys": Call(),
    "models_history": Call(_model),
    "versions_history": Call(_version(1)),
    "aliases_past": Call(
        lambda house: {"name": house["model"], "alias": "champion"}, query={"at": "2026-01-01"}
    ),
    "models_past": Call(_model, query={"at": "2026-01-01"}),
    "persons_acts": Call(_seeded("person_id", "person"), query={"limit": "2"}),
    "datasets_decisions": Call(_seeded("rows", "rows"), query={"limit": "2"}),
    "predictions_list": Call(),
    "predictions_refused": Call(),
    "predictions_read": Call(_made("prediction_id", "predict")),
    "retention_rules": Call(),
    "datasets_dependents": Call(_seeded("dataset_id", "dataset")),
    "retention_due": Call(query={"kind": "datasets"}),
    "tombstones_list": Call(),
    "holds_list": Call(query={"in_force": "true"}),
    "holds_place": Call(
        body=lambda house: {
            "kind": "predictions",
            "model": house["model"],
            "since": "2026-01-01T00:00:00Z",
            "until": "2027-01-01T00:00:00Z",
            "reference": "Case 8",
            "reason": "A customer complains.",
        }
    ),
    "holds_read": Call(_seeded("hold_id", "hold")),
    "holds_lift": Call(
        _seeded("hold_id", "hold"), _says(reason="It is settled.", password=_PASSWORD)
    ),
    "pack_templates_list": Call(),
    "packs_list": Call(),
    "packs_request": Call(
        body=lambda house: {"template": "model-card", "model": house["model"], "number": 1}
    ),
    "packs_read": Call(_made("pack_id", "packs_request")),
    "packs_file": Call(lambda house: {"pack_id": house.made["packs_request"]["id"], "form": "pdf"}),
    "exports_list": Call(),
    "exports_request": Call(
        body=lambda house: {"scope": {"kind": "model", "model": house["model"]}}
    ),
    "exports_read": Call(_made("export_id", "exports_request")),
    "exports_bundle": Call(_made("export_id", "exports_request")),
}

ENDS = {
    "versions_retire": Call(_version(4), _says(reason="Nobody needs it.")),
    "versions_revoke_challenge": Call(_version(1), _says(reason="It drifts.")),
    "versions_revoke": Call(_version(1), _says(reason="It drifts.", password=_PASSWORD)),
}

WEB = ACCOUNTS | UPLOADS | REGISTRY | WORK | GOVERNANCE | REVIEWING | COMPLIANCE | ENDS
