"""What GitHub says is left of a bucket, read off headers or a GraphQL `rateLimit` object. *Pure.*

GitHub answers concurrent calls in any order, so two readings are merged: a newer window wins, and within one
window the smallest remaining does. Numbers that cannot be true are no reading at all.
Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

RESET_MARGIN = 1.0
"""Seconds past a reset before the new window is believed in: resets are whole seconds."""

SAME_WINDOW = 30.0
"""Two resets closer than this are one window: they wobble by seconds, and the shortest window is 60 s."""

LONGEST_WINDOW = 2 * 3600.0
"""A reset further ahead than this is not believed: GitHub's windows last an hour at most."""

CLOCK_SKEW = 5.0
"""Below this a difference to the answer's own `Date` is latency; above it one of the clocks is wrong."""

_NUMBER = re.compile(r"[0-9]{1,12}")
_BUCKET = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Quota:
    """One bucket of one account. `reset` is in epoch seconds, 0.0 where the window has not begun yet;
    `used` may pass `limit`, as GitHub's does."""

    bucket: str
    limit: int
    remaining: int
    used: int
    reset: float

    def window_over(self, now: float) -> bool:
        """Whether the reset has passed, so that this says nothing any more."""
        return self.reset + RESET_MARGIN <= now

    def believable(self, now: float) -> bool:
        """Whether the reset lies where a reset can lie: neither past nor absurdly far ahead."""
        return not self.window_over(now) and self.reset - now <= LONGEST_WINDOW


def from_headers(headers: Mapping[str, str], default_bucket: str = "core", *, now: float | None = None) -> Quota | None:
    """Read `X-RateLimit-*`, whatever the case of the names; None where they are absent or rubbish.

    Given `now`, the reset is moved from GitHub's clock (the answer's `Date`) into the caller's, so that a wrong
    local clock neither waits for hours nor sends too early; one that lies further away than any window is rubbish.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    limit, remaining, reset = (number(fields.get(f"x-ratelimit-{part}")) for part in ("limit", "remaining", "reset"))
    if limit is None or remaining is None or reset is None:
        return None
    used = number(fields.get("x-ratelimit-used"))
    bucket = fields.get("x-ratelimit-resource", "").strip()
    quota = Quota(
        bucket=bucket if _BUCKET.fullmatch(bucket) else default_bucket,
        limit=limit,
        remaining=remaining,
        used=max(limit - remaining, 0) if used is None else used,
        reset=float(reset),
    )
    if now is None:
        return quota
    sent = http_date(fields.get("date"))
    if sent is not None and abs(now - sent) > CLOCK_SKEW:
        quota = replace(quota, reset=quota.reset + now - sent)
    return quota if abs(quota.reset - now) <= LONGEST_WINDOW else None


def from_graphql(rate_limit: Mapping[str, Any], bucket: str = "graphql") -> Quota | None:
    """Read a GraphQL `rateLimit` object (`limit`, `remaining`, `used`, `resetAt`); None where it is rubbish.

    The same shape, with an epoch `reset` in place of `resetAt`, is what `/rate_limit` gives per bucket.
    """
    limit, remaining = _whole(rate_limit.get("limit")), _whole(rate_limit.get("remaining"))
    reset = _instant(rate_limit.get("resetAt", rate_limit.get("reset")))
    if limit is None or remaining is None or reset is None:
        return None
    used = _whole(rate_limit.get("used"))
    return Quota(bucket, limit, remaining, max(limit - remaining, 0) if used is None else used, reset)


def merge(old: Quota | None, new: Quota) -> Quota:
    """The reading to keep of two of one bucket: the newer window, or the smallest remaining of the same one."""
    if old is None or new.reset > old.reset + SAME_WINDOW:
        return new
    if new.reset < old.reset - SAME_WINDOW:
        return old
    return Quota(
        bucket=new.bucket,
        limit=new.limit,
        remaining=min(old.remaining, new.remaining),
        used=max(old.used, new.used),
        reset=max(old.reset, new.reset),
    )


def number(text: str | None) -> int | None:
    """A header's non-negative whole number of at most 12 digits, or None."""
    text = (text or "").strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def http_date(text: str | None) -> float | None:
    """An HTTP date (RFC 9110, 5.6.7) in epoch seconds, or None."""
    try:
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _whole(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 10**12 else None


def _instant(value: object) -> float | None:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    whole = _whole(value)
    return None if whole is None else float(whole)
