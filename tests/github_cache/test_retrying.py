"""When a task comes again after a Wait or a passing trouble, and when it gives up."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery, Task
from celery.exceptions import Retry

from github_cache import retrying
from github_cache.upstream.errors import BadAnswer, NotFound, Unreachable
from ratelimit import live
from ratelimit.backoff import BackoffError, Refused
from ratelimit.verdict import Wait, Why

LIMITED = Wait(40.0, Why.EXHAUSTED)


@pytest.fixture
def task() -> Iterator[Callable[[int], Task]]:
    """A task under way whose message was sent so many times again."""
    app = Celery(broker="memory://", set_as_current=False)

    @app.task(bind=True, max_retries=None, shared=False)
    def body(self: Task) -> None:
        """Never run."""

    def after(retries: int) -> Task:
        body.push_request(retries=retries, called_directly=False, args=(), kwargs={}, id="1")
        return body

    yield after
    app.close()


@pytest.fixture
def flags(db: None) -> Iterator[Callable[..., None]]:
    from constance import config
    from constance.models import Constance

    def change(**values: Any) -> None:
        for name, value in values.items():
            setattr(config, name, value)
        live.refresh()

    change()
    yield change
    Constance.objects.all().delete()
    live.refresh()


def failing(error: Exception) -> Callable[[], None]:
    def step() -> None:
        raise error

    return step


def test_what_was_brought_is_given_on(task, flags) -> None:
    assert retrying.run(task(0), lambda: 7) == 7


@pytest.mark.parametrize("retries", [0, 4, 300])
def test_a_limit_is_waited_for_as_often_as_it_takes(task, flags, retries: int) -> None:
    with pytest.raises(Retry) as raised:
        retrying.run(task(retries), lambda: LIMITED)
    assert 40 <= raised.value.when <= 44


@pytest.mark.parametrize(
    "error", [BadAnswer("502", 502), Unreachable("gone", timed_out=False, sent=True)], ids=["5xx", "network"]
)
def test_passing_troubles_are_tried_again_ever_later_and_then_given_up(task, flags, error: Exception) -> None:
    flags(GITHUB_BACKOFF_JITTER=0.0, GITHUB_BACKOFF_MAX_ATTEMPTS=3)
    for retries, seconds in ((0, 0.5), (1, 1.0)):
        with pytest.raises(Retry) as raised:
            retrying.run(task(retries), failing(error))
        assert raised.value.when == seconds
    with pytest.raises(BackoffError, match=r"would have been in 2\.0 s") as given_up:
        retrying.run(task(2), failing(error))
    assert (given_up.value.refused, given_up.value.__cause__) == (Refused.OUT_OF_ATTEMPTS, error)


def test_switched_off_it_fails_at_once_and_says_how_long_it_would_have_been(task, flags) -> None:
    flags(GITHUB_BACKOFF_ENABLED=False, GITHUB_BACKOFF_JITTER=0.0)
    with pytest.raises(BackoffError, match=r"1 attempt.*exhausted.*40\.0 s"):
        retrying.run(task(0), lambda: LIMITED)


def test_what_no_waiting_heals_is_raised_as_it_is(task, flags) -> None:
    with pytest.raises(NotFound):
        retrying.run(task(0), failing(NotFound("Not Found", 404)))
