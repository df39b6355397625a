"""The receiver under load, in a burst, and while everything is killed -9 in turn; and how soon an answer is fresh.

Demands: 200 deliveries/s of 8 kB with p99 under 100 ms on SQLite and 50 ms on PostgreSQL, none refused; a burst of
10,000 taken without loss; of 10,000 sent under 50 kills, every delivery that got a 2xx worked off, in one row; 64
copies at once are one row and one run; 1,000 shuffled orders end as GitHub is; 500 events on one repository cost at
most 2 refetches; an event is followed by a fresh answer within 300 ms at the median and 1 s at p99; 100 bodies that
stall keep nobody else waiting for a second.
For PostgreSQL give `--database-url`; the defaults are small, see `--help`.
"""

import argparse
import random
import socket
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import requests

from benchmarks._deliveries import (
    ADMIN,
    PATH,
    asked,
    bad,
    headers,
    history,
    labeled,
    repositories,
    rows,
    send,
    states,
    worked_off,
)
from benchmarks._running_hub import SECRET, Hub

_HOST = "127.0.0.1"
_SIGNED = (
    "Content-Type: application/json\r\nX-GitHub-Event: issues\r\nX-GitHub-Delivery: stalled\r\n"
    f"X-Hub-Signature-256: sha256={'0' * 64}\r\n"
)
WORKFLOW = ".github/workflows/ordered.yml"
_CONTENT = "name: Order {}\non: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps: []\n"


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks webhooks", description=__doc__)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--only", default="", help=f"comma-separated: {', '.join(PARTS)}")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--burst", type=int, default=1_000)
    parser.add_argument("--copied", type=int, default=5, help="deliveries that are sent 64 times at once")
    parser.add_argument("--orders", type=int, default=100, help="one for each repository, in rounds")
    parser.add_argument("--repositories", type=int, default=50)
    parser.add_argument("--bad", type=int, default=200, help="requests that are no delivery")
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--deliveries", type=int, default=1_000, help="sent while processes are killed")
    wish = parser.parse_args(options)
    chosen = wish.only.split(",") if wish.only else list(PARTS)
    missed = 0
    with (
        tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder,
        Hub(Path(folder), wish.database_url, wish.repositories) as hub,
    ):
        about = repositories(hub, wish.repositories)
        for name in chosen:
            missed += PARTS[name](hub, about, wish)
    return 1 if missed else 0


