"""The trailing edge, the longest wait, and how many refetches a burst makes."""

from hypothesis import given
from hypothesis import strategies as st

from webhooks.debounce import Burst, Rhythm, bursts, due

RHYTHM = Rhythm(quiet=1.0, longest=5.0)


def test_a_single_event_is_due_after_the_quiet_time() -> None:
    waiting = bursts([("meta", 100.0)])
    assert due(waiting, 100.9, RHYTHM) == frozenset()
    assert due(waiting, 101.0, RHYTHM) == {"meta"}


def test_each_further_event_puts_it_off_up_to_the_longest_wait() -> None:
    assert Burst(100.0, 100.8).due(RHYTHM) == 101.8
    assert Burst(100.0, 104.8).due(RHYTHM) == 105.0


def test_keys_do_not_put_each_other_off() -> None:
    waiting = bursts([("issues", 100.0), ("meta", 99.0), ("issues", 100.9), ("issues", 99.5)])
    assert waiting["issues"] == Burst(99.5, 100.9)
    assert due(waiting, 100.5, RHYTHM) == {"meta"}


def test_nothing_waits() -> None:
    assert bursts([]) == {}
    assert due({}, 1.0, RHYTHM) == frozenset()


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_no_event_waits_longer_than_the_longest_and_refetches_are_few(arrivals: list[float]) -> None:
    """Walks through the arrivals as the processing does: whatever waits when the burst is due goes at once."""
    arrivals.sort()
    refetches, waiting = 0, list(arrivals)
    while waiting:
        arrived: list[float] = [waiting[0]]
        for arrival in waiting[1:]:
            if arrival >= bursts([("k", each) for each in arrived])["k"].due(RHYTHM):
                break
            arrived.append(arrival)
        at = bursts([("k", each) for each in arrived])["k"].due(RHYTHM)
        assert at - arrived[0] <= RHYTHM.longest
        refetches += 1
        waiting = waiting[len(arrived) :]
    assert refetches <= (arrivals[-1] - arrivals[0]) / RHYTHM.quiet + 1


def test_five_hundred_events_in_a_second_make_one_refetch() -> None:
    waiting = bursts([("meta", 100 + each / 500) for each in range(500)])
    assert waiting["meta"].due(RHYTHM) == 100 + 499 / 500 + 1.0
