"""An answer of GitHub's becomes a verdict: proceed, wait so long, or give up. *Pure.*

A refusal that is a limit is told from one that is not by its message, its documentation link and `Retry-After`,
never by `X-RateLimit-Remaining: 0` against a message that says otherwise. Waits are counted from the answer's own
`Date`, so a wrong local clock does no harm. A body that cannot be read leaves the status to decide.
Source: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#rate-limit-errors
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from ratelimit.quota import LONGEST_WINDOW, RESET_MARGIN, http_date, number

SECONDARY_WAIT = 60.0
"""Seconds to wait after a secondary refusal that names no wait (GitHub: "at least one minute")."""

LONGEST_REST = 3600.0
"""Where growing waits end, in seconds."""

LONGEST_RETRY_AFTER = 24 * 3600.0
"""A `Retry-After` past this is rubbish, not a wait."""

_READ_FOR_PHRASES = 65_536


class Why(StrEnum):
    """Every reason for a wait or a refusal on this floor. The values are metric labels."""

    OK = "ok"
    PARTIAL = "partial"  # GraphQL: some data, some errors
    # limits that GitHub enforced
    PRIMARY = "primary"
    GRAPHQL_PRIMARY = "graphql_primary"
    SECONDARY = "secondary"
    ABUSE = "abuse"  # the older wording of a secondary limit
    # passing troubles
    SERVER_ERROR = "server_error"
    TIME_OUT = "time_out"  # 408, 502, 504: GitHub's own 10 s were not enough
    HICCUP = "hiccup"  # GraphQL: "Something went wrong while executing your query"
    UNREADABLE = "unreadable"  # 200, but no JSON
    NETWORK = "network"  # no answer at all
    # refusals that no waiting heals
    BAD_CREDENTIALS = "bad_credentials"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    GONE = "gone"
    INVALID = "invalid"
    CONFLICT = "conflict"
    LEGAL = "legal"  # 451
    RESOURCE_LIMITS = "resource_limits"  # GraphQL: ask for less
    NODE_LIMIT = "node_limit"  # GraphQL: ask for less
    # the governor's own: what keeps the limits above from being met
    EXHAUSTED = "exhausted"  # the bucket is empty until its reset
    RESERVED = "reserved"  # what is left is kept for the lanes above
    PACE = "pace"  # the lane is ahead of an even spread to the reset
    TOO_EXPENSIVE = "too_expensive"  # costs more than the lane may ever have
    CONCURRENCY = "concurrency"
    POINTS = "points"
    WRITE_GAP = "write_gap"
    CONTENT = "content"
    PROBING = "probing"  # nothing is known yet: a few calls go ahead and find out


TRANSIENT = frozenset({Why.SERVER_ERROR, Why.TIME_OUT, Why.HICCUP, Why.UNREADABLE, Why.NETWORK})
"""What the ordinary backoff is for."""

SECONDARY = frozenset({Why.SECONDARY, Why.ABUSE})
"""Refusals that concern the whole account."""

PRIMARY = frozenset({Why.PRIMARY, Why.GRAPHQL_PRIMARY})
"""Refusals that concern one bucket of the account."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `headers` in any case, `body` as read off the wire, `graphql` if it answers a query."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    graphql: bool = False


@dataclass(frozen=True, slots=True)
class Proceed:
    """The answer can be used; `why` is PARTIAL where GraphQL sent errors beside data."""

    why: Why = Why.OK


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again, not before `seconds` from now (0: the ordinary backoff decides).

    `told` where GitHub named the wait itself, so that nothing has to be guessed or grown.
    """

    seconds: float
    why: Why
    told: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Trying again would get the same answer."""

    why: Why


Verdict: TypeAlias = Proceed | Wait | GiveUp


class Growth(Protocol):
    """The part of a backoff policy that a guessed wait grows by."""

    @property
    def factor(self) -> float: ...


def judge(answer: Answer, *, now: float, attempt: int, policy: Growth) -> Verdict:
    """The verdict on `answer`; never raises, whatever the body or the headers hold.

    `now` (epoch seconds) is used only where the answer bears no `Date`; `attempt` counts from 1 and makes the wait
    after an unexplained secondary refusal grow by `policy.factor`.
    """
    headers = {name.lower(): value for name, value in answer.headers.items()}
    refusal = _Refusal(headers, http_date(headers.get("date")) or now, attempt, policy.factor)
    status = answer.status
    if status in (403, 429):
        return _judge_forbidden(answer, refusal)
    if status >= 500 or status == 408:
        return _judge_server_error(status, refusal)
    if status >= 400:
        return GiveUp(_BY_STATUS.get(status, Why.INVALID))
    if answer.graphql and status == 200:
        return _judge_graphql(answer.body, refusal)
    return Proceed()


