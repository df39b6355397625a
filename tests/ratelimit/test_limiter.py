"""The inbound limit: one suite over Redis and over the process's own memory."""

import pytest

from ratelimit.limiter import Decision, Limiter, caller_key, lease_size

NOW = 1_790_000_000.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["redis", "local", "redis away"])
def limiter(request, clock: Clock) -> Limiter:
    fixture = {"redis": "redis_client", "redis away": "redis_away"}.get(request.param)
    return Limiter(request.getfixturevalue(fixture) if fixture else None, 60, clock=clock)


def passed(limiter: Limiter, tries: int, limit: int = 10, key: str = "k") -> int:
    return sum(limiter.spend(key, limit).allowed for _ in range(tries))


def test_exactly_the_limit_passes_and_the_numbers_say_so(limiter: Limiter) -> None:
    decisions = [limiter.spend("k", 3) for _ in range(5)]
    assert decisions == [
        Decision(True, 3, 2, NOW + 60, 0.0),
        Decision(True, 3, 1, NOW + 60, 0.0),
        Decision(True, 3, 0, NOW + 60, 0.0),
        Decision(False, 3, 0, NOW + 60, 60.0),
        Decision(False, 3, 0, NOW + 60, 60.0),
    ]


def test_the_window_begins_with_the_first_request_and_ends_as_a_whole(limiter: Limiter, clock: Clock) -> None:
    assert passed(limiter, 10) == 10
    clock.now += 59.5
    assert limiter.spend("other", 10).allowed
    assert not limiter.spend("k", 10).allowed
    clock.now += 0.5
    assert passed(limiter, 20) == 10


def test_a_request_may_cost_more_than_one(limiter: Limiter) -> None:
    assert [limiter.spend("k", 10, 4).allowed for _ in range(3)] == [True, True, False]


def test_repeated_violations_double_the_penalty_up_to_an_hour(limiter: Limiter, clock: Clock) -> None:
    penalties = []
    for _ in range(9):
        assert passed(limiter, 10) == 10
        refused = limiter.spend("k", 10)
        penalties.append(refused.retry_after)
        clock.now += refused.retry_after - 0.5
        assert not limiter.spend("k", 10).allowed  # asking on does not lengthen it
        clock.now += 0.5
    assert penalties == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_the_penalty_wears_off_with_good_behaviour(limiter: Limiter, clock: Clock) -> None:
    for _ in range(3):
        passed(limiter, 10)
        clock.now += limiter.spend("k", 10).retry_after
    clock.now += 600
    passed(limiter, 10)
    assert limiter.spend("k", 10).retry_after == 240  # one level of three worn off, and one added
    clock.now += 240 + 5 * 600
    passed(limiter, 10)
    assert limiter.spend("k", 10).retry_after == 60


def test_a_refund_gives_back_and_never_more_than_was_used(limiter: Limiter) -> None:
    assert passed(limiter, 10) == 10
    limiter.refund("k", 3)
    assert passed(limiter, 5) == 3
    limiter.refund("fresh", 5)
    assert passed(limiter, 20, key="fresh") == 10


def test_a_refund_reaches_the_window_it_belongs_to_only(limiter: Limiter, clock: Clock) -> None:
    passed(limiter, 10)
    clock.now += 60
    limiter.refund("k", 10)
    assert passed(limiter, 20) == 10


def test_a_penalty_takes_without_asking(limiter: Limiter) -> None:
    limiter.penalise("k", 7)
    assert passed(limiter, 20) == 3


@pytest.mark.parametrize(("limit", "size"), [(1, 1), (999, 1), (1000, 10), (6000, 60)])
def test_leases_are_hundredths_and_single_below_a_thousand(limit: int, size: int) -> None:
    assert lease_size(limit) == size


def test_spending_from_a_last_lease_that_is_smaller_lets_no_more_pass(limiter: Limiter) -> None:
    assert limiter.spend("k", 1005).allowed
    assert sum(limiter.spend_leased("k", 1005).allowed for _ in range(1_100)) == 1_004


def test_spending_from_leases_lets_exactly_the_limit_pass(limiter: Limiter, clock: Clock) -> None:
    assert sum(limiter.spend_leased("k", 1500).allowed for _ in range(2000)) == 1500
    refused = limiter.spend_leased("k", 1500)
    assert refused == Decision(False, 1500, 0, NOW + 60, 60.0)
    clock.now += 60
    assert limiter.spend_leased("k", 1500) == Decision(True, 1500, 1499, NOW + 120, 0.0)


def test_a_lease_ends_with_its_window(limiter: Limiter, clock: Clock) -> None:
    limiter.spend_leased("k", 1000)
    clock.now += 60
    assert sum(limiter.spend_leased("k", 1000).allowed for _ in range(1500)) == 1000


def test_a_limit_that_changes_is_taken_from_anew(limiter: Limiter) -> None:
    assert limiter.spend_leased("k", 1000).allowed
    assert sum(limiter.spend_leased("k", 20).allowed for _ in range(40)) == 10  # ten were leased before


def test_a_clock_set_back_begins_a_new_window(limiter: Limiter, clock: Clock) -> None:
    passed(limiter, 20)
    clock.now -= 86_400
    assert passed(limiter, 20) == 10


def test_a_thread_that_read_the_clock_a_little_earlier_is_in_the_same_window(limiter: Limiter, clock: Clock) -> None:
    assert passed(limiter, 5) == 5
    clock.now -= 0.01
    assert passed(limiter, 10) == 5


def test_headers_are_whole_seconds_rounded_up() -> None:
    assert Decision(True, 100, 87, 1641024000.2, 0).headers() == {
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "87",
        "X-RateLimit-Reset": "1641024001",
    }
    assert Decision(False, 100, 0, 1641024000.0, 0.2).headers()["Retry-After"] == "1"


@pytest.mark.parametrize("name", ["ü", "a b", "x" * 300, "{tag}", "line\nbreak", ""])
def test_a_name_that_cannot_stand_in_a_key_is_hashed(name: str) -> None:
    rule, _, digest = caller_key("caller", name).partition(":")
    assert rule == "caller"
    assert len(digest) == 64
    assert caller_key("address", "2001:db8::/64") == "address:2001:db8::/64"


def test_the_keys_are_the_documented_ones_and_expire(redis_client, clock: Clock) -> None:
    limiter = Limiter(redis_client, 60, clock=clock)
    limiter.spend("address:203.0.113.9", 100)
    limiter.penalise("address:203.0.113.10")
    keys = sorted(key.decode() for key in redis_client.keys("*"))
    assert keys == ["hubcache:ratelimit:address:203.0.113.10:60", "hubcache:ratelimit:address:203.0.113.9:60"]
    assert all(0 < redis_client.ttl(key) <= 61 for key in keys)


def test_spending_is_one_command_and_a_lease_saves_most_of_them(redis_client) -> None:
    limiter = Limiter(redis_client, 60)
    limiter.spend("k", 10)
    before = redis_client.info("commandstats")["cmdstat_evalsha"]["calls"]
    limiter.spend("k", 10)
    for _ in range(600):
        assert limiter.spend_leased("big", 6000).allowed
    assert redis_client.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 1 + 10


def test_a_lease_covers_what_is_left_of_it_and_no_more(limiter: Limiter) -> None:
    assert not limiter.covered("caller:covered", 1_000, NOW)
    limiter.spend_leased("caller:covered", 1_000)
    size = lease_size(1_000)
    assert [limiter.covered("caller:covered", 1_000, NOW) for _ in range(size)] == [True] * (size - 1) + [False]
    assert not limiter.covered("caller:covered", 2_000, NOW)
