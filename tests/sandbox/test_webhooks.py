"""Webhooks: made over REST, told of every write, signed, recorded, redelivered."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from github_sandbox.payloads import sign
from github_sandbox.server import Handle
from tests.sandbox.conftest import Client
from tests.sandbox.receiver import Receiver, receiving

SECRET = "It's a Secret to Everybody"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def subscribe(ask: Client, receiver: Receiver, at: str = "/repos/octo/hello", **more: Any) -> dict[str, Any]:
    config = {"url": receiver.url, "content_type": "json", "secret": SECRET}
    answer = ask("POST", f"{at}/hooks", json={"config": config, "events": ["*"]} | more)
    assert answer.status_code == 201
    made = answer.json()
    assert isinstance(made, dict)
    return made


def test_the_documented_test_vector() -> None:
    assert sign(SECRET, b"Hello, World!") == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_a_new_hook_is_pinged_and_its_secret_hidden(ask: Client, sandbox: Handle, receiver: Receiver) -> None:
    hook = subscribe(ask, receiver)
    sandbox.drain()
    assert hook["config"]["secret"] == "********"
    headers, body = receiver.received[0]
    assert headers["X-GitHub-Event"] == "ping"
    assert json.loads(body)["hook_id"] == hook["id"]
    assert json.loads(body)["hook"]["config"]["secret"] == "********"


def test_a_delivery_is_signed_and_says_where_it_comes_from(ask: Client, sandbox: Handle, receiver: Receiver) -> None:
    hook = subscribe(ask, receiver, events=["label"])
    ask("POST", "/repos/octo/hello/labels", json={"name": "new", "color": "ffffff"})
    sandbox.drain()
    headers, body = next(r for r in receiver.received if r[0]["X-GitHub-Event"] == "label")
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert headers["X-Hub-Signature"].startswith("sha1=")
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert headers["X-GitHub-Hook-ID"] == str(hook["id"])
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "repository"
    told = json.loads(body)
    assert (told["action"], told["label"]["name"]) == ("created", "new")
    assert told["repository"]["full_name"] == "octo/hello"
    assert (told["organization"]["login"], told["sender"]["login"]) == ("octo", "octo-admin")


def content(text: str, **more: str) -> dict[str, str]:
    return {"message": "Change", "content": base64.b64encode(text.encode()).decode()} | more


WRITES: list[tuple[str, str, Any, list[tuple[str, str | None]]]] = [
    ("PATCH", "/repos/octo/hello/labels/bug", {"color": "000000"}, [("label", "edited")]),
    ("DELETE", "/repos/octo/hello/labels/bug", None, [("label", "deleted")]),
    ("PATCH", "/repos/octo/hello", {"name": "hallo"}, [("repository", "renamed")]),
    ("PATCH", "/repos/octo/hello", {"description": "Else"}, [("repository", "edited")]),
    ("PATCH", "/repos/octo/hello", {"private": True}, [("repository", "privatized")]),
    ("PATCH", "/repos/octo/hello", {"archived": True}, [("repository", "archived")]),
    ("PUT", "/repos/octo/hello/topics", {"names": ["cache"]}, [("repository", "edited")]),
    ("DELETE", "/repos/octo/hello", None, [("repository", "deleted")]),
    ("POST", "/repos/octo/hello/issues", {"title": "New"}, [("issues", "opened")]),
    ("PATCH", "/repos/octo/hello/issues/1", {"state": "closed"}, [("issues", "closed")]),
    ("PATCH", "/repos/octo/hello/issues/1", {"title": "Else"}, [("issues", "edited")]),
    ("POST", "/repos/octo/hello/issues/2/labels", {"labels": ["bug"]}, [("issues", "labeled")]),
    ("POST", "/repos/octo/hello/issues/1/comments", {"body": "Yes"}, [("issue_comment", "created")]),
    ("PUT", "/repos/octo/hello/contents/new.txt", content("x"), [("push", None)]),
    ("PUT", "/user/starred/octo/hello", None, [("star", "created"), ("watch", "started")]),
    ("POST", "/repos/octo/hello/releases", {"tag_name": "v1"},
     [("create", None), ("push", None), ("release", "published")]),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "expected"), WRITES)
def test_every_write_is_told(
    ask: Client,
    sandbox: Handle,
    receiver: Receiver,
    method: str,
    path: str,
    body: Any,
    expected: list[tuple[str, str | None]],
) -> None:
    subscribe(ask, receiver, at="/orgs/octo")
    answer = ask(method, path, json=body)
    assert answer.ok
    sandbox.drain()
    told = [(headers["X-GitHub-Event"], json.loads(sent).get("action")) for headers, sent in receiver.received]
    assert sorted(told, key=str) == sorted([("ping", None), *expected], key=str)


def test_a_push_names_what_it_touched(ask: Client, sandbox: Handle, receiver: Receiver, test_data: Path) -> None:
    subscribe(ask, receiver, events=["push"])
    before = ask("GET", "/repos/octo/hello/commits").json()[0]["sha"]
    sha = ask("GET", "/repos/octo/hello/contents/README.md").json()["sha"]
    ask("PUT", "/repos/octo/hello/contents/README.md", json=content("# other", sha=sha))
    sandbox.drain()
    told = json.loads(next(b for h, b in receiver.received if h["X-GitHub-Event"] == "push"))
    assert (told["ref"], told["before"]) == ("refs/heads/main", before)
    assert told["after"] == ask("GET", "/repos/octo/hello/commits").json()[0]["sha"] == told["head_commit"]["id"]
    assert [told["commits"][0][kind] for kind in ("added", "modified", "removed")] == [[], ["README.md"], []]
    recorded = next(p for p in json.loads((test_data / "webhooks" / "push.json").read_text()) if p["commits"])
    assert recorded.keys() - {"installation"} <= told.keys()
    assert recorded["commits"][0].keys() <= told["commits"][0].keys()


def test_a_deleted_file_is_a_push(ask: Client, sandbox: Handle, receiver: Receiver) -> None:
    subscribe(ask, receiver, events=["push"])
    sha = ask("GET", "/repos/octo/hello/contents/src/main.py").json()["sha"]
    ask("DELETE", "/repos/octo/hello/contents/src/main.py", json={"message": "Remove", "sha": sha})
    sandbox.drain()
    told = json.loads(next(b for h, b in receiver.received if h["X-GitHub-Event"] == "push"))
    assert told["commits"][0]["removed"] == ["src/main.py"]
    assert ask("GET", "/repos/octo/hello/contents/src/main.py").status_code == 404


def test_hooks_hear_only_what_they_subscribed_to(ask: Client, sandbox: Handle, receiver: Receiver) -> None:
    subscribe(ask, receiver, events=["issues"])
    ask("POST", "/repos/octo/hello/labels", json={"name": "new", "color": "ffffff"})
    sandbox.drain()
    assert receiver.events() == ["ping"]


def test_a_failure_is_recorded_and_a_redelivery_bears_the_same_guid(
    ask: Client, sandbox: Handle, receiver: Receiver
) -> None:
    receiver.status = 500
    hook = subscribe(ask, receiver, events=["label"])
    ask("POST", "/repos/octo/hello/labels", json={"name": "new", "color": "ffffff"})
    sandbox.drain()
    listed = ask("GET", f"/repos/octo/hello/hooks/{hook['id']}/deliveries").json()
    assert [(d["event"], d["status_code"], d["redelivery"]) for d in listed] == [
        ("label", 500, False),
        ("ping", 500, False),
    ]
    receiver.status = 202
    path = f"/repos/octo/hello/hooks/{hook['id']}/deliveries/{listed[0]['id']}"
    assert ask("POST", f"{path}/attempts").status_code == 202
    sandbox.drain()
    again = ask("GET", f"/repos/octo/hello/hooks/{hook['id']}/deliveries").json()[0]
    assert (again["guid"], again["status_code"], again["redelivery"]) == (listed[0]["guid"], 202, True)
    sent = [(h["X-GitHub-Delivery"], body) for h, body in receiver.received if h["X-GitHub-Event"] == "label"]
    assert sent == [(listed[0]["guid"], sent[0][1])] * 2
    detail = ask("GET", path).json()
    assert detail["request"]["headers"]["X-GitHub-Event"] == "label"
    assert detail["request"]["payload"]["action"] == "created"
    assert detail["response"]["payload"] == "taken"


def test_a_receiver_that_is_away_is_recorded(ask: Client, sandbox: Handle, receiver: Receiver) -> None:
    receiver.url = "http://127.0.0.1:9/hook"
    hook = subscribe(ask, receiver)
    sandbox.drain()
    listed = ask("GET", f"/repos/octo/hello/hooks/{hook['id']}/deliveries").json()
    assert (listed[0]["status"], listed[0]["status_code"]) == ("failed to connect to host", 0)


def test_deliveries_are_paged_by_cursor_and_kept_for_three_days(
    ask: Client, sandbox: Handle, receiver: Receiver
) -> None:
    hook = subscribe(ask, receiver)
    path = f"/repos/octo/hello/hooks/{hook['id']}"
    for _ in range(4):
        ask("POST", f"{path}/pings")
    sandbox.drain()
    first = ask("GET", f"{path}/deliveries?per_page=3")
    rest = ask("GET", first.links["next"]["url"])
    met = [d["id"] for d in first.json() + rest.json()]
    assert len(set(met)) == 5
    assert "next" not in rest.links
    sandbox.world.clock.move(3 * 86400 + 1)
    assert ask("GET", f"{path}/deliveries").json() == []


def test_only_admins_see_hooks(ask: Client, receiver: Receiver) -> None:
    subscribe(ask, receiver)
    for token in ("ghp_sandbox_dev_1", "ghp_sandbox_guest_1"):
        assert ask.as_(token)("GET", "/repos/octo/hello/hooks").status_code == 404


def test_a_form_delivery_wraps_the_payload(ask: Client, sandbox: Handle, receiver: Receiver) -> None:
    subscribe(ask, receiver, config={"url": receiver.url, "content_type": "form", "secret": SECRET})
    sandbox.drain()
    headers, body = receiver.received[0]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert body.startswith(b"payload=%7B")
    assert headers["X-Hub-Signature-256"] == f"sha256={sign(SECRET, body)}"


def test_reads_may_lag_behind_a_write(ask: Client, sandbox: Handle, receiver: Receiver) -> None:
    assert ask("POST", "/_sandbox/lag", json={"seconds": 5}).status_code == 200
    etag = ask("GET", "/repos/octo/hello/labels").headers["ETag"]
    assert ask("DELETE", "/repos/octo/hello/labels/bug").status_code == 204
    stale = ask("GET", "/repos/octo/hello/labels", headers={"If-None-Match": etag})
    assert stale.status_code == 304
    sandbox.world.clock.move(6)
    fresh = ask("GET", "/repos/octo/hello/labels", headers={"If-None-Match": etag})
    assert "bug" not in [label["name"] for label in fresh.json()]
