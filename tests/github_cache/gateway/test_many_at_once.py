"""Many readers at once: one of them asks GitHub, and slow ones keep no seat from the others."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import Settings

from github_cache import asks, freshness, gateway, room, verification
from github_cache.caller import Caller
from github_cache.serving import Served
from github_cache.verification import Verdict
from ratelimit.verdict import Wait
from tests.github_cache.gateway.house import DEV, TENANT, House

READER = Caller("api_key", TENANT, "reader", frozenset({"read"}))


def ask(path: str, cache_control: str = "") -> asks.Ask:
    client = freshness.controls(cache_control)
    return asks.http(READER, path, "", accept="", api_version="", controls=client)


def at_once(number: int, work) -> list:
    begin = threading.Barrier(number)

    def one(_: int):
        begin.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@pytest.mark.parametrize("path", ["/repos/octo/hello", "/repos/octo/hello/labels", "/repos/octo/hello/issues"])
def test_cold_readers_meet_in_one_flight(house: House, path: str) -> None:
    house.get("/api/v3/user")
    house.handle.faults.add({"kind": "latency", "seconds": 0.2})
    house.forgotten()
    answers = at_once(12, lambda: gateway.read(ask(path)))
    assert all(isinstance(answer, Served) and answer.status == 200 for answer in answers)
    assert house.paths.count(path) == 1
    assert sorted(answer.outcome.value for answer in answers).count("MISS") == 1


def test_readers_who_insist_meet_in_one_flight_too(house: House) -> None:
    house.get("/api/v3/repos/octo/hello/labels")
    house.pass_time(10)
    house.get("/api/v3/repos/octo/hello")
    house.handle.faults.add({"kind": "latency", "seconds": 0.3})
    house.forgotten()
    answers = at_once(8, lambda: gateway.read(ask("/repos/octo/hello/labels", "no-cache")))
    assert {answer.status for answer in answers} == {200}
    assert house.paths.count("/repos/octo/hello/labels") <= 2
    assert house.cost == 0


@pytest.fixture
def threads(settings: Settings) -> Iterator[Callable[[int], None]]:
    """Sets how many threads this process is taken to have."""

    def forget() -> None:
        room._seats.cache_clear()
        room._standing.cache_clear()

    def change(number: int) -> None:
        settings.HUBCACHE_THREADS = number
        forget()

    yield change
    forget()


def test_at_most_half_of_the_threads_wait(house: House, threads) -> None:
    threads(4)
    house.get("/api/v3/user")
    house.get("/api/v3/repos/octo/hello/labels")
    house.handle.faults.add({"kind": "latency", "seconds": 0.5, "path": "/nope"})
    paths = [f"/users/nope-{number}" for number in range(6)]
    todo = iter(paths)
    answers = at_once(6, lambda: gateway.read(ask(next(todo))))
    turned_away = [answer for answer in answers if answer is room.NO_ROOM]
    assert len(turned_away) == 4
    assert isinstance(room.NO_ROOM, Wait)
    assert gateway.read(ask("/repos/octo/hello/labels")).status == 200


def test_readers_of_one_flight_stand_until_it_lands_and_one_thread_is_kept_free(house: House, threads) -> None:
    threads(8)
    house.get("/api/v3/repos/octo/hello")
    house.pass_time(10)
    house.handle.faults.add({"kind": "latency", "seconds": 0.4, "path": "/labels"})
    house.forgotten()
    answers = at_once(8, lambda: room.patiently(lambda: gateway.read(ask("/repos/octo/hello/labels"))))
    assert [answer for answer in answers if not isinstance(answer, Served)] == [room.NO_ROOM]
    assert {answer.status for answer in answers if isinstance(answer, Served)} == {200}
    assert house.paths.count("/repos/octo/hello/labels") == 1


def test_who_stands_for_another_thing_is_told_after_a_moment(house: House, threads) -> None:
    threads(4)
    house.get("/api/v3/user")
    house.handle.faults.add({"kind": "latency", "seconds": 2, "path": "/nope"})
    paths = iter([f"/users/nope-{number}" for number in range(3)])
    answers = at_once(3, lambda: (path := next(paths)) and room.patiently(lambda: gateway.read(ask(path))))
    assert answers.count(room.NO_ROOM) == 1


def test_an_unseen_token_is_shown_to_github_once_however_many_bring_it(house: House) -> None:
    house.handle.faults.add({"kind": "latency", "seconds": 0.2, "path": "/rate_limit"})
    house.forgotten()
    assert at_once(8, lambda: verification.verify(TENANT, DEV)) == [Verdict(True)] * 8
    assert house.paths == ["/rate_limit"]


def test_tokens_that_wait_for_github_take_seats_too(house: House, threads) -> None:
    threads(4)
    house.handle.faults.add({"kind": "latency", "seconds": 2, "path": "/rate_limit"})
    tokens = iter([f"ghp_unknown_{number}" for number in range(4)])
    verdicts = at_once(4, lambda: verification.verify(TENANT, next(tokens)))
    assert sum(verdict.asked for verdict in verdicts) == 2


def test_who_has_a_seat_keeps_it() -> None:
    with room.seat() as outer, room.seat() as inner:
        assert outer
        assert inner


def test_a_short_wait_is_borne_and_a_long_one_is_told() -> None:
    answers = iter([Wait(0.01, room.NO_ROOM.why), "done"])
    assert room.patiently(lambda: next(answers)) == "done"
    long = Wait(60.0, room.NO_ROOM.why)
    assert room.patiently(lambda: long) is long
    assert room.patiently(lambda: room.NO_ROOM) is room.NO_ROOM
