"""A hit over HTTP beside the naive way, a raw WSGI function and nginx; with the near-cache off; while GitHub is slow.

Everything runs on one machine, in turns, with all instruments on (limits, counters, request log, Sentry with a DSN that
swallows everything, Prometheus); the same bytes come from each. Demands: 12 × the naive way, 0.7 × raw WSGI, 0.35 × and
0.5 × nginx at 5 and 60 KB, p99 within 8 × p50, 304s faster still, 2.5 × the naive way without the near-cache, hits that
lose nothing beside 16 clients whom a GitHub of 10 s holds up, and one charged call for 64 cold readers.
"""

import argparse
import contextlib
import os
import pickle
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import redis
import requests

from benchmarks._load import Load, generator, median, put_on
from benchmarks._running_hub import Hub, free_port, served

TOKEN = "ghp_sandbox_admin_1"
SIZES = {"5 KB": 5_000, "60 KB": 60_000}
SLOW_SECONDS = 10
HELD_UP = 16
HUB, NAIVE, RAW, NGINX = "Hubcache", "naive way", "raw WSGI", "nginx proxy_cache"
FULL, UNCHANGED = "Hubcache, near-cache off", "Hubcache, 304"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a peer gives out one body."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks gateway", description=__doc__)
    parser.add_argument("--seconds", type=int, default=1, help="of each turn; wrk takes whole seconds")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each peer")
    wish = parser.parse_args(options)
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hubcache-bench-")))
        dsn = f"http://key@127.0.0.1:{ends.enter_context(_black_hole())}/1"
        hub = ends.enter_context(Hub(folder, repositories=20, parts=()))
        key = _api_key(hub)
        hub.environ |= _settings(dsn, folder)
        near = ends.enter_context(_server(hub, "config.wsgi:application"))
        full = ends.enter_context(_server(hub, "config.wsgi:application", HUBCACHE_HOTCACHE_ENABLED="false"))
        bodies = _bodies(hub, near, key)
        stored = folder / "bodies"
        peers: dict[str, str] = {HUB: near, UNCHANGED: near, FULL: full}
        peers[NAIVE] = ends.enter_context(_server(hub, "benchmarks._naive_app:application"))
        peers[RAW] = ends.enter_context(_server(hub, "benchmarks._raw_app:application", BENCH_BODIES=str(stored)))
        if shutil.which("nginx"):
            peers[NGINX] = ends.enter_context(_nginx(folder / "nginx", peers[RAW]))
        else:
            print("nginx proxy_cache was left out: nginx is not installed")
        print(f"load by {generator()}: 32 connections, {wish.rounds} turns of {wish.seconds} s each, medians")
        missed = 0
        for size, (path, name) in bodies.items():
            targets = _targets(peers, path, name, key)
            runs: dict[str, list[Load]] = {peer: [] for peer in targets}
            for _ in range(wish.rounds):
                for peer, target in targets.items():
                    # What is measured is a hit: what a process has to do for its first one was done before.
                    put_on(target.url, 1, target.headers)
                    runs[peer].append(put_on(target.url, wish.seconds, target.headers))
            missed += _table(size, {peer: median(loads) for peer, loads in runs.items()})
        missed += _cold_readers(hub, near, key)
        missed += _beside_a_slow_github(hub, {HUB: near, FULL: full}, next(iter(bodies.values()))[0], key, wish.seconds)
    return 1 if missed else 0


def _settings(dsn: str, folder: Path) -> dict[str, str]:
    """All instruments on, and limits that no load meets; TTLs within which nothing runs out meanwhile."""
    (folder / "metrics").mkdir()
    return {
        "SENTRY_DSN": dsn,
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "HUBCACHE_LOG_LEVEL": "INFO",
        "HUBCACHE_LOG_FORMAT": "json",
        "RATELIMIT_AUTHENTICATED_REQUESTS": "100000000",
        "GITHUB_TTL_ISSUES": "3600",
        "GITHUB_TTL_REPO": "3600",
    }


@contextlib.contextmanager
def _black_hole() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as hole:
        yield hole.getsockname()[1]


def _api_key(hub: Hub) -> str:
    told = hub.manage("create_api_key", "benchmark", "--scope", "read")
    return next(word for word in told.split() if word.startswith("hc_"))


