"""The ledger that all processes share: one Lua script, and so one round trip, per step.

Redis is told the time, so every clock is the caller's. The keys of an account share one hash tag:

    hubcache:governor:{ACCOUNT}:ledger   hash: readings of each bucket, rests, clocks of the lanes
    hubcache:governor:{ACCOUNT}:leases   sorted set: the calls under way, by when their leases expire
    hubcache:governor:{ACCOUNT}:spent    hash: what still counts in GitHub's windows of a minute and an hour

They expire after two hours without use. Raises redis.RedisError where Redis is away.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import redis

from ratelimit.budget import BURST
from ratelimit.ledger import AccountStatus, Ask, Grant, Limits, Reserved, Resting, rest_after, went_well
from ratelimit.quota import Quota
from ratelimit.scripts import register
from ratelimit.verdict import Verdict, Wait, Why

KEYS = (
    "hubcache:governor:{{{account}}}:ledger",
    "hubcache:governor:{{{account}}}:leases",
    "hubcache:governor:{{{account}}}:spent",
)


def keys(account: str) -> list[str]:
    """The keys of an account, in the order in which the scripts take them."""
    return [key.format(account=account) for key in KEYS]


class RedisLedger:
    """See `ledger.Ledger`."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._reserve = register(client, "ledger", "reserve")
        self._report = register(client, "ledger", "report")

    def reserve(self, ask: Ask, limits: Limits, now: float) -> Reserved:
        answer = self._reserve(
            keys=keys(ask.account),
            args=[
                _time(now),
                uuid.uuid4().hex,
                ask.bucket,
                ask.lane.value,
                ask.cost,
                ask.weight,
                ask.family,
                ask.kind.value,
                limits.room(limits.max_concurrent, ask.lane),
                limits.room(limits.points(ask), ask.lane),
                limits.room(limits.content_per_minute, ask.lane),
                limits.room(limits.content_per_hour, ask.lane),
                limits.write_gap,
                limits.probes,
                limits.lease_seconds,
                limits.reserves.share(ask.lane),
                BURST.get(ask.lane, -1),
            ],
        )
        if answer[0] == 1:
            return Grant(ask, _text(answer[1]))
        return Wait(float(answer[1]), Why(_text(answer[2])))

    def report(self, grant: Grant, quota: Quota | None, cost: int | None, verdict: Verdict, now: float) -> None:
        self._send_report(grant.ask.account, grant.lease, quota, cost, verdict, now)

    def learn(self, account: str, quota: Quota, now: float) -> None:
        self._send_report(account, "", quota, None, None, now)

    def _send_report(
        self, account: str, lease: str, quota: Quota | None, cost: int | None, verdict: Verdict | None, now: float
    ) -> None:
        reading: list[str | int | float] = [""] * 5
        if quota is not None:
            reading = [quota.bucket, quota.limit, quota.remaining, quota.used, _time(quota.reset)]
        rest = rest_after(verdict) if verdict is not None else None
        resting: list[str | int | float] = ["", 0, "", 0]
        if rest is not None:
            resting = ["account" if rest.whole_account else "bucket", rest.seconds, rest.why.value, int(rest.told)]
        well = verdict is not None and went_well(verdict)
        self._report(
            keys=keys(account),
            args=[_time(now), lease, "" if cost is None else cost, *reading, *resting, int(well)],
        )

    def describe(self, accounts: Sequence[str], now: float) -> dict[str, AccountStatus]:
        pipeline = self._client.pipeline(transaction=False)
        for account in accounts:
            ledger, leases, _ = keys(account)
            pipeline.hgetall(ledger)
            pipeline.zcount(leases, f"({_time(now)}", "+inf")
        answers = iter(pipeline.execute())
        return {account: _status(next(answers), next(answers), now) for account in accounts}


def _status(raw: dict[bytes | str, bytes | str], in_flight: int, now: float) -> AccountStatus:
    fields = {_text(name): _text(value) for name, value in raw.items()}
    buckets = sorted(name.removesuffix(":limit") for name in fields if name.endswith(":limit"))
    quotas = []
    for bucket in buckets:
        limit, remaining, used, reset = (float(fields[f"{bucket}:{part}"]) for part in _READING)
        quota = Quota(bucket, int(limit), int(remaining), int(used), reset)
        quotas.append(replace(quota, remaining=quota.limit, used=0, reset=0.0) if quota.window_over(now) else quota)
    resting = []
    for name, until in fields.items():
        if name.endswith("rest_until") and float(until) > now:
            prefix = name.removesuffix("rest_until")
            resting.append(Resting(prefix.removesuffix(":") or None, float(until), Why(fields[f"{prefix}rest_why"])))
    return AccountStatus(tuple(quotas), tuple(resting), in_flight)


_READING = ("limit", "remaining", "used", "reset")


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
