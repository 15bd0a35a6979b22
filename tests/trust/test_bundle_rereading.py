"""A bundle that changes while it is verified is never called sound."""

from collections.abc import Iterator
from typing import Self

from tests.trust.bundle_factory import REVIEW_ID, BundleStory, unpack
from trust.bundle import verify_bundle
from trust.bundle_layout import EVENTS_MEMBER, MANIFEST_MEMBER, SEAL_MEMBERS, statement_member


class ChangingSource:
    """A bundle whose members change after they were first read."""

    def __init__(self, members: dict[str, bytes], changed: str) -> None:
        self.sizes = {name: len(data) for name, data in members.items()}
        self._members, self._changed, self.reads = members, changed, 0

    def chunks(self, name: str) -> Iterator[bytes]:
        """The member's bytes; of the changed one, other bytes from the second time on."""
        self.reads += name == self._changed
        data = self._members[name]
        yield data.swapcase() if name == self._changed and self.reads > 1 else data

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class TestAMember:
    def test_that_changes_between_two_reads_is_noticed(self) -> None:
        story = BundleStory()
        checkpoint, members = story.checkpoint(4), unpack(story.build())
        read_again = set()
        for name in members:
            source = ChangingSource(members, name)
            report = verify_bundle(source, keys=story.keys, remembered=checkpoint)
            assert report.exit_code == (1 if source.reads > 1 else 0), name
            read_again |= {name} if source.reads > 1 else set()

        assert read_again >= {
            MANIFEST_MEMBER,
            *SEAL_MEMBERS,
            EVENTS_MEMBER,
            statement_member(REVIEW_ID),
        }
