"""Replays recorded scenarios of the real API against the sandbox: statuses, header names and shapes must agree."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from github_sandbox import changes
from github_sandbox.entities import Account, Token
from github_sandbox.server import Handle, serve
from github_sandbox.world import World

SCENARIOS = {
    "add-labels-to-issue": 4,
    "create-file": 3,
    "errors": 3,
    "get-archive": 4,
    "get-content": 2,
    "get-organization": 1,
    "get-repository": 1,
    "get-root": 1,
    "git-refs": 9,
    "labels": 7,
    "lock-issue": 5,
    "mark-notifications-as-read": 1,
    "paginate-issues": 20,
    "rename-repository": 7,
    "search-issues": 5,
}
"""Scenario -> how many of its exchanges the sandbox can be asked (all but downloads from another host)."""
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length"}
NEWER_THAN_RECORDINGS = {
    "has_discussions",
    "squash_merge_commit_message",
    "squash_merge_commit_title",
    "merge_commit_message",
    "merge_commit_title",
    "custom_properties",
    "archived_at",
    "archived_by",
    "search_type",
}
"""What GitHub has added since 2022, when most scenarios were recorded (one of 2024 has them)."""
NEWER_HEADERS = {"x-github-api-version-selected"}


@pytest.fixture
def github(test_data: Path) -> Iterator[Handle]:
    world = World()
    org = world.add_account(Account(31898100, "octokit-fixture-org", "Organization", email="a@example.com"))
    org.members = {"octokit-fixture-user-a": "admin", "octokit-fixture-user-b": "member"}
    for number, name in ((1, "a"), (2, "b")):
        account = world.add_account(Account(31898045 + number, f"octokit-fixture-user-{name}"))
        world.add_token(Token(f"{number:040d}", account, ("repo", "user")))
    user = world.accounts["octokit-fixture-user-a"]
    hello = changes.create_repository(world, org, user, "hello-world", {})
    hello.default_branch = "master"
    hello.topics = ["fixtures", "hello"]
    changes.push(world, hello, user, {"README.md": b"# hello-world"}, "Initial commit")
    with serve(world) as handle:
        yield handle


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_sandbox_answers_as_github_did(scenario: str, github: Handle, test_data: Path) -> None:
    exchanges = [
        exchange
        for exchange in json.loads((test_data / "recordings" / f"{scenario}.json").read_text())
        if "api.github.com" in exchange["scope"]
    ]
    assert len(exchanges) == SCENARIOS[scenario]
    ours_for_theirs: dict[str, str] = {}
    for exchange in exchanges:
        answer = _repeat(github, exchange, ours_for_theirs)
        where = f"{exchange['method']} {exchange['path']}"
        assert answer.status_code == exchange["status"], where
        assert _header_names(answer.headers) - NEWER_HEADERS == _recorded_header_names(exchange), where
        recorded = exchange["response"]
        if isinstance(recorded, dict | list):
            body = answer.json()
            assert _differences(recorded, body) == [], where
            _learn(recorded, body, ours_for_theirs)
        else:
            assert answer.text == recorded, where


def test_page_links_point_where_github_has_them(github: Handle, test_data: Path) -> None:
    exchanges = json.loads((test_data / "recordings" / "paginate-issues.json").read_text())
    ours_for_theirs: dict[str, str] = {}
    for exchange in exchanges:
        answer = _repeat(github, exchange, ours_for_theirs)
        if isinstance(exchange["response"], dict | list):
            _learn(exchange["response"], answer.json(), ours_for_theirs)
        recorded = dict(_pairs(exchange)).get("link")
        if recorded:
            expected = recorded.replace("https://api.github.com", github.url)
            for theirs, ours in ours_for_theirs.items():
                expected = expected.replace(theirs, ours)
            assert answer.headers["Link"] == expected


def _repeat(github: Handle, exchange: dict[str, Any], ours_for_theirs: dict[str, str]) -> requests.Response:
    path, body = exchange["path"], exchange["body"]
    text = json.dumps(body) if isinstance(body, dict) else body
    for theirs, ours in ours_for_theirs.items():
        path, text = path.replace(theirs, ours), text.replace(theirs, ours)
    sent = ("accept", "authorization", "content-type")
    headers = {name: value for name, value in exchange["reqheaders"].items() if name in sent}
    headers["User-Agent"] = "replay"
    return requests.request(
        exchange["method"],
        github.url + path,
        data=text.encode() if text else None,
        headers=headers | {"Accept-Encoding": "identity"},
        allow_redirects=False,
        timeout=20,
    )


def _pairs(exchange: dict[str, Any]) -> list[tuple[str, str]]:
    raw = exchange["rawHeaders"]
    return [(name.lower(), value) for name, value in zip(raw[::2], raw[1::2], strict=True)]


def _header_names(headers: Any) -> set[str]:
    return {name.lower() for name in headers} - HOP_BY_HOP


def _recorded_header_names(exchange: dict[str, Any]) -> set[str]:
    return {name for name, _ in _pairs(exchange)} - HOP_BY_HOP - NEWER_HEADERS


def _differences(theirs: Any, ours: Any, at: str = "$") -> list[str]:
    """Where the shapes differ: keys that only one has, and values of different kinds (null fits all)."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        unknown = ours.keys() - theirs.keys() - NEWER_THAN_RECORDINGS
        only = [f"{at}.{key}" for key in (theirs.keys() - ours.keys()) | unknown]
        shared = theirs.keys() & ours.keys()
        return only + [line for key in sorted(shared) for line in _differences(theirs[key], ours[key], f"{at}.{key}")]
    if isinstance(theirs, list) and isinstance(ours, list):
        return _differences(theirs[0], ours[0], f"{at}[0]") if theirs and ours else []
    are_numbers = isinstance(theirs, int | float) and isinstance(ours, int | float)
    if theirs is None or ours is None or type(theirs) is type(ours) or are_numbers:
        return []
    return [f"{at}: {type(theirs).__name__} is {type(ours).__name__}"]


def _learn(theirs: Any, ours: Any, ours_for_theirs: dict[str, str]) -> None:
    """Remember which ID or SHA of ours stands for which recorded one."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs.keys() & ours.keys():
            if key in ("id", "sha") and re.fullmatch(r"\w{6,}", str(theirs[key])):
                ours_for_theirs.setdefault(str(theirs[key]), str(ours[key]))
            _learn(theirs[key], ours[key], ours_for_theirs)
    elif isinstance(theirs, list) and isinstance(ours, list):
        for one, other in zip(theirs, ours, strict=False):
            _learn(one, other, ours_for_theirs)
