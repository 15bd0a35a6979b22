"""Guards of mail: to whom it goes, and how often."""

from tests.ablation.guard import Guard

_MAIL = "tests/web/test_mailing.py"

MAILING = (
    Guard(
        "nobody is written to who wants no mail",
        "web/mailing/execution.py",
        "if not mailing.wanted or not",
        "if not",
        (f"{_MAIL}::TestToWhom::test_to_nobody_who_wants_none",),
    ),
    Guard(
        "nobody is written to who has left",
        "web/mailing/execution.py",
        "filter(is_active=True, logins__is_active=True)",
        "filter(pk__isnull=False)",
        (f"{_MAIL}::TestToWhom::test_to_nobody_who_has_left",),
    ),
    Guard(
        "no letter to one keeps the others waiting",
        "web/mailing/execution.py",
        "_OF_ONE = (SMTPRecipientsRefused, SMTPDataError, SMTPNotSupportedError, ValueError)",
        "_OF_ONE = (SMTPRecipientsRefused,)",
        (
            f"{_MAIL}::TestToWhom::test_an_address_that_no_mail_can_name_keeps_nobody_else_waiting",
            f"{_MAIL}::TestToWhom::test_a_letter_that_is_refused_keeps_nobody_else_waiting",
        ),
    ),
    Guard(
        "nobody is told twice of the same",
        "web/mailing/execution.py",
        "- set(mailing.told)",
        "- set()",
        (f"{_MAIL}::TestWhen::test_no_second_time_of_the_same",),
    ),
    Guard(
        "a token does not choose mail",
        "governance/waiting/services.py",
        "    policies.may_change_profile(caller).enforce()\n",
        "",
        (f"{_MAIL}::TestChoosing::test_is_refused_to_a_token_and_to_a_language_that_is_not_there",),
    ),
)
