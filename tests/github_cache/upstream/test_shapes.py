"""The shapes that go out, where the two APIs say the same thing differently."""

import json
from pathlib import Path
from typing import Any

import pytest

from github_cache.upstream.errors import BadAnswer
from github_cache.upstream.shapes.reading import GHOST, graphql_account, instant, rest_account
from github_cache.upstream.shapes.repositories import languages_of_graphql, languages_of_rest, repository_of_rest
from github_cache.upstream.shapes.threads import by_name, issue_of_rest, label_of_rest
from github_cache.upstream.shapes.workflows import workflow_of_rest


@pytest.mark.parametrize(
    ("rest", "graphql"),
    [
        ({"login": "ada", "type": "User"}, {"__typename": "User", "login": "ada"}),
        ({"login": "dependabot[bot]", "type": "Bot"}, {"__typename": "Bot", "login": "dependabot"}),
        ({"login": "acme", "type": "Organization"}, {"__typename": "Organization", "login": "acme"}),
        ({"login": "old", "type": "User"}, {"__typename": "Mannequin", "login": "old"}),
        (None, None),
    ],
)
def test_accounts_are_the_same_from_both(rest: dict[str, Any] | None, graphql: dict[str, Any] | None) -> None:
    assert rest_account(rest) == graphql_account(graphql)


def test_an_account_that_was_deleted_is_a_ghost_of_its_own() -> None:
    first = graphql_account(None)
    first["login"] = "changed"
    assert graphql_account(None) == GHOST == {"login": "ghost", "type": "User"}


def test_times() -> None:
    assert instant("2026-01-02T03:04:05Z") == instant("2026-01-02T03:04:05.000Z") == "2026-01-02T03:04:05Z"
    assert instant(None) is None


def test_languages_are_in_the_same_order_from_both() -> None:
    rest = languages_of_rest({"Go": 5, "Ada": 9, "C": 5})
    edges = [
        {"size": 5, "node": {"name": "C"}},
        {"size": 5, "node": {"name": "Go"}},
        {"size": 9, "node": {"name": "Ada"}},
    ]
    assert (
        list(rest.items()) == list(languages_of_graphql({"edges": edges}).items()) == [("Ada", 9), ("C", 5), ("Go", 5)]
    )
    assert languages_of_graphql(None) == {}


def test_labels_are_sorted_by_name() -> None:
    assert [each["name"] for each in by_name([{"name": "b"}, {"name": "A"}, {"name": "a"}])] == ["A", "a", "b"]


@pytest.mark.parametrize("shape", [repository_of_rest, issue_of_rest, label_of_rest, workflow_of_rest])
def test_a_body_of_another_kind_is_no_answer(shape: Any) -> None:
    with pytest.raises(BadAnswer, match="lacks"):
        shape({"message": "moved"})


def test_a_repository_as_github_once_sent_it(test_data: Path) -> None:
    (recorded, *_) = json.loads((test_data / "recordings" / "get-repository.json").read_text("utf-8"))
    shaped = repository_of_rest(recorded["response"])
    assert shaped["full_name"] == "octokit-fixture-org/hello-world"
    assert shaped["owner"] == {"login": "octokit-fixture-org", "type": "Organization"}
    assert shaped["topics"] == sorted(recorded["response"]["topics"])
    assert shaped["homepage"] is None


def test_issues_as_github_once_sent_them(test_data: Path) -> None:
    recorded = json.loads((test_data / "recordings" / "paginate-issues.json").read_text("utf-8"))
    pages = [exchange["response"] for exchange in recorded if isinstance(exchange["response"], list)]
    shaped = [issue_of_rest(issue) for page in pages for issue in page]
    assert len(shaped) > 10
    assert {issue["state"] for issue in shaped} == {"open"}
    assert all(issue["user"]["login"] for issue in shaped)
