"""A spend that rides in somebody else's trip: the same rule, once, for one request only."""

import pytest
import redis

from ratelimit import deferred
from ratelimit.limiter import Limiter

LIMIT = 3


@pytest.fixture
def limits(redis_client: redis.Redis) -> Limiter:
    return Limiter(redis_client, 60, clock=lambda: 1_700_000_000.0)


def rode(spend: deferred.Deferred, client: redis.Redis) -> None:
    """It goes along with a trip for something else."""
    pipe = client.pipeline(transaction=False)
    pipe.evalsha(*spend.command())
    pipe.get("anything")
    spend.answered(pipe.execute(raise_on_error=False)[0])


def test_it_counts_as_one_that_went_alone(limits: Limiter, redis_client: redis.Redis) -> None:
    limits.spend("caller:load", LIMIT)  # the script is there now
    redis_client.flushdb()
    alone = [limits.spend("caller:a", LIMIT) for _ in range(LIMIT + 2)]
    riding = [deferred.Deferred(limits, "caller:b", LIMIT) for _ in range(LIMIT + 2)]
    for spend in riding:
        rode(spend, redis_client)
        assert spend.decision is not None
    assert [spend.settled() for spend in riding] == alone


def test_where_redis_has_not_loaded_the_script_it_goes_alone(limits: Limiter, redis_client: redis.Redis) -> None:
    redis_client.script_flush()
    spend = deferred.Deferred(limits, "caller:a", LIMIT)
    rode(spend, redis_client)
    assert spend.decision is None
    assert spend.settled().remaining == LIMIT - 1


def test_it_is_counted_once_however_often_it_is_asked_for(limits: Limiter) -> None:
    spend = deferred.Deferred(limits, "caller:a", LIMIT)
    assert [spend.settled().remaining for _ in range(5)] == [LIMIT - 1] * 5


def test_nothing_is_done_for_who_is_over_the_limit(limits: Limiter) -> None:
    for _ in range(LIMIT):
        with deferred.within():
            deferred.put_off(limits, "caller:a", LIMIT)
            deferred.enforce()
    with deferred.within():
        deferred.put_off(limits, "caller:a", LIMIT)
        with pytest.raises(deferred.Exceeded) as refused:
            deferred.enforce()
    assert refused.value.decision.retry_after > 0


def test_it_waits_until_it_was_counted_and_no_longer_than_its_request(limits: Limiter) -> None:
    with deferred.within():
        spend = deferred.put_off(limits, "caller:a", LIMIT)
        assert deferred.waiting() is spend
        deferred.enforce()
        assert deferred.waiting() is None
    with deferred.within():
        deferred.put_off(limits, "caller:a", LIMIT)
    assert deferred.waiting() is None
    deferred.enforce()


def test_without_redis_there_is_no_trip_to_ride_in() -> None:
    alone = Limiter(None, 60)
    assert not alone.shared
    with pytest.raises(ValueError, match="without Redis"):
        deferred.Deferred(alone, "caller:a", LIMIT).command()
