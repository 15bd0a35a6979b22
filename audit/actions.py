"""Every event that can ever stand in the log: noun.past_tense."""

from enum import StrEnum


class Action(StrEnum):
    """The name of an event."""

    PERSON_CREATED = "person.created"
    USER_CREATED = "user.created"
    USER_DEACTIVATED = "user.deactivated"
    USER_REOPENED = "user.reopened"
    USER_CHANGED = "user.changed"
    PASSWORD_SET = "password.set"
    WAY_IN_OPENED = "way_in.opened"
    HALF_TAKEN = "way_in.half_taken"
    WAY_IN_ENDED = "way_in.ended"
    WAY_IN_REFUSED = "way_in.refused"
    TEAM_CREATED = "team.created"
    ROLE_GRANTED = "role.granted"
    ROLE_REMOVED = "role.removed"
    ADMIN_MADE = "administrator.made"
    PROPOSAL_OPENED = "proposal.opened"
    PROPOSAL_CONFIRMED = "proposal.confirmed"
    PROPOSAL_DECLINED = "proposal.declined"
    PROPOSAL_WITHDRAWN = "proposal.withdrawn"
    PROPOSAL_LAPSED = "proposal.lapsed"
    TOKEN_CREATED = "token.created"
    TOKEN_REVOKED = "token.revoked"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGN_IN_PAUSED = "sign_in.paused"
    PASSWORD_REFUSED = "password.refused"
    CODE_REFUSED = "code.refused"
    FACTOR_ENROLLED = "factor.enrolled"
    FACTOR_REMOVED = "factor.removed"
    FACTOR_RESET = "factor.reset"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_code.used"
    PASSKEY_REGISTERED = "passkey.registered"
    PASSKEY_RENAMED = "passkey.renamed"
    PASSKEY_REMOVED = "passkey.removed"
    PASSKEY_REFUSED = "passkey.refused"
    SESSIONS_ENDED = "sessions.ended"
    IDENTITY_BOUND = "identity.bound"
    IDENTITY_ENDED = "identity.ended"
    PROVIDER_REFUSED = "provider_answer.refused"
    REFUSED = "access.refused"

    MODEL_REGISTERED = "model.registered"
    MODEL_CHANGED = "model.changed"
    MODEL_ENTERED = "model.entered"
    REVALIDATION_DUE = "revalidation.due"
    REVALIDATION_OVERDUE = "revalidation.overdue"
    REGISTRATION_REQUESTED = "registration.requested"
    REGISTRATION_FAILED = "registration.failed"
    DATASET_REGISTERED = "dataset.registered"
    VERSION_REGISTERED = "version.registered"
    VERSION_DERIVED = "version.derived"
    VERSION_RETIRED = "version.retired"
    VERSION_QUARANTINED = "version.quarantined"
    CARD_EDITED = "card.edited"
    ARTIFACT_CORRUPT = "artifact.corrupt"

    TRAINING_REQUESTED = "training.requested"
    TRAINING_COMPLETED = "training.completed"
    TRAINING_FAILED = "training.failed"
    COMPRESSION_REQUESTED = "compression.requested"
    COMPRESSION_COMPLETED = "compression.completed"
    COMPRESSION_FAILED = "compression.failed"
    PLAN_SEALED = "plan.sealed"
    EVALUATION_REQUESTED = "evaluation.requested"
    EVALUATION_COMPLETED = "evaluation.completed"
    EVALUATION_FAILED = "evaluation.failed"
    EXPLANATION_REQUESTED = "explanation.requested"
    EXPLANATION_COMPLETED = "explanation.completed"
    EXPLANATION_FAILED = "explanation.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_RETRIED = "job.retried"

    POLICY_PUBLISHED = "policy.published"
    REVIEW_OPENED = "review.opened"
    REVIEW_ASSIGNED = "review.assigned"
    REVIEW_OVERDUE = "review.overdue"
    DELEGATION_MADE = "delegation.made"
    DELEGATION_ENDED = "delegation.ended"
    MAILING_CHOSEN = "mailing.chosen"
    PERSON_MAILED = "person.mailed"
    REVIEW_SEEN = "review.seen"
    REVIEW_COMMENTED = "review.commented"
    THREAD_RESOLVED = "thread.resolved"
    THREAD_REOPENED = "thread.reopened"
    REVIEW_SIGNED = "review.signed"
    REVIEW_REJECTED = "review.rejected"
    REVIEW_CHANGES_REQUESTED = "review.changes_requested"
    REVIEW_WITHDRAWN = "review.withdrawn"
    REVIEW_QUORUM_REACHED = "review.quorum_reached"
    REVIEW_QUORUM_REFUSED = "review.quorum_refused"
    FINDING_RAISED = "finding.raised"
    FINDING_ANSWERED = "finding.answered"
    FINDING_CLOSED = "finding.closed"
    FINDING_REOPENED = "finding.reopened"
    FINDING_AMENDED = "finding.amended"
    FINDING_OVERDUE = "finding.overdue"
    VALIDATION_SAVED = "validation.saved"
    VALIDATION_FINISHED = "validation.finished"
    WAIVER_GIVEN = "waiver.given"
    WAIVER_WITHDRAWN = "waiver.withdrawn"
    VERSION_APPROVED = "version.approved"
    APPROVAL_REVOKED = "approval.revoked"
    APPROVAL_ENDING = "approval.ending"
    APPROVAL_EXPIRED = "approval.expired"
    APPROVAL_STALE = "approval.stale"
    EMERGENCY_GRANTED = "emergency.granted"
    EMERGENCY_REFUSED = "emergency.refused"
    EMERGENCY_ENDED = "emergency.ended"
    EMERGENCY_REVIEWED = "emergency.reviewed"
    KEYS_INTRODUCED = "keys.introduced"
    KEYS_ENDED = "keys.ended"
    KEYS_REPLACED = "keys.replaced"
    ALIAS_MOVED = "alias.moved"
    ALIAS_SPLIT = "alias.split"
    SPLIT_ENDED = "alias.split_ended"
    SPLIT_REFUSED = "alias.split_refused"

    MODEL_LOADED = "serving.loaded"
    LOAD_REFUSED = "serving.refused"
    EMERGENCY_LOADED = "emergency.loaded"
    EMERGENCY_LOAD_REFUSED = "emergency.load_refused"
    PREDICTIONS_SEALED = "predictions.sealed"
    PREDICTIONS_DAMAGED = "predictions.damaged"
    PREDICTIONS_REFUSED = "predictions.refused"
    RETENTION_CHANGED = "retention.changed"
    RETENTION_DUE = "retention.due"
    BYTES_DELETED = "bytes.deleted"
    PREDICTIONS_EMPTIED = "predictions.emptied"
    HOLD_PLACED = "hold.placed"
    HOLD_LIFTED = "hold.lifted"
    EXPORT_REQUESTED = "audit.export_requested"
    EXPORTED = "audit.exported"
    EXPORT_FAILED = "audit.export_failed"
    PACK_REQUESTED = "pack.requested"
    PACK_MADE = "pack.made"
    PACK_FAILED = "pack.failed"

    @property
    def sentence(self) -> str:
        """What the pages say of such an event."""
        return _SENTENCES[self]


