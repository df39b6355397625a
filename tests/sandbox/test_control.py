"""The control surface under `/_sandbox/`."""

import json
import math
from typing import Any

import pytest

from github_sandbox.server import Handle
from tests.sandbox.conftest import Client
from tests.sandbox.receiver import receiving


def test_the_ledger_keeps_every_call_and_what_it_cost(ask: Client) -> None:
    etag = ask("GET", "/repos/octo/hello").headers["ETag"]
    ask("GET", "/repos/octo/hello?x=1", headers={"If-None-Match": etag})
    ask.as_(None)("GET", "/repos/octo/secret")
    told = ask("GET", "/_sandbox/ledger").json()
    calls = [(e["account"], e["method"], e["path"], e["status"], e["cost"]) for e in told["entries"]]
    assert calls == [
        ("octo-admin", "GET", "/repos/octo/hello", 200, 1),
        ("octo-admin", "GET", "/repos/octo/hello?x=1", 304, 0),
        (None, "GET", "/repos/octo/secret", 404, 1),
    ]
    assert told["totals"]["calls"] == 3
    assert told["totals"]["cost_by_bucket"] == {"core": 2}
    assert told["totals"]["by_status"] == {"200": 1, "304": 1, "404": 1}
    assert told["totals"]["not_modified"] == 1
    later = ask("GET", f"/_sandbox/ledger?after={told['entries'][0]['id']}&path=secret").json()
    assert [e["path"] for e in later["entries"]] == ["/repos/octo/secret"]
    assert ask("DELETE", "/_sandbox/ledger").json()["totals"]["calls"] == 0


def test_no_token_stands_in_the_ledger(ask: Client) -> None:
    ask("GET", "/user")
    assert "ghp_sandbox" not in ask("GET", "/_sandbox/ledger").text


def test_faults_are_put_up_listed_and_taken_down(ask: Client) -> None:
    made = ask("POST", "/_sandbox/faults", json={"kind": "status", "path": "/user", "count": 5}).json()
    assert [f["id"] for f in ask("GET", "/_sandbox/faults").json()["faults"]] == [made["id"]]
    assert ask("GET", "/user").status_code == 500
    ask("DELETE", f"/_sandbox/faults/{made['id']}")
    assert ask("GET", "/user").status_code == 200


def test_the_clock_moves_and_shows_in_date(ask: Client) -> None:
    ask("POST", "/_sandbox/clock", json={"set": "2030-01-01T00:00:00Z"})
    assert "01 Jan 2030" in ask("GET", "/user").headers["Date"]
    moved = ask("POST", "/_sandbox/clock", json={"move": 86400}).json()
    assert moved["iso"].startswith("2030-01-02")


def test_an_event_of_any_kind_goes_to_the_hooks(ask: Client, sandbox: Handle) -> None:
    with receiving() as receiver:
        ask("POST", "/repos/octo/hello/hooks", json={"config": {"url": receiver.url}, "events": ["*"]})
        for wish in (
            {"event": "issues"},
            {"event": "deployment_status", "payload": {"action": "created", "made": "up"}, "times": 2},
            {"event": "push"},
        ):
            assert ask("POST", "/_sandbox/events", json={"repository": "octo/hello"} | wish).status_code == 200
        ask("POST", "/_sandbox/drain")
        bodies = {h["X-GitHub-Event"]: json.loads(b) for h, b in receiver.received}
        assert sorted(receiver.events()) == ["deployment_status", "deployment_status", "issues", "ping", "push"]
        assert bodies["issues"]["issue"]["number"] == 1
        assert bodies["deployment_status"]["made"] == "up"
        assert bodies["push"]["commits"][0]["added"]
        assert bodies["push"]["repository"]["full_name"] == "octo/hello"


def test_a_file_is_pushed(ask: Client) -> None:
    wish = {"repository": "octo/hello", "path": "a.txt", "content": "one"}
    commit = ask("POST", "/_sandbox/files", json=wish).json()["commit"]
    assert ask("GET", "/repos/octo/hello/commits").json()[0]["sha"] == commit
    ask("POST", "/_sandbox/files", json={"repository": "octo/hello", "path": "a.txt", "content": None})
    assert ask("GET", "/repos/octo/hello/contents/a.txt").status_code == 404


