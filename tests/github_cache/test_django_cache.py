"""Django's cache framework over the store, and the sessions that ride on it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from redis import Redis

from github_cache import store
from github_cache.service import CacheService
from tests.conftest import running_redis

pytestmark = pytest.mark.django_db


def until(true: Callable[[], bool]) -> None:
    """Waits for what a thread of the store does by itself."""
    pause = threading.Event()
    for _ in range(1_000):
        if true():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen within 10 s")


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_values_are_set_got_and_deleted() -> None:
    cache.set("a", {"n": [1]}, 60)
    cache.set_many({"b": 2, "c": None}, timeout=None)
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": {"n": [1]}, "b": 2, "c": None}
    assert (cache.get("d", "none"), "c" in cache) == ("none", True)
    assert cache.delete("a")
    assert not cache.delete("a")
    cache.delete_many(["b"])
    assert cache.get_many(["a", "b", "c"]) == {"c": None}


def test_only_the_first_adds() -> None:
    assert cache.add("once", 1, 60)
    assert not cache.add("once", 1, 60)
    assert cache.get("once") == 1
    cache.clear()
    assert cache.add("once", 2, 60)


def test_numbers_are_counted_where_there_is_one() -> None:
    with pytest.raises(ValueError, match="nothing under 'n'"):
        cache.incr("n")
    cache.add("n", 1)
    assert cache.incr("n") == 2
    assert cache.decr("n", 5) == -3


@pytest.mark.parametrize("seconds", [0, -1])
def test_what_ends_at_once_is_not_kept(seconds: int) -> None:
    cache.set("a", 1)
    cache.set("a", 2, seconds)
    assert "a" not in cache
    assert not cache.add("a", 1, seconds)
    cache.set("a", 1, 0.5)
    assert cache.touch("a", 60)
    assert cache.touch("a", seconds)
    assert "a" not in cache


def test_a_session_is_kept_for_half_an_hour_beside_its_row() -> None:
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    name = f"django.contrib.sessions.cached_db{client.session.session_key}"
    left = CacheService("django").get_ttl(cache.make_key(name))
    assert left is not None
    assert 1790 < left <= 1800
    assert client.session.session_key not in cache.make_key(name)
    Session.objects.all().delete()
    assert "_auth_user_id" in client.session
    client.logout()
    assert name not in cache


@pytest.fixture
def given_redis(settings: Any, tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own as the store; yields an operator's client."""
    with running_redis(tmp_path) as url:
        settings.REDIS_ENABLED, settings.REDIS_URL = True, url
        store.get.cache_clear()
        yield Redis.from_url(url)
    store.get.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_a_session_that_ended_while_redis_was_away_stays_ended(given_redis: Redis) -> None:
    here, elsewhere = Client(), Client()
    here.force_login(User.objects.create_user("ada"))
    elsewhere.cookies = here.cookies.copy()
    pid = int(given_redis.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    assert "_auth_user_id" in elsewhere.session
    here.logout()
    assert "_auth_user_id" not in elsewhere.session
    os.kill(pid, signal.SIGCONT)
    until(store.get().reachable)
    assert "_auth_user_id" not in elsewhere.session