def _load(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    limit = 0.05 if wish.database_url else 0.1
    sent = send(hub, labeled(about, wish.rate * wish.seconds), rate=wish.rate)
    p50, p99 = _quantile(sent.seconds, 50), _quantile(sent.seconds, 99)
    times = f"p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, longest {max(sent.seconds) * 1e3:.0f} ms"
    print(f"load      {wish.rate}/s for {wish.seconds} s: {times}, {dict(sent.statuses)}")
    return _demand(p99 < limit and set(sent.statuses) == {202}, f"p99 under {limit * 1e3:.0f} ms, all 202")


def _burst(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    began = time.perf_counter()
    sent = send(hub, labeled(about, wish.burst))
    took = time.perf_counter() - began
    left = worked_off(hub, 200)
    print(
        f"burst     {wish.burst} at once: {wish.burst / took:.0f}/s, {dict(sent.statuses)}; {states(hub)}, {left} left"
    )
    return _demand(len(sent.acknowledged) == wish.burst and left == 0, "all taken and worked off")


def _copies(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    """64 connections send the very same delivery at the same time, again and again."""
    statuses: list[dict[int, int]] = []
    guids = set()
    for delivery in labeled(about, wish.copied):
        statuses.append(dict(send(hub, [delivery] * 64, senders=64).statuses))
        guids.add(delivery[1])
    left = worked_off(hub, 60)
    found = rows(hub, guids)
    once = sum(each == {202: 1, 200: 63} for each in statuses)
    print(f"copies    {wish.copied} x 64 at once: {once} times 202 once and 200 63 times; {found}, {left} left")
    wanted = {"rows": wish.copied, "processed": wish.copied, "begun again": 0}
    return _demand(once == wish.copied and found == wanted, "one row and one run each")


def _orders(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    """Workflows change at GitHub; deliveries of old and new states come doubled and in any order."""
    hub.manage("sync", "octo-sample")
    about = [each for each in about if not each["private"]]
    chance, wrong = random.Random(6), 0
    rounds = -(-wish.orders // len(about))
    for number in range(rounds):
        for repository in about:
            content = _CONTENT.format(number)
            change = {"repository": repository["full_name"], "path": WORKFLOW, "content": content}
            requests.post(f"{hub.github}/_sandbox/files", json=change, timeout=10).raise_for_status()
        sent = send(hub, history(about, chance))
        left = worked_off(hub, 600)
        ids = [each["id"] for each in about]
        right = asked(
            hub,
            f"A.objects.filter(path={WORKFLOW!r}, name='Order {number}', repository__github_id__in={ids},"
            " repository__removed_at=None, repository__is_private=False).count()",
        )
        wrong += len(about) - right + left + len(sent.lost)
    print(f"orders    {rounds * len(about)} shuffled: {wrong} that did not end as GitHub is")
    return _demand(wrong == 0, "all end in the upstream's state")


def _flood(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    """500 events about the issues of one repository, whose list people use."""
    name = about[0]["full_name"]
    session = requests.Session()
    for _ in range(3):
        session.get(f"{hub.url}/api/v1/github/{name}/issues", timeout=10).raise_for_status()
        time.sleep(0.5)  # what was read is noted in the background
    session.delete(f"{hub.github}/_sandbox/ledger", timeout=10).raise_for_status()
    began = time.perf_counter()
    sent = send(hub, labeled(about[:1], 500))
    took = time.perf_counter() - began
    left = worked_off(hub, 60)
    ledger = session.get(f"{hub.github}/_sandbox/ledger", params={"path": "issues|graphql"}, timeout=10).json()
    refetches = len(ledger["entries"])
    print(f"flood     500 events on one repository in {took:.1f} s, {dict(sent.statuses)}: {refetches} refetches")
    return _demand(1 <= refetches <= 2 and left == 0, "at most 2 refetches of the resource, and one")


def _freshness(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    """Something changes at GitHub; how long until our answer shows it, hook and all."""
    name = about[0]["full_name"]
    session = requests.Session()
    hook = {"config": {"url": f"{hub.url}{PATH}", "secret": SECRET}, "events": ["*"]}
    session.post(f"{hub.github}/orgs/octo-sample/hooks", json=hook, headers=ADMIN, timeout=10).raise_for_status()
    shown = f"{hub.url}/api/v1/github/{name}/issues"
    session.get(shown, timeout=10).raise_for_status()
    seconds = []
    for number in range(50):
        title = f"fresh {number}"
        began = time.perf_counter()
        made = session.post(f"{hub.github}/repos/{name}/issues", json={"title": title}, headers=ADMIN, timeout=10)
        made.raise_for_status()
        while title not in session.get(shown, timeout=10).text:
            if time.perf_counter() - began > 10:
                break
        seconds.append(time.perf_counter() - began)
    p50, p99 = _quantile(seconds, 50), _quantile(seconds, 99)
    print(f"freshness event to fresh answer: p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms")
    return _demand(p50 <= 0.3 and p99 <= 1, "p50 300 ms, p99 1 s")


def _kills(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    """Senders go on, as GitHub's redelivery would, until each delivery got an answer."""
    number, kills, done = wish.deliveries, wish.kills, 0

    def kill() -> None:
        nonlocal done
        for turn in range(kills):
            time.sleep(1.0)
            name = ("web", "worker", "redis")[turn % 3]
            hub.kill(name)
            hub.start(name)
            done += 1

    killer = threading.Thread(target=kill)
    killer.start()
    sent = send(hub, labeled(about, number), rate=max(1, number // max(kills, 1)))
    while sent.lost:
        hub.until_up()
        again = send(hub, sent.lost, rate=200)
        sent.acknowledged |= again.acknowledged
        sent.statuses += again.statuses
        sent.lost = again.lost
    killer.join()
    hub.until_up()
    left = worked_off(hub, 100)
    found = rows(hub, sent.acknowledged)
    print(f"kills     {number} deliveries, {done} kills: {dict(sent.statuses)}; acknowledged {found}, {left} left")
    held = found["rows"] == found["processed"] == len(sent.acknowledged) == number
    return _demand(held and left == 0, "every 2xx is one row, worked off")


def _bad(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    """Requests that are no delivery: one mutation each, besides chunked ones and 26 MB."""
    chance, statuses = random.Random(6), Counter[int]()
    (good,) = labeled(about, 1)
    before = asked(hub, "E.objects.count()")
    for _ in range(wish.bad):
        body, sent = bad(chance, good)
        statuses[requests.post(f"{hub.url}{PATH}", body, headers=sent, timeout=10).status_code] += 1
    for chunks in (iter([good[2]]), iter([])):
        answer = requests.post(f"{hub.url}{PATH}", chunks, headers=headers(*good), timeout=10)
        statuses[answer.status_code] += 1
    with _begun(hub, 26) as large:
        statuses[int(large.recv(100).split()[1])] += 1
    rows_left = asked(hub, "E.objects.count()") - before
    print(f"bad       {statuses.total()} requests: {dict(statuses)}, {rows_left} rows")
    held = all(400 <= status < 500 for status in statuses) and rows_left == 0
    return _demand(held, "none accepted, none answered 5xx, nothing left")


def _stalled(hub: Hub, about: list[dict], wish: argparse.Namespace) -> int:
    """More bodies of 25 MB begin and stall than there are threads; meanwhile others send and read."""
    read = f"{hub.url}/api/v3/repos/{about[0]['full_name']}"
    requests.get(read, timeout=10).raise_for_status()
    with ExitStack() as opened:
        for _ in range(100):
            opened.enter_context(_begun(hub, 25))
        sent = send(hub, labeled(about, 50), senders=50)
        others = [requests.get(url, timeout=10) for url in (f"{hub.url}/health", read)]
    slowest, slow = max(sent.seconds, default=float("inf")), max(each.elapsed.total_seconds() for each in others)
    print(
        f"stalled   100; beside them {dict(sent.statuses)}, the slowest {slowest:.2f} s; health and a hit {slow:.2f} s"
    )
    held = set(sent.statuses) == {202} and all(each.ok for each in others) and max(slowest, slow) < 1
    return _demand(held, "all answered within a second")


def _begun(hub: Hub, megabytes: int) -> socket.socket:
    """A delivery whose body begins, and no more comes."""
    connection = socket.create_connection((_HOST, hub.port), timeout=10)
    length = f"Content-Length: {megabytes << 20}"
    connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: {_HOST}\r\n{_SIGNED}{length}\r\n\r\n{{".encode())
    return connection


PARTS: dict[str, Callable[[Hub, list[dict], argparse.Namespace], int]] = {
    "load": _load,
    "burst": _burst,
    "copies": _copies,
    "flood": _flood,
    "freshness": _freshness,
    "orders": _orders,
    "kills": _kills,
    "bad": _bad,
    "stalled": _stalled,
}


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else float("inf")


def _demand(held: bool, demand: str) -> int:
    print(f"          {'holds' if held else 'MISSED'}: {demand}", flush=True)
    return 0 if held else 1
