"""Which validators are kept, and when they are sent."""

import pytest

from github_cache.entries import Validators
from github_cache.upstream import validators
from github_cache.upstream.protocol import Headers, Reply


def reply(status: int, **headers: str) -> Reply:
    return Reply(status, Headers({name.replace("_", "-"): value for name, value in headers.items()}), b"", 0.1, "me")


def test_what_a_200_brings() -> None:
    assert validators.of(reply(200, ETag='W/"a"')) == Validators('W/"a"', None, "me")
    assert validators.of(reply(200, Last_Modified="then")) == Validators(None, "then", "me")
    assert validators.of(reply(200)) is None


@pytest.mark.parametrize("status", [202, 304, 404, 500])
def test_nothing_else_is_ever_revalidated(status: int) -> None:
    assert validators.of(reply(status, ETag='"a"')) is None


def test_they_are_sent_by_the_token_that_they_came_to() -> None:
    known = Validators('"a"', "then", "me")
    assert validators.conditions(known, "me") == (("If-None-Match", '"a"'),)
    assert validators.conditions(Validators(None, "then", "me"), "me") == (("If-Modified-Since", "then"),)
    assert validators.conditions(known, "another") == ()
    assert validators.conditions(None, "me") == ()


@pytest.mark.parametrize(
    ("items", "link", "last"),
    [
        (100, "", True),
        (99, "", False),
        (100, '<https://a.test/2>; rel="next"', False),
        (100, '<https://a.test/1>; rel="prev"', True),
    ],
)
def test_a_full_page_without_a_next_one(items: int, link: str, last: bool) -> None:
    assert validators.last_for_now(reply(200, Link=link), items, per_page=100) is last
