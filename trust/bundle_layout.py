"""Names and limits of an export bundle: what the exporter writes and the verifier reads."""

import re

BUNDLE_TYPE = "assay/bundle/1"
EXPORTED_ACTION = "audit.exported"

MANIFEST_MEMBER = "manifest.json"
SEAL_EVENT_MEMBER = "seal/event.json"
SEAL_PROOF_MEMBER = "seal/proof.txt"
SEAL_CHECKPOINT_MEMBER = "seal/checkpoint.txt"
SEAL_LEAVES_MEMBER = "seal/leaves.bin"
EVENTS_MEMBER = "log/events.jsonl"
COSIGNED_MEMBER = "log/cosigned.txt"
KEYS_MEMBER = "keys/keys.txt"
README_MEMBER = "README.txt"
VERIFIER_MEMBER = "verify.py"

SEAL_MEMBERS = (
    SEAL_EVENT_MEMBER,
    SEAL_PROOF_MEMBER,
    SEAL_CHECKPOINT_MEMBER,
    SEAL_LEAVES_MEMBER,
)
UNLISTED_MEMBERS = frozenset((MANIFEST_MEMBER, *SEAL_MEMBERS))
"""Members that the manifest cannot list: itself, and the seal made after it."""

MANIFEST_KEYS = ("type", "origin", "created_at", "scope", "log", "files")
REGISTER_SCOPE = "register"
SCOPE_KINDS = ("all", "version", "model", "period", REGISTER_SCOPE)
DISCLOSED_ALL = "all"

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)
MAX_NAME = 255
MAX_MEMBERS = 60_000
MAX_MEMBER_BYTES = 2 * 1024**3
MAX_TOTAL_BYTES = 16 * 1024**3
MAX_DIRECTORY_BYTES = 64 * 1024**2
MAX_LEAVES_BYTES = 256 * 1024**2
# A prediction record holds a request's whole input and output.
MAX_LINE_BYTES = 16 * 1024**2
MAX_SMALL_MEMBER_BYTES = 4 * 1024**2
# DEFLATE reaches 1,032 to 1; members that would shrink more than this are stored instead.
MAX_RATIO = 200
RATIO_FREE_BYTES = 1024**2


def version_manifest_member(version_digest_hex: str) -> str:
    """Where a version's manifest lies."""
    return f"versions/{version_digest_hex}/manifest.json"


def evidence_member(version_digest_hex: str, evidence_digest_hex: str) -> str:
    """Where a piece of a version's evidence lies."""
    return f"versions/{version_digest_hex}/evidence/{evidence_digest_hex}.json"


def statement_member(review: str) -> str:
    """Where a review's statement lies."""
    return f"reviews/{review}/statement.json"


def policy_member(policy_digest_hex: str) -> str:
    """Where a policy revision lies."""
    return f"policies/{policy_digest_hex}.json"


def signature_member(signature_digest_hex: str) -> str:
    """Where a signature record lies."""
    return f"signatures/{signature_digest_hex}.json"


def waiver_member(waiver_digest_hex: str) -> str:
    """Where a waiver's record lies."""
    return f"waivers/{waiver_digest_hex}.json"


def finding_member(finding_digest_hex: str) -> str:
    """Where the record of a reviewer's finding lies."""
    return f"findings/{finding_digest_hex}.json"


def finding_move_member(move_digest_hex: str) -> str:
    """Where an answer to a finding, its closing or its reopening lies."""
    return f"finding-moves/{move_digest_hex}.json"


def finding_amendment_member(amendment_digest_hex: str) -> str:
    """Where another owner or day of a finding lies."""
    return f"finding-amendments/{amendment_digest_hex}.json"


def attachment_member(file_digest_hex: str) -> str:
    """Where a file lies that is attached to a comment, a finding or an answer."""
    return f"attachments/{file_digest_hex}.bin"


def hold_member(record_digest_hex: str) -> str:
    """Where the record of a legal hold, or of its end, lies."""
    return f"holds/{record_digest_hex}.json"


def passkey_member(record_digest_hex: str) -> str:
    """Where the record of a passkey lies."""
    return f"passkeys/{record_digest_hex}.json"


def disclosure_member(record_digest_hex: str) -> str:
    """Where the opening of the name commitment of a signature or waiver lies."""
    return f"disclosures/{record_digest_hex}.json"


def approval_member(approval: str) -> str:
    """Where an approval's envelope lies."""
    return f"approvals/{approval}.dsse.json"


def emergency_member(grant: str) -> str:
    """Where the envelope of an emergency grant lies."""
    return f"emergencies/{grant}.dsse.json"


def proposal_member(proposal_digest_hex: str) -> str:
    """Where the document of a proposal lies that two persons agreed to."""
    return f"proposals/{proposal_digest_hex}.json"


def register_member(model: str) -> str:
    """Where the record of a model in the register lies."""
    return f"register/{model}.json"


def predictions_member(batch: str) -> str:
    """Where a batch of prediction records lies."""
    return f"predictions/{batch}.jsonl"


def is_safe_name(name: str) -> bool:
    """Whether a member may bear this name: relative, ASCII, no part that begins with a dot."""
    return len(name) <= MAX_NAME and SAFE_NAME.fullmatch(name) is not None
