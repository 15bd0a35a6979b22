"""What a log tells of the shares of aliases' calls, and whether a record lies in one."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trust.bundle_seal import LogEvent
from trust.errors import Malformed, Untrusted
from trust.fields import JsonObject, read_digest, read_text
from trust.scope import WHOLE, read_share

_SHARE_GIVEN, _SHARE_ENDED = "alias.split", "alias.split_ended"
# The log's clock and that of the process that answered are those of two machines.
_SHARES_APART = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ShareTold:
    """From `at` on the challenger had so many percent, the holder the rest; 0 is an end."""

    at: datetime
    holder: str
    challenger: str
    percent: int

    def of(self, version: str) -> int:
        """The share of a version, by its digest."""
        if version == self.challenger:
            return self.percent
        return WHOLE - self.percent if version == self.holder else 0


@dataclass(slots=True)
class ShareLog:
    """The splits that a log tells of, by model and alias, in order."""

    told: dict[tuple[object, str], list[ShareTold]] = field(default_factory=dict)

    def add(self, event: LogEvent) -> None:
        """Take in one event. Raises Malformed for a payload without its fields."""
        if event.action not in (_SHARE_GIVEN, _SHARE_ENDED):
            return
        payload = event.payload
        percent = read_share(payload, "percent") if event.action == _SHARE_GIVEN else 0
        if percent is None:
            raise Malformed("the event of a split says no share")
        told = ShareTold(
            event.at, read_digest(payload, "holder"), read_digest(payload, "challenger"), percent
        )
        self.told.setdefault((event.subject, read_text(payload, "alias")), []).append(told)

    def require_told(self, record: JsonObject, moment: datetime, late: timedelta) -> None:
        """Refuse a record with a part of an alias's calls that nobody had given by then, or that
        ended longer ago than `late`. Raises Untrusted, Malformed."""
        share = read_share(record, "share")
        if share is None or share == WHOLE:
            return
        version = read_digest(record, "version_digest")
        told = self.told.get((record.get("model"), read_text(record, "alias")), [])
        for given, following in zip(told, [*told[1:], None], strict=False):
            ended = following and moment > following.at + late
            if given.of(version) == share and moment >= given.at - _SHARES_APART and not ended:
                return
        raise Untrusted(f"The log tells of no share of {share} % for its version then")
