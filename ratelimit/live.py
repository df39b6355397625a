"""The one reader of the settings that can change while Hubcache runs.

They are edited in the admin (django-constance, kept in the database); the environment is their default. Each process
keeps a snapshot that is at most 5 s old and takes one query to renew. While the database is away the last snapshot
holds. Pure code never reads it: it is handed values.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, TypeAlias

from constance import codecs
from constance import settings as constance_settings
from django.conf import settings
from django.db import DatabaseError

from ratelimit.backoff import BackoffPolicy
from ratelimit.budget import Reserves
from ratelimit.ledger import Limits

log = logging.getLogger("hubcache.live")

OLDEST = 2.5
"""Seconds after which nobody is given the snapshot any more. With the seconds for which an answer may be repeated
without being looked at, a change counts everywhere within 5 s."""

RENEW = 1.25
"""Seconds after which one caller renews it while the others still get the old one."""

GITHUB_CONCURRENT = 100
"""GitHub's own limit on calls under way; more is never asked for."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A snapshot. `values` holds every live setting by its name; the other fields are what this floor uses of them."""

    values: Mapping[str, Any]
    limits: Limits
    backoff: BackoffPolicy
    anonymous_requests: int
    authenticated_requests: int

    def value(self, name: str) -> Any:
        """The value in force of the live setting `name`. Raises KeyError where it is none."""
        try:
            return self.values[name]
        except KeyError:
            raise KeyError(f"{name} is no live setting; CONSTANCE_CONFIG lists them") from None


Bounds: TypeAlias = Mapping[str, Mapping[str, float]]
"""`min_value` and `max_value` of the numbers that have them, by name."""


def make_policy(values: Mapping[str, Any], defaults: Mapping[str, Any], bounds: Bounds | None = None) -> Policy:
    """The policy of these values (pure). A value that cannot be used, or lies out of its bounds, gives way to its
    default; so does a group of values that cannot be used together."""
    limits = bounds or {}
    usable = {
        name: _usable(name, values.get(name, default), default, limits.get(name, {}))
        for name, default in defaults.items()
    }
    return Policy(
        values=usable,
        limits=_group(_limits, "GITHUB_RESERVE_*, GITHUB_MAX_CONCURRENT", usable, defaults),
        backoff=_group(_backoff, "GITHUB_BACKOFF_*", usable, defaults),
        anonymous_requests=max(usable["RATELIMIT_REQUESTS"], 1),
        authenticated_requests=max(usable["RATELIMIT_AUTHENTICATED_REQUESTS"], 1),
    )


def _usable(name: str, value: Any, default: Any, bounds: Mapping[str, float]) -> Any:
    """`value` in the type of `default`; a number may be written as whole or as decimal."""
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if type(value) is type(default) and (
        not bounds or bounds.get("min_value", -inf) <= value <= bounds.get("max_value", inf)
    ):
        return value
    log.error("A live setting cannot be used; its default holds", extra={"setting": name})
    return default


def _group(
    build: Callable[[Mapping[str, Any]], Any], names: str, values: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Any:
    try:
        return build(values)
    except ValueError as error:
        log.error(
            "Live settings cannot be used together; the defaults hold", extra={"settings": names, "why": str(error)}
        )
        return build(defaults)


def _limits(values: Mapping[str, Any]) -> Limits:
    webhook, warm = values["GITHUB_RESERVE_WEBHOOK"], values["GITHUB_RESERVE_WARM"]
    if not 0 <= webhook <= warm < 1:
        raise ValueError(f"reserves of {webhook} (webhook) and {warm} (warm) are not 0 ≤ webhook ≤ warm < 1")
    if values["GITHUB_MAX_CONCURRENT"] < 1:
        raise ValueError(f"{values['GITHUB_MAX_CONCURRENT']} calls under way are none")
    return Limits(
        max_concurrent=min(values["GITHUB_MAX_CONCURRENT"], GITHUB_CONCURRENT),
        reserves=Reserves(webhook=webhook, warm=warm),
    )


def _backoff(values: Mapping[str, Any]) -> BackoffPolicy:
    """With GITHUB_BACKOFF_ENABLED off there is one attempt: it fails at once, with the wait computed."""
    return BackoffPolicy(
        base_ms=values["GITHUB_BACKOFF_BASE_MS"],
        factor=values["GITHUB_BACKOFF_FACTOR"],
        max_ms=values["GITHUB_BACKOFF_MAX_MS"],
        jitter=values["GITHUB_BACKOFF_JITTER"],
        max_attempts=values["GITHUB_BACKOFF_MAX_ATTEMPTS"] if values["GITHUB_BACKOFF_ENABLED"] else 1,
    )


class Snapshot:
    """Keeps the policy that `read` (which gives the stored values, or raises DatabaseError) led to last."""

    def __init__(
        self,
        read: Callable[[], Mapping[str, Any]],
        defaults: Callable[[], Mapping[str, Any]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._defaults, self._monotonic = read, defaults, monotonic
        self._policy: Policy | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    def policy(self) -> Policy:
        """The policy in force. Never raises for the database."""
        policy = self._policy
        age = self._monotonic() - self._read_at
        if policy is None or age >= OLDEST:
            with self._lock:
                if self._policy is not None and self._monotonic() - self._read_at < OLDEST:
                    return self._policy
                return self._renew()
        if age >= RENEW and self._lock.acquire(blocking=False):
            try:
                return self._renew()
            finally:
                self._lock.release()
        return policy

    def refresh(self) -> Policy:
        """Read again now: for whoever has just changed a setting in this process."""
        with self._lock:
            return self._renew()

    def _renew(self) -> Policy:
        defaults = self._defaults()
        try:
            self._policy = make_policy(self._read(), defaults, settings.LIVE_BOUNDS)
        except DatabaseError as error:
            log.warning("Live settings cannot be read; the last ones hold", extra={"error": type(error).__name__})
            if self._policy is None:
                self._policy = make_policy({}, defaults)
        self._read_at = self._monotonic()
        return self._policy


def stored_values() -> dict[str, Any]:
    """The values that were changed in the admin, in one query. Raises DatabaseError; skips what cannot be read."""
    from constance.models import Constance

    values = {}
    prefix = constance_settings.DATABASE_PREFIX
    for key, text in Constance.objects.values_list("key", "value"):
        try:
            values[key.removeprefix(prefix)] = codecs.loads(text)
        except (ValueError, TypeError, json.JSONDecodeError):
            log.error("A stored setting cannot be read", extra={"setting": key})
    return values


def default_values() -> dict[str, Any]:
    """What the environment says: the defaults of the live settings."""
    return {name: options[0] for name, options in settings.CONSTANCE_CONFIG.items()}


_snapshot = Snapshot(stored_values, default_values)
policy = _snapshot.policy
refresh = _snapshot.refresh
