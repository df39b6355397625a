"""The receiver under load, in a burst, and while everything is killed -9 in turn; and how soon an answer is fresh.

Demands: 200 deliveries/s of 8 kB with p99 under 100 ms on SQLite and 50 ms on PostgreSQL, none refused; a burst of
10,000 taken without loss; of 10,000 sent under 50 kills, every delivery that got a 2xx worked off, in one row; an event
followed by a fresh answer within 300 ms at the median and 1 s at p99. For PostgreSQL give `--database-url`.
"""

import argparse
import http.client
import json
import queue
import statistics
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import requests

from benchmarks._running_hub import SECRET, Hub
from webhooks.signature import sign

SENDERS = 32
SIZE = 8 * 1024


@dataclass
class Sent:
    """What came of deliveries: statuses, seconds per answer, GUIDs that got a 2xx, and those that got none."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    lost: list[tuple[str, bytes]] = field(default_factory=list)


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks webhooks", description=__doc__)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--burst", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--deliveries", type=int, default=2_000, help="sent while processes are killed")
    wish = parser.parse_args(options)
    missed = 0
    with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder, Hub(Path(folder), wish.database_url) as hub:
        repositories = _repositories(hub)
        limit = 0.05 if wish.database_url else 0.1
        missed += _load(hub, repositories, wish.rate, wish.seconds, limit)
        missed += _burst(hub, repositories, wish.burst)
        missed += _freshness(hub, repositories)
        missed += _kills(hub, repositories, wish.deliveries, wish.kills)
    return 1 if missed else 0


def _load(hub: Hub, repositories: list[dict], rate: int, seconds: int, limit: float) -> int:
    sent = _send(hub, _bodies(repositories, rate * seconds), rate=rate)
    p50, p99 = _quantile(sent.seconds, 50), _quantile(sent.seconds, 99)
    print(f"load      {rate}/s for {seconds} s: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, {dict(sent.statuses)}")
    return _demand(p99 < limit and set(sent.statuses) == {202}, f"p99 under {limit * 1e3:.0f} ms, all 202")


def _burst(hub: Hub, repositories: list[dict], number: int) -> int:
    began = time.perf_counter()
    sent = _send(hub, _bodies(repositories, number))
    took = time.perf_counter() - began
    left = _worked_off(hub, 300)
    print(f"burst     {number} at once: {number / took:.0f}/s, {dict(sent.statuses)}; {_states(hub)}, {left} left")
    return _demand(len(sent.acknowledged) == number and left == 0, "all taken and worked off")


def _freshness(hub: Hub, repositories: list[dict]) -> int:
    """Something changes at GitHub; how long until our answer shows it, hook and all."""
    name = repositories[0]["full_name"]
    headers = {"Authorization": "token ghp_sandbox_admin_1"}
    session = requests.Session()
    hook = {"config": {"url": f"{hub.url}/api/v1/webhooks/github", "secret": SECRET}, "events": ["*"]}
    session.post(f"{hub.github}/orgs/octo-sample/hooks", json=hook, headers=headers, timeout=10).raise_for_status()
    shown = f"{hub.url}/api/v1/github/{name}/issues"
    session.get(shown, timeout=10).raise_for_status()
    seconds = []
    for number in range(50):
        title = f"fresh {number}"
        began = time.perf_counter()
        made = session.post(f"{hub.github}/repos/{name}/issues", json={"title": title}, headers=headers, timeout=10)
        made.raise_for_status()
        while title not in session.get(shown, timeout=10).text:
            if time.perf_counter() - began > 10:
                break
        seconds.append(time.perf_counter() - began)
    p50, p99 = _quantile(seconds, 50), _quantile(seconds, 99)
    print(f"freshness event to fresh answer: p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms")
    return _demand(p50 <= 0.3 and p99 <= 1, "p50 300 ms, p99 1 s")


def _kills(hub: Hub, repositories: list[dict], number: int, kills: int) -> int:
    """Senders go on, as GitHub's redelivery would, until each delivery got an answer."""
    stop = threading.Event()
    done = 0

    def kill() -> None:
        nonlocal done
        for turn in range(kills):
            if stop.wait(1.0):
                return
            name = ("web", "worker", "redis")[turn % 3]
            hub.kill(name)
            hub.start(name)
            done += 1

    killer = threading.Thread(target=kill)
    killer.start()
    bodies = _bodies(repositories, number)
    sent = _send(hub, bodies, rate=max(1, number // max(kills, 1)))
    while sent.lost:
        hub.until_up()
        again = _send(hub, sent.lost, rate=200)
        sent.acknowledged |= again.acknowledged
        sent.statuses += again.statuses
        sent.lost = again.lost
    killer.join()
    hub.until_up()
    left = _worked_off(hub, 400)
    rows = json.loads(_shell(hub, _ROWS.format(guids=sorted(sent.acknowledged))))
    print(f"kills     {number} deliveries, {done} kills: {dict(sent.statuses)}; acknowledged {rows}, {left} left")
    held = rows["rows"] == rows["processed"] == len(sent.acknowledged) == number
    return _demand(held and left == 0, "every 2xx is one row, worked off")


def _send(hub: Hub, bodies: list[tuple[str, bytes]], rate: int | None = None) -> Sent:
    """Sends deliveries over SENDERS connections, at a rate per second or as fast as they are taken."""
    sent, lock = Sent(), threading.Lock()
    waiting: queue.SimpleQueue[tuple[float, str, bytes]] = queue.SimpleQueue()
    began = time.perf_counter()
    for number, (guid, body) in enumerate(bodies):
        waiting.put((began + number / rate if rate else began, guid, body))

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=10)
        while True:
            try:
                at, guid, body = waiting.get_nowait()
            except queue.Empty:
                break
            time.sleep(max(0.0, at - time.perf_counter()))
            asked = time.perf_counter()
            try:
                connection.request("POST", "/api/v1/webhooks/github", body, _headers(guid, body))
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            with lock:
                sent.statuses[status] += 1
                if 200 <= status < 300:
                    sent.seconds.append(time.perf_counter() - asked)
                    sent.acknowledged.add(guid)
                else:
                    sent.lost.append((guid, body))
        connection.close()

    senders = [threading.Thread(target=work) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return sent


def _bodies(repositories: list[dict], number: int) -> list[tuple[str, bytes]]:
    bodies = []
    for each in range(number):
        repository = repositories[each % len(repositories)]
        payload = {"action": "labeled", "number": each, "repository": repository, "organization": repository["owner"]}
        padding = SIZE - len(json.dumps(payload))
        bodies.append((str(uuid.uuid4()), json.dumps(payload | {"padding": "x" * max(0, padding)}).encode()))
    return bodies


def _headers(guid: str, body: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/benchmark",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": guid,
        "X-Hub-Signature-256": sign(SECRET, body),
    }


def _repositories(hub: Hub) -> list[dict]:
    url = f"{hub.github}/orgs/octo-sample/repos?per_page=50"
    listed = requests.get(url, headers={"Authorization": "token ghp_sandbox_admin_1"}, timeout=10)
    listed.raise_for_status()
    names = ("id", "full_name", "default_branch")
    owner = ("id", "login", "type")
    return [
        {name: each[name] for name in names} | {"owner": {name: each["owner"][name] for name in owner}}
        for each in listed.json()
        if each["has_issues"]
    ]


_LEFT = "from webhooks.models import WebhookEvent as E; print(E.objects.waiting().count())"
_STATES = (
    "import json; from django.db.models import Count; from webhooks.models import WebhookEvent as E;"
    "print(json.dumps(dict(E.objects.values_list('state').annotate(n=Count('id')))))"
)
_ROWS = (
    "import json; from webhooks.models import WebhookEvent as E; g = set({guids});"
    "r = [s for d, s in E.objects.values_list('delivery_id', 'state') if d in g];"
    "print(json.dumps(dict(rows=len(r), processed=r.count('processed'))))"
)


def _shell(hub: Hub, code: str) -> str:
    return hub.manage("shell", "--no-imports", "-c", code).splitlines()[-1]


def _states(hub: Hub) -> str:
    return _shell(hub, _STATES)


def _worked_off(hub: Hub, seconds: float) -> int:
    """How many deliveries still wait after so many seconds at the most."""
    end = time.monotonic() + seconds
    while (left := int(_shell(hub, _LEFT))) and time.monotonic() < end:
        time.sleep(1)
    return left


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else float("inf")


def _demand(held: bool, demand: str) -> int:
    print(f"          {'holds' if held else 'MISSED'}: {demand}")
    return 0 if held else 1
