"""Which part of a list is asked for."""

import pytest

from github_cache.upstream.errors import BadCall
from github_cache.upstream.lists import DEEPEST, MOST, Wanted, listing_wanted, state_wanted


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, Wanted(0, MOST)),
        ({"page": "1", "per_page": "30"}, Wanted(0, 30)),
        ({"page": "3", "per_page": "50"}, Wanted(100, 50)),
        ({"page": "2"}, Wanted(30, 30)),
        ({"per_page": "7"}, Wanted(0, 7)),
        ({"page": str(DEEPEST // 100 + 1), "per_page": "100"}, Wanted(DEEPEST, 100)),
    ],
)
def test_the_part(params: dict[str, str], expected: Wanted) -> None:
    assert listing_wanted(params) == expected


def test_the_number_of_a_page() -> None:
    assert listing_wanted({"page": "4", "per_page": "25"}).page == 4


@pytest.mark.parametrize(
    "params",
    [
        {"page": "0"},
        {"page": "-1"},
        {"page": "x"},
        {"page": "²"},
        {"per_page": "101"},
        {"per_page": "0"},
        {"page": "9" * 50},
        {"page": "5000", "per_page": "100"},
    ],
)
def test_a_page_that_cannot_be(params: dict[str, str]) -> None:
    with pytest.raises(BadCall):
        listing_wanted(params)


def test_the_state() -> None:
    assert state_wanted({}) == "open"
    assert state_wanted({"state": "closed"}) == "closed"
    with pytest.raises(BadCall, match="open, closed, all"):
        state_wanted({"state": "merged"})
