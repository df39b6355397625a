"""Is a GitHub token that a caller passes through one that GitHub accepts? Asked once, by the free `/rate_limit`,
however many requests bring it at the same time.

What GitHub said is believed for VERIFIED_SECONDS, by all processes. While GitHub cannot be asked, a token that it
accepted within LATELY_SECONDS is still let in: what it may be given is decided elsewhere, and is narrow.
"""

import time
from dataclasses import dataclass

from github_cache import coalescing, keys, room, store
from github_cache.keys import Scope
from github_cache.memory import Memory
from github_cache.upstream import calls, credentials
from github_cache.upstream.errors import Unreachable, UpstreamError
from ratelimit.verdict import Wait

VERIFIED_SECONDS = 300.0
LATELY_SECONDS = 24 * 3600
REFUSED_SECONDS = 30.0
"""How long a process remembers that GitHub refused a token, so that repeating it costs no call."""
PATIENCE = 15.0
"""Seconds that a request waits for another one's asking."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether GitHub accepts a token; `asked` is False where GitHub could not be asked, and why stands in `reason`."""

    accepted: bool
    asked: bool = True
    reason: str = ""
    retry_after: int = 5


_known: Memory[tuple[str, str], bool] = Memory(20_000)
forget_all = _known.forget_all


def verify(tenant: str, token: str) -> Verdict:
    """Whether GitHub accepts this token now, as far as is known. One call at most."""
    identity = keys.identity(token)
    known = _remembered(tenant, identity)
    if known is not None:
        return Verdict(known)
    try:
        told = room.patiently(lambda: _told(tenant, token, identity))
    except UpstreamError as error:
        return _untold(tenant, identity, f"The token cannot be checked: {error.message}", 5)
    if isinstance(told, Wait):
        return _untold(tenant, identity, "The token cannot be checked yet.", int(told.seconds) + 1)
    return Verdict(told)


def _remembered(tenant: str, identity: str) -> bool | None:
    """What GitHub said of a token, while that is believed."""
    now = time.time()
    if known := _known.get((tenant, identity), now):
        return known.value
    accepted_at = _accepted_at(tenant, identity)
    if accepted_at is None or not 0 <= now - accepted_at < VERIFIED_SECONDS:
        return None
    _known.put((tenant, identity), True, accepted_at + VERIFIED_SECONDS)
    return True


def _told(tenant: str, token: str, identity: str) -> bool | Wait:
    """What GitHub says of a token; one caller asks, and the others learn it. Raises errors.UpstreamError."""
    with room.seat() as got:
        if not got:
            return room.NO_ROOM
        flight = coalescing.fly(
            _key(tenant, identity),
            lambda: _asked(tenant, token, identity),
            landed=lambda: _remembered(tenant, identity),
            patience=PATIENCE,
        )
    if flight.value is None:
        raise Unreachable("GitHub did not answer in time", timed_out=True, sent=True)
    return flight.value


def _asked(tenant: str, token: str, identity: str) -> bool | Wait:
    now = time.time()
    limits = calls.rate_limit_of(credentials.passthrough(token, tenant))
    if isinstance(limits, Wait):
        return limits
    accepted = limits is not None
    if accepted:
        store.get().set(_key(tenant, identity), str(int(now)).encode(), LATELY_SECONDS)
    else:
        store.get().delete_plain(_key(tenant, identity))
    _known.put((tenant, identity), accepted, now + (VERIFIED_SECONDS if accepted else REFUSED_SECONDS))
    return accepted


def _untold(tenant: str, identity: str, reason: str, retry_after: int) -> Verdict:
    """What counts while GitHub cannot be asked."""
    accepted_at = _accepted_at(tenant, identity)
    if accepted_at is not None and time.time() - accepted_at < LATELY_SECONDS:
        return Verdict(True, asked=False)
    return Verdict(False, asked=False, reason=reason, retry_after=retry_after)


def _key(tenant: str, identity: str) -> str:
    return keys.entry(tenant, Scope("tenant", tenant), f"verified:{identity}")


def _accepted_at(tenant: str, identity: str) -> float | None:
    return _seconds(store.get().get(_key(tenant, identity)))


def _seconds(stored: bytes | None) -> float | None:
    return float(stored) if stored and stored.isdigit() else None
