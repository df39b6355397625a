"""The ledger of one process, in memory: what is used where Redis is away. It keeps the contract of `ledger.Ledger`.

Its rules are those of lua/reserve.lua and lua/report.lua, line by line; one test-suite holds both to them.
"""

from __future__ import annotations

import math
import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ratelimit.budget import Lane, Refused, may_spend
from ratelimit.ledger import (
    HOUR,
    HOUR_GRAIN,
    MINUTE,
    MINUTE_GRAIN,
    SLOT_WAIT,
    AccountStatus,
    Ask,
    Grant,
    Kind,
    Limits,
    Reserved,
    Rest,
    Resting,
    rest_after,
    went_well,
)
from ratelimit.quota import LONGEST_WINDOW, Quota, merge
from ratelimit.verdict import LONGEST_REST, SECONDARY_WAIT, Verdict, Wait, Why

MOST_ACCOUNTS = 10_000

SET_BACK = 300.0
"""Seconds; a clock that falls behind what was seen by more than this was set back."""


@dataclass(slots=True)
class _Account:
    quotas: dict[str, Quota] = field(default_factory=dict)
    clocks: dict[tuple[str, Lane], float] = field(default_factory=dict)
    leases: dict[str, tuple[Ask, float]] = field(default_factory=dict)  # id -> what, and when it expires
    spent: dict[tuple[str, int], int] = field(default_factory=dict)  # (window, end) -> weight
    rests: dict[str | None, Resting] = field(default_factory=dict)
    strikes: int = 0
    write_at: float | None = None
    seen_at: float = 0.0


class LocalLedger:
    """See `ledger.Ledger`. Safe to share between threads; holds at most 10,000 accounts, the latest used."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._lock = threading.Lock()

    def reserve(self, ask: Ask, limits: Limits, now: float) -> Reserved:
        with self._lock:
            account = self._account(ask.account, now)
            _sweep(account, now)
            for about in (None, ask.bucket):
                resting = account.rests.get(about)
                if resting and resting.until > now:
                    return Wait(resting.until - now, resting.why)
            clock = _quota_allows(account, ask, limits, now)
            if isinstance(clock, Wait):
                return clock
            refused = _windows_allow(account, ask, limits, now)
            if refused is not None:
                return refused
            lease = uuid.uuid4().hex
            account.leases[lease] = (ask, now + limits.lease_seconds)
            account.clocks[ask.bucket, ask.lane] = clock
            if ask.kind is not Kind.READ:
                account.write_at = now
            return Grant(ask, lease, local=True)

    def report(self, grant: Grant, quota: Quota | None, cost: int | None, verdict: Verdict, now: float) -> None:
        with self._lock:
            account = self._account(grant.ask.account, now)
            held = account.leases.pop(grant.lease, None)
            if held:
                _count_as_spent(account, grant.ask, now)
            if quota is not None:
                _learn(account, quota, now)
            elif held:
                _charge(account, grant.ask.bucket, grant.ask.cost if cost is None else cost)
            rest = rest_after(verdict)
            if rest is not None:
                _rest(account, rest, quota.bucket if quota else grant.ask.bucket, now)
            elif went_well(verdict) and not _resting(account, now):
                account.strikes = 0

    def learn(self, account: str, quota: Quota, now: float) -> None:
        with self._lock:
            _learn(self._account(account, now), quota, now)

    def describe(self, accounts: Sequence[str], now: float) -> dict[str, AccountStatus]:
        with self._lock:
            return {name: _status(self._accounts.get(name, _Account()), now) for name in accounts}

    def _account(self, name: str, now: float) -> _Account:
        account = self._accounts.setdefault(name, _Account())
        _follow_clock(account, now)
        self._accounts.move_to_end(name)
        if len(self._accounts) > MOST_ACCOUNTS:
            self._accounts.popitem(last=False)
        return account


def _follow_clock(account: _Account, now: float) -> None:
    """Where the clock was set back, all that was noted moves back with it, as if no time had passed; the readings,
    whose resets cannot be told from newer ones any more, are forgotten, so that the next answer counts."""
    if now >= account.seen_at - SET_BACK:
        account.seen_at = max(account.seen_at, now)
        return
    by = now - account.seen_at
    spent, account.spent = account.spent, {}
    for (name, ends), weight in spent.items():
        slot = (name, math.ceil(ends + by))
        account.spent[slot] = account.spent.get(slot, 0) + weight
    account.quotas.clear()
    account.leases = {lease: (ask, expires + by) for lease, (ask, expires) in account.leases.items()}
    account.clocks = {lane: clock + by for lane, clock in account.clocks.items()}
    account.rests = {about: replace(rest, until=rest.until + by) for about, rest in account.rests.items()}
    account.write_at = None if account.write_at is None else account.write_at + by
    account.seen_at = now


def _sweep(account: _Account, now: float) -> None:
    """Leases that have expired count as sent; what has left its window counts no more."""
    for lease, (ask, expires) in list(account.leases.items()):
        if expires <= now:
            del account.leases[lease]
            _count_as_spent(account, ask, now)
            _charge(account, ask.bucket, ask.cost)
    for slot in [slot for slot in account.spent if slot[1] <= now]:
        del account.spent[slot]


def _count_as_spent(account: _Account, ask: Ask, now: float) -> None:
    def add(name: str, span: int, grain: int, weight: int) -> None:
        slot = (name, math.ceil((now + span) / grain) * grain)
        account.spent[slot] = account.spent.get(slot, 0) + weight

    add(ask.family, MINUTE, MINUTE_GRAIN, ask.weight)
    if ask.kind is Kind.CONTENT:
        add("minute", MINUTE, MINUTE_GRAIN, 1)
        add("hour", HOUR, HOUR_GRAIN, 1)


def _charge(account: _Account, bucket: str, cost: int) -> None:
    quota = account.quotas.get(bucket)
    if quota is not None and quota.reset > 0:
        account.quotas[bucket] = replace(quota, remaining=max(quota.remaining - cost, 0), used=quota.used + cost)


def _learn(account: _Account, quota: Quota, now: float) -> None:
    if not quota.believable(now):
        return
    old = account.quotas.get(quota.bucket)
    if old is not None and old.reset - now > LONGEST_WINDOW:
        old = None
    account.quotas[quota.bucket] = merge(old, quota)


def _quota_allows(account: _Account, ask: Ask, limits: Limits, now: float) -> float | Wait:
    """The lane's new clock, or how long to wait."""
    under_way = [its for its, _ in account.leases.values() if its.bucket == ask.bucket]
    clock = account.clocks.get((ask.bucket, ask.lane), 0.0)
    quota = account.quotas.get(ask.bucket)
    if quota is None or quota.reset - now > LONGEST_WINDOW:
        return clock if len(under_way) < limits.probes else Wait(SLOT_WAIT, Why.PROBING)
    if quota.reset > 0 and quota.window_over(now):
        quota = account.quotas[ask.bucket] = replace(quota, remaining=quota.limit, used=0, reset=0.0)
    held = sum(its.cost for its in under_way)
    answer = may_spend(ask.lane, ask.cost, quota, now, limits.reserves, held=held, lane_clock=clock)
    return Wait(answer.seconds, answer.why) if isinstance(answer, Refused) else answer.lane_clock


