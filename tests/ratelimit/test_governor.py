"""The governor over Redis, without it, and while it goes away and comes back."""

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

from ratelimit.budget import Lane
from ratelimit.governor import Ask, Governor, Grant, Limits
from ratelimit.ledger import STANDARD
from ratelimit.metrics import QuotaGauges
from ratelimit.quota import Quota
from ratelimit.verdict import Proceed, Wait, Why

NOW = 1_790_000_000.0
QUOTA = Quota("core", 5000, 4000, 1000, NOW + 3000)
ASK = Ask("u1")


def test_with_redis_all_governors_share_one_ledger(redis_client) -> None:
    one, other = Governor(redis_client), Governor(redis_client)
    one.learn("u1", QUOTA, NOW)
    grant = other.reserve(ASK, NOW)
    assert isinstance(grant, Grant)
    assert not grant.local
    other.report(grant, Quota("core", 5000, 3999, 1001, NOW + 3000), 1, Proceed(), NOW)
    assert one.status(["u1"], NOW)["u1"][0].remaining == 3999


def test_its_keys_stand_under_the_account_and_expire(redis_client) -> None:
    Governor(redis_client).reserve(ASK, NOW)
    found = sorted(key.decode() for key in redis_client.keys("*"))
    assert found == ["hubcache:governor:{u1}:leases", "hubcache:governor:{u1}:ledger"]
    assert all(0 < redis_client.ttl(key) <= 7200 for key in found)


def test_each_step_is_one_command(redis_client) -> None:
    governor = Governor(redis_client)
    grant = governor.reserve(ASK, NOW)
    governor.report(grant, QUOTA, 1, Proceed(), NOW)  # by now both scripts are loaded
    before = redis_client.info("commandstats")
    governor.report(governor.reserve(ASK, NOW), QUOTA, 1, Proceed(), NOW)
    after = redis_client.info("commandstats")
    assert after["cmdstat_evalsha"]["calls"] - before["cmdstat_evalsha"]["calls"] == 2
    assert after.get("cmdstat_eval") == before.get("cmdstat_eval")


def test_scripts_come_back_after_redis_forgot_them(redis_client) -> None:
    governor = Governor(redis_client)
    governor.reserve(ASK, NOW)
    redis_client.script_flush()
    assert not governor.reserve(ASK, NOW).local


@pytest.mark.parametrize("away", [True, False])
def test_without_redis_it_governs_this_process_by_its_part_of_the_limits(away: bool, redis_away) -> None:
    governor = Governor(redis_away if away else None, Limits(max_concurrent=8), processes=4)
    governor.learn("u1", QUOTA, NOW)
    grants = [governor.reserve(ASK, NOW) for _ in range(2)]
    assert all(grant.local for grant in grants)
    assert governor.reserve(ASK, NOW) == Wait(0.25, Why.CONCURRENCY)
    governor.report(grants[0], QUOTA, 1, Proceed(), NOW)
    assert governor.describe(["u1"], NOW)["u1"].in_flight == 1


def test_it_goes_on_from_the_last_readings_when_redis_goes_away(redis_client, redis_away) -> None:
    class Switch:
        """A client that can be pointed at a Redis that is not there: a transport, not a double of ours."""

        client = redis_client

        def register_script(self, text: str):
            return lambda **call: self.client.register_script(text)(**call)

        def pipeline(self, **options):
            return self.client.pipeline(**options)

    moments = iter([0.0, 0.0, 5.0, 5.0, 5.0, 5.0])
    switch = Switch()
    governor = Governor(switch, monotonic=lambda: next(moments))
    grant = governor.reserve(ASK, NOW)
    governor.report(grant, Quota("core", 5000, 0, 5000, NOW + 100), 1, Proceed(), NOW)
    switch.client = redis_away
    assert governor.reserve(ASK, NOW) == Wait(101.0, Why.EXHAUSTED)
    assert governor.reserve(ASK, NOW + 1).seconds == 100.0  # within the pause Redis is not asked
    switch.client = redis_client
    assert not governor.reserve(ASK, NOW + 101).local


def test_limits_may_change_while_it_runs() -> None:
    limits = [Limits(max_concurrent=1)]
    governor = Governor(None, lambda: limits[0])
    governor.learn("u1", QUOTA, NOW)
    governor.reserve(ASK, NOW)
    assert governor.reserve(ASK, NOW).why is Why.CONCURRENCY
    limits[0] = Limits(max_concurrent=2)
    assert isinstance(governor.reserve(ASK, NOW), Grant)


def test_a_refusal_is_counted_logged_and_rested_after(caplog) -> None:
    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    def read() -> list[float]:
        return [
            value("rate_limit_events_total", kind="primary"),
            value("rate_limit_reset_waits_total"),
            value("governor_decisions_total", lane="warm", why="ok"),
            value("governor_decisions_total", lane="warm", why="primary"),
            value("governor_refused_seconds_total", lane="warm", why="primary"),
        ]

    governor, before = Governor(None), read()
    ask = Ask("counted", lane=Lane.WARM)
    grant = governor.reserve(ask, NOW)
    governor.report(grant, Quota("core", 5000, 0, 5000, NOW + 12), 1, Wait(13, Why.PRIMARY, told=True), NOW)
    assert governor.reserve(ask, NOW) == Wait(13, Why.PRIMARY)
    assert [after - start for after, start in zip(read(), before, strict=True)] == pytest.approx([1, 1, 1, 1, 13])
    assert value("github_api_rate_limit_remaining", account="counted", bucket="core") == 0
    assert value("github_api_rate_limit_limit", account="counted", bucket="core") == 5000
    assert "GitHub refused a call" in caplog.text


def test_only_so_many_accounts_have_gauges() -> None:
    registry = CollectorRegistry()
    gauges = QuotaGauges(most=2, registry=registry)
    for account in ("first", "second", "third", "first"):
        gauges.show(account, QUOTA)
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    assert {sample.labels["account"] for sample in samples} == {"first", "second"}
    assert {sample.value for sample in samples} == {4000, 5000}


@pytest.mark.parametrize("name", ["", "a b", "x" * 101, "{u1}", "u1:x", "ü"])
def test_what_cannot_stand_in_a_key_is_no_account(name: str) -> None:
    with pytest.raises(ValueError, match="is no account"):
        Ask(name)


def test_a_negative_cost_is_an_error() -> None:
    with pytest.raises(ValueError, match="-1"):
        Ask("u1", cost=-1)


def test_the_standard_limits_stay_below_githubs() -> None:
    assert STANDARD.max_concurrent < 100
    assert (STANDARD.rest_points, STANDARD.graphql_points) == (900, 2000)
    assert (STANDARD.content_per_minute, STANDARD.content_per_hour) == (80, 500)
