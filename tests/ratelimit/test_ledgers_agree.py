"""The shared ledger and the local one answer alike, whatever is asked in whatever order."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratelimit.budget import Lane
from ratelimit.ledger import Ask, Grant, Kind, Limits
from ratelimit.ledger_local import LocalLedger
from ratelimit.ledger_redis import RedisLedger
from ratelimit.quota import Quota
from ratelimit.verdict import GiveUp, Proceed, Wait, Why

START = 1_790_000_000.0
LIMITS = Limits(
    max_concurrent=6, rest_points=20, graphql_points=12, content_per_minute=4, content_per_hour=7, lease_seconds=90
)

asks = st.builds(
    Ask,
    account=st.just("u1"),
    bucket=st.sampled_from(["core", "graphql"]),
    lane=st.sampled_from(Lane),
    cost=st.integers(0, 4),
    kind=st.sampled_from([Kind.READ, Kind.READ, Kind.READ, Kind.WRITE, Kind.CONTENT]),
    graphql=st.booleans(),
)
readings = st.none() | st.builds(
    Quota,
    bucket=st.sampled_from(["core", "graphql"]),
    limit=st.just(40),
    remaining=st.integers(0, 40),
    used=st.integers(0, 45),
    reset=st.sampled_from([START + offset for offset in (-100, 100, 101, 160, 3600, 90_000)]),
)
verdicts = st.sampled_from(
    [
        Proceed(),
        Proceed(),
        GiveUp(Why.NOT_FOUND),
        Wait(0.0, Why.SERVER_ERROR),
        Wait(13.0, Why.PRIMARY, told=True),
        Wait(60.0, Why.SECONDARY),
        Wait(8.0, Why.ABUSE, told=True),
    ]
)
steps = st.one_of(
    st.tuples(st.just("reserve"), asks),
    st.tuples(st.just("reserve"), asks),
    st.tuples(st.just("report"), st.tuples(st.integers(0, 9), readings, st.none() | st.integers(0, 5), verdicts)),
    st.tuples(st.just("learn"), readings),
    st.tuples(
        st.just("move the clock"), st.sampled_from([0.125, 0.5, 1.0, 7.0, 30.0, 61.0, 200.0, 3600.0, -50.0, -7000.0])
    ),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=5, max_size=60))
def test_both_ledgers_answer_alike(redis_client, script) -> None:
    redis_client.flushdb()
    shared, local, now = RedisLedger(redis_client), LocalLedger(), START
    grants: list[tuple[Grant, Grant]] = []
    for step, given_ in script:
        if step == "move the clock":
            now += given_
        elif step == "reserve":
            one, other = shared.reserve(given_, LIMITS, now), local.reserve(given_, LIMITS, now)
            assert type(one) is type(other), (one, other)
            if isinstance(one, Grant):
                grants.append((one, other))
            else:
                assert one.why is other.why
                assert abs(one.seconds - other.seconds) < 0.01
        elif step == "learn" and given_ is not None:
            for ledger in (shared, local):
                ledger.learn("u1", given_, now)
        elif step == "report" and grants:
            index, quota, cost, verdict = given_
            pair = grants.pop(index % len(grants))
            for ledger, grant in zip((shared, local), pair, strict=True):
                ledger.report(grant, quota, cost, verdict, now)
        one, other = (ledger.describe(["u1"], now)["u1"] for ledger in (shared, local))
        assert one.quotas == other.quotas
        assert {(rest.bucket, rest.why) for rest in one.resting} == {(rest.bucket, rest.why) for rest in other.resting}
        assert one.in_flight == other.in_flight
