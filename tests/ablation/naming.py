"""Guards of names and texts that are read otherwise than they are kept, and of lists that many
things of one person would fill."""

from tests.ablation.guard import Guard

_NAMES = "tests/attacks/test_names.py"
_FLOODS = "tests/attacks/test_floods.py"
_NEW = f"{_NAMES}::TestANewName"
_TEXT = f"{_NAMES}::TestAText"

NAMING = (
    Guard(
        "names: of a person they are one line that is seen",
        "accounts/services.py",
        '    name = name_of_one_line(name, "name")\n',
        "",
        (f"{_NEW}::test_is_one_line_that_is_seen", f"{_NEW}::test_is_kept_as_it_is_shown"),
    ),
    Guard(
        "names: of a team they are one line that is seen",
        "accounts/services.py",
        'name=name_of_one_line(name, "name"))',
        "name=name)",
        (f"{_NEW}::test_is_one_line_that_is_seen",),
    ),
    Guard(
        "names: a login has letters that look like no others",
        "accounts/services.py",
        "if not _LOGIN.fullmatch(username):",
        "if False:",
        (
            f"{_NEW}::test_of_a_login_is_no_other_one_in_other_letters",
            f"{_NEW}::test_is_no_other_one_on_the_command_line",
        ),
    ),
    Guard(
        "names: a proposal says whose login it is about",
        "web/proposals/presenting.py",
        'f"{name} ({login})" for user, name, login in rows',
        "name for user, name, login in rows",
        (f"{_NAMES}::test_two_persons_of_one_name_are_told_apart_by_whoever_confirms",),
    ),
    Guard(
        "texts: a reason is seen",
        "common/texts.py",
        "if not any(map(_is_seen, value)):",
        "if not value:",
        (f"{_TEXT}::test_that_nobody_sees_is_no_reason",),
    ),
    Guard(
        "texts: they are read as they are kept",
        "common/texts.py",
        "if _STEERING.search(value):",
        "if False:",
        (f"{_TEXT}::test_is_read_as_it_is_signed",),
    ),
    Guard(
        "floods: proposals of one person take turns with those of others",
        "accounts/selectors.py",
        '.order_by("turn", "opened_at", "pk")',
        '.order_by("opened_at", "pk")',
        (f"{_FLOODS}::test_proposals_of_one_person_do_not_hide_those_of_another",),
    ),
    Guard(
        "floods: reviews that others sign do not fill a person's list",
        "governance/reviewing/waiting.py",
        "        if len(page) < most or len(found) >= most:\n",
        "        if True:\n",
        (f"{_FLOODS}::test_reviews_that_others_sign_do_not_hide_what_a_person_is_to_sign",),
    ),
    Guard(
        "floods: jobs of one login leave room for others",
        "worker/jobs.py",
        "status__in=OPEN).count() >= most:",
        "status__in=OPEN).count() < 0:",
        (
            f"{_FLOODS}::TestJobs::test_of_one_person_leave_room_for_those_of_others",
            f"{_FLOODS}::TestJobs::test_are_not_tried_again_beyond_that",
        ),
    ),
    Guard(
        "floods: what is tried again counts too",
        "worker/jobs.py",
        "    _leave_room(job.requested_by_id)\n",
        "",
        (f"{_FLOODS}::TestJobs::test_are_not_tried_again_beyond_that",),
    ),
)
