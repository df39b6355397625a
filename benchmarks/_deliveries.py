"""Deliveries as GitHub sends them, in numbers; and what became of them in the database of the Hubcache under test."""

import gzip
import json
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import requests

from benchmarks import _senders
from benchmarks._running_hub import SECRET, Hub
from benchmarks._senders import Request
from webhooks.signature import sign

PATH = "/api/v1/webhooks/github"
SENDERS = 32
SIZE = 8 * 1024
ADMIN = {"Authorization": "token ghp_sandbox_admin_1"}

Delivery = tuple[str, str, bytes]
"""Event, GUID, body."""


@dataclass
class Sent:
    """What came of deliveries: statuses, seconds per answer, GUIDs that got a 2xx, and those that got none."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    lost: list[Delivery] = field(default_factory=list)


def send(hub: Hub, deliveries: list[Delivery], rate: int | None = None, senders: int = SENDERS) -> Sent:
    """Sends over so many connections, at a rate per second or as fast as they are taken."""
    sent = Sent()
    made = (Request("POST", PATH, headers(event, guid, body), body) for event, guid, body in deliveries)
    for number, status, seconds in _senders.send(hub.port, made, senders, rate):
        sent.statuses[status] += 1
        if 200 <= status < 300:
            sent.seconds.append(seconds)
            sent.acknowledged.add(deliveries[number][1])
        else:
            sent.lost.append(deliveries[number])
    return sent


def labeled(repositories: list[dict], number: int) -> list[Delivery]:
    """So many events about issues of these repositories in turn, each of SIZE bytes."""
    made = []
    for each in range(number):
        repository = repositories[each % len(repositories)]
        payload = {"action": "labeled", "number": each, "repository": repository, "organization": repository["owner"]}
        padding = SIZE - len(json.dumps(payload))
        made.append(("issues", str(uuid.uuid4()), json.dumps(payload | {"padding": "x" * max(0, padding)}).encode()))
    return made


def history(repositories: list[dict], chance: random.Random) -> list[Delivery]:
    """What happened to each repository some time, twice and in any order: states that are over, rights that came and
    went, pushes."""
    made = []
    for repository in repositories:
        about = {"repository": repository, "organization": repository["owner"]}
        push = {"ref": f"refs/heads/{repository['default_branch']}", "commits": []}
        happened = [
            *(("repository", {"action": action}) for action in ("privatized", "publicized", "edited", "archived")),
            *(("repository", {"action": "edited", "changes": {"description": {"from": str(n)}}}) for n in range(3)),
            *(("push", push | {"after": str(n)}) for n in range(3)),
            ("issues", {"action": "opened"}),
        ]
        made += [
            (event, f"{uuid.uuid4()}", json.dumps(payload | about).encode())
            for event, payload in happened
            for _ in "12"
        ]
    chance.shuffle(made)
    return made


def bad(chance: random.Random, good: Delivery) -> tuple[bytes, dict[str, str]]:
    """A delivery that is none: something about its body, its signature or its headers is wrong."""
    event, _, body = good
    good_headers = headers(event, str(uuid.uuid4()), body)
    signed = good_headers["X-Hub-Signature-256"]
    at = chance.randrange(len(body))
    digit = chance.randrange(7, len(signed))
    other = chance.choice([each for each in "0123456789abcdef" if each != signed[digit]])
    odd = [
        b"[" * 100_000,
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":' + b"9" * 5000 + b"}",
        b"[]",
        b"\xff",
        b"{",
        b"null",
    ]
    wrong: list[tuple[bytes, dict[str, str | None]]] = [
        (body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :], {}),
        (body, {"X-Hub-Signature-256": signed[:digit] + other + signed[digit + 1 :]}),
        (
            body,
            {"X-Hub-Signature-256": chance.choice([f"{signed}, {signed}", signed.upper(), signed[7:], "sha256=\xe9"])},
        ),
        (body, {"X-Hub-Signature-256": None, "X-Hub-Signature": f"sha1={'0' * 40}"}),
        (body, {"X-Hub-Signature-256": None}),
        (json.dumps(json.loads(body), separators=(",", ":")).encode(), {}),
        (body + b"\0", {}),
        (gzip.compress(body), {"Content-Encoding": "gzip"}),
        (body, {"X-GitHub-Event": chance.choice(["", "\xe9", "Issues;", "x" * 200])}),
        (body, {"X-GitHub-Delivery": chance.choice(["", "\xff", "a b", "x" * 200])}),
        (body, {"Content-Type": chance.choice(["text/plain", "application/xml", "multipart/form-data"])}),
        (odd_body := chance.choice(odd), {"X-Hub-Signature-256": sign(SECRET, odd_body)}),
    ]
    sent, changes = chance.choice(wrong)
    return sent, {name: value for name, value in (good_headers | changes).items() if value is not None}


def repositories(hub: Hub, number: int = 50) -> list[dict]:
    """Up to so many repositories of the sandbox that have issues, as payloads describe them."""
    listed: list[dict] = []
    for page in range(1, -(-number // 100) + 1):
        url = f"{hub.github}/orgs/octo-sample/repos?per_page={min(number, 100)}&page={page}"
        answer = requests.get(url, headers=ADMIN, timeout=10)
        answer.raise_for_status()
        listed += answer.json()
    names = ("id", "full_name", "default_branch", "private")
    owner = ("id", "login", "type")
    return [
        {name: each[name] for name in names} | {"owner": {name: each["owner"][name] for name in owner}}
        for each in listed[:number]
        if each["has_issues"]
    ]


def states(hub: Hub) -> dict[str, int]:
    """How many deliveries are in which state."""
    return asked(hub, "dict(E.objects.values_list('state').annotate(n=Count('id')))")


def rows(hub: Hub, guids: set[str]) -> dict[str, int]:
    """How many rows these deliveries are, how many of them are worked off, and how many were begun more than once."""
    listed = hub.folder / "guids.json"
    listed.write_text(json.dumps(sorted(guids)))
    found = asked(
        hub,
        f"(lambda g: [(s, a) for d, s, a in E.objects.values_list('delivery_id', 'state', 'attempts') if d in g])"
        f"(set(json.load(open({str(listed)!r}))))",
    )
    return {
        "rows": len(found),
        "processed": sum(state == "processed" for state, _ in found),
        "begun again": sum(attempts > 1 for _, attempts in found),
    }


def worked_off(hub: Hub, seconds: float) -> int:
    """How many deliveries still wait after so many seconds at the most."""
    end = time.monotonic() + seconds
    while (left := asked(hub, "E.objects.waiting().count()")) and time.monotonic() < end:
        time.sleep(1)
    return left


def asked(hub: Hub, expression: str):  # type: ignore[no-untyped-def]
    """The value of an expression about deliveries (E), evaluated in Hubcache's own shell."""
    code = f"import json; from django.db.models import Count; {_NAMES}; print(json.dumps({expression}))"
    return json.loads(hub.manage("shell", "--no-imports", "-c", code).splitlines()[-1])


_NAMES = "from webhooks.models import WebhookEvent as E; from stats.models import Repository as R, Automation as A"


def headers(event: str, guid: str, body: bytes) -> dict[str, str]:
    """As GitHub sends them with this delivery."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/benchmark",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-GitHub-Hook-ID": "1",
        "X-GitHub-Hook-Installation-Target-Type": "organization",
        "X-GitHub-Hook-Installation-Target-ID": "1",
        "X-Hub-Signature-256": sign(SECRET, body),
    }
