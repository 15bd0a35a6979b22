"""Guards of ways in: two persons, both halves, once, in time, and nothing told to anybody else."""

from tests.ablation.guard import Guard

_MINE = "tests/accounts/test_ways_in.py"
_ATTACKS = "tests/attacks/test_halves.py"
_TOLD = "tests/attacks/test_halves_told.py"
_HALVES = f"{_ATTACKS}::TestTheHalves"
_ALONE = f"{_ATTACKS}::TestOnePersonAlone"
_GUESSES = f"{_ATTACKS}::TestGuesses"
_PAST = f"{_MINE}::test_the_database_refuses"
_COMING = "accounts/ways_in/coming_in.py"
_WAYS = "accounts/ways_in/services.py"
_TRIGGERS = "accounts/migrations/0015_way_in_guards.py"

HALVES = (
    Guard(
        "halves: two others than the person decide",
        "accounts/proposals/services.py",
        "return kind in BY_OTHERS and",
        "return False and",
        (f"{_ALONE}::test_is_not_one_of_the_two_for_himself",),
    ),
    Guard(
        "halves: only the two persons get one",
        "accounts/policies.py",
        "if caller.person_id not in (proposal.proposer_id, proposal.decider_id):",
        "if False:",
        (f"{_MINE}::TestAHalf::test_is_shown_to_nobody_else",),
    ),
    Guard(
        "halves: each is shown once (the trigger still keeps the first)",
        _WAYS,
        "if getattr(way_in, part):",
        "if False:",
        (f"{_MINE}::TestAHalf::test_is_shown_once_to_each_of_both",),
        (_PAST,),
    ),
    Guard(
        "halves: whoever takes one gives the password",
        _WAYS,
        "    reauthenticate(caller=caller, password=password, code=code)\n    return _take_half(",
        "    return _take_half(",
        (f"{_MINE}::TestAHalf::test_wants_the_password_and_the_code",),
    ),
    Guard(
        "halves: what is typed as a login is kept nowhere",
        _COMING,
        'f"way-in:{keyed_digest(about)}"',
        'f"way-in:{about}"',
        (f"{_TOLD}::test_a_password_that_was_typed_as_a_login_is_kept_nowhere",),
    ),
    Guard(
        "halves: both are needed",
        _COMING,
        "return way_in if fits == len(given.digests) else None",
        "return way_in if fits else None",
        (
            f"{_HALVES}::test_are_two_and_not_one_given_twice",
            f"{_ALONE}::test_does_not_come_in_by_his_half_and_a_guess",
        ),
    ),
    Guard(
        "halves: one half uses up its tries",
        _COMING,
        "    if fits == 1:\n        _use_up_a_try(way_in)\n",
        "",
        (f"{_ALONE}::test_does_not_come_in_by_his_half_and_a_guess",),
    ),
    Guard(
        "halves: wrong codes use up the tries",
        _COMING,
        "    except NotAllowed:\n        _note_wrong_code(way_in)\n",
        "    except NotAllowed:\n",
        (f"{_HALVES}::test_do_not_replace_the_authenticator_app",),
    ),
    Guard(
        "halves: wrong ones pause the login",
        _COMING,
        '    _count_try(f"login:{given.login}", settings.PASSWORD_TRIES)\n',
        "",
        (f"{_GUESSES}::test_pause_the_login_whether_there_is_one_or_not",),
    ),
    Guard(
        "halves: wrong ones pause the address",
        _COMING,
        '    _count_try(f"address:{address}", MOST_OF_ADDRESS)\n',
        "",
        (f"{_GUESSES}::test_pause_the_address_whatever_the_logins",),
    ),
    Guard(
        "halves: tries at once are counted one after another",
        _COMING,
        'cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [about])',
        'cursor.execute("SELECT %s", [about])',
        (f"{_GUESSES}::test_at_the_same_moment_are_all_counted",),
    ),
    Guard(
        "halves: the app's code is asked for",
        _COMING,
        "    _ask_for_code(way_in, code)\n",
        "",
        (f"{_MINE}::TestANewPassword::test_wants_the_code_of_whoever_has_an_app",),
    ),
    Guard(
        "halves: their day ends (the trigger still holds)",
        _COMING,
        'if way_in is None or state_of(way_in, timezone.now()) != "open":',
        "if way_in is None:",
        (f"{_HALVES}::test_open_nothing_after_their_day",),
    ),
    Guard(
        "halves: the confirmation takes the password",
        _WAYS,
        '    user.set_unusable_password()\n    user.save(update_fields=["password"])\n',
        "",
        (f"{_MINE}::TestANewPassword::test_takes_the_old_one_at_the_confirmation",),
    ),
    Guard(
        "halves: the confirmation ends the sessions (without the password they answer nothing)",
        _WAYS,
        "    drop_sessions(user)\n    withdraw",
        "    withdraw",
        (f"{_MINE}::TestANewPassword::test_ends_sessions_tokens_and_proposals_of_the_login",),
        (f"{_ATTACKS}::TestASession::test_of_before_is_over_for_whoever_had_the_old_password",),
    ),
    Guard(
        "halves: a closed login ends its way in (a closed login opens nothing all the same)",
        "accounts/services.py",
        '    end_ways_in_of(user, caller.actor, why="closed")\n',
        "",
        (f"{_MINE}::TestAWayIn::test_ends_with_the_login",),
        (f"{_HALVES}::test_open_no_login_that_was_closed_meanwhile",),
    ),
    Guard(
        "halves: one answer, whatever the login",
        _COMING,
        "    if way_in is None:\n        note_wrong_halves(",
        "    if way_in is None and not User.objects.filter(username=given.login).exists():\n"
        '        raise WrongHalves("There is no such login.")\n'
        "    if way_in is None:\n        note_wrong_halves(",
        (
            f"{_TOLD}::test_no_answer_tells_which_logins_there_are",
            f"{_TOLD}::test_no_answer_takes_more_work_for_a_login_that_there_is",
        ),
    ),
    Guard(
        "halves: no password without a way in, past the program",
        _TRIGGERS,
        "IF OLD.password LIKE '!%' AND NEW.password NOT LIKE '!%' AND NOT EXISTS (",
        "IF false AND NOT EXISTS (",
        (_PAST,),
    ),
    Guard(
        "halves: no way in without two persons, past the program",
        _TRIGGERS,
        "IF said IS NULL OR said ->> 'user' <> NEW.user_id::text THEN",
        "IF false THEN",
        (_PAST,),
    ),
    Guard(
        "halves: written once, past the program",
        _TRIGGERS,
        "IF OLD.first <> '' AND NEW.first <> OLD.first",
        "IF false AND NEW.first <> OLD.first",
        (_PAST,),
    ),
    Guard(
        "a closed login is opened by two, past the program",
        _TRIGGERS,
        "IF NEW.is_active AND NOT OLD.is_active AND (\n            NEW.is_admin",
        "IF false AND (\n            NEW.is_admin",
        (_PAST,),
    ),
    Guard(
        "a login that is opened again has no roles",
        "accounts/ways_in/proposed.py",
        "            take_all_roles(user.person, caller)\n",
        "",
        (f"{_MINE}::TestAClosedLogin::test_has_no_role_token_account_and_administration",),
    ),
    Guard(
        "what was signed before a login was closed does not count after it is opened",
        "governance/reviewing/signing.py",
        "            and counts_since(user, signature.at)\n",
        "",
        (f"{_MINE}::TestAClosedLogin::test_does_not_bring_signatures_back",),
    ),
)
