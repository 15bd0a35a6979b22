"""A challenger is given no more of an alias's calls than persons approved it for."""

import psycopg
import pytest
from django.utils import timezone

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from compliance.verification.check import check_records
from governance.approvals.answering import Answering, answers_of
from governance.approvals.moves import changes_told_to
from governance.approvals.releases import promote, retire, revoke
from governance.models import Approval
from governance.selectors import approval_keys, trusted_keys
from governance.splits.ending import end_lapsed_splits
from governance.splits.models import Split, SplitMove
from governance.splits.services import end_split, split
from registry.models import Alias
from tests.cast import password_of, who
from tests.factories import splits, verbs
from tests.factories.damage import by_force
from tests.governance.test_releases import OTHER_CLASSES, sibling
from tests.stage import MODEL, Stage, version_of


@pytest.fixture
def rivalled(approved_copy: Stage) -> Stage:
    """v1 holds champion; v2 is approved for at most 10 percent of it and of stable."""
    splits.challenger(approved_copy, aliases=["champion", "stable"], traffic_share=10)
    return approved_copy


def wrong() -> list[str]:
    """What fsck says of the records."""
    return [str(found) for found in check_records(approval_keys(trusted_keys()), blobs=False)]


def last_move() -> tuple[str, int]:
    move = SplitMove.objects.latest("pk")
    return move.cause, move.percent


class TestGiving:
    def test_stands_in_row_history_and_log(self, rivalled: Stage) -> None:
        splits.give(5)
        splits.give(10)

        assert Split.objects.get().percent == 10
        assert list(SplitMove.objects.order_by("pk").values_list("percent", flat=True)) == [5, 10]
        event = AuditEvent.objects.filter(action=Action.ALIAS_SPLIT.value).latest("id")
        digests = [f"sha256:{version_of(MODEL, number).digest}" for number in (1, 2)]
        assert [event.payload["holder"], event.payload["challenger"]] == digests
        assert (event.payload["before"], event.payload["percent"]) == (5, 10)

    def test_takes_a_manager(self, rivalled: Stage) -> None:
        for name in ("ada", "ben", "carl"):
            with pytest.raises(NotAllowed):
                split(
                    caller=who(name),
                    version=version_of(MODEL, 2),
                    alias="champion",
                    percent=5,
                    reason="I want to.",
                )
        assert not Split.objects.exists()

    @pytest.mark.parametrize("percent", [0, 100, -1])
    def test_takes_a_share_that_leaves_a_rest(self, rivalled: Stage, percent: int) -> None:
        with pytest.raises(Invalid) as refusal:
            splits.give(percent)
        assert refusal.value.field == "percent"

    def test_is_refused_beyond_the_approval(self, rivalled: Stage) -> None:
        with pytest.raises(Conflict, match="at most 10 % of the calls of an alias, and this is 11"):
            splits.give(11)
        promote(caller=who("mira"), version=rivalled.version, alias="other", reason="Another.")
        with pytest.raises(Conflict, match="not for the alias 'other'"):
            splits.give(5, alias="other")
        with pytest.raises(Conflict, match="v2 cannot be promoted to champion"):
            promote(
                caller=who("mira"), version=version_of(MODEL, 2), alias="champion", reason="All."
            )
        assert not Split.objects.exists()

    def test_is_refused_where_there_is_nothing_to_share(self, rivalled: Stage) -> None:
        with pytest.raises(Conflict, match="No version holds stable"):
            splits.give(5, alias="stable")
        with pytest.raises(Conflict, match="a challenger is another version"):
            splits.give(5, number=1)
        verbs.another(who("ada"), rivalled.version.model)
        with pytest.raises(Conflict, match="has no approval"):
            splits.give(5, number=3)

    def test_is_refused_beside_another_challenger_or_where_nothing_changes(
        self, rivalled: Stage
    ) -> None:
        splits.challenger(rivalled)
        splits.give(5)

        with pytest.raises(Conflict, match="v2 answers a share of champion already"):
            splits.give(5, number=3)
        with pytest.raises(Conflict, match="answers 5 % of the calls of champion already"):
            splits.give(5)

    def test_is_refused_where_callers_would_break_unless_it_is_meant(
        self, approved_copy: Stage
    ) -> None:
        sibling(approved_copy, signature=OTHER_CLASSES)

        with pytest.raises(Conflict, match="Callers of champion would break: The classes are"):
            splits.give(5)
        splits.give(5, accept_schema_change=True)
        (told,) = changes_told_to(who("carl"), timezone.now())
        assert told.differences[0].startswith("The classes are")
        assert (told.move.from_version, told.move.to_version) == (
            version_of(MODEL, 1),
            version_of(MODEL, 2),
        )