_BY_STATUS = {
    401: Why.BAD_CREDENTIALS,
    404: Why.NOT_FOUND,
    409: Why.CONFLICT,
    410: Why.GONE,
    451: Why.LEGAL,
}


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The headers that say how long, seen from the answer's own clock."""

    headers: Mapping[str, str]
    date: float
    attempt: int
    factor: float

    @property
    def exhausted(self) -> bool:
        return number(self.headers.get("x-ratelimit-remaining")) == 0

    def retry_after(self) -> float | None:
        """Seconds by `Retry-After` (RFC 9110, 10.2.3: a number or a date), or None."""
        text = self.headers.get("retry-after")
        seconds: float | None = number(text)
        if seconds is None:
            date = http_date(text)
            seconds = None if date is None else max(date - self.date, 0.0)
        return None if seconds is None or seconds > LONGEST_RETRY_AFTER else float(seconds)

    def until_reset(self) -> float | None:
        """Seconds until a second after the reset, 0 where it has passed, None where it cannot be believed."""
        reset = number(self.headers.get("x-ratelimit-reset"))
        if reset is None or reset - self.date > LONGEST_WINDOW:
            return None
        return reset - self.date + RESET_MARGIN if reset > self.date else 0.0

    def guess(self, why: Why) -> Wait:
        exponent = min(max(self.attempt, 1) - 1, 32)
        return Wait(min(SECONDARY_WAIT * self.factor**exponent, LONGEST_REST), why)

    def primary(self, why: Why) -> Wait:
        seconds = self.retry_after()
        if seconds is None:
            seconds = self.until_reset()
        return self.guess(why) if seconds is None else Wait(seconds, why, told=True)

    def secondary(self, why: Why) -> Wait:
        seconds = self.retry_after()
        if seconds is None and self.exhausted:
            seconds = self.until_reset() or None
        return self.guess(why) if seconds is None else Wait(seconds, why, told=True)


def _judge_forbidden(answer: Answer, refusal: _Refusal) -> Verdict:
    """403 and 429: a limit, or a permission that waiting does not give."""
    said = _read(answer.body)
    if isinstance(said, dict):
        text = f"{said.get('message', '')} {said.get('documentation_url', '')}".lower()
    else:
        text = answer.body[:_READ_FOR_PHRASES].decode("utf-8", "replace").lower()
    limit = _limit_named(text)
    if limit in SECONDARY:
        return refusal.secondary(limit)
    if limit is not None:
        return refusal.primary(Why.GRAPHQL_PRIMARY if answer.graphql else limit)
    if refusal.retry_after() is not None:
        return refusal.secondary(Why.SECONDARY)
    if refusal.exhausted and (answer.status == 429 or said is None):
        return refusal.primary(Why.GRAPHQL_PRIMARY if answer.graphql else Why.PRIMARY)
    return refusal.secondary(Why.SECONDARY) if answer.status == 429 else GiveUp(Why.PERMISSION)


def _limit_named(text: str) -> Why | None:
    """The limit that a message or its documentation link names."""
    if "abuse detection" in text or "#abuse-rate-limits" in text:
        return Why.ABUSE
    if "secondary rate limit" in text or "secondary-rate-limits" in text:
        return Why.SECONDARY
    return Why.PRIMARY if "rate limit exceeded" in text or "rate limit already exceeded" in text else None


def _judge_server_error(status: int, refusal: _Refusal) -> Verdict:
    if status in (501, 505):
        return GiveUp(Why.INVALID)
    why = Why.TIME_OUT if status in (408, 502, 504) else Why.SERVER_ERROR
    seconds = refusal.retry_after()
    return Wait(0.0, why) if seconds is None else Wait(seconds, why, told=True)


def _judge_graphql(body: bytes, refusal: _Refusal) -> Verdict:
    """A GraphQL 200: the body decides, not the headers."""
    if not (body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}"):
        return Wait(0.0, Why.UNREADABLE)
    if b'"errors"' not in body:
        return Proceed()
    said = _read(body)
    if not isinstance(said, dict):
        return Wait(0.0, Why.UNREADABLE)
    reasons = [_graphql_reason(error) for error in _errors(said)]
    for limit in (Why.GRAPHQL_PRIMARY, Why.SECONDARY, Why.ABUSE):
        if limit in reasons:
            return refusal.primary(limit) if limit in PRIMARY else refusal.secondary(limit)
    if Why.HICCUP in reasons:
        return Wait(0.0, Why.HICCUP)
    if _holds_something(said.get("data")):
        return Proceed(Why.PARTIAL) if reasons else Proceed()
    return GiveUp(reasons[0]) if reasons else Proceed()


def _errors(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = said.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _graphql_reason(error: Mapping[str, Any]) -> Why:
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else error.get("code")
    kinds = {str(error.get("type", "")).upper(), str(code or "").upper()}
    for kind, why in _BY_GRAPHQL_TYPE.items():
        if kind in kinds:
            return why
    message = str(error.get("message", "")).lower()
    if message.startswith("something went wrong while executing your query"):
        return Why.HICCUP
    limit = _limit_named(message)
    return Why.INVALID if limit is None else Why.GRAPHQL_PRIMARY if limit is Why.PRIMARY else limit


_BY_GRAPHQL_TYPE = {
    "RATE_LIMITED": Why.GRAPHQL_PRIMARY,
    "RATE_LIMIT": Why.GRAPHQL_PRIMARY,
    "GRAPHQL_RATE_LIMIT": Why.GRAPHQL_PRIMARY,
    "RESOURCE_LIMITS_EXCEEDED": Why.RESOURCE_LIMITS,
    "MAX_NODE_LIMIT_EXCEEDED": Why.NODE_LIMIT,
    "NOT_FOUND": Why.NOT_FOUND,
    "FORBIDDEN": Why.PERMISSION,
    "INSUFFICIENT_SCOPES": Why.PERMISSION,
}


def _holds_something(data: object) -> bool:
    """Whether there is data beside `rateLimit`, which is answered whatever else failed."""
    return isinstance(data, dict) and any(value is not None for name, value in data.items() if name != "rateLimit")


def _read(body: bytes) -> object:
    """The JSON of a body, or None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
