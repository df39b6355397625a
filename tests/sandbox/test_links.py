"""Pages and `Link`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_sandbox.links import PageWanted, link_header, page_wanted, slice_page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, PageWanted(1, 30)),
        ({"page": "3", "per_page": "7"}, PageWanted(3, 7)),
        ({"page": "0", "per_page": "1000"}, PageWanted(1, 100)),
        ({"page": "x", "per_page": "-1"}, PageWanted(1, 30)),
        ({"per_page": "0"}, PageWanted(1, 30)),
    ],
)
def test_nonsense_is_the_default_and_too_much_is_clipped(query: dict[str, str], expected: PageWanted) -> None:
    assert page_wanted(query) == expected


def test_the_first_page_has_next_and_last() -> None:
    link = link_header("http://h/r/1/issues", {"per_page": "3"}, PageWanted(1, 3), 13)
    assert link == (
        '<http://h/r/1/issues?per_page=3&page=2>; rel="next", <http://h/r/1/issues?per_page=3&page=5>; rel="last"'
    )


def test_the_last_page_has_no_last() -> None:
    link = link_header("http://h/x", {"page": "2", "state": "all"}, PageWanted(2, 30), 31)
    assert link == '<http://h/x?state=all&page=1>; rel="prev", <http://h/x?state=all&page=1>; rel="first"'


def test_what_fits_on_one_page_has_no_links() -> None:
    assert link_header("http://h/x", {}, PageWanted(1, 30), 30) is None


@given(st.integers(0, 300), st.integers(1, 100))
def test_following_next_meets_every_item_once(total: int, per_page: int) -> None:
    met: list[int] = []
    page = 1
    while True:
        wanted = PageWanted(page, per_page)
        met += slice_page(range(total), wanted)
        if 'rel="next"' not in (link_header("http://h/x", {}, wanted, total) or ""):
            break
        page += 1
    assert met == list(range(total))