_SENTENCES = {
    Action.PERSON_CREATED: "A person was entered",
    Action.USER_CREATED: "A login was made",
    Action.USER_DEACTIVATED: "A login was closed",
    Action.USER_REOPENED: "A closed login was opened again by two administrators",
    Action.USER_CHANGED: "A login's settings were changed",
    Action.PASSWORD_SET: "A password was set",
    Action.WAY_IN_OPENED: "Two administrators took a password away and gave a way to a new one",
    Action.HALF_TAKEN: "An administrator took a half of a way in",
    Action.WAY_IN_ENDED: "A way in ended unused",
    Action.WAY_IN_REFUSED: "Halves were given that open nothing",
    Action.TEAM_CREATED: "A team was made",
    Action.ROLE_GRANTED: "A role was given",
    Action.ROLE_REMOVED: "A role was taken away",
    Action.ADMIN_MADE: "An administrator was made",
    Action.PROPOSAL_OPENED: "Something was proposed that two persons do",
    Action.PROPOSAL_CONFIRMED: "A proposal was confirmed by a second person and carried out",
    Action.PROPOSAL_DECLINED: "A proposal was declined",
    Action.PROPOSAL_WITHDRAWN: "A proposal was withdrawn",
    Action.PROPOSAL_LAPSED: "A proposal lapsed",
    Action.TOKEN_CREATED: "An API token was made",
    Action.TOKEN_REVOKED: "An API token was revoked",
    Action.SIGN_IN_FAILED: "A sign-in failed",
    Action.SIGN_IN_PAUSED: "A login was paused after too many tries",
    Action.PASSWORD_REFUSED: "A wrong password was given at a signature",
    Action.CODE_REFUSED: "A wrong code of a second factor was given",
    Action.FACTOR_ENROLLED: "An authenticator app was set up",
    Action.FACTOR_REMOVED: "An authenticator app was removed by its person",
    Action.FACTOR_RESET: "A person's second factor was reset by two administrators",
    Action.RECOVERY_CODES_MADE: "Recovery codes were made",
    Action.RECOVERY_CODE_USED: "A recovery code was used",
    Action.PASSKEY_REGISTERED: "A passkey was registered",
    Action.PASSKEY_RENAMED: "A passkey was given another name",
    Action.PASSKEY_REMOVED: "A passkey was removed by its person",
    Action.PASSKEY_REFUSED: "The answer of a passkey was refused",
    Action.SESSIONS_ENDED: "Sessions of a login were ended",
    Action.IDENTITY_BOUND: "An account at the identity provider was bound by two administrators",
    Action.IDENTITY_ENDED: "The binding of an account at the identity provider was ended",
    Action.PROVIDER_REFUSED: "An answer of the identity provider was refused",
    Action.REFUSED: "Something was refused",
    Action.MODEL_REGISTERED: "A model was registered",
    Action.MODEL_CHANGED: "A model's description was changed",
    Action.MODEL_ENTERED: "A model's entry in the register was written",
    Action.REVALIDATION_DUE: "A model is to be validated again within 30 days",
    Action.REVALIDATION_OVERDUE: "The revalidation of a model is overdue",
    Action.REGISTRATION_REQUESTED: "A registration was requested",
    Action.REGISTRATION_FAILED: "A registration ended without a result",
    Action.DATASET_REGISTERED: "A dataset snapshot was registered",
    Action.VERSION_REGISTERED: "A version was registered",
    Action.VERSION_DERIVED: "A version was derived from another",
    Action.VERSION_RETIRED: "A version was retired",
    Action.VERSION_QUARANTINED: "A version was quarantined",
    Action.CARD_EDITED: "A model card was edited",
    Action.ARTIFACT_CORRUPT: "Stored bytes no longer match their digest",
    Action.TRAINING_REQUESTED: "A training run was requested",
    Action.TRAINING_COMPLETED: "A training run completed",
    Action.TRAINING_FAILED: "A training run ended without a result",
    Action.COMPRESSION_REQUESTED: "A compression was requested",
    Action.COMPRESSION_COMPLETED: "A compression completed",
    Action.COMPRESSION_FAILED: "A compression ended without a result",
    Action.PLAN_SEALED: "The criteria of an evaluation were sealed",
    Action.EVALUATION_REQUESTED: "An evaluation was requested",
    Action.EVALUATION_COMPLETED: "An evaluation completed",
    Action.EVALUATION_FAILED: "An evaluation ended without a result",
    Action.EXPLANATION_REQUESTED: "An explanation was requested",
    Action.EXPLANATION_COMPLETED: "An explanation completed",
    Action.EXPLANATION_FAILED: "An explanation ended without a result",
    Action.JOB_CANCELLED: "A job was cancelled",
    Action.JOB_RETRIED: "A job was started again",
    Action.POLICY_PUBLISHED: "An approval policy was published",
    Action.REVIEW_OPENED: "A version was submitted for review",
    Action.REVIEW_ASSIGNED: "It was said who is asked to sign a review, and by when",
    Action.REVIEW_OVERDUE: "A review is overdue",
    Action.DELEGATION_MADE: "A person named who is asked to sign in his place",
    Action.DELEGATION_ENDED: "A person ended a delegation before its day",
    Action.MAILING_CHOSEN: "A person chose whether and in which language to get mail",
    Action.PERSON_MAILED: "A person was sent what waits for him by mail",
    Action.REVIEW_SEEN: "A reviewer looked at a statement",
    Action.REVIEW_COMMENTED: "A comment was written",
    Action.THREAD_RESOLVED: "A thread of comments was resolved",
    Action.THREAD_REOPENED: "A thread of comments was opened again",
    Action.REVIEW_SIGNED: "A review was signed",
    Action.REVIEW_REJECTED: "A version was rejected",
    Action.REVIEW_CHANGES_REQUESTED: "Changes were requested",
    Action.REVIEW_WITHDRAWN: "A review was withdrawn",
    Action.REVIEW_QUORUM_REACHED: "Enough persons have signed",
    Action.REVIEW_QUORUM_REFUSED: "The notary refused a quorum",
    Action.FINDING_RAISED: "A reviewer raised a finding",
    Action.FINDING_ANSWERED: "A finding was answered",
    Action.FINDING_CLOSED: "A finding was closed",
    Action.FINDING_REOPENED: "A finding was reopened",
    Action.FINDING_AMENDED: "A finding was given another owner or day",
    Action.FINDING_OVERDUE: "A finding is overdue",
    Action.VALIDATION_SAVED: "The draft of a validation report was saved",
    Action.VALIDATION_FINISHED: "A validation report was finished",
    Action.WAIVER_GIVEN: "A gate was waived",
    Action.WAIVER_WITHDRAWN: "A waiver was withdrawn",
    Action.VERSION_APPROVED: "A version was approved",
    Action.APPROVAL_REVOKED: "An approval was revoked",
    Action.APPROVAL_ENDING: "An approval ends soon",
    Action.APPROVAL_EXPIRED: "An approval has expired",
    Action.APPROVAL_STALE: "An approval has become stale",
    Action.EMERGENCY_GRANTED: "An emergency grant was signed",
    Action.EMERGENCY_REFUSED: "The notary refused an emergency grant",
    Action.EMERGENCY_ENDED: "An emergency grant ended",
    Action.EMERGENCY_REVIEWED: "An emergency grant was reviewed",
    Action.KEYS_INTRODUCED: "New keys of the notary were introduced",
    Action.KEYS_ENDED: "Keys of the notary ended",
    Action.KEYS_REPLACED: "Lost or stolen keys of the notary were replaced",
    Action.ALIAS_MOVED: "An alias was moved",
    Action.ALIAS_SPLIT: "A challenger was given a share of an alias's calls",
    Action.SPLIT_ENDED: "A challenger's share went back to the holder",
    Action.SPLIT_REFUSED: "The gate refused a share that the approval is not for",
    Action.MODEL_LOADED: "A version was loaded for serving",
    Action.LOAD_REFUSED: "A version was refused at load",
    Action.EMERGENCY_LOADED: "A version was loaded under an emergency grant",
    Action.EMERGENCY_LOAD_REFUSED: "A version under an emergency grant was refused at load",
    Action.PREDICTIONS_SEALED: "Prediction records were sealed",
    Action.PREDICTIONS_DAMAGED: "Damaged prediction records were set aside",
    Action.PREDICTIONS_REFUSED: "Predictions were refused",
    Action.RETENTION_CHANGED: "A rule of retention was changed by two persons",
    Action.RETENTION_DUE: "The rule of rows or files is over; two persons may delete them",
    Action.BYTES_DELETED: "Bytes were deleted by two persons; their digests are kept",
    Action.PREDICTIONS_EMPTIED: "Inputs and outputs of predictions were deleted by two persons",
    Action.HOLD_PLACED: "A legal hold was placed",
    Action.HOLD_LIFTED: "A legal hold was lifted by another person",
    Action.EXPORT_REQUESTED: "An export was requested",
    Action.EXPORTED: "An export was made",
    Action.EXPORT_FAILED: "An export ended without a result",
    Action.PACK_REQUESTED: "A pack was requested",
    Action.PACK_MADE: "A pack was made",
    Action.PACK_FAILED: "A pack ended without its files",
}
