"""Which token of a pool asks (pure): the one whose validator is held, else the one with the most to spend per second
to its reset. A token that GitHub refused, or that may not see what is asked for, is passed over for a while.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ratelimit.quota import Quota

SHORTEST = 1.0
"""Seconds; a reset nearer than this counts as this near."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token as far as choosing goes. `resting`: GitHub refused it lately. `lacking`: it may not see the subject."""

    identity: str
    account: str
    resting: bool = False
    lacking: bool = False


def in_order(
    pool: Sequence[Candidate],
    quotas: Mapping[str, Sequence[Quota]],
    *,
    bucket: str,
    prefer: str | None,
    now: float,
) -> tuple[str, ...]:
    """The identities to try, the best first; empty where every token rests.

    `quotas` are the last readings by account; an account that has none, or whose window is over, counts as full.
    Where all lack access one of them is tried all the same, since it may have been given it.
    """
    awake = [candidate for candidate in pool if not candidate.resting]
    fit = [candidate for candidate in awake if not candidate.lacking]
    ordered = sorted(fit or awake, key=_worth(quotas, bucket, prefer, now))
    return tuple(candidate.identity for candidate in (ordered if fit else ordered[:1]))


def _worth(
    quotas: Mapping[str, Sequence[Quota]], bucket: str, prefer: str | None, now: float
) -> Callable[[Candidate], tuple[bool, float]]:
    def worth(candidate: Candidate) -> tuple[bool, float]:
        left = next((quota for quota in quotas.get(candidate.account, ()) if quota.bucket == bucket), None)
        if left is None or left.reset <= 0 or left.window_over(now):
            per_second = float("inf")
        else:
            per_second = left.remaining / max(left.reset - now, SHORTEST)
        return candidate.identity != prefer, -per_second

    return worth
