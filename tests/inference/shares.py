"""What managers and owners do with shares of an alias, and with models that are not served here."""

from functools import partial

from governance.splits.services import end_split, split
from registry.models import Hosting
from tests.cast import who
from tests.factories import elsewhere as sheets
from tests.inference.deeds import Deeds
from tests.inference.oracle import Known, Shared
from tests.inference.site import SHEET, describe_sheet
from tests.stage import version_of


class Shares(Deeds):
    """The verbs of splits, of declared versions and of the register."""

    def split(self, by: str, number: int, alias: str, percent: int) -> None:
        """A challenger answers so much of an alias's calls."""
        act = partial(
            split,
            caller=who(by),
            version=self.site.version(number),
            alias=alias,
            percent=percent,
            reason="Let us see.",
        )
        if self._does("split", act):
            given, before = self.holding(number), self.oracle.splits.get(alias)
            assert by == "mira", by
            assert percent <= given.share, given
            assert self.oracle.aliases.get(alias) not in (None, number), self.oracle.aliases
            assert before is None or before.number == number, before
            self.oracle.splits[alias] = Shared(number, percent, given)

    def end_split(self, by: str, alias: str) -> None:
        """The holder answers everything again."""
        model = self.site.version(1).model
        act = partial(end_split, caller=who(by), model=model, alias=alias, reason="Seen.")
        if self._does("end split", act):
            del self.oracle.splits[alias]

    def declare(self) -> int:
        """A further version that is used elsewhere, with a card; its number."""
        model = version_of(SHEET, 1).model
        made = self._does("declare", lambda: describe_sheet(sheets.declared(model)))
        if made is None:
            assert not self.oracle.inventory
            return 0
        self.oracle.versions[-made.number] = Known(made.digest, 0.0, {"ada"}, elsewhere=True)
        return -made.number

    def enter(self, *, served_here: bool) -> None:
        """What the register says of the model of these versions from now on."""
        hosting = Hosting.SERVED if served_here else Hosting.INVENTORY
        model = version_of(SHEET, 1).model
        act = partial(sheets.entered, model, hosting=hosting.value, life="in_development")
        said = self._does("enter", lambda: act() is None)
        assert said or self.oracle.inventory != served_here
        self.oracle.inventory = not served_here
        # A quorum that was sent back meanwhile is reported again by the next signature only.
        for number in self.oracle.sheets():
            self.oracle.versions[number].touch(certainly=False)
