"""What each database role may do. Tables not named here: the app role reads and writes rows."""

# The log and the approvals are written by the notary; the app role only reads them.
APP_READ_ONLY = (
    "audit_auditleaf",
    "audit_checkpoint",
    "governance_approval",
    "governance_emergencyattestation",
    "inference_servingstate",
    "accounts_twopersonssince",
    "django_migrations",
)

# Facts: once written they stay.
APP_INSERT_ONLY = (
    "audit_auditevent",
    "audit_cosignature",
    "accounts_proposalproof",
    "registry_blob",
    "registry_tombstone",
    "compliance_retentionrule",
    "compliance_emptiedbatch",
    "registry_registerentry",
    "registry_datasetsnapshot",
    "registry_artifact",
    "registry_evidence",
    "registry_versioncontributor",
    "registry_cardrevision",
    "registry_aliasmove",
    "evaluation_evaluationplan",
    "governance_policyversion",
    "governance_attachment",
    "governance_comment",
    "governance_threadmove",
    "governance_reviewlook",
    "governance_assignment",
    "governance_assignee",
    "governance_delegation",
    "governance_delegationend",
    "governance_finding",
    "governance_findingmove",
    "governance_findingamendment",
    "governance_signature",
    "governance_waiver",
    "governance_waiverwithdrawal",
    "governance_revocation",
    "governance_staleness",
    "governance_splitmove",
    "governance_emergencygrant",
    "governance_emergencyend",
    "governance_emergencyreview",
    "compliance_pack",
    "compliance_legalhold",
    "compliance_holdlift",
    "compliance_packfile",
    "inference_predictionbatch",
    "inference_loadrefusal",
)

# Rows of which only some columns may change (the triggers say the same).
APP_COLUMN_UPDATES = {
    "accounts_proposal": (
        "state",
        "decided_by_id",
        "decider_id",
        "decided_at",
        "decided_method",
        "answer",
    ),
    "accounts_identity": ("ended_at",),
    "accounts_passkey": ("name", "sign_count", "last_used_at", "removed_at"),
    "registry_registeredmodel": ("purpose", "licence", "tags"),
    "registry_modelversion": ("status", "status_reason"),
    "inference_prediction": ("record",),
    "evaluation_evaluationrun": ("job_id", "report_id", "golden_id"),
    "governance_review": ("state", "closed_at", "notary_note"),
}

# The notary reads everything and writes only this.
NOTARY_INSERT = (
    "audit_auditevent",
    "audit_auditleaf",
    "audit_checkpoint",
    "governance_approval",
    "governance_emergencyattestation",
    "governance_emergencyend",
)
NOTARY_COLUMN_UPDATES = {
    "registry_modelversion": ("status", "status_reason"),
    "governance_review": ("state", "closed_at", "notary_note"),
}
