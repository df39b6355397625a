"""Is a GitHub token that a caller passes through one that GitHub accepts? Asked once, by the free `/rate_limit`.

What GitHub said is believed for VERIFIED_SECONDS, by all processes. While GitHub cannot be asked, a token that it
accepted within LATELY_SECONDS is still let in: what it may be given is decided elsewhere, and is narrow.
"""

import time
from dataclasses import dataclass

from github_cache import keys, store
from github_cache.keys import Scope
from github_cache.memory import Memory
from github_cache.upstream import calls, credentials
from github_cache.upstream.errors import UpstreamError
from ratelimit.verdict import Wait

VERIFIED_SECONDS = 300.0
LATELY_SECONDS = 24 * 3600
REFUSED_SECONDS = 30.0
"""How long a process remembers that GitHub refused a token, so that repeating it costs no call."""


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
    now = time.time()
    if known := _known.get((tenant, identity), now):
        return Verdict(known.value)
    key = keys.entry(tenant, Scope("tenant", tenant), f"verified:{identity}")
    accepted_at = _seconds(store.get().get(key))
    if accepted_at is not None and 0 <= now - accepted_at < VERIFIED_SECONDS:
        _known.put((tenant, identity), True, accepted_at + VERIFIED_SECONDS)
        return Verdict(True)
    verdict = _ask(tenant, token)
    if not verdict.asked:
        lately = accepted_at is not None and now - accepted_at < LATELY_SECONDS
        return Verdict(True, asked=False) if lately else verdict
    if verdict.accepted:
        store.get().set(key, str(int(now)).encode(), LATELY_SECONDS)
    else:
        store.get().delete_plain(key)
    _known.put((tenant, identity), verdict.accepted, now + (VERIFIED_SECONDS if verdict.accepted else REFUSED_SECONDS))
    return verdict


def _ask(tenant: str, token: str) -> Verdict:
    try:
        limits = calls.rate_limit_of(credentials.passthrough(token, tenant))
    except UpstreamError as error:
        return Verdict(False, asked=False, reason=f"The token cannot be checked: {error.message}")
    if isinstance(limits, Wait):
        return Verdict(
            False, asked=False, reason="The token cannot be checked yet.", retry_after=int(limits.seconds) + 1
        )
    return Verdict(limits is not None)


def _seconds(stored: bytes | None) -> float | None:
    return float(stored) if stored and stored.isdigit() else None
