"""The ID of a request goes along to what is done for it behind its back: revalidations, and tasks that a bell sends."""

from collections.abc import Iterator
from typing import Any

import pytest

from github_cache import room
from github_cache.upstream import tally, transport
from tests.github_cache.gateway.house import House, settle

ISSUES = "/api/v3/repos/octo/hello/issues"


@pytest.fixture
def sent() -> Iterator[list[tuple[str, str | None]]]:
    """Path and request ID of each call to GitHub, as it went out."""
    found: list[tuple[str, str | None]] = []

    def note(answer: Any, **_: Any) -> None:
        found.append((answer.request.path_url.partition("?")[0], answer.request.headers.get("X-Request-Id")))

    hooks = transport.session().hooks["response"]
    hooks.append(note)
    yield found
    hooks.remove(note)


def test_a_revalidation_behind_a_stale_answer_bears_the_id_of_its_request(
    house: House, sent: list[tuple[str, str | None]]
) -> None:
    house.get(ISSUES, X_Request_Id="first")
    settle()
    house.pass_time(70)
    assert house.get(ISSUES, X_Request_Id="second")["X-Cache"] == "STALE"
    settle()
    asked = [request_id for path, request_id in sent if path.endswith("/issues")]
    assert asked == ["first", "second"]


def test_its_calls_do_not_count_as_the_requests_own() -> None:
    seen = []

    def job() -> None:
        tally.count(1)
        opened = tally.current()
        seen.append(opened and (opened.request_id, opened.calls))

    background = room.Background(threads=1, most=2)
    with tally.opened("the-request") as asked:
        assert background.submit("one", job)
    assert background.submit("two", job)
    settle(background)
    assert seen == [("the-request", 1), None]
    assert asked.calls == 0
