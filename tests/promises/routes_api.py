"""The lines of the REST API; how to read them stands in `routes`."""

Expected = dict[str, dict[str, str]]

API: Expected = {
    "web: /api/v1/me": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/users": {
        "GET": "401 403 403 403 403 403 403 ok",
        "POST": "401 403 403 403 403 403 403 ok",
    },
    "web: /api/v1/proposals": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 404 403 403 403 ok 403 403",
    },
    "web: /api/v1/proposals/<uuid:proposal_id>": {
        "GET": "401 404 404 404 404 404 404 ok",
    },
    "web: /api/v1/proposals/<uuid:proposal_id>/confirmation": {
        "POST": "401 404 404 404 404 404 404 403",
    },
    "web: /api/v1/proposals/challenge": {
        "POST": "401 404 403 403 403 no 403 403",
    },
    "web: /api/v1/proposals/<uuid:proposal_id>/confirmation/challenge": {
        "POST": "401 404 404 404 404 404 404 403",
    },
    "web: /api/v1/proposals/<uuid:proposal_id>/refusal": {
        "POST": "401 404 404 404 404 404 404 403",
    },
    "web: /api/v1/proposals/<uuid:proposal_id>/withdrawal": {
        "POST": "401 404 404 404 404 404 404 ok",
    },
    "web: /api/v1/proposals/<uuid:proposal_id>/half": {
        "POST": "401 404 404 404 404 404 404 no",
    },
    "web: /api/v1/proposals/<uuid:proposal_id>/way-in/end": {
        "POST": "401 404 404 404 404 404 404 no",
    },
    "web: /api/v1/way-in": {
        "POST": "ok ok ok ok ok ok ok ok",
    },
    "web: /api/v1/me/second-factor": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 no no no no no no no",
    },
    "web: /api/v1/me/second-factor/offer": {
        "POST": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/me/second-factor/recovery-codes": {
        "POST": "401 no no no no no no no",
    },
    "web: /api/v1/me/second-factor/removal": {
        "POST": "401 no no no no no no no",
    },
    "web: /api/v1/me/passkeys": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 no no no no no no no",
    },
    "web: /api/v1/me/passkeys/offer": {
        "POST": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/me/passkeys/<uuid:passkey_id>": {
        "PATCH": "401 404 404 404 404 404 404 404",
    },
    "web: /api/v1/me/passkeys/<uuid:passkey_id>/removal": {
        "POST": "401 404 404 404 404 404 404 404",
    },
    "web: /api/v1/users/<uuid:user_id>/deactivation": {
        "POST": "401 403 403 403 403 403 403 ok",
    },
    "web: /api/v1/users/<uuid:user_id>/identities/<uuid:identity_id>/removal": {
        "POST": "401 403 403 403 403 403 403 ok",
    },
    "web: /api/v1/me/sessions": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/me/sessions/end-others": {
        "POST": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/me/sessions/<uuid:session_id>/end": {
        "POST": "401 404 404 404 404 404 404 404",
    },
    "web: /api/v1/users/<uuid:user_id>/sessions": {
        "GET": "401 403 403 403 403 403 403 ok",
    },
    "web: /api/v1/users/<uuid:user_id>/sessions/end": {
        "POST": "401 403 403 403 403 403 403 ok",
    },
    "web: /api/v1/teams": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 403 403 403 403 403 403 ok",
    },
    "web: /api/v1/teams/<slug:slug>/roles": {
        "POST": "401 404 403 403 403 403 403 ok",
    },
    "web: /api/v1/teams/<slug:slug>/roles/<str:username>/<slug:role>": {
        "DELETE": "401 404 403 403 403 403 403 ok",
    },
    "web: /api/v1/tokens": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/tokens/<uuid:token_id>": {
        "DELETE": "401 404 404 404 404 404 404 ok",
    },
    "web: /api/v1/uploads": {
        "POST": "401 403 403 ok ok ok ok 403",
    },
    "web: /api/v1/uploads/<uuid:upload_id>": {
        "GET": "401 403 403 404 404 404 404 403",
        "PATCH": "401 no no no no no no no",
        "DELETE": "401 403 403 404 404 404 404 403",
    },
    "web: /api/v1/jobs": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/jobs/<uuid:job_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/jobs/<uuid:job_id>/log": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/jobs/<uuid:job_id>/cancellation": {
        "POST": "401 404 404 no 403 no 403 404",
    },
    "web: /api/v1/jobs/<uuid:job_id>/retry": {
        "POST": "401 404 404 ok 403 ok 403 404",
    },
    "web: /api/v1/models": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 404 403 ok 403 ok 403 403",
    },
    "web: /api/v1/models/<slug:name>": {
        "GET": "401 404 ok ok ok ok ok 404",
        "PATCH": "401 404 403 ok 403 ok 403 404",
    },
    "web: /api/v1/register": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/register/calendar": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/register/export": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/register/import": {
        "POST": "401 403 403 404 403 404 403 403",
    },
    "web: /api/v1/models/<slug:name>/entry": {
        "GET": "401 404 403 ok ok ok ok 404",
        "PUT": "401 404 403 ok 403 ok 403 404",
    },
    "web: /api/v1/models/<slug:name>/alias-history": {
        "GET": "401 404 ok ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions": {
        "GET": "401 404 ok ok ok ok ok 404",
        "POST": "401 404 403 404 403 404 403 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>": {
        "GET": "401 404 ok ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/manifest": {
        "GET": "401 404 403 ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/artifacts/<slug:role>/<str:file>": {
        "GET": "401 404 403 ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/card": {
        "GET": "401 404 403 ok ok ok ok 404",
        "PUT": "401 404 403 ok 403 ok 403 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/evidence": {
        "GET": "401 404 403 ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/evidence/<str:digest>": {
        "GET": "401 404 403 ok ok ok ok 404",
    },
    "web: /api/v1/datasets": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 404 403 404 403 404 403 403",
    },
    "web: /api/v1/datasets/<uuid:dataset_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/datasets/<uuid:dataset_id>/uses": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/plans": {
        "GET": "401 404 403 ok ok ok ok 404",
        "POST": "401 404 404 ok 403 ok 403 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/evaluations": {
        "GET": "401 404 403 ok ok ok ok 404",
        "POST": "401 404 404 ok 403 ok 403 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/explanations": {
        "GET": "401 404 403 ok ok ok ok 404",
        "POST": "401 404 404 ok 403 ok 403 404",
    },
    "web: /api/v1/recipes": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/models/<slug:name>/trainings": {
        "GET": "401 404 403 ok ok ok ok 404",
        "POST": "401 404 404 ok 403 ok 403 404",
    },
    "web: /api/v1/trainings/<uuid:run_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/compressions": {
        "GET": "401 404 403 ok ok ok ok 404",
        "POST": "401 404 404 ok 403 ok 403 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/gates": {
        "GET": "401 404 403 ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/waivers": {
        "GET": "401 404 403 ok ok ok ok 404",
        "POST": "401 404 403 403 no no 403 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/waivers/challenge": {
        "POST": "401 404 403 403 no no 403 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/waivers/<uuid:waiver_id>/withdrawal": {
        "POST": "401 404 403 403 403 ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/reviews": {
        "POST": "401 404 403 no 403 no 403 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/revocation/challenge": {
        "POST": "401 404 403 403 403 no no 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/revocation": {
        "POST": "401 404 403 403 403 ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/retirement": {
        "POST": "401 404 403 403 403 no 403 404",
    },
    "web: /api/v1/models/<slug:name>/aliases": {
        "GET": "401 404 ok ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/aliases/<slug:alias>": {
        "PUT": "401 404 403 403 403 ok 403 404",
    },
    "web: /api/v1/models/<slug:name>/aliases/<slug:alias>/outlook/<int:number>": {
        "GET": "401 404 403 403 403 ok 403 404",
    },
    "web: /api/v1/models/<slug:name>/aliases/<slug:alias>/split": {
        "GET": "401 404 ok ok ok ok ok 404",
        "PUT": "401 404 403 403 403 no 403 404",
    },
    "web: /api/v1/models/<slug:name>/aliases/<slug:alias>/split/end": {
        "POST": "401 404 403 403 403 no 403 404",
    },
    "web: /api/v1/changes": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/approvals/ending": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/findings": {
        "GET": "401 404 403 ok ok ok ok 404",
        "POST": "401 404 403 403 ok ok ok 404",
    },
    "web: /api/v1/emergencies": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/emergencies/<uuid:emergency_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/emergencies/<uuid:emergency_id>/end": {
        "POST": "401 404 404 403 403 ok ok 404",
    },
    "web: /api/v1/emergencies/<uuid:emergency_id>/review": {
        "POST": "401 404 404 403 403 no no 404",
    },
    "web: /api/v1/retention-rules": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/datasets/<uuid:dataset_id>/dependents": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/retention/due": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/tombstones": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/holds": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 404 403 403 403 403 ok 404",
    },
    "web: /api/v1/holds/<uuid:hold_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/holds/<uuid:hold_id>/lift": {
        "POST": "401 404 404 403 403 403 ok 404",
    },
    "web: /api/v1/policies": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/policies/trials": {
        "POST": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/policies/<uuid:policy_id>/changes/<uuid:other_id>": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/policies/<uuid:policy_id>": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/audit/events": {
        "GET": "401 403 403 403 403 ok ok ok",
    },
    "web: /api/v1/audit/events/<uuid:event_id>": {
        "GET": "401 404 404 404 404 404 404 ok",
    },
    "web: /api/v1/audit/events/<uuid:event_id>/proof": {
        "GET": "401 404 404 404 404 404 404 no",
    },
    "web: /api/v1/audit/checkpoint": {
        "GET": "401 404 404 404 404 404 404 404",
    },
    "web: /api/v1/audit/checkpoints": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/audit/consistency": {
        "GET": "401 no no no no no no no",
    },
    "web: /api/v1/audit/tile/entries/<path:index>": {
        "GET": "401 403 403 403 403 403 403 404",
    },
    "web: /api/v1/audit/tile/<str:level>/<path:index>": {
        "GET": "401 404 404 404 404 404 404 404",
    },
    "web: /api/v1/audit/keys": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/models/<slug:name>/past": {
        "GET": "401 404 403 ok ok ok ok ok",
    },
    "web: /api/v1/models/<slug:name>/aliases/<slug:alias>/past": {
        "GET": "401 404 403 ok ok ok ok ok",
    },
    "web: /api/v1/audit/persons/<uuid:person_id>/acts": {
        "GET": "401 403 403 403 403 ok ok ok",
    },
    "web: /api/v1/audit/datasets/<str:rows>/decisions": {
        "GET": "401 403 403 403 403 ok ok ok",
    },
    "web: /api/v1/models/<slug:name>/history": {
        "GET": "401 404 403 ok ok ok ok 404",
    },
    "web: /api/v1/models/<slug:name>/versions/<int:number>/history": {
        "GET": "401 404 403 ok ok ok ok 404",
    },
    "web: /api/v1/predictions": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/predictions/refused": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/predictions/<uuid:prediction_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/exports": {
        "GET": "401 403 403 403 403 ok ok 403",
        "POST": "401 403 403 403 403 ok ok 403",
    },
    "web: /api/v1/exports/<uuid:export_id>": {
        "GET": "401 403 403 403 403 ok ok 403",
    },
    "web: /api/v1/exports/<uuid:export_id>/bundle": {
        "GET": "401 403 403 403 403 no no 403",
    },
    "web: /api/v1/pack-templates": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/packs": {
        "GET": "401 403 403 403 403 ok ok 403",
        "POST": "401 403 403 403 403 ok ok 403",
    },
    "web: /api/v1/packs/<uuid:pack_id>": {
        "GET": "401 403 403 403 403 ok ok 403",
    },
    "web: /api/v1/packs/<uuid:pack_id>/files/<slug:form>": {
        "GET": "401 403 403 403 403 no no 403",
    },
    "web: /api/v1/schema": {
        "GET": "ok ok ok ok ok ok ok ok",
    },
}
