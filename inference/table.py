"""What a serving process keeps in memory: who may ask, which routes there are, what is loaded.

A `Table` is immutable; the follower puts a new one in its place, and a request reads it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from runtimes.schema import Signature
from runtimes.session import Model
from trust.approval import Approval
from trust.emergency import Emergency


@dataclass(frozen=True)
class TokenRights:
    """A live token: whose it is, what it may do, until when; `consumer` is it in scopes."""

    user: UUID
    scopes: frozenset[str]
    expires_at: datetime
    consumer: str = ""


@dataclass(frozen=True)
class UserRights:
    """An active login, the teams in which its person has a role, and both as scopes name them."""

    user: UUID
    person: UUID
    teams: frozenset[UUID]
    consumers: tuple[str, ...]

    @property
    def is_authenticated(self) -> bool:
        """What REST permissions ask of a user."""
        return True


@dataclass(frozen=True)
class Asked:
    """Who asks for what: by alias, or by number where `number` is given.

    `token` is it as scopes name it; `sticky` what the choice between two versions sticks to.
    """

    user: UserRights
    name: str
    alias: str
    number: int | None
    request_id: str
    token: str = ""
    sticky: str = ""

    def consumers(self) -> tuple[str, ...]:
        """The names under which a scope may admit the caller."""
        own = self.user.consumers
        return (*own, self.token) if self.token else own


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An open model whose bytes and golden rows were verified."""

    version: UUID
    model_id: UUID
    name: str
    number: int
    digest: str
    signature: Signature
    model: Model
    input_names: frozenset[str]
    environment: str = ""


@dataclass(frozen=True, kw_only=True)
class Loaded(Opened):
    """One that answers under an approval that was verified."""

    approval: Approval


@dataclass(frozen=True, kw_only=True)
class InEmergency(Opened):
    """One that answers under an emergency grant that was verified, and under its alias alone."""

    emergency: Emergency


@dataclass(frozen=True)
class Candidate:
    """An approved, not revoked version, as the database says; nothing is believed yet."""

    approval: UUID
    version: UUID
    model_id: UUID
    team: UUID
    name: str
    number: int
    digest: str
    aliases: frozenset[str]

    @property
    def key(self) -> UUID:
        """What it is loaded or refused as."""
        return self.approval


@dataclass(frozen=True)
class Share:
    """What a challenger is to answer of an alias's calls, as the database says."""

    candidate: Candidate
    percent: int


@dataclass(frozen=True)
class EmergencyCandidate:
    """A grant that is neither ended nor over, as the database says; nothing is believed yet."""

    emergency: UUID
    version: UUID
    model_id: UUID
    name: str
    number: int
    digest: str
    alias: str

    @property
    def key(self) -> UUID:
        """What it is loaded or refused as."""
        return self.emergency


@dataclass(frozen=True)
class Table:
    """Everything that answering needs. `generation` is the state of the database it shows,
    `stale` since when an approval is so.
    """

    generation: int = -1
    tokens: Mapping[str, TokenRights] = field(default_factory=dict)
    users: Mapping[UUID, UserRights] = field(default_factory=dict)
    teams: Mapping[str, UUID] = field(default_factory=dict)
    models: Mapping[str, UUID] = field(default_factory=dict)
    by_alias: Mapping[tuple[str, str], Candidate] = field(default_factory=dict)
    by_number: Mapping[tuple[str, int], Candidate] = field(default_factory=dict)
    shares: Mapping[tuple[str, str], Share] = field(default_factory=dict)
    pointing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    stale: Mapping[str, datetime] = field(default_factory=dict)
    loaded: Mapping[UUID, Loaded] = field(default_factory=dict)
    emergencies: Mapping[tuple[str, str], EmergencyCandidate] = field(default_factory=dict)
    in_emergency: Mapping[UUID, InEmergency] = field(default_factory=dict)
    refused: Mapping[UUID, str] = field(default_factory=dict)