def test_limits_are_read_changed_and_made_whole(ask: Client) -> None:
    assert ask("PATCH", "/_sandbox/limits", json={"core": 1}).json()["core"] == 1
    assert [ask("GET", "/user").status_code for _ in range(2)] == [200, 403]
    ask("DELETE", "/_sandbox/limits")
    assert ask("GET", "/user").status_code == 200


def test_tokens_are_made_and_revoked(ask: Client) -> None:
    made = ask("POST", "/_sandbox/tokens", json={"login": "octo-dev"}).json()["token"]
    assert ask.as_(made)("GET", "/user").json()["login"] == "octo-dev"
    ask("DELETE", "/_sandbox/tokens", json={"token": made})
    assert ask.as_(made)("GET", "/user").status_code == 401


def test_a_reset_brings_back_the_world_as_it_was(ask: Client) -> None:
    ask("DELETE", "/repos/octo/hello")
    ask("POST", "/_sandbox/faults", json={"kind": "status", "path": "/never"})
    assert ask("POST", "/_sandbox/reset").json() == {"repositories": 2}
    assert ask("GET", "/repos/octo/hello").headers["X-RateLimit-Used"] == "1"
    assert ask("GET", "/_sandbox/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        ("POST", "clock", {"move": "far"}, "move must be a number"),
        ("POST", "clock", {"move": math.inf}, "move must be a number"),
        ("POST", "clock", {"move": 1e300}, "the clock goes from 1970 to 9999"),
        ("POST", "clock", {"set": "1969-01-01T00:00:00Z"}, "the clock goes from 1970 to 9999"),
        ("POST", "lag", {"seconds": -1}, "seconds must be 0 or more"),
        ("POST", "events", {"event": "push", "repository": "octo/hello", "times": -1}, "times must be 0 or more"),
        ("POST", "faults", {"kind": "latency", "seconds": -1}, "seconds must be 0 or more"),
        ("POST", "faults", {"kind": "hang", "seconds": math.inf}, "seconds must be 0 or more"),
        ("POST", "faults", {"kind": "status", "probability": 1.5}, "probability must be between 0 and 1"),
        ("POST", "faults", {"kind": "status", "count": 0}, "count must be 1 or more"),
        ("POST", "faults", {"kind": "status", "count": math.inf}, "the fault is malformed"),
        ("POST", "faults", {"kind": "primary", "retry_after": -1}, "retry_after must be 0 or more"),
        ("POST", "events", {"event": "push"}, "say for which repository"),
        ("POST", "events", {"event": "push", "repository": "octo/none"}, "there is no repository 'octo/none'"),
        ("POST", "events", {"repository": "octo/hello"}, "event must be"),
        ("POST", "files", {"repository": "octo/hello"}, "path must be"),
        ("POST", "files", {"repository": "octo/hello", "path": "x", "content_base64": "?"}, "not valid base64"),
        ("PATCH", "limits", {"cor": 1}, "unknown limit 'cor'"),
        ("POST", "faults", {"kind": "flood"}, "unknown kind of fault"),
        ("DELETE", "faults/77", None, "there is no fault 77"),
        ("POST", "tokens", {"login": "nobody"}, "there is no account 'nobody'"),
        ("PATCH", "repositories/octo/hello", {"name": "x"}, "cannot set 'name'"),
        ("GET", "ledger?path=(", None, "no regular expression"),
        ("GET", "ledger?after=x", None, "after must be"),
        ("POST", "clock", [1], "Body should be a JSON object"),
    ],
)
def test_a_wrong_wish_says_what_is_wrong(ask: Client, method: str, path: str, body: Any, complaint: str) -> None:
    # As text: no JSON has infinity, but 1e400 is read as it.
    data = json.dumps(body).replace("Infinity", "1e400")
    answer = ask(method, f"/_sandbox/{path}", data=data)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


def test_an_unknown_path_lists_the_known_ones(ask: Client) -> None:
    answer = ask("GET", "/_sandbox/nothing")
    assert answer.status_code == 404
    assert "/_sandbox/ledger" in answer.json()["paths"]


def test_controlling_costs_nothing(ask: Client) -> None:
    ask("GET", "/_sandbox/limits")
    assert ask("GET", "/_sandbox/ledger").json()["totals"]["calls"] == 0
