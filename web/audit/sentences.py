"""One sentence for each event, with the name of whoever did it."""

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actions import Action

SENTENCES: dict[Action, Promise] = {
    Action.PERSON_CREATED: gettext_lazy("%(actor)s entered a person"),
    Action.USER_CREATED: gettext_lazy("%(actor)s made a login"),
    Action.USER_DEACTIVATED: gettext_lazy("%(actor)s closed a login"),
    Action.USER_REOPENED: gettext_lazy("%(actor)s confirmed that a closed login is opened again"),
    Action.USER_CHANGED: gettext_lazy("%(actor)s changed the settings of a login"),
    Action.PASSWORD_SET: gettext_lazy("%(actor)s set a password"),
    Action.WAY_IN_OPENED: gettext_lazy("%(actor)s confirmed a way to a new password"),
    Action.HALF_TAKEN: gettext_lazy("%(actor)s took a half of a way in"),
    Action.WAY_IN_ENDED: gettext_lazy("%(actor)s ended a way in"),
    Action.WAY_IN_REFUSED: gettext_lazy("%(actor)s refused halves that open nothing"),
    Action.TEAM_CREATED: gettext_lazy("%(actor)s made a team"),
    Action.ROLE_GRANTED: gettext_lazy("%(actor)s gave a role"),
    Action.ROLE_REMOVED: gettext_lazy("%(actor)s took a role away"),
    Action.ADMIN_MADE: gettext_lazy("%(actor)s made a login an administrator"),
    Action.PROPOSAL_OPENED: gettext_lazy("%(actor)s proposed something that two persons do"),
    Action.PROPOSAL_CONFIRMED: gettext_lazy("%(actor)s confirmed the proposal of another person"),
    Action.PROPOSAL_DECLINED: gettext_lazy("%(actor)s declined a proposal"),
    Action.PROPOSAL_WITHDRAWN: gettext_lazy("%(actor)s withdrew a proposal"),
    Action.PROPOSAL_LAPSED: gettext_lazy("%(actor)s let a proposal lapse"),
    Action.TOKEN_CREATED: gettext_lazy("%(actor)s made an API token"),
    Action.TOKEN_REVOKED: gettext_lazy("%(actor)s revoked an API token"),
    Action.SIGN_IN_FAILED: gettext_lazy("%(actor)s refused a sign-in"),
    Action.SIGN_IN_PAUSED: gettext_lazy("%(actor)s paused a login after too many tries"),
    Action.PASSWORD_REFUSED: gettext_lazy("%(actor)s gave a wrong password at a signature"),
    Action.CODE_REFUSED: gettext_lazy("%(actor)s gave a wrong code of a second factor"),
    Action.FACTOR_ENROLLED: gettext_lazy("%(actor)s set up an authenticator app"),
    Action.FACTOR_REMOVED: gettext_lazy("%(actor)s removed the own authenticator app"),
    Action.FACTOR_RESET: gettext_lazy("%(actor)s reset the second factor of a person"),
    Action.RECOVERY_CODES_MADE: gettext_lazy("%(actor)s made recovery codes"),
    Action.RECOVERY_CODE_USED: gettext_lazy("%(actor)s used a recovery code"),
    Action.PASSKEY_REGISTERED: gettext_lazy("%(actor)s registered a passkey"),
    Action.PASSKEY_RENAMED: gettext_lazy("%(actor)s gave a passkey another name"),
    Action.PASSKEY_REMOVED: gettext_lazy("%(actor)s removed the own passkey"),
    Action.SESSIONS_ENDED: gettext_lazy("%(actor)s ended sessions of a login"),
    Action.IDENTITY_BOUND: gettext_lazy("%(actor)s confirmed an account that opens a login"),
    Action.IDENTITY_ENDED: gettext_lazy("%(actor)s ended the binding of an account"),
    Action.PROVIDER_REFUSED: gettext_lazy("%(actor)s was not signed in again by the provider"),
    Action.PASSKEY_REFUSED: gettext_lazy("%(actor)s gave an answer of a passkey that was refused"),
    Action.REFUSED: gettext_lazy("%(actor)s was refused something"),
    Action.MODEL_REGISTERED: gettext_lazy("%(actor)s registered a model"),
    Action.MODEL_CHANGED: gettext_lazy("%(actor)s changed the description of a model"),
    Action.MODEL_ENTERED: gettext_lazy("%(actor)s wrote a model's entry in the register"),
    Action.REVALIDATION_DUE: gettext_lazy("%(actor)s said that a model is to be validated again"),
    Action.REVALIDATION_OVERDUE: gettext_lazy("%(actor)s found a revalidation overdue"),
    Action.REGISTRATION_REQUESTED: gettext_lazy("%(actor)s asked for a registration"),
    Action.REGISTRATION_FAILED: gettext_lazy("%(actor)s ended a registration without a result"),
    Action.DATASET_REGISTERED: gettext_lazy("%(actor)s registered a dataset snapshot"),
    Action.VERSION_REGISTERED: gettext_lazy("%(actor)s registered a version"),
    Action.VERSION_DERIVED: gettext_lazy("%(actor)s derived a version from another"),
    Action.VERSION_RETIRED: gettext_lazy("%(actor)s retired a version"),
    Action.VERSION_QUARANTINED: gettext_lazy("%(actor)s quarantined a version"),
    Action.CARD_EDITED: gettext_lazy("%(actor)s edited a model card"),
    Action.ARTIFACT_CORRUPT: gettext_lazy("%(actor)s found bytes that do not match their digest"),
    Action.TRAINING_REQUESTED: gettext_lazy("%(actor)s asked for a training"),
    Action.TRAINING_COMPLETED: gettext_lazy("%(actor)s completed a training"),
    Action.TRAINING_FAILED: gettext_lazy("%(actor)s ended a training without a result"),
    Action.COMPRESSION_REQUESTED: gettext_lazy("%(actor)s asked for a compression"),
    Action.COMPRESSION_COMPLETED: gettext_lazy("%(actor)s completed a compression"),
    Action.COMPRESSION_FAILED: gettext_lazy("%(actor)s ended a compression without a result"),
    Action.PLAN_SEALED: gettext_lazy("%(actor)s sealed the criteria of an evaluation"),
    Action.EVALUATION_REQUESTED: gettext_lazy("%(actor)s asked for an evaluation"),
    Action.EVALUATION_COMPLETED: gettext_lazy("%(actor)s completed an evaluation"),
    Action.EVALUATION_FAILED: gettext_lazy("%(actor)s ended an evaluation without a result"),
    Action.EXPLANATION_REQUESTED: gettext_lazy("%(actor)s asked for an explanation"),
    Action.EXPLANATION_COMPLETED: gettext_lazy("%(actor)s completed an explanation"),
    Action.EXPLANATION_FAILED: gettext_lazy("%(actor)s ended an explanation without a result"),
    Action.JOB_CANCELLED: gettext_lazy("%(actor)s cancelled a job"),
    Action.JOB_RETRIED: gettext_lazy("%(actor)s started a job again"),
    Action.POLICY_PUBLISHED: gettext_lazy("%(actor)s published an approval policy"),
    Action.REVIEW_OPENED: gettext_lazy("%(actor)s submitted a version for review"),
    Action.REVIEW_ASSIGNED: gettext_lazy("%(actor)s said who is asked to sign a review"),
    Action.REVIEW_OVERDUE: gettext_lazy("%(actor)s found a review overdue"),
    Action.DELEGATION_MADE: gettext_lazy("%(actor)s named a delegate"),
    Action.DELEGATION_ENDED: gettext_lazy("%(actor)s ended a delegation"),
    Action.MAILING_CHOSEN: gettext_lazy("%(actor)s chose how to get mail"),
    Action.PERSON_MAILED: gettext_lazy("%(actor)s wrote to a person what waits"),
    Action.REVIEW_SEEN: gettext_lazy("%(actor)s looked at a statement"),
    Action.REVIEW_COMMENTED: gettext_lazy("%(actor)s wrote a comment"),
    Action.THREAD_RESOLVED: gettext_lazy("%(actor)s resolved a thread of comments"),
    Action.THREAD_REOPENED: gettext_lazy("%(actor)s opened a thread of comments again"),
    Action.REVIEW_SIGNED: gettext_lazy("%(actor)s signed a review"),
    Action.REVIEW_REJECTED: gettext_lazy("%(actor)s rejected a version"),
    Action.REVIEW_CHANGES_REQUESTED: gettext_lazy("%(actor)s requested changes"),
    Action.REVIEW_WITHDRAWN: gettext_lazy("%(actor)s withdrew a review"),
    Action.REVIEW_QUORUM_REACHED: gettext_lazy("%(actor)s gave the last signature that was needed"),
    Action.REVIEW_QUORUM_REFUSED: gettext_lazy("%(actor)s refused a quorum"),
    Action.FINDING_RAISED: gettext_lazy("%(actor)s raised a finding"),
    Action.FINDING_ANSWERED: gettext_lazy("%(actor)s answered a finding"),
    Action.FINDING_CLOSED: gettext_lazy("%(actor)s closed a finding"),
    Action.FINDING_REOPENED: gettext_lazy("%(actor)s reopened a finding"),
    Action.FINDING_AMENDED: gettext_lazy("%(actor)s gave a finding another owner or day"),
    Action.FINDING_OVERDUE: gettext_lazy("%(actor)s said that a finding is overdue"),
    Action.VALIDATION_SAVED: gettext_lazy("%(actor)s saved the draft of a validation report"),
    Action.VALIDATION_FINISHED: gettext_lazy("%(actor)s finished a validation report"),
    Action.WAIVER_GIVEN: gettext_lazy("%(actor)s waived a gate"),
    Action.WAIVER_WITHDRAWN: gettext_lazy("%(actor)s withdrew a waiver"),
    Action.VERSION_APPROVED: gettext_lazy("%(actor)s approved a version"),
    Action.APPROVAL_REVOKED: gettext_lazy("%(actor)s revoked an approval"),
    Action.APPROVAL_ENDING: gettext_lazy("%(actor)s said that an approval ends soon"),
    Action.APPROVAL_EXPIRED: gettext_lazy("%(actor)s found an approval expired"),
    Action.APPROVAL_STALE: gettext_lazy("%(actor)s found an approval stale"),
    Action.EMERGENCY_GRANTED: gettext_lazy("%(actor)s signed an emergency grant"),
    Action.EMERGENCY_REFUSED: gettext_lazy("%(actor)s refused an emergency grant"),
    Action.EMERGENCY_ENDED: gettext_lazy("%(actor)s ended an emergency grant"),
    Action.EMERGENCY_REVIEWED: gettext_lazy("%(actor)s reviewed an emergency grant"),
    Action.EMERGENCY_LOADED: gettext_lazy("%(actor)s loaded a version under an emergency grant"),
    Action.EMERGENCY_LOAD_REFUSED: gettext_lazy(
        "%(actor)s refused a version under an emergency grant at load"
    ),
    Action.KEYS_INTRODUCED: gettext_lazy("%(actor)s introduced new keys of the notary"),
    Action.KEYS_ENDED: gettext_lazy("%(actor)s ended keys of the notary"),
    Action.KEYS_REPLACED: gettext_lazy("%(actor)s replaced lost or stolen keys of the notary"),
    Action.ALIAS_MOVED: gettext_lazy("%(actor)s moved an alias"),
    Action.ALIAS_SPLIT: gettext_lazy("%(actor)s gave a challenger a share of an alias's calls"),
    Action.SPLIT_ENDED: gettext_lazy("%(actor)s ended a challenger's share of an alias's calls"),
    Action.SPLIT_REFUSED: gettext_lazy("%(actor)s refused a share that the approval is not for"),
    Action.MODEL_LOADED: gettext_lazy("%(actor)s loaded a version for serving"),
    Action.LOAD_REFUSED: gettext_lazy("%(actor)s refused a version at load"),
    Action.PREDICTIONS_SEALED: gettext_lazy("%(actor)s sealed prediction records"),
    Action.PREDICTIONS_DAMAGED: gettext_lazy("%(actor)s set damaged prediction records aside"),
    Action.PREDICTIONS_REFUSED: gettext_lazy("%(actor)s refused predictions"),
    Action.RETENTION_DUE: gettext_lazy("%(actor)s found rows or files that may be deleted"),
    Action.RETENTION_CHANGED: gettext_lazy("%(actor)s confirmed a rule of retention"),
    Action.BYTES_DELETED: gettext_lazy("%(actor)s confirmed the deletion of bytes"),
    Action.PREDICTIONS_EMPTIED: gettext_lazy(
        "%(actor)s confirmed the deletion of inputs and outputs"
    ),
    Action.HOLD_PLACED: gettext_lazy("%(actor)s placed a legal hold"),
    Action.HOLD_LIFTED: gettext_lazy("%(actor)s lifted a legal hold"),
    Action.EXPORT_REQUESTED: gettext_lazy("%(actor)s asked for an export"),
    Action.EXPORTED: gettext_lazy("%(actor)s made an export"),
    Action.EXPORT_FAILED: gettext_lazy("%(actor)s ended an export without a result"),
    Action.PACK_REQUESTED: gettext_lazy("%(actor)s asked for a pack"),
    Action.PACK_MADE: gettext_lazy("%(actor)s made a pack"),
    Action.PACK_FAILED: gettext_lazy("%(actor)s ended a pack without its files"),
}


def sentence(action: str, actor: str) -> str:
    """What happened, in words; an action of another program's version under its own name."""
    try:
        words = SENTENCES[Action(action)]
    except (KeyError, ValueError):
        return f"{actor}: {action}"
    return str(words) % {"actor": actor}


def actor_of(name: str | None) -> str:
    """Who did it; the instance where no person did."""
    return name or _("The instance")


def _of_somebody(action: str) -> str:
    return sentence(action, _("Somebody"))


lazy_sentence = lazy(_of_somebody, str)
"""What happens in such an event, whoever does it."""
