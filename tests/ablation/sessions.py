"""Guards of sessions: one's own, or of people whom one looks after; what is ended is ended."""

from tests.ablation.guard import Guard
from tests.ablation.pages import PAGES

_MINE = "tests/accounts/test_sessions.py"

SESSIONS = (
    *PAGES,
    Guard(
        "sessions of others are their administrators' business",
        "accounts/policies.py",
        "    if not keeps or caller.is_admin:\n",
        "    if True or not keeps or caller.is_admin:\n",
        (f"{_MINE}::TestOfOthers::test_are_seen_by_administrators_of_a_team_of_the_person",),
    ),
    Guard(
        "whoever administers nobody ends nobody's sessions",
        "accounts/policies.py",
        "    if caller.is_admin or caller.teams_with(Role.ADMIN):\n        return allow()\n"
        '    return deny("Only administrators see and end the sessions',
        '    return allow()\n    return deny("Only administrators see and end the sessions',
        (
            f"{_MINE}::TestOfOthers::test_are_nobody_elses_business",
            f"{_MINE}::TestMySessions::test_are_no_others",
        ),
    ),
    Guard(
        "no session is hidden from its person and the administrators",
        "config/middleware.py",
        "        response = self.get_response(request)\n"
        "        # A session that begins here would be seen by nobody, nor be ended, until its "
        "first use.\n        self._note(request)\n",
        "        response = self.get_response(request)\n",
        (f"{_MINE}::TestMySessions::test_are_listed_as_soon_as_somebody_has_signed_in",),
    ),
    Guard(
        "a session that is ended signs in nobody",
        "accounts/sessions/services.py",
        "    _stored([row.session_key for row in rows]).delete()\n",
        "",
        (
            f"{_MINE}::TestMySessions::test_are_ended_one_by_one",
            f"{_MINE}::TestOfOthers::test_are_seen_and_ended_by_administrators",
        ),
    ),
    Guard(
        "an account that is ended ends the sessions",
        "accounts/oidc/identities.py",
        "    drop_sessions(row.user)\n",
        "",
        (f"{_MINE}::TestTheEnd::test_comes_with_that_of_the_login_or_the_account",),
    ),
)
