"""Which token of a pool asks, and what is remembered against one."""

import pytest

from github_cache.upstream.picking import Candidate, in_order
from github_cache.upstream.standing import LACK_SECONDS, MOST, REST_SECONDS, Standing
from ratelimit.quota import Quota

NOW = 1_000_000.0
ONE, TWO, THREE = Candidate("one", "user-1"), Candidate("two", "user-2"), Candidate("three", "user-3")


def core(remaining: int, seconds: float) -> tuple[Quota, ...]:
    return (Quota("core", 5000, remaining, 5000 - remaining, NOW + seconds), Quota("graphql", 5000, 1, 4999, NOW + 9))


def order(*pool: Candidate, prefer: str | None = None, **quotas: tuple[Quota, ...]) -> tuple[str, ...]:
    named = {name.replace("_", "-"): value for name, value in quotas.items()}
    return in_order(pool, named, bucket="core", prefer=prefer, now=NOW)


def test_the_most_to_spend_per_second_comes_first() -> None:
    # 4,000 for the next hour are less a second than 1,000 for the next ten minutes.
    assert order(ONE, TWO, user_1=core(4000, 3600), user_2=core(1000, 600)) == ("two", "one")


def test_the_token_whose_validator_is_held_comes_before_all() -> None:
    assert order(ONE, TWO, prefer="one", user_1=core(3, 3600), user_2=core(5000, 60))[0] == "one"


def test_an_account_that_nothing_is_known_of_is_full() -> None:
    assert order(ONE, TWO, user_1=core(4999, 60)) == ("two", "one")


def test_an_account_whose_window_is_over_is_full() -> None:
    assert order(ONE, TWO, user_1=core(4999, 60), user_2=core(0, -60)) == ("two", "one")


def test_a_refused_token_rests() -> None:
    assert order(Candidate("one", "user-1", resting=True), TWO) == ("two",)
    assert order(Candidate("one", "user-1", resting=True)) == ()
    assert order() == ()


def test_a_token_that_may_not_see_it_is_passed_over_while_others_may() -> None:
    blind = Candidate("one", "user-1", lacking=True)
    assert order(blind, TWO, THREE, user_2=core(1, 60)) == ("three", "two")


def test_where_none_may_see_it_one_is_tried() -> None:
    blind = [Candidate(name, name, lacking=True) for name in ("one", "two", "three")]
    assert len(order(*blind)) == 1


def test_a_refusal_ends_by_itself_or_by_an_answer() -> None:
    standing = Standing()
    standing.refuse("one", NOW)
    assert standing.rests_until("one", NOW + 1) == NOW + REST_SECONDS
    assert standing.rests_until("one", NOW + REST_SECONDS) is None
    standing.accept("one")
    assert standing.rests_until("one", NOW + 1) is None


@pytest.mark.parametrize(
    ("subject", "lacks"),
    [
        ("/repos/acme/secret", True),
        ("/repos/acme/secret/issues/7", True),
        ("/repos/acme/secrets", False),
        ("/repos/acme", False),
        ("/user", False),
    ],
)
def test_what_is_refused_covers_what_lies_below_it(subject: str, lacks: bool) -> None:
    standing = Standing()
    standing.note_lack("one", "/repos/acme/secret", NOW)
    assert standing.lacks("one", subject, NOW + 1) is lacks
    assert not standing.lacks("two", subject, NOW + 1)
    assert not standing.lacks("one", subject, NOW + LACK_SECONDS)


def test_what_is_remembered_is_bounded() -> None:
    standing = Standing()
    for number in range(MOST + 1):
        standing.note_lack("one", f"/repos/acme/{number}", NOW)
    assert not standing.lacks("one", "/repos/acme/0", NOW)
    assert standing.lacks("one", f"/repos/acme/{MOST}", NOW)
