"""A consumer knows what he calls, and nothing of the evidence behind it."""

from tests.api.calls import WEB
from tests.api.client import Api, nothing_written, refusal
from tests.api.document import operations
from tests.api.house import House, token_of
from tests.api.test_bad_addresses import Anything
from tests.cast import who
from tests.stage import Stage

SEEN = {
    "retention_rules",
    "me_read",
    "teams_list",
    "tokens_list",
    "models_list",
    "models_read",
    "aliases_list",
    "aliases_history",
    "splits_history",
    "versions_list",
    "versions_read",
    "register_export",
    "pack_templates_list",
    "recipes_list",
    "policies_list",
    "policies_read",
    "policies_compare",
    "audit_checkpoint",
    "audit_checkpoints",
    "audit_consistency",
    "audit_keys",
}
EMPTY = {
    "retention_due",
    "tombstones_list",
    "holds_list",
    "predictions_refused",
    "delegations_list",
    "emergencies_list",
    "policies_try",
    "findings_list",
    "proposals_list",
    "datasets_list",
    "jobs_list",
    "reviews_list",
    "approvals_ending",
    "predictions_list",
    "register_list",
    "register_calendar",
}
OWN = {
    "waiting_list",
    "mailing_read",
    "mailing_choose",
    "aliases_changes",
    "sessions_list",
    "sessions_end_others",
    "passkeys_list",
    "passkeys_offer",
    "passkeys_register",
    "tokens_create",
    "second_factor_read",
    "second_factor_offer",
    "second_factor_enrol",
    "recovery_codes_renew",
    "second_factor_remove",
    "way_in",
}


def test_a_consumer_reads_and_changes_nothing_else(house: House, stage: Stage) -> None:
    api = Api(token_of(who("carl"))[1])
    house.made = Anything()
    for name in sorted(set(WEB) - SEEN - OWN):
        method, path = operations()[name]
        call = WEB[name]
        body = call.raw or (call.body(house) if call.body else None)
        kind = "application/octet-stream" if call.raw else "application/json"
        with nothing_written(stage.folder):
            where = path.format(**call.path(house))
            reply = api.send(method, where, body, kind=kind, headers=call.headers)
        if name in EMPTY:
            assert reply.json()["results"] == [], name
        else:
            assert reply.status_code in (403, 404), (name, reply.status_code, reply.content[:300])
            assert refusal(reply)["detail"], name
