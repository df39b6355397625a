"""The books of the rate limits, with the time given."""

import pytest

from github_sandbox.entities import Account
from github_sandbox.limits import Limiter, Limits, Secondary, identity

NOW = 1_000_000.0
USER = identity(Account(7, "ann"), "10.0.0.1")


def test_an_untouched_bucket_is_whole() -> None:
    quota = Limiter().quota(USER, "core", NOW)
    assert (quota.limit, quota.remaining, quota.used, quota.reset) == (5000, 5000, 0, 1_003_600)


def test_without_an_account_the_address_has_sixty() -> None:
    assert Limiter().quota(identity(None, "10.0.0.1"), "core", NOW).limit == 60


def test_buckets_are_apart_and_reset_after_their_window() -> None:
    limiter = Limiter()
    limiter.charge(USER, "search", 30, NOW)
    assert limiter.quota(USER, "search", NOW + 59).remaining == 0
    assert limiter.quota(USER, "core", NOW).remaining == 5000
    assert limiter.quota(USER, "search", NOW + 60).remaining == 30


def test_used_may_pass_the_limit() -> None:
    limiter = Limiter(Limits(graphql=10))
    quota = limiter.charge(USER, "graphql", 51, NOW)
    assert (quota.remaining, quota.used) == (0, 51)


def test_the_points_of_a_minute_are_bounded() -> None:
    limiter = Limiter(Limits(rest_points=10))
    assert [limiter.admit(USER, "core", 5, 0, NOW) for _ in range(3)] == [None, None, Secondary.POINTS]
    assert limiter.admit(USER, "graphql", 5, 0, NOW) is None
    assert limiter.admit(USER, "core", 5, 0, NOW + 60) is None


def test_only_so_many_requests_at_once() -> None:
    limiter = Limiter(Limits(concurrent=2))
    for _ in range(3):
        limiter.enter(USER)
    assert limiter.admit(USER, "core", 1, 0, NOW) is Secondary.CONCURRENT
    limiter.leave(USER)
    assert limiter.admit(USER, "core", 1, 0, NOW) is None


def test_content_creation_is_bounded_by_minute_and_hour() -> None:
    limiter = Limiter(Limits(content_per_minute=2, content_per_hour=3))
    assert [limiter.admit(USER, "core", 5, 1, NOW) for _ in range(3)] == [None, None, Secondary.CONTENT]
    assert limiter.admit(USER, "core", 5, 1, NOW + 61) is None
    assert limiter.admit(USER, "core", 5, 1, NOW + 122) is Secondary.CONTENT
    assert limiter.admit(USER, "core", 5, 1, NOW + 3700) is None


def test_a_misspelt_figure_says_which_there_are() -> None:
    with pytest.raises(ValueError, match=r"unknown limit 'cor'; there are: .*core"):
        Limiter().change(cor=1)
    with pytest.raises(ValueError, match="whole number"):
        Limiter().change(core=-1)
