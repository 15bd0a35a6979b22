"""A review that is submitted again is shown against the statement that its reader saw last."""

import pytest

from governance.models import Review, ReviewLook
from governance.services import submit, withdraw
from registry.services import edit_card
from tests.cast import who
from tests.factories import tiny
from tests.stage import Stage
from tests.web.conftest import As
from tests.web.test_reviews import page_of


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review of the one version."""
    return submit(caller=who("ada"), version=ready.version)


class TestSinceTheLastLook:
    def test_a_page_is_remembered_and_the_next_statement_shown_against_it(
        self, ready: Stage, review: Review, as_: As
    ) -> None:
        ben = as_("ben")
        assert "Since you looked last" not in page_of(ben, review)
        card = tiny.CARD | {"caveats": "Winter is not in the rows."}
        edit_card(caller=who("ada"), version=ready.version, content=card)
        withdraw(caller=who("ada"), review=review)
        again = submit(caller=who("ada"), version=ready.version)

        for _look in range(2):
            shown = page_of(ben, again)
            assert "Since you looked last" in shown
            assert "Winter is not in the rows." in shown
        assert "Since you looked last" not in page_of(as_("cleo"), again)

    def test_says_so_where_nothing_has_changed(self, ready: Stage, review: Review, as_: As) -> None:
        page_of(as_("ben"), review)
        withdraw(caller=who("ada"), review=review)

        again = submit(caller=who("ada"), version=ready.version)

        assert "Nothing differs" in page_of(as_("ben"), again)

    def test_a_look_of_whoever_cannot_sign_is_not_kept(self, review: Review, as_: As) -> None:
        for name in ("ada", "cora"):
            page_of(as_(name), review)

        assert not ReviewLook.objects.exists()
