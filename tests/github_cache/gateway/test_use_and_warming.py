"""What people use is remembered, and fetched before they ask again; a healthy hook makes it live longer."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from github_cache import asks, gateway, hooks, hot, invalidation, tasks, uses, warm_up
from github_cache.health import State
from github_cache.keys import Scope
from github_cache.models import Use
from github_sandbox import changes
from ratelimit.budget import Lane
from tests.github_cache.gateway.house import GUEST, ORG, TENANT, House, forget_memories, settle

HELLO = "/api/v3/repos/octo/hello"


@pytest.fixture(autouse=True)
def quiet_end(house: House):
    """Nothing is under way when the servers go."""
    yield
    settle()


def scope(house: House) -> Scope:
    return Scope("repo", str(house.repository().id))


def test_what_was_asked_is_remembered_once(house: House) -> None:
    for _ in range(3):
        house.get(f"{HELLO}/labels")
    settle()
    house.get("/api/v1/github/octo/hello/info")
    settle()
    asked = hot.lately(TENANT, scope(house))
    assert [ask.route.kind for ask in asked] == ["meta", "labels"]
    assert gateway.refresh(asked[1], Lane.WEBHOOK).status == 200


def test_what_was_asked_at_once_is_all_remembered(house: House) -> None:
    with hot._writing:
        for kind in ("labels", "milestones", "languages"):
            house.get(f"{HELLO}/{kind}")
    settle()
    assert {ask.route.kind for ask in hot.lately(TENANT, scope(house))} == {"labels", "milestones", "languages"}


def test_what_a_token_asks_is_not_remembered(house: House) -> None:
    house.get(f"{HELLO}/labels", token=GUEST)
    settle()
    assert hot.lately(TENANT, scope(house)) == ()


def test_a_round_refreshes_what_is_due_and_nothing_else(house: House) -> None:
    house.get(f"{HELLO}/labels")
    settle()
    house.get(f"{HELLO}/languages")
    settle()
    house.pass_time(880)
    house.get(HELLO)
    settle()
    house.pass_time(10)
    house.forgotten()
    done = warm_up.run(TENANT)
    assert done.refreshed >= 1
    assert done.left == 0
    assert any("labels" in path for path in house.paths)
    assert not any("languages" in path for path in house.paths)


def test_the_task_does_a_round_for_a_tenant(house: House) -> None:
    house.get(f"{HELLO}/labels")
    settle()
    house.pass_time(880)
    tasks.warm_tenant(TENANT)
    house.forgotten()
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "HIT"


def test_asks_are_written_down_and_read_again(house: House) -> None:
    one = asks.http(asks.pool_caller(TENANT), "/repos/octo/hello/labels/a b", "per_page=2", accept="", api_version="")
    other = asks.typed(asks.pool_caller(TENANT), "issues", {"owner": "octo", "repo": "hello", "state": "all"})
    for ask in (one, other):
        assert asks.read(TENANT, asks.written(ask) or b"") == ask
    assert asks.read(TENANT, b"rubbish") is None
    assert asks.read(TENANT, b'["typed","nonsense",{}]') is None


def test_a_healthy_hook_makes_its_kinds_live_longer(house: House) -> None:
    house.get(f"{HELLO}/labels")
    short = house.get(f"{HELLO}/labels")["Cache-Status"]
    hooks.report(TENANT, scope(house), {"labels"}, time.time() + 600)
    long = house.get(f"{HELLO}/labels")["Cache-Status"]
    assert int(short.rpartition("=")[2]) <= 900 < int(long.rpartition("=")[2]) <= 3600
    assert hooks.covers(TENANT, scope(house), "labels")
    assert not hooks.covers(TENANT, scope(house), "issues")


def test_an_organisations_hook_counts_for_its_repositories(house: House) -> None:
    house.get(HELLO)
    house.pass_time(10)
    house.get(f"{HELLO}/labels")
    hooks.report(TENANT, Scope("org", "9001"), {"labels"}, time.time() + 600)
    long = house.get(f"{HELLO}/labels")["Cache-Status"]
    assert int(long.rpartition("=")[2]) > 900


def test_a_hook_that_fell_silent_counts_no_more(house: House) -> None:
    house.get(f"{HELLO}/labels")
    hooks.report(TENANT, scope(house), {"labels"}, time.time() + 600)
    hooks.report(TENANT, scope(house), {"labels"}, time.time() - 1)
    assert int(house.get(f"{HELLO}/labels")["Cache-Status"].rpartition("=")[2]) <= 900


@pytest.mark.parametrize(("kinds", "names"), [({"labels", "access"}, 0), ({"labels"}, 1)])
def test_a_name_is_not_asked_for_again_while_a_hook_tells_of_renames(house: House, kinds: set[str], names: int) -> None:
    house.get(HELLO)
    house.pass_time(10)
    house.get(f"{HELLO}/labels")
    house.pass_time(600)
    hooks.report(TENANT, Scope("org", "9001"), kinds, time.time() + 600)
    house.forgotten()
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "HIT"
    assert house.paths == ["/repos/octo/hello"] * names


def test_a_rename_ends_a_name_whatever_the_hook_covers(house: House) -> None:
    house.get(HELLO)
    house.pass_time(10)
    house.get(f"{HELLO}/labels")
    hooks.report(TENANT, Scope("org", "9001"), {"labels", "access"}, time.time() + 600)
    invalidation.by_kind(TENANT, scope(house), ("access",))
    house.forgotten()
    house.get(f"{HELLO}/labels")
    assert "/repos/octo/hello" in house.paths


@pytest.mark.parametrize("rubbish", [None, b"", b"x", b"99999999999 ", b"\xff 1", b"labels 99999999999"])
def test_a_report_that_cannot_be_read_covers_nothing(rubbish: bytes | None) -> None:
    assert not hooks.told_of(rubbish, "labels", 0.0)


def test_what_people_use_is_back_after_the_store_was_emptied(house: House) -> None:
    for _ in range(2):
        house.get(f"{HELLO}/labels")
        house.get("/api/v1/github/octo/hello/languages")
        settle()
    warm_up.run(TENANT)
    house.redis.flushall()
    forget_memories()
    done = warm_up.run(TENANT)
    assert (done.failed, done.left) == (0, 0)
    house.forgotten()
    assert house.get(f"{HELLO}/labels")["X-Cache"] == "HIT"
    assert house.get("/api/v1/github/octo/hello/languages")["X-Cache"] == "HIT"


def test_a_use_weighs_more_each_time(house: House) -> None:
    house.get(f"{HELLO}/labels")
    settle()
    uses.remember(TENANT, time.time())
    (first,) = uses.known(TENANT)
    uses.remember(TENANT, time.time())
    assert uses.known(TENANT) == [first]
    Use.objects.update(used_at=datetime.now(UTC) - timedelta(days=1))
    uses.remember(TENANT, time.time())
    (again,) = uses.known(TENANT)
    assert again.weight == pytest.approx(1.5, abs=0.01)


def test_names_are_learnt_together_and_what_goes_together_goes_in_one_call(house: House) -> None:
    world = house.handle.world
    names = [f"extra-{number}" for number in range(6)]
    for name in names:
        changes.create_repository(world, world.accounts[ORG], world.accounts["octo-admin"], name, {})
        house.get(f"/api/v1/github/octo/{name}/languages")
        settle()
    uses.remember(TENANT, time.time())
    house.redis.flushall()
    forget_memories()
    house.forgotten()
    done = warm_up.run(TENANT)
    assert (done.refreshed, done.failed, done.left) == (6, 0, 0)
    assert done.calls == house.calls == 2
    house.forgotten()
    for name in names:
        assert house.get(f"/api/v1/github/octo/{name}/languages")["X-Cache"] == "HIT"
    assert house.calls == 0


def test_the_health_tells_of_the_last_round(house: House) -> None:
    house.get(f"{HELLO}/labels")
    settle()
    house.pass_time(880)
    done = warm_up.run(TENANT)
    assert warm_up.last(TENANT) == done
    part = warm_up.check(done.at)
    assert part.state is State.OK
    assert f"{done.refreshed} refreshed" in part.detail


def test_it_stops_where_the_budget_does_and_tells_what_is_left(house: House, flags: Callable[..., None]) -> None:
    house.get(f"{HELLO}/labels")
    house.get(f"{HELLO}/milestones")
    settle()
    house.pass_time(880)
    flags(GITHUB_RESERVE_WARM=0.9999)
    house.forgotten()
    done = warm_up.run(TENANT)
    assert (done.refreshed, done.failed, done.left) == (0, 0, 2)
    assert done.wait is not None
    assert done.wait > 0
    assert house.calls == 0
    part = warm_up.check(done.at)
    assert part.state is State.DEGRADED
    assert "2 left" in part.detail
    flags(GITHUB_RESERVE_WARM=0.3)
    assert warm_up.run(TENANT).left == 0
