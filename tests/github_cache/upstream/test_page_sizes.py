"""How much is asked for at once: halved, remembered, grown again."""

from hypothesis import given
from hypothesis import strategies as st

from github_cache.upstream.page_sizes import GROW_AFTER, Bounds, PageSizes


def sizes() -> PageSizes:
    return PageSizes({"list": Bounds(100, 100), "files": Bounds(25, 50)})


def test_it_halves_and_remembers() -> None:
    kept = sizes()
    assert kept.shrink("list", 100) == 50
    assert kept.shrink("list", 50) == 25
    assert kept.of("list") == 25
    assert kept.of("files") == 25


def test_one_cannot_be_halved() -> None:
    assert sizes().shrink("list", 1) is None


def test_a_late_failure_of_a_larger_page_does_not_grow_it() -> None:
    kept = sizes()
    kept.shrink("list", 20)
    kept.shrink("list", 100)
    assert kept.of("list") == 10


def test_it_grows_again_up_to_its_ceiling() -> None:
    kept = sizes()
    kept.shrink("list", 100)
    for _ in range(20 * GROW_AFTER):
        kept.went_well("list", kept.of("list"))
    assert kept.of("list") == 100
    for _ in range(20 * GROW_AFTER):
        kept.went_well("files", kept.of("files"))
    assert kept.of("files") == 50


def test_a_page_that_was_not_full_says_nothing() -> None:
    kept = sizes()
    for _ in range(10):
        kept.went_well("files", 3)
    assert kept.of("files") == 25


def test_a_failure_begins_the_count_anew() -> None:
    kept = sizes()
    kept.shrink("list", 100)
    kept.went_well("list", 50)
    kept.shrink("list", 50)
    kept.went_well("list", 25)
    assert kept.of("list") == 25


@given(st.lists(st.booleans(), max_size=200))
def test_it_stays_within_its_bounds(outcomes: list[bool]) -> None:
    kept = sizes()
    for well in outcomes:
        size = kept.of("list")
        if well:
            kept.went_well("list", size)
        else:
            kept.shrink("list", size)
        assert 1 <= kept.of("list") <= 100
