"""Ways in, their halves and their ends, and when a closed login was opened, against the log."""

from compliance.verification.sql import Claim, facts, told_by

_HELD = "accounts_wayin w JOIN accounts_proposal p ON p.id = w.proposal_id"
_OF = "w.user_id, 'sha256:' || p.digest"
_TOLD = "subject_id, payload->'proposal'"

CLAIMS = (
    Claim("way in", facts(_OF, "w.made_at", _HELD), told_by("way_in.opened", _TOLD)),
    Claim(
        "half of a way in",
        facts(
            f"{_OF}, half",
            "NULL::timestamptz",
            f"{_HELD}, unnest(ARRAY['first', 'second'], ARRAY[w.first, w.second]) AS h(half, kept) "
            "WHERE kept <> ''",
        ),
        facts(
            f"{_TOLD}, payload->'half'",
            "NULL::timestamptz",
            "audit_auditevent WHERE action = 'way_in.half_taken'",
        ),
    ),
    Claim(
        "use of a way in",
        facts(_OF, "w.used_at", f"{_HELD} WHERE w.used_at IS NOT NULL"),
        facts(
            _TOLD,
            "occurred_at",
            "audit_auditevent WHERE action = 'password.set' AND payload ? 'proposal'",
        ),
    ),
    Claim(
        "end of a way in",
        facts(_OF, "w.ended_at", f"{_HELD} WHERE w.ended_at IS NOT NULL"),
        told_by("way_in.ended", _TOLD),
    ),
    Claim(
        "login opened again",
        facts("id", "reopened_at", "accounts_user WHERE reopened_at IS NOT NULL"),
        facts(
            "subject_id",
            "max(occurred_at)",
            "audit_auditevent WHERE action = 'user.reopened' GROUP BY subject_id",
        ),
    ),
)