class TestEnding:
    def test_gives_the_share_back(self, rivalled: Stage) -> None:
        splits.give(5)
        end_split(
            caller=who("mira"), model=rivalled.version.model, alias="champion", reason="Seen."
        )

        assert not Split.objects.exists()
        assert last_move() == ("ended", 0)
        with pytest.raises(Conflict, match="No challenger"):
            end_split(
                caller=who("mira"), model=rivalled.version.model, alias="champion", reason="Again."
            )

    def test_comes_with_the_revocation_of_the_challenger(self, rivalled: Stage) -> None:
        splits.give(5)
        revoke(
            caller=who("cora"),
            version=version_of(MODEL, 2),
            reason="Wrong.",
            password=password_of("cora"),
        )

        assert not Split.objects.exists()
        assert last_move() == ("revoked", 0)

    def test_does_not_come_with_the_revocation_of_the_holder(self, rivalled: Stage) -> None:
        splits.give(5)
        revoke(
            caller=who("cora"),
            version=rivalled.version,
            reason="Wrong.",
            password=password_of("cora"),
        )

        (answer,) = answers_of([rivalled.version.model], now=timezone.now())[
            rivalled.version.model_id
        ]
        assert (answer.state, answer.share) == (Answering.REVOKED, 95)
        assert answer.challenger is not None
        assert (answer.challenger.served, answer.challenger.percent) == (True, 5)

    def test_comes_with_the_date_of_the_approval(self, rivalled: Stage) -> None:
        splits.give(5)
        assert end_lapsed_splits() == 0
        by_force(
            rivalled.database,
            "governance_approval",
            "UPDATE governance_approval SET not_after = now() WHERE version_id = %s",
            version_of(MODEL, 2).pk,
        )

        assert end_lapsed_splits() == 1
        assert last_move() == ("expired", 0)
        assert SplitMove.objects.latest("pk").by is None

    def test_comes_with_a_move_of_the_alias(self, approved_copy: Stage) -> None:
        splits.challenger(approved_copy)
        splits.challenger(approved_copy)
        for to, cause in ((2, "promoted"), (3, "moved")):
            promote(
                caller=who("mira"), version=version_of(MODEL, 1), alias="stable", reason="First."
            )
            splits.give(50, alias="stable")
            promote(
                caller=who("mira"), version=version_of(MODEL, to), alias="stable", reason="Better."
            )
            assert last_move() == (cause, 0)
            assert not Split.objects.exists()

    def test_must_come_before_the_challenger_is_retired(self, rivalled: Stage) -> None:
        splits.give(5)

        with pytest.raises(Conflict, match="end the split first"):
            retire(caller=who("mira"), version=version_of(MODEL, 2), reason="Old.")


class TestTheDatabase:
    @pytest.mark.parametrize("percent", [11, 99])
    def test_refuses_a_share_beyond_the_approval(self, rivalled: Stage, percent: int) -> None:
        splits.give(5)

        with (
            rivalled.database.connect("app") as link,
            pytest.raises(psycopg.errors.RestrictViolation, match="not for this share"),
        ):
            link.execute("UPDATE governance_split SET percent = %s", (percent,))

    @pytest.mark.parametrize("percent", [0, 100])
    def test_refuses_a_share_that_leaves_no_rest(self, approved_copy: Stage, percent: int) -> None:
        splits.challenger(approved_copy)
        splits.give(5)

        with (
            approved_copy.database.connect("app") as link,
            pytest.raises(psycopg.errors.CheckViolation, match="split_leaves_a_rest"),
        ):
            link.execute("UPDATE governance_split SET percent = %s", (percent,))

    def test_refuses_the_approval_of_another_version(self, rivalled: Stage) -> None:
        splits.give(5)
        first = Approval.objects.get(version=rivalled.version)

        with (
            rivalled.database.connect("app") as link,
            pytest.raises(psycopg.errors.RestrictViolation, match="an approval of its own"),
        ):
            link.execute("UPDATE governance_split SET approval_id = %s", (first.pk,))

    def test_refuses_a_challenger_that_holds_the_alias(self, approved_copy: Stage) -> None:
        second = splits.challenger(approved_copy)
        splits.give(5)

        with (
            approved_copy.database.connect("app") as link,
            pytest.raises(psycopg.errors.RestrictViolation, match="before its challenger holds"),
        ):
            link.execute("UPDATE registry_alias SET version_id = %s", (second.pk,))
        assert Alias.objects.get().version_id == approved_copy.version.pk

    def test_whose_owner_exchanges_two_shares_of_the_history_is_found_out(
        self, rivalled: Stage
    ) -> None:
        splits.give(5)
        splits.give(10)
        assert wrong() == []
        by_force(
            rivalled.database,
            "governance_splitmove",
            "UPDATE governance_splitmove SET percent = 15 - percent",
        )

        assert "share of a challenger" in "".join(wrong())

    def test_keeps_the_history(self, rivalled: Stage) -> None:
        splits.give(5)

        for statement in (
            "UPDATE governance_splitmove SET percent = 1",
            "DELETE FROM governance_splitmove",
        ):
            with rivalled.database.connect("app") as link, pytest.raises(psycopg.Error):
                link.execute(statement.encode())
