"""Many readers at once: one of them asks GitHub, and slow ones keep no seat from the others."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from github_cache import asks, freshness, gateway, room
from github_cache.caller import Caller
from github_cache.serving import Served
from ratelimit.verdict import Wait
from tests.github_cache.gateway.house import TENANT, House

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


def test_at_most_half_of_the_threads_wait(house: House, settings) -> None:
    settings.HUBCACHE_THREADS = 4
    room._seats.cache_clear()
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
    room._seats.cache_clear()


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
