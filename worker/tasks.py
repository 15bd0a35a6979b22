"""The two tables that say what jobs and the clock run: names only, resolved where they run."""

from worker.kinds import Kind, Periodic

KINDS: dict[str, Kind] = {
    "registry.admit": Kind(
        run="registry.execution:run_admission",
        fail="registry.intake:fail_registration",
    ),
    "registry.read_dataset": Kind(
        run="registry.execution:run_reading",
        fail="registry.intake:fail_registration",
    ),
    "training.run": Kind(
        run="training.execution:run_training",
        fail="training.services:fail_run",
    ),
    "training.compress": Kind(
        run="training.execution:run_compression",
        fail="training.services:fail_compression",
    ),
    "evaluation.run": Kind(
        run="evaluation.execution:run_evaluation",
        fail="evaluation.services:fail_run",
    ),
    "evaluation.explain": Kind(
        run="evaluation.execution:run_explanation",
        fail="evaluation.services:fail_explanation",
    ),
    "compliance.export": Kind(
        run="compliance.execution:run_export",
        fail="compliance.services:fail_export",
    ),
    "compliance.pack": Kind(
        run="compliance.packs.execution:run_pack",
        fail="compliance.packing:fail_pack",
    ),
    "waiting.mail": Kind(
        run="web.mailing.execution:run_mailing",
        fail="web.mailing.services:fail_mailing",
    ),
}

PERIODIC: tuple[Periodic, ...] = (
    Periodic(name="jobs.clean_folders", call="worker.upkeep:clean_folders", seconds=300),
    Periodic(name="predictions.ship", call="inference.services:ship_predictions", seconds=1),
    Periodic(name="uploads.sweep", call="registry.upkeep:sweep_expired_uploads", seconds=300),
    Periodic(name="blobs.collect", call="registry.upkeep:remove_unclaimed_blobs", seconds=3600),
    Periodic(name="approvals.end", call="governance.approvals.expiry:end_expired", seconds=30),
    Periodic(name="splits", call="governance.splits.ending:end_lapsed_splits", seconds=5),
    Periodic(name="emergencies", call="governance.emergencies.services:end_emergencies", seconds=5),
    Periodic(name="approvals.stale", call="governance.approvals.staleness:find_stale", seconds=5),
    Periodic(name="approvals.remind", call="governance.approvals.expiry:remind", seconds=3600),
    Periodic(name="proposals.lapse", call="accounts.proposals.services:end_lapsed", seconds=30),
    Periodic(name="ways_in.lapse", call="accounts.ways_in.services:end_lapsed", seconds=30),
    Periodic(
        name="findings.remind", call="governance.findings.services:remind_overdue", seconds=600
    ),
    Periodic(name="reviews.remind", call="governance.reviewing.assigning:remind_late", seconds=600),
    Periodic(name="retention.remind", call="compliance.retention.due:remind", seconds=3600),
    Periodic(
        name="revalidations.remind", call="registry.register.revalidation:remind", seconds=3600
    ),
    Periodic(name="waiting.mail", call="web.mailing.services:ask_daily", seconds=300),
    Periodic(name="replies.forget", call="accounts.upkeep:forget_old_replies", seconds=3600),
    Periodic(
        name="challenges.forget",
        call="accounts.passkeys.challenges:forget_old_challenges",
        seconds=3600,
    ),
    Periodic(
        name="sessions.forget", call="accounts.sessions.services:forget_old_sessions", seconds=3600
    ),
    Periodic(
        name="questions.forget", call="accounts.oidc.asking:forget_old_questions", seconds=3600
    ),
)
