"""Health, webhooks and hits beside a GitHub that takes 10 s for an answer, with 64 clients and more held up by it.

Two web processes; the clients ask for what nobody asked for before, half of them with tokens never seen before, and
come back at once when they are told that there is no room. Meanwhile the health page, signed deliveries and a hit are
asked for one after the other. Demands: all of them are answered, and none waits for GitHub. Before that, 64 readers at
once of one cold answer: one charged call, and all are answered without coming back.
"""

import argparse
import hashlib
import hmac
import json
import statistics
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from benchmarks._running_hub import SECRET, Hub

SLOW_SECONDS = 10
COLD_READERS = 64


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks slow_github", description=__doc__)
    parser.add_argument("--clients", type=int, default=96)
    parser.add_argument("--seconds", type=float, default=15.0)
    wish = parser.parse_args(options)
    with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder:
        settings = {"RATELIMIT_AUTHENTICATED_REQUESTS": "1000000"}
        with Hub(Path(folder), repositories=10, parts=("web",), **settings) as hub:
            listed = requests.get(f"{hub.url}/api/v3/orgs/octo-sample/repos", timeout=30).json()
            first, second = [each["full_name"] for each in listed if each["has_issues"]][:2]
            return _cold_readers(hub, first) + _beside(hub, second, wish.clients, wish.seconds)


def _fault(hub: Hub, path: str, seconds: float) -> None:
    fault = {"kind": "latency", "seconds": seconds, "path": path}
    requests.post(f"{hub.github}/_sandbox/faults", json=fault, timeout=10).raise_for_status()


def _cold_readers(hub: Hub, repository: str) -> int:
    """How many demands were missed."""
    # The name is known: what counts here is the answer itself.
    requests.get(f"{hub.url}/api/v3/repos/{repository}", timeout=30).raise_for_status()
    requests.delete(f"{hub.github}/_sandbox/ledger", timeout=10).raise_for_status()
    _fault(hub, "/labels", 0.3)
    begin = threading.Barrier(COLD_READERS)

    def read(_: int) -> int:
        begin.wait()
        return requests.get(f"{hub.url}/api/v3/repos/{repository}/labels", timeout=60).status_code

    with ThreadPoolExecutor(COLD_READERS) as readers:
        statuses = list(readers.map(read, range(COLD_READERS)))
    totals = requests.get(f"{hub.github}/_sandbox/ledger", timeout=10).json()["totals"]
    print(f"{COLD_READERS} cold readers at once: {statuses.count(200)} answered, charged {totals['cost']}")
    return int(statuses.count(200) != COLD_READERS) + int(totals["cost"] != 1)


def _beside(hub: Hub, repository: str, clients: int, seconds: float) -> int:
    """How many demands were missed."""
    hit = f"{hub.url}/api/v3/repos/{repository}"
    requests.get(hit, timeout=30).raise_for_status()
    _fault(hub, "slow-", SLOW_SECONDS)
    over = threading.Event()
    told: dict[int, int] = {}

    def held_up(number: int) -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            headers = {"Authorization": f"token ghp_unseen_{number}_{turn}"} if number % 2 else {}
            url = f"{hub.url}/api/v3/repos/octo-sample/slow-{number}-{turn}"
            status = requests.get(url, headers=headers, timeout=60).status_code
            told[status] = told.get(status, 0) + 1

    _fault(hub, "/rate_limit", SLOW_SECONDS)
    waiting = [threading.Thread(target=held_up, args=(number,)) for number in range(clients)]
    for each in waiting:
        each.start()
    time.sleep(2)
    asked = {
        "health": lambda: requests.get(f"{hub.url}/health", timeout=60),
        "liveness": lambda: requests.get(f"{hub.url}/health/live", timeout=60),
        "a delivery": lambda: _deliver(hub),
        "a hit": lambda: requests.get(hit, timeout=60),
    }
    took: dict[str, list[float]] = {what: [] for what in asked}
    failed = dict.fromkeys(asked, 0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for what, ask in asked.items():
            began = time.perf_counter()
            failed[what] += not ask().ok
            took[what].append((time.perf_counter() - began) * 1e3)
    over.set()
    requests.delete(f"{hub.github}/_sandbox/faults", timeout=10).raise_for_status()
    for each in waiting:
        each.join()
    print(f"beside {clients} clients whom GitHub makes wait {SLOW_SECONDS} s (told {dict(sorted(told.items()))}):")
    missed = 0
    for what, times in took.items():
        spread = f"median {statistics.median(times):>6.1f} ms, longest {max(times):>6.1f} ms"
        print(f"  {what:12} {len(times):>4} asked, {failed[what]} failed, {spread}")
        missed += int(failed[what] > 0) + int(max(times) > SLOW_SECONDS * 1e3 / 2)
    return missed


def _deliver(hub: Hub) -> requests.Response:
    """A signed delivery that was never sent before."""
    body = json.dumps({"zen": "Keep it logically awesome.", "hook_id": 1}).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-GitHub-Hook-ID": "1",
        "X-Hub-Signature-256": f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}",
    }
    return requests.post(f"{hub.url}/api/v1/webhooks/github", data=body, headers=headers, timeout=60)
