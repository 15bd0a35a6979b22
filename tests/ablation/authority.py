"""Guards of authority: every policy that says no."""

from tests.ablation.guard import Guard

_REVIEWS = "tests/governance/test_reviews.py"
_WAIVERS = "tests/governance/test_waivers.py"
_RELEASES = "tests/governance/test_releases.py"
_DOCUMENTS = "tests/governance/test_documents.py"
_PREDICTING = "tests/inference/test_predicting.py"
_VERSIONS = "tests/registry/test_versions.py"
_ASKED_FOR = "tests/registry/test_registrations.py"
_PEOPLE = "tests/accounts/test_services.py"
_BY_TEAM = "tests/attacks/test_log_by_team.py"
_TILES = "tests/compliance/test_tiles.py"
_BUNDLES = "tests/compliance/test_bundles.py"


def _deny(name: str, file: str, sentence: str, *red: str) -> Guard:
    """A policy that says yes where it would say this."""
    text = f'return deny("{sentence}")'
    return Guard(f"authorisation: {name}", file, text, "return allow()", red)


_WRITES = f"{_VERSIONS}::test_contributors_and_managers_write_and_nobody_else"
_SEES = f"{_VERSIONS}::test_who_sees_what"
_PEOPLE_ACTS = f"{_PEOPLE}::test_only_administrators_manage_people"

