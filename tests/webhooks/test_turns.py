"""Who fetches what deliveries about many repositories touch together: one of them, late enough to see all of it."""

import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from webhooks.debounce import RHYTHM
from webhooks.refetching import turn

LIST = "org:9/repos"


@pytest.fixture(autouse=True)
def nobody_began(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_the_first_goes_at_once() -> None:
    assert turn("acme", LIST, time.time()) is None


def test_what_happened_long_enough_before_another_began_is_seen_by_it() -> None:
    happened = time.time() - RHYTHM.quiet - 1
    assert turn("acme", LIST, happened) is None
    assert turn("acme", LIST, happened) == 0.0


def test_what_happened_too_late_for_it_waits_for_the_next_turn() -> None:
    assert turn("acme", LIST, time.time()) is None
    seconds = turn("acme", LIST, time.time())
    assert seconds is not None
    assert 0 < seconds <= RHYTHM.longest


def test_lists_and_tenants_do_not_wait_for_each_other() -> None:
    assert turn("acme", LIST, time.time()) is None
    assert turn("acme", "org:10/repos", time.time()) is None
    assert turn("other", LIST, time.time()) is None
