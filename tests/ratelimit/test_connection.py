"""The raw client, made from a URL."""

import copy
import multiprocessing
import socket
from pathlib import Path

import pytest
import redis
from django.test import override_settings

from ratelimit import connection
from ratelimit.connection import PAUSE, OneAttempt, Resting, connect


def options(client: redis.Redis) -> dict[str, object]:
    return client.connection_pool.connection_kwargs


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "redis://:pass%40word@cache.example:6380/3",
            {"host": "cache.example", "port": 6380, "db": 3, "password": "pass@word"},
        ),
        ("rediss://cache.example", {"host": "cache.example"}),
        ("unix:///run/redis.sock?db=2", {"path": "/run/redis.sock", "db": 2}),
    ],
)
def test_urls_are_understood_and_every_wait_is_bounded(url: str, expected: dict[str, object]) -> None:
    client = connect(url, timeout=0.1, max_connections=7)
    assert expected.items() <= options(client).items()
    assert options(client)["socket_timeout"] == options(client)["socket_connect_timeout"] == 0.1
    assert client.connection_pool.timeout == 0.1
    assert client.connection_pool.max_connections == 7
    assert "pass@word" not in repr(client)


def test_a_master_is_found_by_its_sentinels() -> None:
    client = connect("sentinel://user:p%3Aw@one:26379,two/hub/4", timeout=0.1, max_connections=7)
    pool = client.connection_pool
    assert pool.service_name == "hub"
    assert [options(sentinel)["host"] for sentinel in pool.sentinel_manager.sentinels] == ["one", "two"]
    assert [options(sentinel)["port"] for sentinel in pool.sentinel_manager.sentinels] == [26379, 26379]
    assert {"db": 4, "username": "user", "password": "p:w", "socket_timeout": 0.1}.items() <= options(client).items()


@pytest.mark.parametrize("url", ["http://cache", "sentinel://one:26379", "cache", ""])
def test_other_urls_are_an_error(url: str) -> None:
    with pytest.raises(ValueError):
        connect(url, timeout=0.1, max_connections=1)


def test_a_redis_that_is_not_there_fails_at_once(redis_away: redis.Redis) -> None:
    with pytest.raises(redis.ConnectionError):
        redis_away.ping()


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def asked(attempts: OneAttempt, outcome: Exception | str) -> str:
    """What comes of a step that raises or returns this, in a word."""

    def step() -> str:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    try:
        return attempts.call_with_retry(step, lambda error: None)
    except redis.RedisError as error:
        return type(error).__name__


@pytest.mark.parametrize("failure", [redis.TimeoutError("silent"), redis.ConnectionError("refused")])
def test_a_redis_that_failed_is_left_alone_for_a_moment(failure: Exception) -> None:
    clock = Clock()
    attempts = OneAttempt(clock)
    assert asked(attempts, failure) == type(failure).__name__
    assert asked(attempts, "answer") == "Resting"
    clock.now += PAUSE - 0.01
    assert asked(attempts, failure) == "Resting"
    clock.now += 0.01
    assert asked(attempts, "answer") == "answer"


def test_an_error_that_redis_answers_is_no_failure() -> None:
    attempts = OneAttempt(Clock())
    assert asked(attempts, redis.exceptions.OutOfMemoryError("full")) == "OutOfMemoryError"
    assert asked(attempts, "answer") == "answer"


def test_all_clients_of_a_silent_redis_wait_once_together(tmp_path: Path) -> None:
    """It accepts connections and says nothing: only the first client of a process opens one."""
    path = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen(64)
        one, other = (connect(f"unix://{path}", timeout=0.05, max_connections=7) for _ in range(2))
        with pytest.raises(redis.TimeoutError):
            one.ping()
        with pytest.raises(Resting):
            other.ping()
        with pytest.raises(Resting):
            other.pipeline().get("x").execute()
        silent.settimeout(0)
        silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_the_cache_of_django_waits_with_the_others() -> None:
    """Its pool copies its options for each connection, and so the way of asking too."""
    attempts = connection.attempts("unix:///the/same")
    assert copy.deepcopy({"retry": attempts})["retry"] is attempts
    assert options(connect("unix:///the/same", timeout=0.1, max_connections=1))["retry"] is attempts


def test_more_threads_than_connections_wait_and_then_fail(redis_server: str) -> None:
    client = connect(redis_server, timeout=0.01, max_connections=1)
    held = client.connection_pool.get_connection()
    with pytest.raises(redis.ConnectionError):
        client.ping()
    client.connection_pool.release(held)
    assert client.ping()


def _ping(client: redis.Redis, answers) -> None:
    answers.put([client.echo(f"child {number}") for number in range(50)])


def test_a_forked_process_opens_connections_of_its_own(redis_client: redis.Redis) -> None:
    redis_client.ping()
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_ping, args=(redis_client, answers))
    child.start()
    assert [redis_client.echo(f"parent {number}") for number in range(50)] == [
        f"parent {number}".encode() for number in range(50)
    ]
    assert answers.get(timeout=20) == [f"child {number}".encode() for number in range(50)]
    child.join()


def test_the_process_has_one_client_or_none(redis_server: str) -> None:
    connection.client.cache_clear()
    try:
        with override_settings(REDIS_ENABLED=False):
            assert connection.client() is None
        connection.client.cache_clear()
        with override_settings(REDIS_ENABLED=True, REDIS_URL=redis_server, REDIS_SOCKET_TIMEOUT=1.0):
            assert connection.client().ping()
            assert connection.client() is connection.client()
    finally:
        connection.client.cache_clear()
