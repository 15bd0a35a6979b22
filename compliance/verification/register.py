"""What the register holds against what the log tells of it."""

from compliance.verification.sql import Claim, facts, told_by

ENTRY = Claim(
    "entry of the register",
    facts(
        "model_id, revision, hosting, life, place, technology, owner_id, validator_id, "
        "validated_on, revalidate_on, author_id",
        "created_at",
        "registry_registerentry",
    ),
    told_by(
        "model.entered",
        "subject_id, payload->'revision', payload->'hosting', payload->'life', "
        "payload->'place', payload->'technology', payload->'owner', payload->'validator', "
        "payload->'validated_on', payload->'revalidate_on', user_id",
    ),
)
