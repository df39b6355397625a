"""May this lane spend this cost now? *Pure.*

People come first: the warm lane never takes the last 30 % of a bucket and the webhook lane never the last 10 %. What
a lane may have is spread over the time to the reset, with some minutes' worth of burst; the interactive lane is not
spread, so that it can use a quota up. `lua/reserve.lua` is the same rule beside the shared ledger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from ratelimit.quota import RESET_MARGIN, Quota
from ratelimit.verdict import Why

IN_FLIGHT_WAIT = 1.0
"""Seconds to wait where only calls under way stand in the way: they may turn out to be free."""


class Lane(StrEnum):
    """Who asks, the most urgent first."""

    INTERACTIVE = "interactive"
    WEBHOOK = "webhook"
    WARM = "warm"


@dataclass(frozen=True, slots=True)
class Reserves:
    """The share of every limit that the webhook and the warm lane leave to the lanes above them, 0 to 1."""

    webhook: float = 0.1
    warm: float = 0.3

    def share(self, lane: Lane) -> float:
        return {Lane.WEBHOOK: self.webhook, Lane.WARM: self.warm}.get(lane, 0.0)

    def kept_from(self, lane: Lane, limit: int) -> int:
        """How much of `limit` the lane has to leave, rounded up."""
        return math.ceil(round(limit * self.share(lane), 6))


BURST = {Lane.WEBHOOK: 300.0, Lane.WARM: 60.0}
"""How many seconds' worth of its pace a lane may spend at once. A lane that is not named has no pace."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """`lane_clock` is to be handed in with the lane's next ask: the time up to which its even spread is spent."""

    lane_clock: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Not before `seconds` from now."""

    seconds: float
    why: Why


def may_spend(
    lane: Lane,
    cost: int,
    quota: Quota,
    now: float,
    reserves: Reserves,
    *,
    held: int = 0,
    lane_clock: float = 0.0,
) -> Allowed | Refused:
    """Whether `lane` may spend `cost` of `quota` at `now` (epoch seconds), `held` being the cost of calls under way.

    A quota whose reset has passed counts as full. `reset` 0.0 stands for a window that has not begun: no pace then.
    What costs nothing may pass whatever is left.
    """
    if cost == 0:
        return Allowed(lane_clock)
    begun = quota.reset > 0 and not quota.window_over(now)
    remaining = quota.remaining if begun or quota.reset == 0 else quota.limit
    kept = reserves.kept_from(lane, quota.limit)
    until_reset = max(quota.reset + RESET_MARGIN - now, IN_FLIGHT_WAIT) if begun else IN_FLIGHT_WAIT
    if cost > quota.limit - kept:
        return Refused(until_reset, Why.TOO_EXPENSIVE)
    usable = remaining - held - kept
    if usable < cost:
        if remaining - kept >= cost:
            return Refused(IN_FLIGHT_WAIT, Why.EXHAUSTED)
        return Refused(until_reset, Why.RESERVED if remaining >= cost else Why.EXHAUSTED)
    if not begun or lane not in BURST:
        return Allowed(lane_clock)
    spent_until = max(lane_clock, now) + cost * max(quota.reset - now, 1.0) / usable
    ahead = spent_until - now - BURST[lane]
    if ahead > 0 and lane_clock > now:
        return Refused(ahead, Why.PACE)
    return Allowed(spent_until)