def _bodies(hub: Hub, near: str, key: str) -> dict[str, tuple[str, str]]:
    """For each size a path of Hubcache's, and the name under which the others hold the same bytes."""
    session = requests.Session()
    session.headers["X-Api-Key"] = key
    admin = {"Authorization": f"token {TOKEN}"}
    repository = _repositories(hub)[0]
    requests.patch(
        f"{hub.github}/_sandbox/limits", json={"content_per_minute": 10**6, "rest_points": 10**6}, timeout=10
    ).raise_for_status()
    for number in range(60):
        issue = {"title": f"Issue {number}", "body": "It breaks."}
        requests.post(f"{hub.github}/repos/{repository}/issues", json=issue, headers=admin, timeout=10)
    store = redis.Redis.from_url(f"unix://{hub.redis_socket}?db=0")
    (hub.folder / "bodies").mkdir()
    found = {}
    one = len(session.get(f"{near}/api/v3/repos/{repository}/issues?per_page=1", timeout=30).content)
    for size, wanted in SIZES.items():
        path = f"/api/v3/repos/{repository}/issues?per_page={max(1, round(wanted / one))}"
        answer = session.get(f"{near}{path}", timeout=30)
        answer.raise_for_status()
        name = size.replace(" ", "").lower()
        (hub.folder / "bodies" / f"{name}.json").write_bytes(answer.content)
        # As Django's own cache keeps it, under its version 1.
        store.set(f":1:{name}", pickle.dumps(answer.text, pickle.HIGHEST_PROTOCOL))
        print(f"{size}: {len(answer.content):,} bytes of {path}")
        found[size] = path, name
    return found


def _repositories(hub: Hub) -> list[str]:
    """The names of those with issues."""
    url = f"{hub.github}/orgs/octo-sample/repos"
    listed = requests.get(url, headers={"Authorization": f"token {TOKEN}"}, timeout=10).json()
    return [each["full_name"] for each in listed if each["has_issues"]]


def _targets(peers: Mapping[str, str], path: str, name: str, key: str) -> dict[str, Target]:
    """Each peer's address of the body, in an order in which neighbours are compared."""
    ours = {"X-Api-Key": key}
    etag = requests.get(f"{peers[HUB]}{path}", headers=ours, timeout=30).headers["ETag"]
    made = {
        HUB: Target(f"{peers[HUB]}{path}", ours),
        RAW: Target(f"{peers[RAW]}/{name}"),
        UNCHANGED: Target(f"{peers[UNCHANGED]}{path}", ours | {"If-None-Match": etag}),
        FULL: Target(f"{peers[FULL]}{path}", ours),
        NAIVE: Target(f"{peers[NAIVE]}/{name}"),
    }
    if NGINX in peers:
        made[NGINX] = Target(f"{peers[NGINX]}/{name}")
    for target in made.values():
        requests.get(target.url, headers=dict(target.headers), timeout=30).raise_for_status()
    return made


