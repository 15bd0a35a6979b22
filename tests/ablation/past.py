"""Guards of the time machine: what was known then, and who learns of it."""

from tests.ablation.guard import Guard

_PAST = "tests/past/test_time_machine.py"
_TEAMS = f"{_PAST}::test_another_team_learns_nothing"

PAST = (
    Guard(
        "a later revocation is not known before its time",
        "compliance/past/approvals.py",
        "return revocation is not None and revocation.at <= moment",
        "return revocation is not None",
        (f"{_PAST}::TestAnAlias::test_is_answered_as_of_then_and_not_as_of_now",),
    ),
    Guard(
        "the alias of another team is not known",
        "compliance/past/reach.py",
        "model = rows.filter(name=name, team_id__in=caller.teams).first()",
        "model = rows.filter(name=name).first()",
        (_TEAMS,),
    ),
    Guard(
        "the decisions of another team are not known",
        "compliance/past/reach.py",
        "return rows if teams is None else rows",
        "return rows if teams is None or field else rows",
        (_TEAMS,),
    ),
    Guard(
        "consumers do not read an alias's past",
        "compliance/past/reach.py",
        "            may_read_evidence(caller, model.team_id).enforce()\n",
        "            pass\n",
        (f"{_PAST}::TestAnAlias::test_is_asked_about_by_readers_of_the_evidence_and_of_the_log",),
    ),
)