def _windows_allow(account: _Account, ask: Ask, limits: Limits, now: float) -> Wait | None:
    """How long to wait for the secondary limits, None where they leave room."""
    under_way = [its for its, _ in account.leases.values()]

    def full(name: str, held: int, weight: int, most: int) -> float | None:
        slots = sorted((ends, spent) for (window, ends), spent in account.spent.items() if window == name)
        over = sum(spent for _, spent in slots) + held + weight - most
        if over <= 0:
            return None
        for ends, spent in slots:
            over -= spent
            if over <= 0:
                return ends - now
        return 1.0

    if ask.kind is Kind.CONTENT:
        held = sum(its.kind is Kind.CONTENT for its in under_way)
        for name, most in (("hour", limits.content_per_hour), ("minute", limits.content_per_minute)):
            seconds = full(name, held, 1, limits.room(most, ask.lane))
            if seconds is not None:
                return Wait(seconds, Why.CONTENT)
    held = sum(its.weight for its in under_way if its.family == ask.family)
    seconds = full(ask.family, held, ask.weight, limits.room(limits.points(ask), ask.lane))
    if seconds is not None:
        return Wait(seconds, Why.POINTS)
    if ask.kind is not Kind.READ and account.write_at is not None:
        gap = account.write_at + limits.write_gap - now
        if gap > 0:
            return Wait(min(gap, limits.write_gap), Why.WRITE_GAP)
    if len(under_way) >= limits.room(limits.max_concurrent, ask.lane):
        return Wait(SLOT_WAIT, Why.CONCURRENCY)
    return None


def _resting(account: _Account, now: float) -> bool:
    whole = account.rests.get(None)
    return whole is not None and whole.until > now


def _rest(account: _Account, rest: Rest, bucket: str, now: float) -> None:
    seconds = rest.seconds
    if rest.whole_account and not _resting(account, now):
        account.strikes += 1
        if not rest.told:
            guess = SECONDARY_WAIT * 2 ** min(account.strikes - 1, 16)
            seconds = max(seconds, min(guess, LONGEST_REST))
    about = None if rest.whole_account else bucket
    old = account.rests.get(about)
    if old is None or now + seconds > old.until:
        account.rests[about] = Resting(about, now + seconds, rest.why)


def _status(account: _Account, now: float) -> AccountStatus:
    return AccountStatus(
        quotas=tuple(
            replace(quota, remaining=quota.limit, used=0, reset=0.0) if quota.window_over(now) else quota
            for _, quota in sorted(account.quotas.items())
        ),
        resting=tuple(rest for rest in account.rests.values() if rest.until > now),
        in_flight=sum(expires > now for _, expires in account.leases.values()),
    )
