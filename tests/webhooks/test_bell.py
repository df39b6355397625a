"""The bell: rung at once, seldom, always after the last delivery; a broken broker breaks nothing."""

import threading

from github_cache.upstream import tally
from webhooks import metrics
from webhooks.bell import Bell


class Broker:
    """Takes bells; `full` is set once it has taken `expected` of them."""

    def __init__(self, expected: int = 1) -> None:
        self.taken: list[int] = []
        self.expected, self.full = expected, threading.Event()

    def publish(self, event_id: int) -> None:
        self.taken.append(event_id)
        if len(self.taken) >= self.expected:
            self.full.set()


def test_the_first_delivery_rings_at_once() -> None:
    broker = Broker()
    bell = Bell(broker.publish, pause=60)
    bell.ring(1)
    assert broker.full.wait(5)
    bell.close()
    assert broker.taken == [1]


def test_many_deliveries_make_few_bells_and_the_last_is_among_them() -> None:
    broker = Broker()
    bell = Bell(broker.publish, pause=60)
    bell.ring(1)
    assert broker.full.wait(5)
    for number in range(2, 1000):
        bell.ring(number)
    bell.close()
    assert broker.taken == [1, 999]


def test_a_bell_that_was_closed_rings_again() -> None:
    broker = Broker()
    bell = Bell(broker.publish, pause=60)
    for number in (1, 2):
        bell.ring(number)
        bell.close()
    assert broker.taken == [1, 2]


def test_a_bell_bears_the_id_of_the_request_that_rang_it() -> None:
    broker, ids = Broker(), []

    def publish(event_id: int) -> None:
        opened = tally.current()
        ids.append(opened and opened.request_id)
        broker.publish(event_id)

    bell = Bell(publish, pause=60)
    with tally.opened("the-delivery"):
        bell.ring(1)
    assert broker.full.wait(5)
    bell.close()
    assert ids == ["the-delivery"]


def test_a_broker_that_refuses_is_counted_and_the_next_bell_rings() -> None:
    tried = threading.Event()

    def refuse(_event_id: int) -> None:
        tried.set()
        raise ConnectionError("no broker")

    before = metrics.webhook_bell_lost_total._value.get()
    bell = Bell(refuse, pause=0)
    bell.ring(1)
    assert tried.wait(5)
    bell.ring(2)
    bell.close()
    assert metrics.webhook_bell_lost_total._value.get() == before + 2


def test_a_broker_that_hangs_holds_nobody_up() -> None:
    begun, released = threading.Event(), threading.Event()

    def hang(_event_id: int) -> None:
        begun.set()
        released.wait()

    bell = Bell(hang, pause=0)
    bell.ring(1)
    assert begun.wait(5)
    for number in range(100):
        bell.ring(number)
    released.set()
    bell.close()