@contextlib.contextmanager
def _server(hub: Hub, application: str, **settings: str) -> Iterator[str]:
    """A second web server beside the hub's, on the same machine, Redis and database; yields its URL."""
    port = free_port()
    with (hub.folder / f"{port}.log").open("wb") as log:
        environ = {**hub.environ, **settings}
        process = subprocess.Popen(served(application, port), env=environ, stdout=log, stderr=log)
    try:
        _until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def _nginx(folder: Path, upstream: str) -> Iterator[str]:
    """nginx, as many workers as cores, keeping what the raw WSGI function answers; yields its URL."""
    folder.mkdir()
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"""{user} worker_processes auto; daemon off; pid {folder}/pid; error_log {folder}/error.log;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
            uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 10000000;
            proxy_cache_path {folder}/cache keys_zone=answers:10m use_temp_path=off;
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass {upstream}; proxy_cache answers; proxy_cache_valid 200 1h;
                    add_header X-Cache $upstream_cache_status;
                }}
            }}
        }}"""
    )
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        _until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _until_open(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def _table(size: str, loads: Mapping[str, Load]) -> int:
    """Prints a size's rows; how many demands were missed."""
    hub, naive = loads[HUB], loads[NAIVE]
    print(f"\n{size:26} {'requests/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'× naive':>8} {'failed':>7}")
    for peer, load in loads.items():
        ratio = load.per_second / naive.per_second
        print(f"{peer:26} {load.per_second:>10,.0f} {load.p50:>8.2f} {load.p99:>8.2f} {ratio:>8.1f} {load.failed:>7}")
    missed = _demand(hub.per_second / naive.per_second, 12, "a hit, × the naive way")
    missed += _demand(hub.per_second / loads[RAW].per_second, 0.7, "a hit, × raw WSGI")
    if NGINX in loads:
        share = 0.35 if size == "5 KB" else 0.5
        missed += _demand(hub.per_second / loads[NGINX].per_second, share, "a hit, × nginx proxy_cache")
    missed += _demand(8 / (hub.p99 / hub.p50), 1, f"p99 is {hub.p99 / hub.p50:.1f} × p50, of 8 at most: 8 / that")
    missed += _demand(loads[UNCHANGED].per_second / hub.per_second, 1, "a 304, × a hit")
    missed += _demand(loads[FULL].per_second / naive.per_second, 2.5, "near-cache off, × the naive way")
    return missed


def _cold_readers(hub: Hub, near: str, key: str) -> int:
    """64 readers at once, over both processes, of what nobody has asked for."""
    url = f"{near}/api/v3/repos/{_repositories(hub)[1]}/labels"
    # The name is known: what counts here is the answer itself.
    requests.get(url.removesuffix("/labels"), headers={"X-Api-Key": key}, timeout=30).raise_for_status()
    requests.delete(f"{hub.github}/_sandbox/ledger", timeout=10).raise_for_status()
    fault = {"kind": "latency", "seconds": 0.2, "path": "/labels"}
    requests.post(f"{hub.github}/_sandbox/faults", json=fault, timeout=10).raise_for_status()
    with ThreadPoolExecutor(64) as readers:
        statuses = list(readers.map(lambda _: _status(url, key), range(64)))
    requests.delete(f"{hub.github}/_sandbox/faults", timeout=10).raise_for_status()
    calls = requests.get(f"{hub.github}/_sandbox/ledger", timeout=10).json()["totals"]["calls"]
    print(f"\n64 cold readers at once: {statuses.count(200)} answered, {calls} call(s) to GitHub")
    return int(calls != 1 or statuses.count(200) != 64)


def _status(url: str, key: str) -> int:
    """What a client gets that comes back when it is told that there is no room."""
    while True:
        answer = requests.get(url, headers={"X-Api-Key": key}, timeout=60)
        if answer.status_code != 503:
            return answer.status_code
        time.sleep(float(answer.headers["Retry-After"]))


def _beside_a_slow_github(hub: Hub, servers: Mapping[str, str], path: str, key: str, seconds: int) -> int:
    """Hits alone and beside clients whom GitHub makes wait, in turns; with the near-cache and without."""
    missed = 0
    headers = {"X-Api-Key": key}
    print(f"\n{HELD_UP} clients of each held up for {SLOW_SECONDS} s each by GitHub")
    alone: dict[str, list[Load]] = {name: [] for name in servers}
    beside: dict[str, list[Load]] = {name: [] for name in servers}

    def measure(into: dict[str, list[Load]]) -> None:
        for name, url in servers.items():
            into[name].append(put_on(f"{url}{path}", seconds, headers))

    measure(alone)
    with contextlib.ExitStack() as ends:
        waiting = [ends.enter_context(_held_up(hub, url, key)) for url in servers.values()]
        for _ in range(3):
            measure(beside)
        still = sum(each() for each in waiting)
    measure(alone)
    for name in servers:
        before, during = median(alone[name]), median(beside[name])
        print(
            f"{name:26} alone {before.per_second:,.0f}/s (p99 {before.p99:.2f} ms), beside {during.per_second:,.0f}/s"
            f" (p99 {during.p99:.2f} ms), {during.failed} failed"
        )
        missed += _demand(during.per_second / before.per_second, 0.9, "beside, × alone (1 but for noise)")
        missed += int(during.failed > 0)
    print(f"{still} of {HELD_UP * len(servers)} still waited at the end")
    return missed + int(still != HELD_UP * len(servers))


@contextlib.contextmanager
def _held_up(hub: Hub, url: str, key: str) -> Iterator:
    """16 clients that ask for what GitHub takes its time for; yields how many of them wait."""
    paths = [f"/api/v3/repos/octo-sample/slow-{time.monotonic_ns()}-{number}" for number in range(HELD_UP)]
    fault = {"kind": "latency", "seconds": SLOW_SECONDS, "path": "slow-"}
    requests.post(f"{hub.github}/_sandbox/faults", json=fault, timeout=10).raise_for_status()
    clients = [threading.Thread(target=_status, args=(f"{url}{path}", key)) for path in paths]
    for client in clients:
        client.start()
    time.sleep(0.5)
    try:
        yield lambda: sum(client.is_alive() for client in clients)
    finally:
        requests.delete(f"{hub.github}/_sandbox/faults", timeout=10).raise_for_status()
        for client in clients:
            client.join()


def _demand(value: float, least: float, what: str) -> int:
    """Says whether a ratio is what was demanded of it; 1 if it was missed."""
    print(f"  {'met   ' if value >= least else 'MISSED'} {what}: {value:.2f} (at least {least:g})")
    return int(value < least)