AUTHORISATION = (
    _deny(
        "may_submit",
        "governance/policies.py",
        "Only contributors and managers of the owner team may submit a version.",
        f"{_REVIEWS}::TestSubmit::test_by_role",
    ),
    _deny(
        "may_comment",
        "governance/policies.py",
        "Only members who read the evidence may comment.",
        f"{_REVIEWS}::TestComment::test_by_role",
    ),
    Guard(
        "a job registers only for whoever may do so when it ends",
        "registry/intake.py",
        "    policies.may_contribute(caller, team).enforce()\n    return caller",
        "    return caller",
        (
            f"{_ASKED_FOR}::TestAVersion::test_is_not_registered_once_the_role_is_gone",
            f"{_ASKED_FOR}::TestADataset::test_is_not_registered_once_the_role_is_gone",
        ),
    ),
    Guard(
        "an upload is held by one registration",
        "registry/uploads.py",
        "    if Upload.objects.filter(held(), pk=upload_id).exists():\n"
        '        raise Conflict("This upload is being registered already.", field="upload")\n',
        "",
        (f"{_ASKED_FOR}::TestAnUpload::test_is_held_by_one_registration",),
    ),
    Guard(
        "authorisation: may_sign",
        "governance/policies.py",
        "return deny(f\"The policy wants a signature of: {', '.join(policy.roles)}.\")",
        "pass",
        (f"{_REVIEWS}::TestSign::test_by_role",),
    ),
    _deny(
        "may_sign (token)",
        "governance/policies.py",
        "This token may not sign.",
        f"{_REVIEWS}::TestSign::test_a_token_needs_the_scope",
    ),
    _deny(
        "may_withdraw",
        "governance/policies.py",
        "Only whoever opened the review, or a manager, may withdraw it.",
        f"{_REVIEWS}::TestWithdraw::test_by_role",
    ),
    Guard(
        "authorisation: may_waive",
        "governance/policies.py",
        "return deny(f\"A gate is waived by one of: {', '.join(policy.roles)}.\")",
        "return allow()",
        (f"{_WAIVERS}::TestGiving::test_by_role",),
    ),
    _deny(
        "may_waive (token)",
        "governance/policies.py",
        "This token may not waive a gate.",
        f"{_WAIVERS}::TestGiving::test_a_token_needs_the_scope",
    ),
    _deny(
        "may_withdraw_waiver",
        "governance/policies.py",
        "Only whoever gave the waiver, a manager or compliance may withdraw it.",
        f"{_WAIVERS}::TestWithdrawing::test_by_role",
    ),
    _deny(
        "may_promote",
        "governance/policies.py",
        "Only managers of the owner team may move an alias.",
        f"{_RELEASES}::TestPromote::test_is_the_managers_verb",
    ),
    _deny(
        "may_retire",
        "governance/policies.py",
        "Only managers of the owner team may retire a version.",
        f"{_RELEASES}::TestRetire::test_is_the_managers_verb",
    ),
    _deny(
        "may_revoke",
        "governance/policies.py",
        "Only managers and compliance of the owner team may revoke an approval.",
        f"{_RELEASES}::TestRevoke::test_is_the_verb_of_managers_and_compliance",
    ),
    _deny(
        "may_publish_policy (team)",
        "governance/policies.py",
        "Only managers of the team may publish its policies.",
        f"{_DOCUMENTS}::TestPublish::test_a_teams_policy_is_its_managers",
    ),
    _deny(
        "may_publish_policy (all teams)",
        "governance/policies.py",
        "Only an administrator publishes policies for every team.",
        f"{_DOCUMENTS}::TestPublish::test_the_policy_of_all_teams_is_the_administrators",
    ),
    _deny(
        "may_read",
        "registry/policies.py",
        "You do not belong to the team that owns this.",
        _SEES,
    ),
    _deny(
        "may_read_evidence",
        "registry/policies.py",
        "Consumers see the model's description and interface, not its evidence.",
        _SEES,
    ),
    _deny(
        "may_import",
        "registry/policies.py",
        "Only contributors and managers of a team import lines of the register.",
        "tests/registry/test_register_csv.py::TestAnImport::test_is_for_contributors_and_managers",
    ),
    _deny(
        "may_contribute",
        "registry/policies.py",
        "Only contributors and managers of the owner team may do this.",
        _WRITES,
    ),
    _deny(
        "may_upload",
        "registry/uploads.py",
        "Only contributors, managers, reviewers and compliance of a team upload files.",
        "tests/registry/test_versions.py::"
        "test_whoever_registers_or_reviews_uploads_and_nobody_else",
    ),
    _deny(
        "may_evaluate",
        "evaluation/policies.py",
        "Only contributors and managers of the owner team may start an evaluation.",
        _WRITES,
    ),
    _deny(
        "may_train",
        "training/policies.py",
        "Only contributors and managers of the owner team may train or compress.",
        _WRITES,
    ),
    _deny(
        "steering a job",
        "registry/jobs.py",
        "Only whoever asked for the job, or a manager of the team, may do this.",
        f"{_VERSIONS}::TestJobs",
    ),
    _deny(
        "may_manage_people",
        "accounts/policies.py",
        "Only an administrator of this instance may manage people and teams.",
        _PEOPLE_ACTS,
    ),
    _deny(
        "may_manage_roles",
        "accounts/policies.py",
        "Only an administrator may give or take roles in this team.",
        _PEOPLE_ACTS,
    ),
    _deny(
        "may_make_token",
        "accounts/policies.py",
        "A token cannot make a token with more scopes than its own.",
        f"{_PEOPLE}::TestTokens::test_a_token_makes_none_that_is_stronger",
    ),
    _deny(
        "may_change_profile",
        "accounts/policies.py",
        "A token cannot change the settings of its login.",
        f"{_PEOPLE}::TestTokens::test_a_token_leaves_less_than_its_owner_may",
    ),
    _deny(
        "may_read_log",
        "compliance/policies.py",
        "Only compliance, managers and administrators read the log.",
        f"{_BY_TEAM}::TestTheLog::test_lists_the_events_of_the_persons_teams_and_no_other",
    ),
    Guard(
        "authorisation: log by team",
        "compliance/selectors.py",
        "    if policies.may_read_whole_log(caller):\n",
        "    if policies.may_read_log(caller):\n",
        (f"{_BY_TEAM}::test_no_event_of_another_team_ever_reaches_a_compliance_officer",),
    ),
    Guard(
        "authorisation: tiles of events for readers of the whole log",
        "compliance/api_tiles.py",
        "        policies.may_read_whole_log(self.caller).enforce()\n",
        "        policies.may_read_tree(self.caller).enforce()\n",
        (f"{_TILES}::test_entries_are_for_those_who_read_the_whole_log",),
        (f"{_TILES}::test_tiles_are_bytes_that_stay",),
    ),
    _deny(
        "may_export",
        "compliance/policies.py",
        "Only compliance and managers of the owner team export its records.",
        f"{_BY_TEAM}::TestAnExport::test_is_asked_for_by_those_who_answer_for_the_records",
    ),
    _deny(
        "may_export_all",
        "compliance/policies.py",
        "Only compliance or managers of every team export the records of all teams.",
        f"{_BY_TEAM}::TestAnExport::test_is_asked_for_by_those_who_answer_for_the_records",
    ),
    Guard(
        "authorisation: exports by team",
        "compliance/selectors.py",
        "    if policies.may_read_all_exports(caller):\n",
        "    if policies.may_read_exports(caller):\n",
        (f"{_BY_TEAM}::TestAnExport::test_is_read_by_those_who_could_ask_for_it_now",),
    ),
    Guard(
        "authorisation: a batch holds records of one team",
        "inference/services.py",
        "str(owners.get(one.model))",
        '"all"',
        (f"{_BY_TEAM}::test_a_segment_of_both_teams_becomes_a_batch_for_each",),
        (
            f"{_BUNDLES}::test_a_batch_from_before_that_holds_records_of_two_teams_is_left_out_of_it",
        ),
    ),
    Guard(
        "authorisation: the bundle of a model holds batches of its team",
        "compliance/selection.py",
        "return found - _batches_of(",
        "return found or _batches_of(",
        (
            f"{_BUNDLES}::test_a_batch_from_before_that_holds_records_of_two_teams_is_left_out_of_it",
        ),
        (f"{_BUNDLES}::test_the_bundle_of_a_model_holds_nothing_of_another_team",),
    ),
    Guard(
        "authorisation: predictions for the owner team only",
        "inference/predicting.py",
        "if team is None or team not in asked.user.teams:",
        "if team is None:",
        (f"{_PREDICTING}::TestWhoMayAsk::test_not_others_for_whom_the_model_does_not_exist",),
    ),
)
