"""What attackers do in a run: a damaged disk, the web process's role, whoever owns the database."""

from tests.cast import user_of
from tests.factories.damage import flip_a_byte
from tests.inference.shares import Shares
from tests.inference.site import POINT

RAISE = (
    "UPDATE governance_split s SET percent = %s FROM registry_alias a"
    " WHERE a.id = s.alias_id AND a.name = %s"
)
MOST_PERCENT = 99


class Attacks(Shares):
    """All that can be done in a run."""

    def damage(self, number: int) -> None:
        """A byte of the stored model changes."""
        known, table = self.oracle.versions[number], self.site.follower.table
        flip_a_byte(self.site.stage, self.site.version(number))
        self.oracle.open_before_damage |= {str(key) for key in (*table.loaded, *table.in_emergency)}
        for other in self.oracle.versions.values():
            other.damaged |= other.strength == known.strength
            other.was_damaged |= other.damaged
        self.counts["damage"] += 1

    def sql_that_is_refused(self, statement: str) -> None:
        """The web process's role tries what it may not."""
        assert self.site.as_app(statement) < 1, statement
        self.counts["SQL, refused"] += 1

    def sql_moves_alias(self, number: int, alias: str) -> None:
        """It may write the row of an alias; an approval stands behind it or nothing answers.

        The alias's challenger cannot become its holder so, nor what is used elsewhere.
        """
        version = self.site.version(number)
        changed = self.site.as_app(
            f"{POINT} ON CONFLICT (model_id, name) DO UPDATE SET version_id = excluded.version_id",
            *(version.model_id, alias, version.pk),
        )
        shared = self.oracle.splits.get(alias)
        if number < 0 or (shared and shared.number == number):
            assert changed == -1, number
            return
        assert changed == 1
        self.oracle.aliases[alias] = number
        self.counts["SQL on an alias"] += 1

    def sql_raises_share(self, alias: str) -> None:
        """It may write the row of a share, as far as the approval goes that it was given under."""
        changed = self.site.as_app(RAISE, MOST_PERCENT, alias)
        shared = self.oracle.splits[alias]
        fits = not shared.given.revoked and shared.given.share >= MOST_PERCENT
        assert changed == (1 if fits else -1), (changed, shared)
        if fits:
            shared.percent = MOST_PERCENT
        self.counts["SQL on a share"] += 1

    def force_share(self, alias: str) -> None:
        """The owner may write any share: beyond the signed one the holder answers everything."""
        self.site.by_force("governance_split", RAISE, MOST_PERCENT, alias)
        self.oracle.splits[alias].percent = MOST_PERCENT
        self.counts["share by force"] += 1

    def misuse(self, number: int, alias: str, *, near: bool) -> None:
        """Everybody tries to let answer what is approved for use elsewhere."""
        self.promote("mira", number, alias)
        self.split("mira", number, alias, 10)
        if near and self.grants_left:
            self.grant(number, alias)
        self.sql_moves_alias(number, alias)
        with self.site.called_servable(number, alias):
            self.site.follower.look()
            self.site.follower.load_missing()
            assert self.site.ask_for_a_sheet(alias) is None
            assert self.site.ask(alias, number) is None
            for given in self.oracle.versions[number].approvals:
                assert not self.site.passes_gate(given.id), given
        self.counts["misused"] += 1

    def sql_claims_quorum(self, number: int) -> None:
        """It may say that a quorum is reached, and that the version is approved."""
        pk = self.site.version(number).pk
        claim = (
            "UPDATE governance_review SET state = 'quorum' WHERE version_id = %s AND state = 'open'"
        )
        assert self.site.as_app(claim, pk) >= 0
        self.oracle.versions[number].touch(certainly=False)
        self.counts["SQL on a review"] += 1

    def sql_adds_hand(self, number: int, name: str) -> None:
        """It may add a contributor, who counts as a signer no more."""
        pk, person = self.site.version(number).pk, user_of(name).person_id
        added = self.site.as_app(
            "INSERT INTO registry_versioncontributor (version_id, person_id, reason, at)"
            " VALUES (%s, %s, 'card', now()) ON CONFLICT DO NOTHING",
            *(pk, person),
        )
        assert added >= 0
        self.oracle.versions[number].hands.add(name)
        self.oracle.versions[number].touch(certainly=False)
        self.counts["SQL on contributors"] += 1
