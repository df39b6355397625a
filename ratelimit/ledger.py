"""What the ledger of GitHub's limits is asked, and what it answers. *Pure.*

Two ledgers keep this contract: `ledger_redis` for all processes together and `ledger_local` for one. Both hold, per
account: what is left of each bucket, the calls under way (leases that expire, so that a dead process's slots come
back), what was spent within GitHub's windows, and until when the account or a bucket rests.
Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, TypeAlias

from ratelimit.budget import Lane, Reserves
from ratelimit.quota import Quota
from ratelimit.verdict import PRIMARY, SECONDARY, Proceed, Verdict, Wait, Why

WRITE_POINTS = 5
"""Points of a call that changes something; one that reads has 1."""

MINUTE, MINUTE_GRAIN = 60, 2
HOUR, HOUR_GRAIN = 3600, 120
"""Seconds of GitHub's windows, and how finely we count in them."""

SLOT_WAIT = 0.25
"""Seconds to wait for a slot, or for the first answer about an unknown account."""

_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,100}")


class Kind(StrEnum):
    """What a call does: reads, changes something, or makes content that notifies people (issues, comments, pulls)."""

    READ = "read"
    WRITE = "write"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Ask:
    """One call that somebody would like to send.

    `account` is opaque: all tokens of one user share one. `cost` is what the bucket will be charged, `points` what
    the secondary limit counts (None: 1 for a read, 5 otherwise). Raises ValueError for what cannot stand in a key.
    """

    account: str
    bucket: str = "core"
    lane: Lane = Lane.INTERACTIVE
    cost: int = 1
    points: int | None = None
    kind: Kind = Kind.READ
    graphql: bool = False

    def __post_init__(self) -> None:
        for name in (self.account, self.bucket):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no account or bucket: 1 to 100 of A-Z, a-z, 0-9, '_', '.', '@', '-'")
        if self.cost < 0 or (self.points or 0) < 0:
            raise ValueError(f"a call cannot cost {self.cost} and count {self.points} points; neither can be negative")

    @property
    def weight(self) -> int:
        """The points that the secondary limit counts."""
        if self.points is not None:
            return self.points
        return 1 if self.kind is Kind.READ else WRITE_POINTS

    @property
    def family(self) -> str:
        """Whose points they are: REST and GraphQL are counted apart."""
        return "graphql" if self.graphql else "rest"


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send one call. Hand it back with `report`, whatever became of the call."""

    ask: Ask
    lease: str
    local: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What the ledger keeps to: GitHub's documented limits, with room for calls that are not ours."""

    max_concurrent: int = 80
    rest_points: int = 900
    graphql_points: int = 2000
    content_per_minute: int = 80
    content_per_hour: int = 500
    write_gap: float = 1.0
    probes: int = 8
    lease_seconds: float = 180.0
    reserves: Reserves = field(default_factory=Reserves)

    def points(self, ask: Ask) -> int:
        return self.graphql_points if ask.graphql else self.rest_points

    def shared_by(self, processes: int) -> Limits:
        """The part of one of so many processes that cannot see each other."""
        return replace(
            self,
            max_concurrent=max(self.max_concurrent // processes, 1),
            rest_points=max(self.rest_points // processes, WRITE_POINTS),
            graphql_points=max(self.graphql_points // processes, WRITE_POINTS),
            content_per_minute=max(self.content_per_minute // processes, 1),
            content_per_hour=max(self.content_per_hour // processes, 1),
            write_gap=self.write_gap * processes,
            probes=max(self.probes // processes, 1),
        )

    def room(self, limit: int, lane: Lane) -> int:
        """The part of a limit that the lane may fill; always one, so that no lane starves on small limits."""
        return max(limit - self.reserves.kept_from(lane, limit), 1)


STANDARD = Limits()


@dataclass(frozen=True, slots=True)
class Rest:
    """What a refusal means to the ledger: how long the whole account, or one bucket of it, has to rest.

    `told` where GitHub named the time; a guessed rest of the account doubles with each further refusal.
    """

    seconds: float
    why: Why
    whole_account: bool
    told: bool


def rest_after(verdict: Verdict) -> Rest | None:
    """The rest that a verdict asks for, or None where it is no limit, or one that is over already."""
    if not isinstance(verdict, Wait) or verdict.seconds <= 0 or verdict.why not in PRIMARY | SECONDARY:
        return None
    return Rest(verdict.seconds, verdict.why, verdict.why in SECONDARY, verdict.told)


def went_well(verdict: Verdict) -> bool:
    """Whether the verdict shows that the account is not held against a secondary limit any more."""
    return isinstance(verdict, Proceed)


@dataclass(frozen=True, slots=True)
class Resting:
    """A bucket (None: the whole account) that is not asked until `until`, epoch seconds."""

    bucket: str | None
    until: float
    why: Why


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One account as its ledger shows it: windows that are over count as full."""

    quotas: tuple[Quota, ...]
    resting: tuple[Resting, ...]
    in_flight: int


Reserved: TypeAlias = Grant | Wait


class Ledger(Protocol):
    """The contract of both ledgers. `now` is in epoch seconds everywhere."""

    def reserve(self, ask: Ask, limits: Limits, now: float) -> Reserved:
        """Leave to send, or how long to wait for it."""

    def report(self, grant: Grant, quota: Quota | None, cost: int | None, verdict: Verdict, now: float) -> None:
        """Give the slot back and correct the ledger: by the answer's quota, else by `cost` (None: what was asked)."""

    def learn(self, account: str, quota: Quota, now: float) -> None:
        """Take in a reading that belongs to no call of ours."""

    def describe(self, accounts: Sequence[str], now: float) -> dict[str, AccountStatus]:
        """What is known of these accounts."""
